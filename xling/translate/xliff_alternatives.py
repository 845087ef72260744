"""What an XLIFF unit holds beside its text: translations from elsewhere, and texts within its codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from xling.translate.units import Property, Segment, Tag, Unit
from xling.translate.xliff_contents import NOTE_1, NOTE_2, File, id_of_part, note_of, or_none, segment_of
from xling.translate.xml_reading import Fault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ALTERNATIVES: Final = "alternatives"
SUB_FLOWS: Final = "sub_flows"
MATCHES: Final = "urn:oasis:names:tc:xliff:matches:2.0"
"""The module of XLIFF 2 for translations from elsewhere."""

OF: Final = "x-alternative-of"
"""The property that names the unit that a translation was proposed for."""

_ATTRIBUTES_1 = {
    name: f"x-{name}" for name in ("match-quality", "origin", "alttranstype", "tool", "tool-id", "phase-name")
}
_ATTRIBUTES_2 = {
    "matchQuality": "x-match-quality",
    "matchSuitability": "x-match-suitability",
    "similarity": "x-similarity",
    "origin": "x-origin",
    "type": "x-match-type",
    "subType": "x-match-subtype",
    "reference": "x-match-reference",
    "ref": "x-match-ref",
}


def alternatives_1(elements: Sequence[Element], unit_id: str | None, source: Element, file: File) -> Iterator[Unit]:
    """The translations that `alt-trans` elements of a `trans-unit` propose, each as a unit.

    Where one has no source of its own it is of the unit's.
    """
    number = 0
    for element in elements:
        own = element.find(file.tag("source"))
        notes = [note_of(child, NOTE_1) for child in element if file.local(child) == "note"]
        texts = [child for child in element if file.local(child) == "target"]
        if not texts:
            file.leaves_out(element)
        for text in texts:
            number += 1
            of_target = [
                Property(f"x-{name}", text.attrib[name]) for name in ("state", "state-qualifier") if name in text.attrib
            ]
            said = segment_of(own if own is not None else source, own if own is not None else source, file, [], [])
            translation = or_none(segment_of(text, text, file, [], of_target))
            if translation is None:
                file.leaves_out(element)
                continue
            properties = _properties(element, unit_id, _ATTRIBUTES_1, file)
            yield Unit((said, translation), id_of_part(unit_id, f"alt{number}"), {}, properties, tuple(notes))


def alternatives_2(elements: Sequence[Element], unit_id: str | None, file: File) -> Iterator[Unit]:
    """The translations that the `match` elements of an XLIFF 2 unit propose, each as a unit."""
    for number, element in enumerate(elements, start=1):
        texts = {file.local(child): child for child in element}
        if "source" not in texts or "target" not in texts:
            raise Fault("a match has no <source> or no <target>")
        codes = {data.get("id", ""): "".join(data.itertext()) for data in element.iter(file.tag("data"))}
        notes = [note_of(note, NOTE_2) for note in element.iter(file.tag("note"))]
        source = segment_of(texts["source"], texts["source"], file, [], [], codes)
        translation = or_none(segment_of(texts["target"], texts["target"], file, [], [], codes))
        if translation is None:
            file.leaves_out(element)
            continue
        properties = _properties(element, unit_id, _ATTRIBUTES_2, file)
        yield Unit(
            (source, translation),
            id_of_part(unit_id, element.get("id") or f"alt{number}"),
            {},
            properties,
            tuple(notes),
        )


def sub_flows(unit: Unit, file: File) -> Iterator[Unit]:
    """The texts within a unit's codes (`sub`), each as a unit; their order says which belong together.

    XLIFF 2 has units of their own for them.
    """
    texts = [list(_subs(segment.content)) for segment in unit.segments]
    if not any(texts):
        return
    if SUB_FLOWS not in file.wanted:
        file.left_out["sub"] += max(map(len, texts))
        return
    if any(len(several) != len(texts[0]) for several in texts[1:]):  # which belong together is not known
        file.left_out["sub"] += sum(map(len, texts[1:]))
        texts = texts[:1]
    for number, together in enumerate(zip(*texts, strict=True), start=1):
        segments = [Segment(of.lang, sub.content) for of, sub in zip(unit.segments, together, strict=False)]
        properties = (*file.properties, Property("x-sub-of", unit.id)) if unit.id else file.properties
        yield Unit(tuple(segments), id_of_part(unit.id, f"sub{number}"), {}, properties)


def _subs(content: Sequence[str | Tag]) -> Iterator[Tag]:
    for part in content:
        if isinstance(part, Tag):
            if part.kind == "sub":
                yield part
            yield from _subs(part.content)


def _properties(element: Element, unit_id: str | None, kept: dict[str, str], file: File) -> tuple[Property, ...]:
    said = [Property(type, element.attrib[name]) for name, type in kept.items() if name in element.attrib]
    return (*file.properties, *([Property(OF, unit_id)] if unit_id else []), *said)
