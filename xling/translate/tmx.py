"""Reading TMX 1.1 to 1.4b, unit by unit.

The file is cut into units first (`tmx_cutting`). What comes before them is all that can declare entities; defusedxml
refuses it then. The units are parsed apart from it, so no entity can be expanded in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xling.errors import InvalidInput
from xling.translate.counting import CountedReader
from xling.translate.tmx_schema import ATTRIBUTES, CHOICES, READ_IN, UNNEEDED, XML_LANG, fault_of
from xling.translate.units import Broken, Note, Property, Segment, Tag, Unit
from xling.translate.xliff_schema import XLIFF_1
from xling.translate.xml_cutting import UNDECODABLE, Cutter, Piece, marks
from xling.translate.xml_reading import (
    TOGETHER,
    Fault,
    elements_of,
    first_elements,
    name_of,
    need_defusedxml,
    text_blocks,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


_BOUND = re.compile(r"""\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*("[^"<&]+"|'[^'<&]+')""")


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself: its TMX version, and the attributes of its header, `srclang` among them."""

    version: str = "1.4"
    attributes: Mapping[str, str] = field(default_factory=dict)


class TmxReader(CountedReader):
    """The units of a TMX file, read once, in constant memory.

    Attributes:
        header: Of the file; known once the first unit is.
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
    """

    def __init__(self, source: str | Path | BinaryIO) -> None:
        super().__init__(self._read(source), name_of(source, "TMX"))
        self.header = Header()

    def _read(self, source: str | Path | BinaryIO) -> Iterator[Unit | Broken]:
        with text_blocks(source, self._name) as blocks:
            pieces = Cutter(blocks, self._name, "TMX", marks("tu")).pieces()
            prolog = next(pieces)
            self.header = _read_header(prolog, self._name)
            opening = _opening(prolog.text)
            waiting: list[Piece] = []
            for piece in pieces:
                waiting.append(piece)
                if len(waiting) == TOGETHER:
                    yield from _parsed(waiting, opening)
                    waiting = []
            yield from _parsed(waiting, opening)


def read_tmx(source: str | Path | BinaryIO) -> TmxReader:
    """The units of a TMX file or binary stream (gzip too), in UTF-8, UTF-16 or the encoding that the file declares.

    A unit that is broken is left out, counted and listed in `TmxReader.broken`; the others are read.

    Raises:
        MissingExtra: defusedxml is not installed.
        InvalidInput: While iterating: it cannot be read, is no TMX, declares entities, or has no unit that can be read.
    """
    need_defusedxml("TMX")
    return TmxReader(source)


def _read_header(prolog: Piece, name: str) -> Header:
    version, attributes = None, {}
    for element in first_elements(prolog.text, name, "TMX"):
        kind = element.tag.rpartition("}")[2]  # some tools give TMX a namespace, which it does not have
        if version is None and kind != "tmx":
            raise InvalidInput(f"{name}: it is no TMX, its first element is <{kind}>")
        if kind == "tmx":
            version = element.get("version", "1.4")
        elif kind == "header":
            attributes = dict(element.attrib)
    return Header(version or "1.4", attributes)


def _opening(prolog: str) -> str:
    """What the units are parsed within: it binds the prefixes that the first elements bind."""
    bound = {name: value for name, value in _BOUND.findall(prolog) if name != "xml"}
    return "<body" + "".join(f" xmlns:{name}={value}" for name, value in bound.items()).replace("\n", " ") + ">"


def _parsed(pieces: list[Piece], opening: str) -> Iterator[Unit | Broken]:
    for piece, element in elements_of(pieces, opening, "</body>"):
        yield element.of(piece) if isinstance(element, Fault) else _unit_or_broken(element, piece)


def _unit_or_broken(element: Element, piece: Piece) -> Unit | Broken:
    try:
        return _unit(element)
    except Fault as fault:
        return fault.of(piece)


def _unit(element: Element) -> Unit:
    properties, notes, segments = [], [], []
    for child in element:
        if child.tag == "tuv":
            segments.append(child)
        elif child.tag == "prop":
            properties.append(_property(child))
        elif child.tag == "note":
            notes.append(_note(child))
        else:
            raise Fault(f"<tu> holds a <{child.tag}>")
    if not segments:
        raise Fault("it has no segment (tuv)")
    found = tuple([_segment(one, element) for one in segments])
    attributes = _attributes(element)
    return Unit(found, attributes.pop("tuid", None), attributes, tuple(properties), tuple(notes))


def _segment(element: Element, unit: Element) -> Segment:
    properties, notes, content = [], [], None
    for child in element:
        if child.tag == "seg" and content is None:
            content = _content(child)
        elif child.tag == "prop":
            properties.append(_property(child))
        elif child.tag == "note":
            notes.append(_note(child))
        else:
            raise Fault(f"<tuv> holds {'two texts' if child.tag == 'seg' else f'a <{child.tag}>'}")
    # `lang` is what xml:lang was called until TMX 1.2.
    lang = (element.get(XML_LANG) or element.get("lang") or "").strip()
    if not lang:
        raise Fault("a segment without a language (xml:lang)")
    if content is None and unit.find("tuv/seg") is None:  # one of several languages may be empty
        raise Fault(f"the segment in {lang[:40]!r} has no text (seg)")
    return Segment(lang, content or (), _attributes(element, "lang", XML_LANG), tuple(properties), tuple(notes))


def _content(element: Element) -> tuple[str | Tag, ...]:
    parts: list[str | Tag] = [element.text] if element.text else []
    for child in element:
        if child.tag not in READ_IN[element.tag]:
            raise Fault(f"<{element.tag}> holds a <{child.tag}>, which is no inline tag for it")
        parts.append(Tag(child.tag, _content(child), _attributes(child)))
        if child.tail:
            parts.append(child.tail)
    if UNDECODABLE in "".join(part for part in parts if isinstance(part, str)):
        raise Fault("it has bytes that are not of the file's encoding")
    return tuple(parts)


def _property(element: Element) -> Property:
    attributes = _attributes(element)
    return Property(attributes.pop("type"), element.text or "", attributes)


def _note(element: Element) -> Note:
    return Note(element.text or "", _attributes(element))


def _attributes(element: Element, *left_out: str) -> dict[str, str]:
    """The attributes that TMX knows; tools add others, which are left out."""
    known, found = ATTRIBUTES.get(element.tag, ()), {}
    for name, value in element.attrib.items():
        if name in left_out:
            continue
        if name in (XML_LANG, "lang"):
            name = "xml:lang"
        if name in known and not (name in UNNEEDED and value not in CHOICES[name]):
            found[name] = value
    fault = fault_of(element.tag, found) if known else None
    if fault is None and known:
        return found
    # A tag of XLIFF 1.2, by its name or by its attributes?
    of_xliff = XLIFF_1.attributes.get(element.tag, {})
    if fault and not (of_xliff and all(name in element.attrib for name in XLIFF_1.required[element.tag])):
        raise Fault(fault)
    return {name: value for name, value in element.attrib.items() if name in of_xliff}
