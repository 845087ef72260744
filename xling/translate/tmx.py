"""Reading TMX 1.1 to 1.4b, unit by unit.

The file is cut into units first (`tmx_cutting`). What comes before them is all that can declare entities; defusedxml
refuses it then. The units are parsed apart from it, so no entity can be expanded in them.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree import ElementTree

from xling.errors import InvalidInput, MissingExtra
from xling.ingest.decoding import gunzipped
from xling.translate.tmx_cutting import UNDECODABLE, Cutter, Piece, decoded
from xling.translate.tmx_schema import ATTRIBUTES, HELD, XML_LANG, fault_of
from xling.translate.units import Broken, Note, Property, Segment, Tag, Unit

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LISTED = 1000
"""Broken units that are listed, the first ones; all are counted."""

_TOGETHER = 128
"""Units parsed in one go; one by one only where one of them is broken."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself: its TMX version, and the attributes of its header, `srclang` among them."""

    version: str = "1.4"
    attributes: Mapping[str, str] = field(default_factory=dict)


class TmxReader(Iterable[Unit]):
    """The units of a TMX file, read once, in constant memory.

    Attributes:
        header: Of the file; known once the first unit is.
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
    """

    def __init__(self, source: str | Path | BinaryIO) -> None:
        self._source = source
        self._name = str(getattr(source, "name", None) or "TMX") if hasattr(source, "read") else str(source)
        self.header = Header()
        self.units = self.broken_count = 0
        self.broken: list[Broken] = []

    def __iter__(self) -> Iterator[Unit]:
        with contextlib.ExitStack() as stack:
            pieces = Cutter(decoded(gunzipped(self._opened(stack)), self._name), self._name).pieces()
            self.header = _read_header(next(pieces), self._name)
            waiting: list[Piece] = []
            for piece in pieces:
                waiting.append(piece)
                if len(waiting) == _TOGETHER:
                    yield from self._parsed(waiting)
                    waiting = []
            yield from self._parsed(waiting)
        if not self.units:
            found = ""
            if self.broken:
                first = self.broken[0]
                found = f"; {self.broken_count} are broken, the first in line {first.line}: {first.reason}"
            raise InvalidInput(f"{self._name}: no translation unit could be read{found}")

    def _opened(self, stack: contextlib.ExitStack) -> BinaryIO:
        if not isinstance(self._source, (str, Path)):
            return self._source
        try:
            return stack.enter_context(Path(self._source).open("rb"))
        except OSError as exc:
            raise InvalidInput(f"{self._name}: cannot be read ({exc.strerror or exc})") from exc

    def _parsed(self, pieces: list[Piece]) -> Iterator[Unit]:
        elements = _elements(pieces)
        for position, piece in enumerate(pieces):
            unit = self._read(piece, None if elements is None else elements[position])
            if unit is not None:
                self.units += 1
                yield unit

    def _read(self, piece: Piece, element: Element | None) -> Unit | None:
        try:
            return _unit(_element(piece) if element is None else element)
        except _Fault as fault:
            self.broken_count += 1
            if len(self.broken) < LISTED:
                self.broken.append(Broken(piece.line + fault.lines, str(fault)))
            return None


def read_tmx(source: str | Path | BinaryIO) -> TmxReader:
    """The units of a TMX file or binary stream (gzip too), in UTF-8, UTF-16 or the encoding that the file declares.

    A unit that is broken is left out, counted and listed in `TmxReader.broken`; the others are read.

    Raises:
        MissingExtra: defusedxml is not installed.
        InvalidInput: While iterating: it cannot be read, is no TMX, declares entities, or has no unit that can be read.
    """
    try:
        import defusedxml  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("Reading TMX", "translate", "defusedxml") from exc
    return TmxReader(source)


class _Fault(Exception):
    """Why a unit is broken; `lines` below its first one."""

    def __init__(self, reason: str, lines: int = 0) -> None:
        super().__init__(reason)
        self.lines = lines


