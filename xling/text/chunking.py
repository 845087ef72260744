"""Splitting a text that is longer than the model reads, so that nothing is cut off silently.

The pieces are contiguous: joined, they are the original, to the character. A piece ends where a reader would
pause: after a paragraph if one ends in its last part, else after a sentence, else a clause, else a word, else
between two tokens.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple

from xling.text.normalise import is_blank

# From the best place to end a piece to the poorest. Full-width marks need no space after them, and Thai, which
# has no full stop, ends its sentences with a space.
_BREAKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t\u3000]*\n\s*",
        r"(?:[。！？｡]+[」』）】〉》”’\"')\]]*\s*|[.!?…։؟۔।॥።៕]+[\"')\]”’»]*\s+|\n+)",
        r"(?:[、，；：]\s*|[,;:،؛]\s+)",
        r"\s+",
    )
)
# A piece is not made shorter than this share of the budget just to end at a better place.
_MIN_FILL = 0.5


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int


def chunk_spans(text: str, token_ends: Sequence[int], budget: int) -> list[Span]:
    """Contiguous spans of at most `budget` tokens that together cover the text.

    Args:
        text: The text, not blank.
        token_ends: End offset in characters of each token of the text, ascending (`TokenOffsets.token_ends`).
        budget: Most tokens a piece may have, prompt and special tokens already taken off. At least 1.

    Returns:
        One span if the text fits, else several; `spans[0].start == 0`, `spans[-1].end == len(text)`.
    """
    if budget < 1:
        raise ValueError(f"budget must be at least 1 token, got {budget}")
    if len(token_ends) <= budget:
        return [Span(0, len(text))]
    breaks = [sorted({m.end() for m in pattern.finditer(text)}) for pattern in _BREAKS]
    spans: list[Span] = []
    start, first = 0, 0
    while len(token_ends) - first > budget:
        hard = max(token_ends[first + budget - 1], start + 1)
        soft = token_ends[first + max(int(budget * _MIN_FILL), 1) - 1]
        end = _best_break(breaks, soft, hard) or hard
        spans.append(Span(start, end))
        start, first = end, bisect.bisect_right(token_ends, end)
    if start < len(text):
        spans.append(Span(start, len(text)))
    return _merge_blank(text, spans)


def _best_break(breaks: Sequence[Sequence[int]], soft: int, hard: int) -> int | None:
    """The last break in (soft, hard] of the best kind that has one there."""
    for positions in breaks:
        i = bisect.bisect_right(positions, hard)
        if i and positions[i - 1] > soft:
            return positions[i - 1]
    return None


def _merge_blank(text: str, spans: list[Span]) -> list[Span]:
    """A piece in which nothing is visible has no meaning to encode: it joins the piece before it, or after."""
    merged: list[Span] = []
    for span in spans:
        if merged and (is_blank(text[span.start : span.end]) or is_blank(text[merged[-1].start : merged[-1].end])):
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged


_ESTIMATE = re.compile(r"[A-Za-z0-9]{1,3}|[^\sA-Za-z0-9]")


def estimate_token_ends(text: str) -> list[int]:
    """Token ends for encoders that do not tell their own: one token per three ASCII letters or other character.

    Cautious on purpose: real subword tokenizers make fewer tokens than this of any natural language, so a piece
    may be shorter than it need be but is not cut.
    """
    return [m.end() for m in _ESTIMATE.finditer(text)]
