"""Grapheme clusters: what a reader takes for one character (a base with its marks, an emoji of several parts)."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

# A letter, digit or mark of punctuation with no marks of its own begins a cluster, whatever stands before it, save
# for the few letters that Unicode counts as marks, and after characters that attach to what follows them.
_STARTING = frozenset({"Lo", "Lu", "Ll", "Nd", "Po", "Ps", "Pe", "Pi", "Pf", "Pd", "Zs"})
_PLAIN_BEFORE = frozenset({"Po", "Ps", "Pe", "Pi", "Pf", "Pd", "Zs", "Zl", "Zp", "Cc", "Ll", "Lu", "Nd"})
_AM = frozenset("\u0e33\u0eb3")  # Thai and Lao vowels that are letters by category and marks by behaviour
_JOINING = frozenset({"Mn", "Me", "Mc", "Cf"})
_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_WINDOW = 64


@cache
def _cluster() -> Any:
    import regex

    return regex.compile(r"\X")


def cluster_end(text: str, position: int) -> int:
    """The first boundary of grapheme clusters at or after `position`."""
    if position <= 0 or position >= len(text):
        return min(max(position, 0), len(text))
    before, after = text[position - 1], text[position]
    if before < "\u0300" and after < "\u0300":
        return position + 1 if before == "\r" and after == "\n" else position
    if (
        unicodedata.category(after) in _STARTING
        and after not in _AM
        and unicodedata.category(before) in _PLAIN_BEFORE
        and before not in "\u00a9\u00ae\u203c\u2049"
    ):
        return position
    return _next_boundary(text, position)


def cluster_start(text: str, position: int) -> int:
    """The last boundary of grapheme clusters at or before `position`."""
    if position <= 0 or position >= len(text) or cluster_end(text, position) == position:
        return min(max(position, 0), len(text))
    anchor = _anchor(text, position)
    start = anchor
    for match in _cluster().finditer(text, anchor):
        if match.end() > position:
            return int(match.start())
        start = match.end()
    return int(start)


def _next_boundary(text: str, position: int) -> int:
    for match in _cluster().finditer(text, _anchor(text, position)):
        if match.end() >= position:
            return int(match.end())
    return len(text)


def _anchor(text: str, position: int) -> int:
    """A boundary before `position` that can be told without looking far back, as before a plain ASCII character."""
    at = position - 1
    while at > 0 and not ("\x20" <= text[at] < "\x7f" and text[at - 1] < "\u0300"):
        at -= 1
        if position - at > _WINDOW:
            if text[at] in _FLAGS and text[at - 1] in _FLAGS:  # two and two from where they begin
                at -= (at - len(text[:at].rstrip(_FLAGS))) % 2
                break
            if _is_plain_start(text, at):
                break
    return max(at, 0)


def _is_plain_start(text: str, at: int) -> bool:
    """Whether a cluster begins at `at`, as far as its character and the one before it tell.

    They do, save after what joins and between the halves of flags (Unicode's rules GB9c, GB11, GB12, GB13).
    """
    after, before = text[at], text[at - 1]
    kind = unicodedata.category(before)
    if unicodedata.category(after) in _STARTING and after not in _AM and kind in _PLAIN_BEFORE:
        return True
    joined = before in _FLAGS or before == "\u200d" or (kind in _JOINING and unicodedata.category(after) == "Lo")
    return not joined and len(_cluster().findall(text[at - 1 : at + 1])) == 2
