"""Measuring a ranking on a retrieval set. What is measured is a scorer, so every method goes one way.

Plain vectors, projected ones, vectors shifted or centred by language, scores balanced per language or by margin, a
reranker: all are matrices of scores, made block by block, and told apart by nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.evaluate import bias, metrics
from xling.evaluate.metrics import Floats, Ints, Ranks, mean
from xling.evaluate.report import (
    EvaluationReport,
    LanguageBias,
    LanguageMatrix,
    LanguageScores,
    TatoebaReport,
    TatoebaScores,
    finite,
)
from xling.evaluate.sets import RetrievalSet, bcp47, tatoeba, tatoeba_codes
from xling.types import Progress

Scores: TypeAlias = NDArray[Any]
Scorer: TypeAlias = Callable[[slice], Scores]
"""Rows of queries → their scores for every document, shape (rows, documents). -inf: not retrieved."""

Adjust: TypeAlias = Callable[[Scores, slice], Scores]
"""A block of scores and its rows of queries → the scores to rank by, same shape."""


def dot_scorer(query_vectors: NDArray[Any], document_vectors: NDArray[Any], adjust: Adjust | None = None) -> Scorer:
    """A scorer by dot product (cosine similarity for unit-length vectors), optionally adjusted block by block.

    Args:
        query_vectors: Shape (queries, dimension).
        document_vectors: Shape (documents, dimension).
        adjust: Changes a block of scores, e.g. takes a mean per language off.
    """
    queries = np.ascontiguousarray(query_vectors, dtype=np.float32)
    documents = np.ascontiguousarray(document_vectors, dtype=np.float32)
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise InvalidInput(
            f"query and document vectors must be matrices of one dimension; got {queries.shape}, {documents.shape}"
        )

    def score(rows: slice) -> Scores:
        block = queries[rows] @ documents.T
        return block if adjust is None else adjust(block, rows)

    return score


def evaluate(
    retrieval_set: RetrievalSet,
    query_vectors: NDArray[Any],
    document_vectors: NDArray[Any],
    *,
    adjust: Adjust | None = None,
    recall_at: Sequence[int] = (10, 100),
    ndcg_at: Sequence[int] = (10,),
    share_at: int = 10,
    decimals: int | None = 6,
    progress: Callable[[Progress], None] | None = None,
) -> EvaluationReport:
    """Measure a ranking by dot product of vectors; see `evaluate_scores` for the other arguments.

    Args:
        query_vectors: One row a query of the set, shape (queries, dimension).
        document_vectors: One row a document of the set, shape (documents, dimension).
        adjust: Changes each block of scores before it is ranked.
    """
    shapes = (len(query_vectors), len(document_vectors))
    if shapes != (len(retrieval_set.queries), len(retrieval_set.documents)):
        raise InvalidInput(
            f"{retrieval_set.name}: {len(retrieval_set.queries)} queries and {len(retrieval_set.documents)} "
            f"documents, but {shapes[0]} and {shapes[1]} vectors"
        )
    return evaluate_scores(
        retrieval_set,
        dot_scorer(query_vectors, document_vectors, adjust),
        recall_at=recall_at,
        ndcg_at=ndcg_at,
        share_at=share_at,
        decimals=decimals,
        progress=progress,
    )


def evaluate_scores(
    retrieval_set: RetrievalSet,
    scorer: Scorer,
    *,
    recall_at: Sequence[int] = (10, 100),
    ndcg_at: Sequence[int] = (10,),
    share_at: int = 10,
    decimals: int | None = 6,
    progress: Callable[[Progress], None] | None = None,
) -> EvaluationReport:
    """Measure any ranking of a retrieval set.

    Args:
        scorer: Gives the scores of a block of queries; called with successive slices that cover all queries.
        recall_at: Depths of recall@k.
        ndcg_at: Depths of nDCG@k.
        share_at: Depth of the language shares.
        decimals: Scores are rounded to this many decimals before ranking, because float32 gives equal vectors
            scores that differ in the last bit, which would hide ties. None to take them as they are.
        progress: Called with a `Progress`, in queries, after each block.

    Raises:
        InvalidInput: The scorer gives another shape than (queries of the block, documents), or NaN.
    """
    if not len(retrieval_set.queries) or not len(retrieval_set.documents):
        raise InvalidInput(f"retrieval set {retrieval_set.name!r} has no queries or no documents")
    languages = _Languages.of(retrieval_set)
    ranking = _collect(retrieval_set, scorer, languages, share_at, decimals, progress)
    ranks = ranking.ranks
    ap, rr = metrics.average_precision(ranks), metrics.reciprocal_rank(ranks)
    p1 = metrics.precision_at(ranks, 1)
    share = bias.own_share(ranking.top, languages.own)
    own_mrr = _own_language(ranking.by_pair, languages)
    in_pool = [
        metrics.average_precision(ranks.select(languages.document[ranks.document] == i, set_others_aside=True))
        for i in range(len(languages.documents))
    ]
    scores_of = {
        lang: LanguageScores(
            queries=int(np.sum(languages.query == i)),
            map=finite(mean(ap[languages.query == i])),
            mrr=finite(mean(rr[languages.query == i])),
            p_at_1=finite(mean(p1[languages.query == i])),
            own_share=finite(mean(share[languages.query == i])),
            own_language_mrr=finite(mean(own_mrr[languages.query == i])),
        )
        for i, lang in enumerate(languages.queries)
    }
    return EvaluationReport(
        name=retrieval_set.name,
        queries=int(np.sum(ranks.relevant > 0)),
        documents=len(retrieval_set.documents),
        map=finite(mean(ap)),
        mrr=finite(mean(rr)),
        p_at_1=finite(mean(p1)),
        recall={k: finite(mean(metrics.recall_at(ranks, k))) for k in recall_at},
        ndcg={k: finite(mean(metrics.ndcg_at(ranks, k))) for k in ndcg_at},
        languages=scores_of,
        bias=_bias(ranking, languages, share_at, share, own_mrr),
        in_pool=languages.matrix("mAP in the whole pool", in_pool),
        per_pair=languages.matrix("mAP per language pair", [metrics.average_precision(r) for r in ranking.by_pair]),
    )


@dataclass(frozen=True)
class _Languages:
    """The languages of a set as numbers. `own`: for each query the number its language has among the documents."""

    queries: list[str]
    documents: list[str]
    query: Ints
    document: Ints
    own: Ints

    @staticmethod
    def of(retrieval_set: RetrievalSet) -> _Languages:
        queries, query = bias.language_index(retrieval_set.query_langs)
        documents, document = bias.language_index(retrieval_set.document_langs)
        own = np.array([documents.index(q) if q in documents else -1 for q in queries], dtype=np.int64)
        return _Languages(queries, documents, query, document, own[query])

    def matrix(self, title: str, per_document_language: Sequence[Floats]) -> LanguageMatrix:
        """Means over the queries of each language; one array of a value a query for each document language."""
        columns = [bias.by_language(v, self.query, len(self.queries)) for v in per_document_language]
        return self.matrix_of(title, [[finite(v) for v in row] for row in np.stack(columns, axis=1).tolist()])

    def matrix_of(self, title: str, cells: Sequence[Sequence[float | None]]) -> LanguageMatrix:
        values = tuple(tuple(row) for row in cells)
        return LanguageMatrix(title=title, rows=tuple(self.queries), columns=tuple(self.documents), values=values)


@dataclass(frozen=True)
class _Ranking:
    """What is kept of all the scores: ranks in the whole pool, ranks in the pool of each document language (one
    `Ranks` a language), and documents of each language in the top k, shape (queries, languages)."""

    ranks: Ranks
    by_pair: list[Ranks]
    top: Floats


def _collect(
    retrieval_set: RetrievalSet,
    scorer: Scorer,
    languages: _Languages,
    share_at: int,
    decimals: int | None,
    progress: Callable[[Progress], None] | None,
) -> _Ranking:
    n, d = len(retrieval_set.queries), len(retrieval_set.documents)
    columns = [np.flatnonzero(languages.document == i) for i in range(len(languages.documents))]
    within = np.empty(d, dtype=np.int64)  # place of a document among those of its language
    for c in columns:
        within[c] = np.arange(len(c))
    began = time.monotonic()
    whole: list[Ranks] = []
    pairs: list[list[Ranks]] = [[] for _ in columns]
    tops: list[Floats] = []
    for rows in metrics.blocks(n, d):
        scores = _block(retrieval_set, scorer, rows, decimals)
        relevant = [np.asarray(r, dtype=np.int64) for r in retrieval_set.relevant[rows]]
        gains = None if retrieval_set.gains is None else retrieval_set.gains[rows]
        whole.append(metrics.rank_relevant(scores, relevant, gains))
        for i, c in enumerate(columns):
            own = [within[r[languages.document[r] == i]] for r in relevant]
            pairs[i].append(metrics.rank_relevant(scores[:, c], own))
        tops.append(bias.top_k_languages(scores, languages.document, len(columns), share_at))
        if progress is not None:
            progress(_progress(rows.stop, n, began))
    return _Ranking(Ranks.concatenate(whole), [Ranks.concatenate(p) for p in pairs], np.concatenate(tops))


def _own_language(by_pair: Sequence[Ranks], languages: _Languages) -> Floats:
    """Reciprocal rank of each query among the documents of its own language; NaN where there are none."""
    per_language = np.stack([metrics.reciprocal_rank(r) for r in by_pair], axis=1)
    rows = np.arange(len(languages.own))
    return np.where(languages.own >= 0, per_language[rows, languages.own], np.nan)


def _bias(ranking: _Ranking, languages: _Languages, k: int, share: Floats, own_mrr: Floats) -> LanguageBias:
    gaps = bias.rank_gaps(bias.best_ranks(ranking.ranks, languages.document, len(languages.documents)))
    other = np.arange(gaps.shape[1])[None, :] != languages.own[:, None]
    cells = [
        [_median(gaps[languages.query == i, j]) for j in range(gaps.shape[1])] for i in range(len(languages.queries))
    ]
    sizes = np.bincount(languages.document, minlength=len(languages.documents)) / len(languages.document)
    pool = np.where(languages.own >= 0, sizes[languages.own], 0.0)
    retrieved = ranking.top.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        top = np.where(retrieved > 0, ranking.top / retrieved, np.nan)
    return LanguageBias(
        k=k,
        own_share=finite(mean(share)),
        fair_share=finite(mean(bias.fair_share(ranking.ranks, languages.own, languages.document))),
        pool_share=finite(mean(pool)),
        rank_gap=_median(gaps[other]),
        own_language_mrr=finite(mean(own_mrr)),
        top=languages.matrix(f"share in the top {k}", list(top.T)),
        gaps=languages.matrix_of("median rank gap", cells),
    )


def _block(retrieval_set: RetrievalSet, scorer: Scorer, rows: slice, decimals: int | None) -> Scores:
    scores = np.asarray(scorer(rows))
    wanted = (rows.stop - rows.start, len(retrieval_set.documents))
    if scores.shape != wanted:
        raise InvalidInput(f"the scorer gave scores of shape {scores.shape} for a block of shape {wanted}")
    scores = scores.copy() if decimals is None else np.round(scores, decimals)
    if retrieval_set.exclude is not None:
        itself = retrieval_set.exclude[rows]
        at = np.flatnonzero(itself >= 0)
        scores[at, itself[at]] = -np.inf
    return scores


def _progress(done: int, total: int, began: float) -> Progress:
    return Progress(done=done, total=total, per_second=done / max(time.monotonic() - began, 1e-9))


def _median(values: Floats) -> float | None:
    kept = np.sort(values[~np.isnan(values)])
    if not len(kept):
        return None
    # The mean of two infinities is infinite, not NaN, when taken from below.
    low, high = kept[(len(kept) - 1) // 2], kept[len(kept) // 2]
    return finite(float(low if low == high else (low + high) / 2))


def evaluate_tatoeba(
    folder: str | Path,
    score: Callable[[RetrievalSet], Scores],
    codes: Sequence[str] | None = None,
    *,
    decimals: int | None = 6,
    progress: Callable[[Progress], None] | None = None,
) -> TatoebaReport:
    """Accuracy on LASER's Tatoeba test set, to and from English.

    Args:
        folder: Holds the files of the test set.
        score: Gives the scores of all queries of a set for all its documents; called twice a language.
        codes: Languages, as in the file names or BCP 47; all that are there if not given.
        decimals: As in `evaluate_scores`.
        progress: Called with a `Progress`, in languages, after each.
    """
    wanted = list(codes) if codes is not None else tatoeba_codes(folder)
    began = time.monotonic()
    found: dict[str, TatoebaScores] = {}
    for done, code in enumerate(wanted, start=1):
        there, back = tatoeba(folder, code)
        right = []
        for side in (there, back):
            scores = _block(side, lambda rows, side=side: score(side), slice(0, len(side.queries)), decimals)  # type: ignore[misc]
            right.append(mean(metrics.precision_at(metrics.rank_relevant(scores, side.relevant), 1)))
        found[bcp47(code)] = TatoebaScores(pairs=len(there.queries), to_english=right[0], from_english=right[1])
        if progress is not None:
            progress(_progress(done, len(wanted), began))
    return TatoebaReport(languages=found)
