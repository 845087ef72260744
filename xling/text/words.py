"""Words, and where they lie in a text: by spaces where a script has them, elsewhere by the tokens of a model."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from xling.text.clusters import cluster_end
from xling.text.cutting import Span

# Scripts without spaces, or, as in hangul, with endings glued to the word.
# NFKC has made jamo and half-width forms whole.
_UNSPACED = (
    r"\u3005-\u3007\u3021-\u3029\u3040-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U000323af"
    r"\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
    r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ece\u0edc-\u0edf"
    r"\u1000-\u103f\u104c-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd"
)
_HANGUL = re.compile(
    r"(?P<hangul>[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]+)|[^\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]+"
)
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")
_JOINTS = r"['’._/&-]"


@dataclass(frozen=True, slots=True)
class Patterns:
    """What a text is cut by: words and runs of scripts without spaces; the characters of those; the parts of a word."""

    piece: re.Pattern[str]
    unspaced: re.Pattern[str]
    part: re.Pattern[str]


@functools.cache
def patterns() -> Patterns:
    """Compiled when they are first used."""
    # To Python's \w the vowel signs of Indic scripts are no part of a word; to readers they are.
    marks = "".join(chr(c) for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M")
    letter = rf"(?:(?![{_UNSPACED}])(?:[^\W_]|[{marks}]))"
    return Patterns(
        piece=re.compile(rf"[{_UNSPACED}]+|{letter}+(?:{_JOINTS}{letter}+)*(?:\+\+|#)?"),
        unspaced=re.compile(rf"[{_UNSPACED}][{marks}]*"),
        part=re.compile(rf"\d+|(?:[^\W\d_]|[{marks}])+"),
    )


def word_spans(text: str, tokens: Iterable[tuple[int, int]]) -> list[Span]:
    """Where the words of a text lie, in its order; punctuation is none.

    Args:
        text: The text as it is, not folded.
        tokens: Where the tokens of a model lie, ascending. They are taken for words where a script has no spaces, never
            cutting what a reader takes for one character.
    """
    found: list[Span] = []
    places = list(tokens)
    at = 0
    for match in patterns().piece.finditer(text):
        for start, end, spaced in _runs(text, match.start(), match.end()):
            if spaced:
                if found and _THOUSANDS.match(text, found[-1].end - 1, end):
                    start = found.pop().start
                found.append(Span(start, end))
                continue
            while at < len(places) and places[at][1] <= start:
                at += 1
            last = start
            while at < len(places) and places[at][0] < end:
                cut = min(cluster_end(text, places[at][1]), end)
                if cut > last:
                    found.append(Span(last, cut))
                    last = cut
                if places[at][1] > end:
                    break  # it goes on into the next word
                at += 1
            if last < end:
                found.append(Span(last, end))
    return found


def _runs(text: str, start: int, end: int) -> Iterable[tuple[int, int, bool]]:
    """Parts of a piece, and whether they are whole words: hangul has spaces, though endings are glued to words."""
    if not patterns().unspaced.match(text, start):
        yield start, end, True
        return
    for match in _HANGUL.finditer(text, start, end):
        yield match.start(), match.end(), match.lastgroup == "hangul"