def _read_header(prolog: Piece, name: str) -> Header:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    # The DTD of a DOCTYPE is not fetched: the parser never asks for it.
    text = prolog.text[prolog.text.find("?>") + 2 :] if prolog.text.lstrip().startswith("<?xml") else prolog.text
    dropped = prolog.text[: len(prolog.text) - len(text)].count("\n")
    version, attributes = None, {}
    try:
        for _, element in iterparse(io.BytesIO(text.encode("utf-8")), events=("start",), forbid_external=True):
            if version is None and element.tag != "tmx":
                raise InvalidInput(f"{name}: it is no TMX, its first element is <{element.tag}>")
            if element.tag == "tmx":
                version = element.get("version", "1.4")
            elif element.tag == "header":
                attributes = dict(element.attrib)
    except DefusedXmlException as exc:
        raise InvalidInput(f"{name}: it declares entities, which xling does not read ({exc})") from exc
    except ParseError as exc:
        # The prolog ends before the root does: that alone is no fault.
        if version is None or "no element found" not in str(exc):
            line = exc.position[0] + dropped
            raise InvalidInput(f"{name}: it is no TMX; line {line}: {_without_position(exc)}") from exc
    except UnicodeError as exc:
        raise InvalidInput(f"{name}: it is no TMX ({exc})") from exc
    return Header(version or "1.4", attributes)


def _elements(pieces: list[Piece]) -> list[Element] | None:
    """The elements of units, or None where any is broken."""
    if any(piece.fault for piece in pieces):
        return None
    text = "".join(["<body>", *(piece.text for piece in pieces), "</body>"])
    try:
        elements = list(ElementTree.fromstring(text))
    except (ElementTree.ParseError, UnicodeError):
        return None
    return elements if len(elements) == len(pieces) else None


def _element(piece: Piece) -> Element:
    if piece.fault:
        raise _Fault(piece.fault)
    if UNDECODABLE in piece.text:
        raise _Fault("it has bytes that are not of the file's encoding", _lines_before(piece.text, UNDECODABLE))
    try:
        return ElementTree.fromstring(piece.text)
    except ElementTree.ParseError as exc:
        raise _Fault(f"it is no XML: {_without_position(exc)}", exc.position[0] - 1) from exc
    except UnicodeError as exc:
        raise _Fault("it has half a character (a lone surrogate)") from exc


def _lines_before(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part))


def _without_position(error: Any) -> str:
    return str(error).split(": line ", 1)[0]


def _unit(element: Element) -> Unit:
    properties, notes, segments = [], [], []
    for child in element:
        if child.tag == "tuv":
            segments.append(_segment(child))
        elif child.tag == "prop":
            properties.append(_property(child))
        elif child.tag == "note":
            notes.append(_note(child))
        else:
            raise _Fault(f"<tu> holds a <{child.tag}>")
    if not segments:
        raise _Fault("it has no segment (tuv)")
    attributes = _attributes(element)
    return Unit(tuple(segments), attributes.pop("tuid", None), attributes, tuple(properties), tuple(notes))


def _segment(element: Element) -> Segment:
    properties, notes, content = [], [], None
    for child in element:
        if child.tag == "seg" and content is None:
            content = _content(child)
        elif child.tag == "prop":
            properties.append(_property(child))
        elif child.tag == "note":
            notes.append(_note(child))
        else:
            raise _Fault(f"<tuv> holds {'two texts' if child.tag == 'seg' else f'a <{child.tag}>'}")
    # `lang` is what xml:lang was called until TMX 1.2.
    lang = (element.get(XML_LANG) or element.get("lang") or "").strip()
    if not lang:
        raise _Fault("a segment without a language (xml:lang)")
    if content is None:
        raise _Fault(f"the segment in {lang[:40]!r} has no text (seg)")
    return Segment(lang, content, _attributes(element, "lang", XML_LANG), tuple(properties), tuple(notes))


def _content(element: Element) -> tuple[str | Tag, ...]:
    parts: list[str | Tag] = [element.text] if element.text else []
    for child in element:
        if child.tag not in HELD[element.tag]:
            raise _Fault(f"<{element.tag}> holds a <{child.tag}>, which is no inline tag for it")
        parts.append(Tag(child.tag, _content(child), _attributes(child)))
        if child.tail:
            parts.append(child.tail)
    if UNDECODABLE in "".join(part for part in parts if isinstance(part, str)):
        raise _Fault("it has bytes that are not of the file's encoding")
    return tuple(parts)


def _property(element: Element) -> Property:
    attributes = _attributes(element)
    return Property(attributes.pop("type"), element.text or "", attributes)


def _note(element: Element) -> Note:
    return Note(element.text or "", _attributes(element))


def _attributes(element: Element, *left_out: str) -> dict[str, str]:
    """The attributes that TMX knows; tools add others, which are left out."""
    known, found = ATTRIBUTES[element.tag], {}
    for name, value in element.attrib.items():
        if name in left_out:
            continue
        if name in (XML_LANG, "lang"):
            name = "xml:lang"
        if name in known:
            found[name] = value
    fault = fault_of(element.tag, found)
    if fault:
        raise _Fault(fault)
    return found
