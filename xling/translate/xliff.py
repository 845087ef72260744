"""Reading XLIFF 1.0 to 1.2 and 2.0 to 2.1, unit by unit.

As with TMX, the file is cut first (`xml_cutting`): each unit is parsed apart, so that one that is broken loses no
other. What comes before the root can declare entities; defusedxml refuses it then.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xling.errors import InvalidInput
from xling.translate.counting import CountedReader
from xling.translate.units import Broken, Unit
from xling.translate.xliff_alternatives import ALTERNATIVES, SUB_FLOWS
from xling.translate.xliff_contents import File
from xling.translate.xliff_elements import units_of
from xling.translate.xml_cutting import LONGEST, Cutter, Piece, marks
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

_ROOT = re.compile(r"<(?:([A-Za-z_][\w.-]*):)?xliff(?=[\s>])")
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class XliffReader(CountedReader):
    """The units of an XLIFF file, read once, in constant memory.

    Attributes:
        version: Of the file; known once the first unit is.
        units: Units given so far.
        broken_count: Broken units so far.
        broken: The first thousand of them, each with its line and the reason.
        left_out: What units hold and was not read: from an element's name to how many there were so far.
    """

    def __init__(self, source: str | Path | BinaryIO, wanted: frozenset[str] = frozenset()) -> None:
        super().__init__(self._read(source), name_of(source, "XLIFF"))
        self.version = ""
        self._wanted = wanted

    def _read(self, source: str | Path | BinaryIO) -> Iterator[Unit | Broken]:
        with text_blocks(source, self._name) as blocks:
            prefix, blocks = _prefix(blocks, self._name)
            wanted = marks("trans-unit|unit", "xliff|file|group", prefix)
            pieces = Cutter(blocks, self._name, "XLIFF", wanted).pieces()
            prolog = next(pieces)
            root = next(pieces, None)
            if root is None or not root.around:
                raise InvalidInput(f"{self._name}: it is no XLIFF: units stand before its first element")
            spaces = _Spaces(root.text)
            file = self._begin(prolog, root)
            waiting: list[Piece] = []
            for piece in pieces:
                if not piece.around:
                    waiting.append(piece)
                if waiting and (piece.around or len(waiting) == TOGETHER):
                    yield from _parsed(waiting, spaces, file)
                    waiting = []
                if piece.around and not piece.text.startswith("</"):
                    attributes = spaces.entered(piece.text)
                    if re.match(rf"<{re.escape(prefix)}file\b", piece.text):
                        file = file.named(attributes)
            yield from _parsed(waiting, spaces, file)

    def _begin(self, prolog: Piece, root: Piece) -> File:
        element = next(first_elements(prolog.text + root.text, self._name, "XLIFF"), None)
        if element is None or not element.tag.endswith("xliff"):
            raise InvalidInput(f"{self._name}: it is no XLIFF")
        space = element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""
        self.version = element.get("version", "2.0" if "document:2" in space else "1.2")
        if not self.version.startswith(("1.", "2.")):
            raise InvalidInput(f"{self._name}: XLIFF {self.version} is not known; 1.0 to 1.2, and 2.0 and 2.1, are")
        languages = element.get("srcLang", ""), element.get("trgLang", "")
        return File(space, self.version, *languages, None, self._wanted, self.left_out)


def read_xliff(source: str | Path | BinaryIO, *, alternatives: bool = False, sub_flows: bool = False) -> XliffReader:
    """The units of an XLIFF file or binary stream (gzip too), version 1.0 to 2.1.

    A unit has the segments of the two languages. States, approval, resource names, contexts and the file's name are
    properties: `x-state` of the translation, `x-approved`, `x-resname`, `x-translate`, `x-file`, and contexts by their
    types. Of a unit that is cut into segments each is a unit, its id `unit.segment`. What units hold
    and is not read is counted in `XliffReader.left_out`. A unit that is broken is left out, counted and listed in
    `XliffReader.broken`; the others are read.

    Args:
        source: The file.
        alternatives: Translations from elsewhere (`alt-trans`, the matches module) are read too, each as a unit after
            the one that it was proposed for, which its property `x-alternative-of` names; `x-origin` and
            `x-match-quality` (or `x-similarity`) say where it is from and how good it is.
        sub_flows: Texts within codes (`sub`) are read too, each as a unit after the one it stands in (`x-sub-of`). In
            XLIFF 2 they are units of their own anyway.

    Raises:
        MissingExtra: defusedxml is not installed.
        InvalidInput: While iterating: it cannot be read, is no XLIFF, declares entities, or no unit can be read.
    """
    need_defusedxml("XLIFF")
    wanted = {name for name, asked in ((ALTERNATIVES, alternatives), (SUB_FLOWS, sub_flows)) if asked}
    return XliffReader(source, frozenset(wanted))


def _prefix(blocks: Iterator[str], name: str) -> tuple[str, Iterator[str]]:
    """The prefix of the file's elements, and its blocks from the first on."""
    head = ""
    for block in blocks:
        head += block
        found = _ROOT.search(head)
        if found:
            return f"{found[1]}:" if found[1] else "", itertools.chain([head], blocks)
        if len(head) > LONGEST:
            break
    raise InvalidInput(f"{name}: it is no XLIFF: no <xliff> in it")


class _Spaces:
    """The prefixes that the elements around units bind; the units are parsed within an element that binds them too."""

    def __init__(self, root: str) -> None:
        self._bound: dict[str, str] = {}
        self.entered(root)

    def entered(self, tag: str) -> dict[str, str]:
        """The attributes of an element, whose prefixes count from now on."""
        found = {name: a or b for name, a, b in _ATTRIBUTE.findall(tag)}
        self._bound |= {name: value for name, value in found.items() if name == "xmlns" or name.startswith("xmlns:")}
        return {name: html.unescape(value) for name, value in found.items()}

    @property
    def opening(self) -> str:
        bound = "".join(f' {name}="{value}"'.replace("\n", " ") for name, value in self._bound.items() if value)
        return f"<units{bound}>"


def _parsed(pieces: list[Piece], spaces: _Spaces, file: File) -> Iterator[Unit | Broken]:
    for piece, element in elements_of(pieces, spaces.opening, "</units>"):
        yield from [element.of(piece)] if isinstance(element, Fault) else _units_or_broken(element, piece, file)


def _units_or_broken(element: Element, piece: Piece, file: File) -> list[Unit | Broken]:
    try:
        return list(units_of(element, file))
    except Fault as fault:
        return [fault.of(piece)]
