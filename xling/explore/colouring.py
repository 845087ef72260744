"""What the points of a map are coloured by: languages, and metadata of few values or of numbers. Pure."""

from __future__ import annotations

import colorsys
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xling.errors import InvalidInput
from xling.store.layout import value_at

LANGUAGE = "language"

MOST_VALUES = 60
"""Rarer values of a field than these are one colour."""

MOST_FIELDS = 12
OTHER = "…"

# Tableau's, at lightnesses that stand out from white and from black.
_COLOURS = (
    "#4e79d9", "#f28e2b", "#d94f54", "#3fa5a0", "#59a14f", "#d9b43b", "#b07aa1", "#ff7f9c", "#9c755f", "#8c8f97",
    "#1f9bcf", "#a3b83a",
)  # fmt: skip
NOTHING = "#8a8f98"

# Viridis at tenths (matplotlib, CC0), from where it shows on black.
RAMP = (
    "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip


@dataclass(frozen=True)
class Colouring:
    """One thing to colour points by.

    Attributes:
        name: `language`, or the metadata field.
        values: Of each point; None where it has none. All are numbers, or all are strings.
        names: The strings, most frequent first, and None if some have none; () where the values are numbers.
    """

    name: str
    values: Sequence[str | float | None]
    names: tuple[str | None, ...]

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return not self.names

    @property
    def colours(self) -> list[str]:
        """A colour for each of `names`, as #rrggbb."""
        return [NOTHING if name in (None, OTHER) else palette(i) for i, name in enumerate(self.names)]

    def places(self) -> list[int | None]:
        """Of each point the place in `names`; of numbers, 0 for the lowest and 1000 for the highest."""
        if not self.numeric:
            at = {name: i for i, name in enumerate(self.names)}
            return [at[value] if value in at else at[OTHER] for value in self.values]
        low, high = self.ends
        span = (high - low) or 1.0
        return [None if v is None else round((float(v) - low) / span * 1000) for v in self.values]

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number."""
        numbers = [float(v) for v in self.values if v is not None]
        return min(numbers), max(numbers)


def palette(i: int) -> str:
    """The i-th colour; after the first dozen hues at golden angles, in three lightnesses."""
    if i < len(_COLOURS):
        return _COLOURS[i]
    hue = (i * 0.618034) % 1.0
    red, green, blue = colorsys.hls_to_rgb(hue, (0.45, 0.58, 0.66)[i % 3], 0.6)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def colourings(
    langs: Sequence[str], metadata: Sequence[dict[str, Any]], fields: Sequence[str] | None
) -> tuple[Colouring, ...]:
    """Languages first, then the fields that were named, or all that can be.

    Args:
        langs: Language of each point.
        metadata: Of each point.
        fields: Paths of metadata fields; None takes those at the top whose values are numbers, or strings or truth
            values of which some repeat.

    Raises:
        InvalidInput: A field was named that no document has, or that holds lists or objects.
    """
    found = [by_values(LANGUAGE, list(langs))]
    if fields is not None:
        return (*found, *(_named(metadata, field) for field in fields))
    keys = Counter(key for one in metadata for key in one)
    for key, _ in keys.most_common():
        values = [_plain(one.get(key)) for one in metadata]
        distinct = Counter(value for value in values if value is not None)
        if len(distinct) < 2 or any(isinstance(one.get(key), (list, dict)) for one in metadata):
            continue
        numeric = all(isinstance(value, float) for value in distinct)
        if numeric or len(distinct) <= max(MOST_VALUES, 2) or distinct.most_common(1)[0][1] > len(metadata) / 20:
            found.append(by_values(key, values))
        if len(found) > MOST_FIELDS:
            break
    return tuple(found)


def by_values(name: str, values: Sequence[str | float | None]) -> Colouring:
    """A colouring by values; few different numbers are taken for names."""
    counts = Counter(values)
    given = [value for value in counts if value is not None]
    if len(given) > _FEW_NUMBERS and all(isinstance(value, float) for value in given):
        return Colouring(name, values, ())
    shown = [None if value is None else _shown(value) for value in values]
    common = [value for value, _ in Counter(v for v in shown if v is not None).most_common()]
    names: tuple[str | None, ...] = tuple(common[:MOST_VALUES])
    if len(common) > MOST_VALUES:
        names += (OTHER,)
    if None in counts:
        names += (None,)
    return Colouring(name, shown, names)


_FEW_NUMBERS = 12


def _named(metadata: Sequence[dict[str, Any]], field: str) -> Colouring:
    values = [value_at(one, field) for one in metadata]
    if any(isinstance(value, (list, dict)) for value in values):
        raise InvalidInput(f"{field!r} holds several values in some documents: a point has one colour")
    plain = [_plain(value) for value in values]
    if not any(value is not None for value in plain):
        raise InvalidInput(f"no document has the metadata field {field!r}")
    if any(isinstance(value, str) for value in plain):
        plain = [_shown(value) if isinstance(value, float) else value for value in plain]
    return by_values(field, plain)


def _plain(value: Any) -> str | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    return value if isinstance(value, str) and value else None


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}" if abs(value) >= 1e15 else f"{value:.12g}"
