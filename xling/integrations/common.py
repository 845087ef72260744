"""What the frameworks have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.collection import Collection
from xling.errors import InvalidInput
from xling.text import problem_of
from xling.types import Hit, Report


def check_texts(texts: Sequence[Any]) -> None:
    """Refuse texts that cannot be stored before anything is written.

    Raises:
        InvalidInput: Names the first one.
    """
    for i, text in enumerate(texts):
        reason = problem_of(text)
        if reason is not None:
            raise InvalidInput(f"document {i} cannot be stored: {reason}. Nothing was written")


def check_report(report: Report) -> None:
    """Refuse silence about documents that were not stored.

    Raises:
        InvalidInput: Names the first one; the others are stored.
    """
    if report.skipped:
        first = report.skipped[0]
        raise InvalidInput(
            f"{len(report.skipped)} documents were not stored, the first is number {first.index}: {first.reason}. "
            f"The others are stored"
        )


def diverse(collection: Collection, hits: Sequence[Hit], k: int, trade_off: float) -> list[Hit]:
    """The `k` hits of maximal marginal relevance (Carbonell and Goldstein, 1998): good, and unlike those chosen before.

    Args:
        collection: Where they are from.
        hits: Candidates, best first.
        k: Most to choose.
        trade_off: 1 looks at relevance alone, 0 at difference alone.
    """
    vectors = collection.vectors(hits)
    order = mmr(np.array([hit.score for hit in hits]), vectors @ vectors.T, k, trade_off)
    return [hits[i] for i in order]


def mmr(relevance: NDArray[Any], likeness: NDArray[Any], k: int, trade_off: float) -> list[int]:
    """Positions in the order of choice.

    Args:
        relevance: Of each candidate to the query, shape (n,).
        likeness: Of each pair of candidates, shape (n, n), on the same scale.
        k: Most to choose.
        trade_off: Weight of relevance, 0 to 1.
    """
    if not 0.0 <= trade_off <= 1.0:
        raise InvalidInput(f"the weight of relevance lies between 0 and 1, not at {trade_off}")
    chosen: list[int] = []
    rest = list(range(len(relevance)))
    while rest and len(chosen) < k:
        nearest = likeness[np.ix_(rest, chosen)].max(axis=1) if chosen else np.zeros(len(rest))
        gains = trade_off * relevance[rest] - (1 - trade_off) * nearest
        chosen.append(rest.pop(int(gains.argmax())))
    return chosen


def metadata_of(hit: Hit) -> dict[str, Any]:
    """A hit's metadata; of a chunk of a long document with its `start_index` in it, as LangChain's splitters say."""
    return dict(hit.metadata) if hit.chunk is None else {**hit.metadata, "start_index": hit.chunk.start}
