"""Headings of Markdown and HTML."""

from __future__ import annotations

import re
from typing import NamedTuple

_NEWLINE = r"(?:\r\n|\n|\r)"
_START = r"(?:(?<=\n)|(?<=\r)|\A)"
_FENCE = re.compile(_START + r" {0,3}(```+|~~~+)")
_ATX = re.compile(_START + r" {0,3}(#{1,6})[ \t]+[^\s#][^\r\n]*\s*")
_SETEXT = re.compile(
    _START + rf"[^\s#>|*+=\-`][^\r\n]{{0,300}}{_NEWLINE} {{0,3}}(={{2,}}|-{{3,}})[ \t]*(?={_NEWLINE}|\Z)\s*"
)
_HTML = re.compile(r"<h([1-6])\b[^<>]{0,300}>.{0,1000}?</h\1\s*>\s*", re.I | re.S)
# Begun with a set of characters and without re.I, which `re` looks for much faster.
_HINT = re.compile(r"[#<\r\n](?:(?<=#)|(?<=<)[hH][1-6]|(?<=[\r\n]) {0,3}(?:==|---))")


class Heading(NamedTuple):
    """Characters `start` to `end` of a text, the space after it included; `level` 1 is the highest."""

    start: int
    end: int
    level: int


def find_headings(text: str) -> list[Heading]:
    """Headings in the order of the text: `# …`, underlined ones, `<h1>…</h1>`. Not those in fenced code."""
    if not _HINT.search(text):
        return []
    fenced = _fenced(text)
    found = [Heading(m.start(), m.end(), len(m[1])) for m in _ATX.finditer(text)]
    found += [Heading(m.start(), m.end(), 1 if m[1][0] == "=" else 2) for m in _SETEXT.finditer(text)]
    found += [Heading(m.start(), m.end(), int(m[1])) for m in _HTML.finditer(text)]
    found.sort()
    headings: list[Heading] = []
    i = 0
    for heading in found:
        while i < len(fenced) and fenced[i][1] <= heading.start:
            i += 1
        in_code = i < len(fenced) and fenced[i][0] <= heading.start
        if not in_code and (not headings or heading.start >= headings[-1].end):
            headings.append(heading)
    return headings


def _fenced(text: str) -> list[tuple[int, int]]:
    """Blocks of code. One that is never closed reaches to the end, as in CommonMark."""
    blocks: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for match in _FENCE.finditer(text):
        mark = match[1]
        if opened is None:
            opened = (match.start(), mark)
        elif mark[0] == opened[1][0] and len(mark) >= len(opened[1]):
            blocks.append((opened[0], match.end()))
            opened = None
    return [*blocks, (opened[0], len(text))] if opened else blocks


_MARKUP = re.compile(r"<[^<>]*>|^ {0,3}#{1,6}[ \t]+|[ \t]#+[ \t]*$|\s*[\r\n] {0,3}(?:=+|-+)\s*\Z", re.M)


def first_heading(text: str) -> str | None:
    """The words of the first heading of a text."""
    for heading in find_headings(text):
        words = " ".join(_MARKUP.sub("", text[heading.start : heading.end].strip()).split())
        if words:
            return words
    return None
