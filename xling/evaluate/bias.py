"""Language bias: does a ranking prefer the query's own language to what the query means?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.evaluate.metrics import Floats, Ints, Ranks, first_rank, mean


def language_index(codes: Sequence[str]) -> tuple[list[str], Ints]:
    """The distinct codes, sorted, and for each item the position of its code among them."""
    if not len(codes):
        return [], np.empty(0, dtype=np.int64)
    names, index = np.unique(np.asarray(codes, dtype=str), return_inverse=True)
    return [str(n) for n in names], index.ravel().astype(np.int64)


def top_k_languages(scores: NDArray[Any], document_langs: Ints, languages: int, k: int) -> Floats:
    """Expected number of documents of each language in the top k, shape (queries, languages).

    Documents tied at the k-th place share the places that are left, each with the same chance. Documents scored -inf
    are never in the top k, so a row may sum to less than k.

    Args:
        scores: Shape (queries, documents), higher is better.
        document_langs: Language of each document as a number below `languages`, shape (documents,).
        languages: Number of languages.
        k: Places that count.
    """
    if k < 1:
        raise InvalidInput(f"k must be 1 or more, got {k}")
    n = scores.shape[1]
    k = min(k, n)
    onehot = np.zeros((n, languages), dtype=np.float32)
    onehot[np.arange(n), document_langs] = 1.0
    kth = np.partition(scores, n - k, axis=1)[:, n - k, None]
    above = (scores > kth).astype(np.float32) @ onehot
    tied = ((scores == kth) & (kth > -np.inf)).astype(np.float32) @ onehot
    at_kth = tied.sum(axis=1, keepdims=True)
    free = k - above.sum(axis=1, keepdims=True)
    # Counts stay below 2**24, so float32 sums are exact.
    share: Floats = np.where(at_kth > 0, free / np.maximum(at_kth, 1), 0.0).astype(np.float64)
    return np.asarray(above + tied * share, dtype=np.float64)


def own_share(counts: Floats, query_langs: Ints) -> Floats:
    """Share of the query's own language in its top k, shape (queries,); NaN where nothing was retrieved.

    Args:
        counts: As `top_k_languages` gives them.
        query_langs: Column of `counts` of each query's language, -1 if no document has it; shape (queries,).
    """
    own = np.where(query_langs >= 0, counts[np.arange(len(counts)), query_langs], 0.0)
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, own / total, np.nan)


def fair_share(ranks: Ranks, query_langs: Ints, document_langs: Ints) -> Floats:
    """Share of the query's own language among its right answers, shape (queries,); NaN where it has none.

    A ranking that goes by meaning alone has this share in its top ranks, as far as the right answers reach.
    """
    own = (document_langs[ranks.document] == query_langs[ranks.query]).astype(np.float64)
    count = ranks.relevant
    total = np.bincount(ranks.query, weights=own, minlength=ranks.queries)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def best_ranks(ranks: Ranks, document_langs: Ints, languages: int) -> Floats:
    """Expected rank of a query's best right answer in each language, shape (queries, languages).

    inf where it was not retrieved; NaN where the query has no right answer in that language.
    """
    out = np.full((ranks.queries, languages), np.nan)
    for lang in range(languages):
        part = ranks.select(document_langs[ranks.document] == lang)
        rank = first_rank(part)
        out[:, lang] = np.where(np.isnan(rank) & (part.relevant > 0), np.inf, rank)
    return out


def rank_gaps(best: Floats) -> Floats:
    """How many places later each language's best right answer comes than that of the best language; shape of `best`.

    Right answers in n languages cannot all be first: in a perfect ranking without ties the gaps are 0 to n - 1.
    inf where the answer was not retrieved, NaN where there is none.
    """
    if not best.size:
        return np.empty(best.shape)
    first = np.nanmin(np.where(np.isnan(best), np.inf, best), axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        gaps: Floats = np.asarray(best - first, dtype=np.float64)
    gaps[np.isinf(best)] = np.inf
    return gaps


def by_language(values: Floats, query_langs: Ints, languages: int) -> Floats:
    """Mean of a value per query over the queries of each language, shape (languages,); NaN where there is none."""
    return np.array([mean(values[query_langs == lang]) for lang in range(languages)])
