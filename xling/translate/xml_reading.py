"""What TMX and XLIFF share: a beginning that declares no entities, and pieces of a file made elements."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree import ElementTree

from xling.errors import InvalidInput, MissingExtra
from xling.ingest.decoding import gunzipped
from xling.translate.units import Broken
from xling.translate.xml_cutting import UNDECODABLE, Piece, decoded

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TOGETHER = 128
"""Units parsed in one go; one by one only where one of them is broken."""


class Fault(Exception):
    """Why a unit is broken; `lines` below its first one."""

    def __init__(self, reason: str, lines: int = 0) -> None:
        super().__init__(reason)
        self.lines = lines

    def of(self, piece: Piece) -> Broken:
        return Broken(piece.line + self.lines, str(self))


def need_defusedxml(what: str) -> None:
    """Raises `MissingExtra` where defusedxml is not installed."""
    try:
        import defusedxml  # noqa: F401
    except ImportError as exc:
        raise MissingExtra(f"Reading {what}", "translate", "defusedxml") from exc


def name_of(source: str | Path | BinaryIO, format: str) -> str:
    """What to call a source in errors."""
    return str(getattr(source, "name", None) or format) if hasattr(source, "read") else str(source)


@contextlib.contextmanager
def text_blocks(source: str | Path | BinaryIO, name: str) -> Iterator[Iterator[str]]:
    """Blocks of a file's or stream's text, gzip undone."""
    with contextlib.ExitStack() as stack:
        if isinstance(source, (str, Path)):
            try:
                source = stack.enter_context(Path(source).open("rb"))
            except OSError as exc:
                raise InvalidInput(f"{name}: cannot be read ({exc.strerror or exc})") from exc
        yield decoded(gunzipped(source), name)


def first_elements(text: str, name: str, format: str) -> Iterator[Element]:
    """The elements that begin in the first part of a file, which alone can declare entities.

    Raises:
        InvalidInput: It declares entities, or is no XML.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    # The DTD of a DOCTYPE is not fetched: the parser never asks for it.
    bare = text[text.find("?>") + 2 :] if text.lstrip().startswith("<?xml") else text
    dropped = text[: len(text) - len(bare)].count("\n")
    found = False
    try:
        for _, element in iterparse(io.BytesIO(bare.encode("utf-8")), events=("start",), forbid_external=True):
            found = True
            yield element
    except DefusedXmlException as exc:
        raise InvalidInput(f"{name}: it declares entities, which xling does not read ({exc})") from exc
    except ParseError as exc:
        # The part ends before the root does: that alone is no fault.
        if not found or "no element found" not in str(exc):
            line = exc.position[0] + dropped
            raise InvalidInput(f"{name}: it is no {format}; line {line}: {_without_position(exc)}") from exc
    except UnicodeError as exc:
        raise InvalidInput(f"{name}: it is no {format} ({exc})") from exc


def elements_of(pieces: Sequence[Piece], opening: str, closing: str) -> Iterator[tuple[Piece, Element | Fault]]:
    """The element of each piece, or what is wrong with it.

    Args:
        pieces: Parts of a file, each an element.
        opening: Opens an element around them; what prefixes are bound to, and no more than one line.
        closing: Closes it.
    """
    together = _together(pieces, opening, closing)
    for position, piece in enumerate(pieces):
        if together is not None:
            yield piece, together[position]
            continue
        try:
            yield piece, _element(piece, opening, closing)
        except Fault as fault:
            yield piece, fault


def _together(pieces: Sequence[Piece], opening: str, closing: str) -> list[Element] | None:
    if any(piece.fault for piece in pieces):
        return None
    try:
        elements = list(ElementTree.fromstring("".join([opening, *(piece.text for piece in pieces), closing])))
    except (ElementTree.ParseError, UnicodeError):
        return None
    return elements if len(elements) == len(pieces) else None


def _element(piece: Piece, opening: str, closing: str) -> Element:
    if piece.fault:
        raise Fault(piece.fault)
    if UNDECODABLE in piece.text:
        raise Fault("it has bytes that are not of the file's encoding", _lines_before(piece.text, UNDECODABLE))
    try:
        (element,) = ElementTree.fromstring(opening + piece.text + closing)
    except ElementTree.ParseError as exc:
        raise Fault(f"it is no XML: {_without_position(exc)}", exc.position[0] - 1) from exc
    except UnicodeError as exc:
        raise Fault("it has half a character (a lone surrogate)") from exc
    except ValueError as exc:
        raise Fault("it is no single element") from exc
    return element


def _lines_before(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part))


def _without_position(error: Any) -> str:
    return str(error).split(": line ", 1)[0]
