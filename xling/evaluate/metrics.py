"""Retrieval metrics in pure numpy, with tied scores credited fairly.

A ranking with ties stands for every order of the tied documents. Each metric here is its expected value over all
those orders, each as likely, so that a model that gives many documents the same score gains nothing from the order
in which a sort happens to leave them, and loses nothing either. The expectations are exact and cost no more than
the usual formulas (McSherry & Najork, "Computing Information Retrieval Performance Measures Efficiently in the
Presence of Tied Scores", ECIR 2008).

For a relevant document let `above` (g) be the number of documents scored strictly higher, `tied` (t) the number
scored the same, itself included, and r the number of relevant ones among those t. Its rank is uniform on
g+1 … g+t. With H(n) = 1 + 1/2 + … + 1/n, and R relevant documents above the tied ones:

- recall and precision at k: P(rank ≤ k) = clip((k - g) / t, 0, 1);
- average precision: 1/t · Σⱼ (R + 1 + (j-1)(r-1)/(t-1)) / (g+j) = 1/t · [(R+1)·h + (r-1)/(t-1) · (t - (g+1)·h)]
  with h = H(g+t) - H(g);
- reciprocal rank: Σⱼ P(first relevant at j) / (g+j), P = C(t-j, r-1) / C(t, r);
- DCG: gain · mean of the discounts of the ranks g+1 … g+t.

`rank_relevant` finds g and t from a matrix of scores, block by block; every metric reads only those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

BLOCK_CELLS = 8_000_000
"""Scores held at once (32 MB as float32)."""


@dataclass(frozen=True)
class Ranks:
    """Where the relevant documents of some queries stand: one entry a (query, relevant document), m in all.

    Entries are sorted by query, then by `above`. Made by `rank_relevant`.

    Attributes:
        query: Row of the query, shape (m,).
        document: Column of the relevant document, shape (m,).
        above: Documents scored strictly higher, shape (m,).
        tied: Documents scored the same, itself included, shape (m,); 0 if it was not retrieved.
        gain: Graded relevance, shape (m,); 1 where it is not graded.
        queries: Number of queries, those without any relevant document included.
    """

    query: Ints
    document: Ints
    above: Ints
    tied: Ints
    gain: Floats
    queries: int

    @property
    def relevant(self) -> Ints:
        """Number of relevant documents of each query, shape (queries,)."""
        return np.bincount(self.query, minlength=self.queries).astype(np.int64)

    def standing(self) -> tuple[Ints, Ints]:
        """For each entry: relevant documents strictly above it, and relevant ones tied with it (itself included).

        Both have shape (m,). Entries that were not retrieved have 0 tied.
        """
        if not len(self.query):
            return self.query.copy(), self.query.copy()
        new_query = np.r_[True, self.query[1:] != self.query[:-1]]
        new_group = new_query | np.r_[True, self.above[1:] != self.above[:-1]]
        start = np.flatnonzero(new_group)
        group = np.cumsum(new_group) - 1
        first_of_query = np.flatnonzero(new_query)[np.cumsum(new_query) - 1]
        peers = np.diff(np.r_[start, len(self.query)])[group]
        return start[group] - first_of_query, np.where(self.tied > 0, peers, 0)

    def select(self, entries: NDArray[np.bool_], *, set_others_aside: bool = False) -> Ranks:
        """The ranks with only some entries counted as relevant, `entries` of shape (m,).

        Args:
            entries: True for the entries kept.
            set_others_aside: Take the other right answers out of the ranking, instead of counting them as wrong
                answers ("filtered" ranking, as in Bordes et al., NIPS 2013).
        """
        above, tied = self.above, self.tied
        if set_others_aside:
            rest = self.select(~entries)
            above, tied = above.copy(), tied.copy()
            others_above, others_tied = _count_entries(rest, self)
            above -= others_above
            tied -= np.where(tied > 0, others_tied, 0)
        return Ranks(
            self.query[entries],
            self.document[entries],
            above[entries],
            tied[entries],
            self.gain[entries],
            self.queries,
        )

    @staticmethod
    def concatenate(parts: Iterable[Ranks]) -> Ranks:
        """Ranks of successive blocks of queries as one; the queries of each part follow those of the part before."""
        items = list(parts)
        if not items:
            return _ranks([], [], [], [], [], 0)
        offsets = np.cumsum([0] + [p.queries for p in items])
        return Ranks(
            np.concatenate([p.query + o for p, o in zip(items, offsets, strict=False)]),
            np.concatenate([p.document for p in items]),
            np.concatenate([p.above for p in items]),
            np.concatenate([p.tied for p in items]),
            np.concatenate([p.gain for p in items]),
            int(offsets[-1]),
        )


def _ranks(query: Any, document: Any, above: Any, tied: Any, gain: Any, queries: int) -> Ranks:
    ints = [np.asarray(x, dtype=np.int64) for x in (query, document, above, tied)]
    order = np.lexsort((ints[1], ints[3] == 0, ints[2], ints[0]))
    query, document, above, tied = (x[order] for x in ints)
    return Ranks(query, document, above, tied, np.asarray(gain, dtype=np.float64)[order], queries)


def _count_entries(inner: Ranks, outer: Ranks) -> tuple[Ints, Ints]:
    """For each entry of `outer`: entries of `inner`, of the same query, with smaller and with equal `above`."""
    # `above` is below 2**32 for any matrix that fits in memory, so (query, above) packs into one sortable integer.
    keys = inner.query << 32 | inner.above
    wanted = outer.query << 32 | outer.above
    left = np.searchsorted(keys, wanted, "left")
    start = np.searchsorted(keys, outer.query << 32, "left")
    return left - start, np.searchsorted(keys, wanted, "right") - left


def rank_relevant(scores: NDArray[Any], relevant: Sequence[Any], gains: Sequence[Any] | None = None) -> Ranks:
    """Find where the relevant documents of each query stand.

    Args:
        scores: Shape (queries, documents), higher is better. -inf marks a document that was not retrieved (or
            must not count, as the query itself): it is never credited and stands in no one's way.
        relevant: For each query the columns of its relevant documents, each named once.
        gains: For each query the graded relevance of those documents, same lengths; 1 each if not given.

    Raises:
        InvalidInput: Lengths differ, a column does not exist or is named twice, or a score is NaN.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2 or len(relevant) != len(scores):
        raise InvalidInput(
            f"scores must be a matrix with one row a query; got shape {scores.shape} for {len(relevant)} queries"
        )
    n = scores.shape[1]
    lists = [np.asarray(r, dtype=np.int64).ravel() for r in relevant]
    sizes = np.array([len(r) for r in lists], dtype=np.int64)
    query = np.repeat(np.arange(len(lists)), sizes)
    document = np.concatenate(lists) if lists else np.empty(0, dtype=np.int64)
    if len(document) and (document.min() < 0 or document.max() >= n):
        raise InvalidInput(f"relevant documents must be columns 0 to {n - 1} of the scores")
    if len(np.unique(query * max(n, 1) + document)) != len(document):
        raise InvalidInput("a relevant document is named twice for one query; name it once, with its gain")
    if gains is None:
        gain = np.ones(len(document))
    else:
        graded = [np.asarray(g, dtype=np.float64).ravel() for g in gains]
        if [len(g) for g in graded] != sizes.tolist():
            raise InvalidInput("gains must have one value for each relevant document")
        gain = np.concatenate(graded) if graded else np.empty(0)
    above, tied = _stand(scores, query, document, sizes)
    return _ranks(query, document, above, tied, gain, len(lists))


