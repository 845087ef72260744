"""What several phrasings of one query find, as one list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from xling.types import Hit

Combine: TypeAlias = Literal["average", "fuse"]

FUSED = 50
"""Hits of each phrasing that are fused, or more where more are asked for."""

_K = 60


def phrasings_of(query: str | Iterable[str]) -> list[str]:
    """A query, or several phrasings of one, as a list. What is neither is one query, to be refused where it is read."""
    return list(query) if isinstance(query, Iterable) and not isinstance(query, str) else [query]


def fused(lists: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): the sum of 1 / (60 + rank) decides.

    A hit keeps the score and confidence of the phrasing that it scores best for.
    """
    best: dict[Any, Hit] = {}
    weight: dict[Any, float] = {}
    for hits in lists:
        for rank, hit in enumerate(hits, 1):
            key = (type(hit.id), hit.id, hit.chunk.index if hit.chunk else 0)
            weight[key] = weight.get(key, 0.0) + 1.0 / (_K + rank)
            if key not in best or hit.score > best[key].score:
                best[key] = hit
    return [best[key] for key in sorted(best, key=lambda key: (-weight[key], -best[key].score))]
