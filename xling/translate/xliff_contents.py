"""The texts of XLIFF's elements: segments with their tags, and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from xling.translate.tmx_schema import XML_LANG
from xling.translate.units import Note, Property, Segment, Tag
from xling.translate.xliff_schema import DATA_END, DATA_START, XLIFF_1, XLIFF_2
from xling.translate.xml_cutting import UNDECODABLE
from xling.translate.xml_reading import Fault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NOTE_1, NOTE_2 = ("from", "priority"), ("id", "category", "priority")
"""Attributes of notes that are kept."""


@dataclass(frozen=True)
class File:
    """What a `file` says for its units: namespace and version of the document, languages, its name.

    `wanted` are the parts of units that are read as units too, `left_out` counts what was not read (`UnitReader`).
    """

    space: str
    version: str
    source: str
    target: str
    name: str | None
    wanted: frozenset[str] = frozenset()
    left_out: Counter[str] = field(default_factory=Counter, compare=False)

    def named(self, attributes: Mapping[str, str]) -> File:
        """The next file of the document."""
        name = attributes.get("original") or None
        if self.version.startswith("2."):
            return replace(self, name=name)
        languages = (attributes.get(name, "") for name in ("source-language", "target-language"))
        source, target = (lang.strip() for lang in languages)
        return replace(self, source=source, target=target, name=name)

    def tag(self, name: str) -> str:
        """An element's name as ElementTree has it."""
        return f"{{{self.space}}}{name}" if self.space else name

    def local(self, element: Element) -> str | None:
        """The name of an element of XLIFF's own; None for those of others."""
        if not self.space:
            return None if element.tag.startswith("{") else element.tag
        start = f"{{{self.space}}}"
        return element.tag[len(start) :] if element.tag.startswith(start) else None

    @property
    def properties(self) -> tuple[Property, ...]:
        """What is said of each of its units."""
        return (Property("x-file", self.name),) if self.name else ()

    def leaves_out(self, element: Element) -> None:
        """Count an element that is not read."""
        self.left_out[element.tag.rpartition("}")[2]] += 1


def segment_of(
    element: Element,
    text: Element,
    file: File,
    notes: list[Note],
    properties: list[Property],
    codes: Mapping[str, str] | None = None,
) -> Segment:
    is_source = text.tag.endswith("source")
    lang = (text.get(XML_LANG) or (file.source if is_source else file.target)).strip()
    content = _content(element, "", file, codes)
    if not lang and (is_source or content):
        side = "source" if is_source else "translation"
        raise Fault(f"the {side} is in no language: neither it nor its file says which")
    return Segment(lang, content, {}, tuple(properties), tuple(notes))


def or_none(segment: Segment | None) -> Segment | None:
    """An empty translation is none, unless something is said of it."""
    return segment if segment and segment.lang and (segment.content or segment.properties or segment.notes) else None


def _content(element: Element, within: str, file: File, codes: Mapping[str, str] | None) -> tuple[str | Tag, ...]:
    vocabulary = XLIFF_1 if codes is None else XLIFF_2
    parts: list[str | Tag] = [element.text] if element.text else []
    for child in element:
        kind = file.local(child)
        if kind is None or kind not in vocabulary.held[within]:
            raise Fault(f"<{within or 'the text'}> holds a <{kind or child.tag}>, which is no inline tag for it")
        known = vocabulary.attributes[kind]
        attributes = {name: value for name, value in child.attrib.items() if name in known}
        missing = [name for name in vocabulary.required[kind] if name not in attributes]
        if missing:
            raise Fault(f"<{kind}> without {missing[0]}=")
        content = _content(child, kind, file, codes)
        if codes is not None:
            content, attributes = _with_codes(child, kind, content, attributes, codes)
        parts.append(Tag(kind, content, attributes))
        if child.tail:
            parts.append(child.tail)
    if UNDECODABLE in "".join(part for part in parts if isinstance(part, str)):
        raise Fault("it has bytes that are not of the file's encoding")
    return tuple(parts)


def _with_codes(
    element: Element, kind: str, content: tuple[str | Tag, ...], attributes: dict[str, str], codes: Mapping[str, str]
) -> tuple[tuple[str | Tag, ...], dict[str, str]]:
    """A tag of XLIFF 2 with the codes that its `dataRef` stand for."""
    if kind == "pc":
        for name, ref in ((DATA_START, "dataRefStart"), (DATA_END, "dataRefEnd")):
            if codes.get(element.get(ref, "")):
                attributes[name] = codes[element.attrib[ref]]
    elif kind in ("ph", "sc", "ec") and codes.get(element.get("dataRef", "")):
        content = (codes[element.attrib["dataRef"]],)
    return content, attributes


def note_of(element: Element, known: tuple[str, ...]) -> Note:
    attributes = {name: element.attrib[name] for name in known if name in element.attrib}
    if element.get(XML_LANG):
        attributes["xml:lang"] = element.attrib[XML_LANG]
    return Note("".join(element.itertext()), attributes)


def id_of_part(unit: str | None, part: str) -> str:
    """The id of what is a unit here and a part of one there."""
    return f"{unit}.{part}" if unit else part
