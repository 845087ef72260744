"""A unit of two languages, and what is said of it as one list of keys and values: how XLIFF keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

from xling.errors import InvalidInput
from xling.language import normalise_code
from xling.translate.units import Note, Property, Segment, Unit

_UNIT, _SOURCE, _TARGET, _VARIANT, _ESCAPED = "x-tu-", "x-source-", "x-target-", "x-tuv-", "x-prop-"
_RESERVED: Final = (_UNIT, _SOURCE, _TARGET, _VARIANT, _ESCAPED)
ID: Final = f"{_UNIT}tuid"
"""The key of an id that the file cannot have as the unit's."""

_LANG: Final = f"{_VARIANT}lang"
SOURCE_LANG: Final = f"{_SOURCE}{_LANG}"
TARGET_LANG: Final = f"{_TARGET}{_LANG}"
"""Keys of the languages of texts that are not in just their file's, such as `en-GB` in a file of `en`."""

Details = list[tuple[str, str]]


@dataclass
class Bilingual:
    """The parts of a unit in two languages, as a file of two languages keeps them.

    Attributes:
        id: The unit's.
        source: The source text; None where the unit has none.
        target: Its translation, likewise.
        source_lang: Language of the file's sources.
        target_lang: Language of its translations.
        properties: Of the unit, as (type, value).
        details: Its attributes and its texts', as keys that begin with `x-` and values.
        notes: Of the unit.
    """

    id: str | None
    source: Segment | None
    target: Segment | None
    source_lang: str
    target_lang: str
    properties: Details = field(default_factory=list)
    details: Details = field(default_factory=list)
    notes: tuple[Note, ...] = ()


def split(unit: Unit, languages: Sequence[str]) -> Bilingual:
    """A unit's part in two languages; what is said in others is left out."""
    source, target = unit.segment(languages[0]), unit.segment(languages[1])
    if target is source:
        target = None
    details: Details = [(_UNIT + name, value) for name, value in unit.attributes.items()]
    for prefix, segment, lang in ((_SOURCE, source, languages[0]), (_TARGET, target, languages[1])):
        if segment is None:
            continue
        if segment.lang != lang:
            details.append((prefix + _LANG, segment.lang))
        details += [(prefix + _VARIANT + name, value) for name, value in segment.attributes.items()]
    properties = [(one.type, one.value) for one in unit.properties]
    return Bilingual(unit.id, source, target, languages[0], languages[1], properties, details, unit.notes)


def key_of(type: str) -> str:
    """The type of a property as a key: as it is, if it begins with `x-` and no other key does so; else escaped."""
    if type.startswith("x-") and not type.startswith(_RESERVED) and not any(c.isspace() for c in type):
        return type
    return _ESCAPED + quote(type, safe="")


def target_key(type: str) -> str:
    """The key of a property of the translation."""
    return _TARGET + key_of(type)


def source_key(type: str) -> str:
    """The key of a property of the source."""
    return _SOURCE + key_of(type)


def joined(
    id: str | None,
    source: Segment,
    target: Segment | None,
    details: Iterable[tuple[str, str]],
    notes: Sequence[Note],
    properties: Sequence[Property] = (),
) -> Unit:
    """The unit of two segments, and of what `split` and `key_of` told of one."""
    attributes: dict[str, str] = {}
    own = list(properties)
    sides: dict[str, tuple[dict[str, str], list[Property], list[str]]] = {
        prefix: ({}, [], []) for prefix in (_SOURCE, _TARGET)
    }
    for key, value in details:
        side = next((prefix for prefix in sides if key.startswith(prefix)), None)
        if side is None:
            if key == ID:
                id = value
            elif key.startswith(_UNIT):
                attributes[key.removeprefix(_UNIT)] = value
            else:
                own.append(Property(_type_of(key), value))
            continue
        key = key.removeprefix(side)
        if key == _LANG:
            sides[side][2].append(value)
        elif key.startswith(_VARIANT):
            sides[side][0][key.removeprefix(_VARIANT)] = value
        else:
            sides[side][1].append(Property(_type_of(key), value))
    segments = [
        Segment(
            (sides[prefix][2] or [segment.lang])[0],
            segment.content,
            {**segment.attributes, **sides[prefix][0]},
            (*segment.properties, *sides[prefix][1]),
            segment.notes,
        )
        for prefix, segment in ((_SOURCE, source), (_TARGET, target))
        if segment is not None
    ]
    return Unit(tuple(segments), id, attributes, tuple(own), tuple(notes))


def two_languages(languages: Sequence[str], format: str) -> tuple[str, str]:
    """The languages of a file of two. Raises `InvalidInput` where they are not two."""
    if isinstance(languages, str) or len({normalise_code(one) for one in languages}) != 2 or len(languages) != 2:
        raise InvalidInput(f"{format} is of two languages: languages= has to name source and target, not {languages!r}")
    return normalise_code(languages[0]), normalise_code(languages[1])


def _type_of(key: str) -> str:
    return unquote(key.removeprefix(_ESCAPED)) if key.startswith(_ESCAPED) else key