def _stand(scores: NDArray[Any], query: Ints, document: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    if np.isnan(scores).any():
        raise InvalidInput("scores hold NaN; give -inf to documents that were not retrieved")
    ordered = np.sort(scores, axis=1)
    values = scores[query, document]
    left, right = np.empty(len(values), dtype=np.int64), np.empty(len(values), dtype=np.int64)
    ends = np.cumsum(sizes)
    for row, (start, end) in enumerate(zip(ends - sizes, ends, strict=True)):
        left[start:end] = np.searchsorted(ordered[row], values[start:end], "left")
        right[start:end] = np.searchsorted(ordered[row], values[start:end], "right")
    return scores.shape[1] - right, np.where(values == -np.inf, 0, right - left)


def blocks(rows: int, columns: int, cells: int = BLOCK_CELLS) -> Iterator[slice]:
    """Slices of rows of a (rows, columns) matrix with at most `cells` cells each, one row at least."""
    step = max(1, cells // max(columns, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def _harmonic(n: int) -> Floats:
    """H(0) … H(n)."""
    return np.concatenate([np.zeros(1), np.cumsum(1.0 / np.arange(1, n + 1))])


def _per_query(ranks: Ranks, values: Floats, *, divide: bool = True) -> Floats:
    """Sum the entries of each query, over its number of relevant documents; NaN where it has none."""
    total = np.bincount(ranks.query, weights=values, minlength=ranks.queries).astype(np.float64)
    count = ranks.relevant
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count if divide else total, np.nan)


def _check_k(k: int) -> None:
    if k < 1:
        raise InvalidInput(f"k must be 1 or more, got {k}")


def _chance_in_top(ranks: Ranks, k: int) -> Floats:
    _check_k(k)
    chance = (k - ranks.above) / np.maximum(ranks.tied, 1)
    return np.where(ranks.tied > 0, np.clip(chance, 0.0, 1.0), 0.0)


def recall_at(ranks: Ranks, k: int) -> Floats:
    """Share of a query's relevant documents in its top k, shape (queries,); NaN where it has none."""
    return _per_query(ranks, _chance_in_top(ranks, k))


def precision_at(ranks: Ranks, k: int) -> Floats:
    """Share of relevant documents in the top k, shape (queries,); NaN for a query with none. k = 1 is P@1."""
    return _per_query(ranks, _chance_in_top(ranks, k), divide=False) / k


def success_at(ranks: Ranks, k: int) -> Floats:
    """Chance that at least one relevant document is in the top k (hit rate), shape (queries,)."""
    _check_k(k)
    g, t, r, queries = _first_groups(ranks)
    free = np.clip(k - g, 0, t)
    miss = np.ones(len(g))
    for i in range(int(r.max(initial=0))):  # C(t - r, free) / C(t, free), factor by factor
        factor = np.clip(t - free - i, 0, None) / np.maximum(t - i, 1)
        miss *= np.where(i < r, factor, 1.0)
    out = np.where(ranks.relevant > 0, 0.0, np.nan)
    out[queries] = 1.0 - miss
    return out


def average_precision(ranks: Ranks) -> Floats:
    """Average precision of each query over the whole ranking, shape (queries,); its mean over queries is mAP."""
    g, t = ranks.above, np.maximum(ranks.tied, 1)
    relevant_above, r = ranks.standing()
    harmonic = _harmonic(int((g + t).max(initial=0)))
    h = harmonic[g + t] - harmonic[g]
    value = ((relevant_above + 1) * h + (r - 1) / np.maximum(t - 1, 1) * (t - (g + 1) * h)) / t
    return _per_query(ranks, np.where(ranks.tied > 0, value, 0.0))


def _first_groups(ranks: Ranks) -> tuple[Ints, Ints, Ints, Ints]:
    """g, t, r of the best-ranked retrieved relevant documents of each query that has any, and those queries."""
    _, peers = ranks.standing()
    found = ranks.tied > 0
    query, at = np.unique(ranks.query[found], return_index=True)
    return ranks.above[found][at], ranks.tied[found][at], peers[found][at], query


def reciprocal_rank(ranks: Ranks) -> Floats:
    """Reciprocal rank of the first relevant document, shape (queries,); its mean over queries is MRR."""
    g, t, r, queries = _first_groups(ranks)
    harmonic = _harmonic(int((g + t).max(initial=0)))
    value = (harmonic[g + t] - harmonic[g]) / np.maximum(t, 1)
    several = np.flatnonzero(r > 1)
    if len(several):
        cases, which = np.unique(np.stack([g, t, r], axis=1)[several], axis=0, return_inverse=True)
        value[several] = np.array([_reciprocal_of_first(*case) for case in cases.tolist()])[which.ravel()]
    out = np.where(ranks.relevant > 0, 0.0, np.nan)
    out[queries] = value
    return out


def _reciprocal_of_first(g: int, t: int, r: int) -> float:
    j = np.arange(1, t - r + 2)
    # P(first relevant at j): r/t at j = 1, then times (t - j - r + 1) / (t - j) from j to j + 1.
    steps = (t - j[:-1] - r + 1) / (t - j[:-1])
    return float((r / t * np.r_[1.0, np.cumprod(steps)] / (g + j)).sum())


def first_rank(ranks: Ranks) -> Floats:
    """Expected rank (1 is best) of the first relevant document, shape (queries,); NaN if none was retrieved."""
    g, t, r, queries = _first_groups(ranks)
    out = np.full(ranks.queries, np.nan)
    out[queries] = g + (t + 1) / (r + 1)
    return out


def ndcg_at(ranks: Ranks, k: int | None = 10, *, gain: Literal["linear", "exponential"] = "linear") -> Floats:
    """Normalised discounted cumulative gain, shape (queries,); NaN for a query without gain to be had.

    Args:
        ranks: Graded by `Ranks.gain`, or binary where all gains are 1.
        k: Ranks that count; None for all.
        gain: `linear` takes the grade itself (Järvelin & Kekäläinen 2002), `exponential` 2^grade - 1 (Burges 2005).
    """
    if k is not None:
        _check_k(k)
    grade = ranks.gain if gain == "linear" else np.exp2(ranks.gain) - 1.0
    g, t = ranks.above, np.maximum(ranks.tied, 1)
    longest = max(int((g + t).max(initial=0)), int(ranks.relevant.max(initial=0)))
    discount = np.r_[0.0, np.cumsum(1.0 / np.log2(np.arange(2, longest + 2)))]
    depth = longest if k is None else min(k, longest)
    share = (discount[np.minimum(g + t, depth)] - discount[np.minimum(g, depth)]) / t
    got = _per_query(ranks, np.where(ranks.tied > 0, grade * share, 0.0), divide=False)
    order = np.lexsort((-grade, ranks.query))
    counts = ranks.relevant
    place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    ideal_share = discount[np.minimum(place + 1, depth)] - discount[np.minimum(place, depth)]
    best = np.bincount(ranks.query[order], weights=grade[order] * ideal_share, minlength=ranks.queries)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(best > 0, got / best, np.nan)


def mean(values: Floats) -> float:
    """Mean over the queries that have relevant documents (the others are NaN); NaN if none has."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")
