"""One format of units into another, unit by unit, with an account of what is lost."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xling.errors import InvalidInput
from xling.language import normalise_code
from xling.translate.counting import LISTED
from xling.translate.formats import TWO_LANGUAGES, UnitReader, format_of, read_units, write_units
from xling.translate.tables import DELIMITERS
from xling.translate.tmx import TmxReader
from xling.translate.tmx_schema import ATTRIBUTES
from xling.translate.units import Broken, Property, Segment, Tag, Unit

_LOOKED_AT: Final = 10_000
"""Units among which one with a translation is looked for, to tell the languages from."""

_PLAIN: Final = frozenset({*DELIMITERS, "moses"})
_PO_PROPERTIES: Final = frozenset(
    {
        *("x-context", "sourcefile", "linenumber", "x-flags", "x-fuzzy", "x-obsolete", "x-plural", "x-msgid-plural"),
        *("x-previous-msgctxt", "x-previous-msgid", "x-previous-msgid_plural"),
    }
)
_NOTE_ATTRIBUTES: Final = {
    "tmx": ATTRIBUTES["note"],
    "xliff": frozenset({"from", "category", "priority", "xml:lang"}),
    "xliff2": frozenset({"from", "category", "priority", "xml:lang", "id"}),
    "po": frozenset({"from"}),
}


@dataclass(frozen=True)
class Converted:
    """What a conversion did.

    Attributes:
        units: Units written.
        broken_count: Units that could not be read.
        broken: The first thousand of them, each with its line and the reason.
        refused_count: Units that the new format cannot hold at all.
        refused: The first thousand of them, as number of the unit (from 1) and reason.
        lost: Of how many units that were written a part was left out: from the part's name to their number. What was
            not read at all stands there too, `<alt-trans>` for one.
        languages: The languages that were written; empty where all were.
    """

    units: int
    broken_count: int
    broken: tuple[Broken, ...]
    refused_count: int
    refused: tuple[tuple[int, str], ...]
    lost: Mapping[str, int]
    languages: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "units": self.units,
            "broken": self.broken_count,
            "refused": self.refused_count,
            "lost": dict(self.lost),
            "languages": list(self.languages),
            "reasons": [
                *({"line": one.line, "reason": one.reason} for one in self.broken),
                *({"unit": number, "reason": reason} for number, reason in self.refused),
            ],
        }


def convert(
    source: str | Path,
    target: str | Path,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    languages: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    alternatives: bool = False,
    sub_flows: bool = False,
) -> Converted:
    """Convert a file of units into another format, in constant memory.

    An old file is replaced only when all of the new one is written; one onto itself is refused.

    Args:
        source: The file; of Moses the name without languages.
        target: The file to write.
        source_format: As `format` of `read_units`.
        target_format: As `format` of `write_units`.
        languages: Of files that do not say theirs (Moses, PO), and which are written to formats that hold a choice:
            source and target of XLIFF and PO, the columns of a table, the files of Moses. By default those of the first
            unit with a translation, the one it was translated from first if the file says which.
        columns: As in `read_units`.
        encoding: As in `read_units`; so are `alternatives` and `sub_flows`.

    Raises:
        InvalidInput: As of `read_units` and `write_units`, or no unit could be written.
    """
    into = format_of(target, target_format)
    of = format_of(source, source_format)
    if Path(source).resolve() == Path(target).resolve():
        raise InvalidInput(f"{target}: a file cannot be converted onto itself")
    own = languages if of in ("moses", "po") else ()
    more = {"alternatives": alternatives, "sub_flows": sub_flows}
    reader = read_units(source, format=of, languages=own, columns=columns, encoding=encoding, **more)
    units = iter(reader)
    ahead: list[Unit] = []
    wanted = () if into == "tmx" else tuple(normalise_code(lang) for lang in languages)
    if into != "tmx" and not wanted:
        ahead = _until_translated(units)
        wanted = languages_of(ahead, reader)[: 2 if into in TWO_LANGUAGES else None]
    lost: Counter[str] = Counter()
    refused: list[tuple[int, str]] = []
    refusals = 0

    def refuse(number: int, unit: Unit, reason: str) -> None:
        nonlocal refusals
        refusals += 1
        lost.subtract(losses(unit, into, wanted))
        if len(refused) < LISTED:
            refused.append((number + 1, reason))

    def counted() -> Iterator[Unit]:
        for unit in itertools.chain(ahead, units):
            lost.update(losses(unit, into, wanted))
            yield unit

    written = write_units(target, counted(), format=into, languages=wanted, on_refused=refuse)
    lost.update({f"<{name}>": number for name, number in reader.left_out.items()})
    return Converted(
        written,
        reader.broken_count,
        tuple(reader.broken),
        refusals,
        tuple(refused),
        {part: number for part, number in lost.items() if number},
        wanted,
    )


def languages_of(units: Sequence[Unit], reader: UnitReader | None = None) -> tuple[str, ...]:
    """The languages of the last of some units, the one that it was translated from first.

    Args:
        units: The first units of a file, up to one that has a translation.
        reader: What reads the file; TMX names the source in its header.

    Raises:
        InvalidInput: It has fewer than two.
    """
    header = reader.header.attributes if isinstance(reader, TmxReader) else {}
    found: list[str] = []
    if units:
        said = units[-1].attributes.get("srclang") or header.get("srclang")
        found = list(dict.fromkeys(_code(segment.lang) for segment in units[-1].segments))
        source = None if said in (None, "*all*") else units[-1].segment(said)
        if source is not None:
            found.sort(key=lambda lang: lang != _code(source.lang))
    if len(found) < 2:
        raise InvalidInput("no unit has a translation: name the languages, source and target")
    return tuple(found)


def _until_translated(units: Iterator[Unit]) -> list[Unit]:
    """The first units, up to one that has a translation."""
    ahead = []
    for unit in itertools.islice(units, _LOOKED_AT):
        ahead.append(unit)
        if len(unit.segments) > 1:
            break
    return ahead


def losses(unit: Unit, format: str, languages: Sequence[str]) -> set[str]:
    """The parts of a unit that a format does not keep, by name.

    Args:
        unit: The unit.
        format: The format, as `format_of` gives it.
        languages: Those that are written; all where there are none.
    """
    kept = [unit.segment(lang) for lang in languages] if languages else list(unit.segments)
    segments = [segment for segment in kept if segment is not None]
    found: set[str] = set()
    if any(all(segment is not one for one in segments) for segment in unit.segments):
        found.add("other languages")
    tags = [part for segment in segments for part in segment.content if isinstance(part, Tag)]
    properties = [*unit.properties, *(one for segment in segments for one in segment.properties)]
    notes = [*unit.notes, *(note for segment in segments for note in segment.notes)]
    attributes = [dict(unit.attributes), *(dict(segment.attributes) for segment in segments)]
    if tags and format in _PLAIN:
        found.add("tags")
    if tags and format == "po":
        found.add("tags (their codes are kept as text)")
    if unit.id is not None and format in ("moses", "po"):
        found.add("ids")
    if any(attributes) and format in (*_PLAIN, "po"):
        found.add("dates and authors")
    if format in _PLAIN:
        found |= {name for name, given in (("notes", notes), ("properties", properties)) if given}
    elif format == "po" and any(not _in_po(one, segments) for one in properties):
        found.add("properties")
    if format not in _PLAIN and any(set(note.attributes) - _NOTE_ATTRIBUTES[format] for note in notes):
        found.add("attributes of notes")
    if format in ("xliff", "xliff2") and any(one.attributes for one in properties):
        found.add("attributes of properties")
    return found


def _in_po(one: Property, segments: Iterable[Segment]) -> bool:
    if one.type in _PO_PROPERTIES:
        return True
    return one.type == "x-state" and any(one in segment.properties for segment in segments)


def _code(lang: str) -> str:
    try:
        return normalise_code(lang)
    except InvalidInput:
        return lang.strip()
