"""Cutting one sentence that is longer than a chunk."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple

from xling.text.clusters import cluster_end, cluster_start
from xling.text.marks import may_not_begin

# From the best place to end a piece to the poorest. Full-width marks need no space after them.
_BREAKS = tuple(re.compile(pattern) for pattern in (r"\n\s*|[、，；：၊]\s*|[,;:،؛—]\s+", r"\s+"))
# A piece is not made shorter than this share of the limit just to end at a better place.
_MIN_FILL = 0.5
_LOOK_BACK = 8


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int


def cut(text: str, token_ends: Sequence[int], limit: int) -> list[tuple[Span, int]]:
    """Contiguous spans that together cover the text, and the number of tokens of each.

    They have at most `limit` tokens, save where a single grapheme cluster has more: it is never broken. Neither
    does a closing mark begin a piece, unless there is a long row of them.

    Args:
        text: The text, not empty.
        token_ends: End offset in characters of each of its tokens, ascending.
        limit: At least 1.
    """
    if len(token_ends) <= limit:
        return [(Span(0, len(text)), len(token_ends))]
    breaks = [[match.end() for match in pattern.finditer(text)] for pattern in _BREAKS]
    pieces: list[tuple[Span, int]] = []
    start, first = 0, 0
    while len(token_ends) - first > limit:
        hard = token_ends[first + limit - 1]
        soft = token_ends[first + max(int(limit * _MIN_FILL), 1) - 1]
        end = _best_break(text, breaks, soft, hard) or _between_clusters(text, start, hard)
        if end >= len(text):
            break
        after = bisect.bisect_right(token_ends, end)
        whole = token_ends[after - 1] if after > first else start
        # A token cut in two counts on both sides.
        pieces.append((Span(start, end), after - first + bool(text[whole:end].strip())))
        start, first = end, after
    pieces.append((Span(start, len(text)), len(token_ends) - first))
    return pieces


def _best_break(text: str, breaks: Sequence[Sequence[int]], soft: int, hard: int) -> int | None:
    """The last break in (soft, hard] of the best kind that has one there."""
    for positions in breaks:
        i = bisect.bisect_right(positions, hard) - 1
        for place in reversed(positions[max(i - _LOOK_BACK, 0) : i + 1]):
            if place <= soft:
                break
            if not may_not_begin(text, place) and cluster_end(text, place) == place:
                return place
    return None


def _between_clusters(text: str, start: int, hard: int) -> int:
    """The last boundary of clusters up to `hard`, or the first one after `start` if there is none."""
    end = best = cluster_start(text, hard)
    for _ in range(_LOOK_BACK):
        if end <= start or not may_not_begin(text, end):
            break
        end = cluster_start(text, end - 1)
    end = end if end > start and not may_not_begin(text, end) else best
    return end if end > start else cluster_end(text, start + 1)
