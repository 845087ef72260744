"""The text of an XML file, cut into its units before it is parsed, so that one that is broken spoils no other."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from xling.errors import InvalidInput
from xling.ingest.decoding import check_encoding, read_bytes

BLOCK = 1 << 18
LONGEST = 1 << 23
"""Characters of a unit, a comment or the part before the first unit; a longer one is not closed, or an attack."""

_HELD_BACK = 1 << 12
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_WIDE = re.compile(rb"(?:[ \t\r\n]\0){0,64}<\0|((?:\0[ \t\r\n]){0,64}\0<)")
UNDECODABLE = "\ufdd0"
"""Stands for bytes that are not of the file's encoding: a noncharacter, which no text holds."""


class Piece(NamedTuple):
    """A part of the file and the line it begins at.

    Attributes:
        text: The part.
        line: From 1.
        fault: Why it is no whole unit.
        around: Whether it is a tag around units.
    """

    text: str
    line: int
    fault: str | None = None
    around: bool = False


def marks(unit: str, around: str | None = None, prefix: str = "") -> re.Pattern[str]:
    """What a `Cutter` looks for.

    Args:
        unit: The element of a unit, or several, as a pattern.
        around: The elements around units whose tags are wanted.
        prefix: Of these elements.
    """
    wanted = rf"|(?P<around>/?{prefix}(?:{around})(?=[\s/>])(?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*>)" if around else ""
    return re.compile(  # all of them begin with the same character, which is fast to find
        rf"<(?:(?P<close>/{prefix}(?:{unit})\s*>)|(?P<empty>{prefix}(?:{unit})(?=[\s/])[^<>]*/>)"
        rf"|(?P<open>{prefix}(?:{unit})(?=[\s>]))|(?P<end>/{prefix}body\s*>){wanted}"
        r"|(?P<skipped>!--.*?-->|!\[CDATA\[.*?\]\]>)|(?P<unfinished>!--|!\[CDATA\[))",
        re.DOTALL,
    )


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


codecs.register_error("xling-mark", _mark_undecodable)


def decoded(stream: BinaryIO, name: str, encoding: str | None = None) -> Iterator[str]:
    """Blocks of the file's text: in this encoding, else by its byte order mark, else as it declares, else UTF-8."""
    block = read_bytes(stream, name, BLOCK)
    decoder = codecs.getincrementaldecoder(encoding or _encoding(block))("xling-mark")
    yield decoder.decode(block).removeprefix("\ufeff")
    while block := read_bytes(stream, name, BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    wide = _WIDE.match(head)  # without a mark; some tools write an empty line first
    if wide:
        return "utf-16-le" if wide[1] is None else "utf-16-be"
    declared = None if head.startswith(codecs.BOM_UTF8) else _DECLARED.match(head[:1024])
    encoding = check_encoding(declared[1].decode("ascii")) if declared else "utf-8"
    return "utf-8" if encoding.startswith(("utf-16", "utf-32")) else encoding  # it is not: there are no zero bytes


class Cutter:
    """Cuts the blocks of a file. Holds no more of it than one unit and two blocks."""

    def __init__(self, blocks: Iterator[str], name: str, format: str, marks: re.Pattern[str]) -> None:
        self._blocks, self._name, self._format, self._marks = blocks, name, format, marks
        self._buffer, self._at_end = "", False
        self._scan = 0
        self._line, self._counted = 1, 0
        self._start: int | None = None
        self._start_line = 0
        self._in_prolog = True

    def pieces(self) -> Iterator[Piece]:
        """The part before the first unit or tag around it, then each unit and each such tag.

        Raises:
            InvalidInput: What comes before the first unit does not end.
        """
        while True:
            match = self._marks.search(self._buffer, self._scan)
            if self._wants_more(match):
                if self._start is not None and len(self._buffer) - self._start > LONGEST:
                    yield self._unclosed("the unit is not closed")
                self._read(match)
            elif match is None:
                break
            else:
                yield from self._at(match)
        if self._in_prolog:
            yield Piece(self._buffer, 1)
        elif self._start is not None:
            yield self._unclosed("the file ends within the unit")

    def _wants_more(self, match: re.Match[str] | None) -> bool:
        if self._at_end:
            return False
        if match is None or (match.end() > len(self._buffer) - _HELD_BACK and not match["unfinished"]):
            return True
        return bool(match["unfinished"]) and len(self._buffer) - match.start() < LONGEST

    def _read(self, match: re.Match[str] | None) -> None:
        """Drop what is done with, and take a block more."""
        if self._in_prolog:
            if len(self._buffer) > LONGEST:
                raise InvalidInput(f"{self._name}: no unit in the first {LONGEST:,} characters; is it {self._format}?")
        else:
            if match is None:
                self._scan = max(self._scan, len(self._buffer) - _HELD_BACK)
            keep = self._scan if self._start is None else self._start
            self._count(keep)
            self._buffer, self._scan, self._counted = self._buffer[keep:], self._scan - keep, 0
            self._start = None if self._start is None else 0
        block = next(self._blocks, None)
        self._at_end = block is None
        self._buffer += block or ""

    def _at(self, match: re.Match[str]) -> Iterator[Piece]:
        kind, begin = match.lastgroup, match.start()
        self._scan = match.end()
        if kind in ("skipped", "unfinished"):
            return
        if self._in_prolog and kind != "close":
            self._in_prolog = False
            yield Piece(self._buffer[:begin], 1)
        if kind == "close" and self._start is not None:
            yield Piece(self._buffer[self._start : self._scan], self._start_line)
            self._start = None
            return
        if self._start is not None:
            yield self._unclosed("the unit is not closed")
        line = self._count(begin)
        if kind == "open":
            self._start, self._start_line = begin, line
        elif kind == "empty":
            yield Piece(match[0], line)
        elif kind == "around":
            yield Piece(match[0], line, around=True)
        elif kind == "close" and not self._in_prolog:
            yield Piece("", line, "the end of a unit that does not begin")

    def _unclosed(self, fault: str) -> Piece:
        self._start = None
        return Piece("", self._start_line, fault)

    def _count(self, position: int) -> int:
        """The line of a position, none of which lies before one that was asked for."""
        self._line += self._buffer.count("\n", self._counted, position)
        self._counted = max(self._counted, position)
        return self._line
