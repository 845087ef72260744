"""The elements of XLIFF → units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xling.translate.bilingual import Details, joined
from xling.translate.tmx_schema import XML_LANG
from xling.translate.units import Note, Property, Segment, Tag, Unit
from xling.translate.xliff_schema import DATA_END, DATA_START, METADATA, XLIFF_1, XLIFF_2
from xling.translate.xml_cutting import UNDECODABLE
from xling.translate.xml_reading import Fault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

UNIT_ATTRIBUTES_1 = ("approved", "translate", "resname", "restype")
UNIT_ATTRIBUTES_2 = {"name": "x-resname", "translate": "x-translate", "type": "x-type"}
"""Attributes of units that are kept, and the properties that keep them; in XLIFF 1.2 of their own names after `x-`."""

_NOTE_1, _NOTE_2 = ("from", "priority"), ("id", "category", "priority")


@dataclass(frozen=True)
class File:
    """What a `file` says for its units: namespace and version of the document, languages, its name."""

    space: str
    version: str
    source: str
    target: str
    name: str | None

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


def units_of(element: Element, file: File) -> Iterator[Unit]:
    """The units of a `trans-unit` or `unit`.

    Raises:
        Fault: It is broken.
    """
    return _of_unit(element, file) if file.version.startswith("2.") else _of_trans_unit(element, file)


def _of_trans_unit(element: Element, file: File) -> Iterator[Unit]:
    details: Details = []
    notes: dict[str, list[Note]] = {"general": [], "source": [], "target": []}
    texts: dict[str, Element] = {}
    for child in element:
        name = file.local(child)
        if name in ("source", "seg-source", "target"):
            if name in texts:
                raise Fault(f"it has two <{name}>")
            texts[name] = child
        elif name == "note":
            annotates = child.get("annotates", "general")
            notes[annotates if annotates in notes else "general"].append(_note(child, _NOTE_1))
        elif name == "context-group":
            details += [(c.get("context-type", ""), c.text or "") for c in child if file.local(c) == "context"]
        elif name == "prop-group":  # of XLIFF 1.0
            details += [(c.get("prop-type", ""), c.text or "") for c in child if file.local(c) == "prop"]
    if "source" not in texts:
        raise Fault("it has no <source>")
    properties = [Property(f"x-{name}", element.attrib[name]) for name in UNIT_ATTRIBUTES_1 if name in element.attrib]
    properties += _of_file(file)
    target = texts.get("target")
    of_target = [
        Property(f"x-{name}", target.attrib[name])
        for name in ("state", "state-qualifier")
        if target is not None and name in target.attrib
    ]
    id = element.get("id")
    for mid, source_part, target_part in _segments_1(texts, file):
        source = _segment(source_part, texts["source"], file, notes["source"], [])
        translation = None
        if target_part is not None and target is not None:
            translation = _segment(target_part, target, file, notes["target"], of_target)
        yield joined(_id(id, mid), source, _or_none(translation), details, notes["general"], properties)


def _segments_1(texts: Mapping[str, Element], file: File) -> list[tuple[str | None, Element, Element | None]]:
    """The segments that a unit is cut into, with the elements that hold them; the whole unit where it is not."""
    whole = [(None, texts["source"], texts.get("target"))]
    if "seg-source" not in texts:
        return whole  # type: ignore[return-value]
    parts = dict(_marked(texts["seg-source"], file))
    targets = dict(_marked(texts["target"], file)) if "target" in texts else {}
    if len(parts) < 2 or ("target" in texts and not targets):
        return whole  # type: ignore[return-value]
    return [(mid, mark, targets.get(mid)) for mid, mark in parts.items()]


def _marked(element: Element, file: File) -> Iterator[tuple[str, Element]]:
    for mark in element.iter(file.tag("mrk")):
        if mark.get("mtype") == "seg" and mark.get("mid"):
            yield mark.attrib["mid"], mark


def _of_unit(element: Element, file: File) -> Iterator[Unit]:
    details: Details = []
    notes: dict[str, list[Note]] = {"": [], "source": [], "target": []}
    codes: dict[str, str] = {}
    segments: list[Element] = []
    for child in element:
        name = file.local(child)
        if name == "segment":
            segments.append(child)
        elif name == "notes":
            for note in child:
                notes[note.get("appliesTo", "") if note.get("appliesTo") in notes else ""].append(_note(note, _NOTE_2))
        elif name == "originalData":
            codes |= {data.get("id", ""): "".join(data.itertext()) for data in child}
        elif child.tag == f"{{{METADATA}}}metadata":
            metas = child.iter(f"{{{METADATA}}}meta")
            details += [(meta.get("type", ""), meta.text or "") for meta in metas]
    if not segments:
        raise Fault("it has no <segment>")
    properties = [
        Property(type, element.attrib[name]) for name, type in UNIT_ATTRIBUTES_2.items() if name in element.attrib
    ]
    properties += _of_file(file)
    for number, segment in enumerate(segments, start=1):
        texts = {file.local(child): child for child in segment}
        if "source" not in texts:
            raise Fault("a segment has no <source>")
        states = {"state": "x-state", "subState": "x-substate"}
        of_target = [Property(states[n], segment.attrib[n]) for n in states if n in segment.attrib]
        source = _segment(texts["source"], texts["source"], file, notes["source"], [], codes)
        target = None
        if "target" in texts:
            target = _segment(texts["target"], texts["target"], file, notes["target"], of_target, codes)
        part = segment.get("id") or str(number) if len(segments) > 1 else None
        yield joined(_id(element.get("id"), part), source, _or_none(target), details, notes[""], properties)


def _id(unit: str | None, part: str | None) -> str | None:
    return unit if part is None else f"{unit}.{part}" if unit else part


def _of_file(file: File) -> list[Property]:
    return [Property("x-file", file.name)] if file.name else []


def _segment(
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


def _or_none(segment: Segment | None) -> Segment | None:
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


def _note(element: Element, known: tuple[str, ...]) -> Note:
    attributes = {name: element.attrib[name] for name in known if name in element.attrib}
    if element.get(XML_LANG):
        attributes["xml:lang"] = element.attrib[XML_LANG]
    return Note("".join(element.itertext()), attributes)
