"""Query vectors → hits: one store batch for all queries, one hit for each document.

Written as steps (`xling.store.steps`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.search.balance import DEPTH, balance, prefer
from xling.search.plan import Neutrality, Plan
from xling.search.query import Asked
from xling.search.rescore import rescore
from xling.space import Vectors
from xling.space.distinctive import RANK_CONSTANT
from xling.store.base import FilterJson, Fusion, Record, Store
from xling.store.filters import and_filters
from xling.store.layout import Layout, value_at
from xling.store.points import document_key, hit_from_record, language_of
from xling.store.steps import Steps, ask
from xling.types import Hit

MAX_FETCH = 10_000
"""Most points fetched for one query while looking for enough distinct documents."""

CANDIDATES = 100
"""Candidates among which the order is made anew, where that is asked for; and of each leg of a hybrid search."""


class Engine:
    """Searches one collection.

    Args:
        layout: How its payloads are read.
        vector_name: Which vectors.
        lang_key: Payload path that tells the languages apart for a balanced search, each document once.
    """

    def __init__(self, layout: Layout, *, vector_name: str, lang_key: str | None) -> None:
        self._layout, self._vector_name, self._lang_key = layout, vector_name, lang_key

    def search(
        self,
        vectors: Vectors,
        plan: Plan,
        neutrality: Neutrality | None,
        sizes: Sequence[int] | None = None,
        terms: Sequence[Asked] = (),
    ) -> Steps[list[list[Hit]]]:
        """Hits of each query vector, best first, one hit a document (or an item, with `distinct`).

        Args:
            vectors: Unit query vectors before they are made neutral, shape (n, dimension). A lexical search looks at
                their number only.
            plan: What is asked for.
            neutrality: Basis and calibration; None only where the plan is neither neutral nor reranks, or lexical.
            sizes: Where queries are given in several phrasings, how many vectors belong to each: their mean, each
                made neutral by itself, is what is searched for.
            terms: Of each query, where the plan is lexical or hybrid.
        """
        asked = vectors if neutrality is None else neutrality.basis.project(vectors, plan.neutral)
        if sizes is not None and len(sizes) < len(vectors):
            asked, vectors = _means(asked, sizes), _means(vectors, sizes)
        found = yield from (self._balanced(asked, plan) if plan.balance else self._nearest(asked, plan, terms))
        return [
            self._hits(self._ordered(vectors[i], records, plan, neutrality), plan, neutrality, asked[i])
            for i, records in enumerate(found)
        ]

    def _nearest(self, asked: Vectors, plan: Plan, terms: Sequence[Asked] = ()) -> Steps[list[list[Record]]]:
        """Candidates of each query: the pieces of long documents compete, the best one speaks for its document.

        Where pieces of one document (or documents of one item) take the places of others, more points are fetched
        for those queries until there are enough.
        """
        wanted = plan.offset + plan.limit
        fetch = max(wanted, CANDIDATES) if plan.reranks else wanted
        best: list[list[Record]] = [[] for _ in range(len(asked))]
        todo = list(range(len(asked)))
        while todo:
            filters = [plan.filter] * len(todo)
            if plan.mode == "dense":
                pages = yield from self._query(asked[todo], filters, fetch, plan)
            else:
                pages = yield from self._query_terms(asked[todo], [terms[i] for i in todo], filters, fetch, plan)
            short = []
            for i, page in zip(todo, pages, strict=True):
                best[i] = self._one_per_document(page, plan)
                items = len({self._item(record, plan) for record in best[i]})
                if items < wanted and len(page) == fetch and fetch < MAX_FETCH:
                    short.append(i)
            todo, fetch = short, min(fetch * 4, MAX_FETCH)
        return best

    def _balanced(self, asked: Vectors, plan: Plan) -> Steps[list[list[Record]]]:
        """Candidates of each query and language, in one batch of a sub-query for each."""
        if not plan.languages:
            return (yield from self._nearest(asked, plan))
        limit = max(DEPTH, plan.offset + plan.limit)
        each = [
            and_filters(plan.filter, {"must": [{"key": self._lang_key, "match": {"value": lang}}]})
            for lang in plan.languages
        ]
        pages = yield from self._query(np.repeat(asked, len(each), axis=0), each * len(asked), limit, plan)
        merged = []
        for i in range(len(asked)):
            records = [r for page in pages[i * len(each) : (i + 1) * len(each)] for r in page]
            records.sort(key=lambda r: -(r.score or 0.0))
            merged.append(self._one_per_document(records, plan))
        return merged

    def _query(
        self, vectors: Vectors, filters: Sequence[FilterJson | None], limit: int, plan: Plan
    ) -> Steps[list[list[Record]]]:
        return ask(
            Store.query,
            vectors,
            vector_name=self._vector_name,
            filters=filters,
            limit=limit,
            exact=plan.exact,
            with_vector=plan.rescore,
        )

    def _query_terms(
        self,
        vectors: Vectors,
        terms: Sequence[Asked],
        filters: Sequence[FilterJson | None],
        limit: int,
        plan: Plan,
    ) -> Steps[list[list[Record]]]:
        sparse = [of_query for of_query, _ in terms]
        if plan.mode == "lexical":
            return ask(Store.query_lexical, sparse, filters=filters, limit=limit)
        return ask(
            Store.query_hybrid,
            vectors,
            sparse,
            vector_name=self._vector_name,
            filters=filters,
            fusions=[Fusion(plan.fusion, RANK_CONSTANT, weight) for _, weight in terms],
            depth=max(limit, CANDIDATES),
            limit=limit,
            exact=plan.exact,
        )

    def _one_per_document(self, records: Sequence[Record], plan: Plan) -> list[Record]:
        if plan.chunks:
            return list(records)
        seen: dict[str | int, Record] = {}
        for record in records:
            seen.setdefault(document_key(record, self._layout), record)
        return list(seen.values())

    def _ordered(
        self, vector: NDArray[np.float32], records: list[Record], plan: Plan, neutrality: Neutrality | None
    ) -> list[Record]:
        if not plan.reranks or neutrality is None or not records:
            return records
        langs = [language_of(record, self._layout) for record in records]
        scores: Any = np.array([record.score for record in records], dtype=np.float64)
        spread = neutrality.spread(plan.neutral, scores)
        if plan.rescore:
            # Only the best candidates get a second look; the others keep their places behind them. Those of a
            # balanced search are the best of each language, and all are looked at.
            end = len(records) if plan.balance else CANDIDATES
            records, rest, langs = records[:end], records[end:], langs[:end]
            stored = np.stack([np.asarray(record.vector, np.float32) for record in records])
            stored /= np.maximum(np.linalg.norm(stored, axis=1, keepdims=True), 1e-12)
            scores = rescore(
                vector,
                stored,
                scores[:end],
                langs,
                neutrality.basis,
                spread=spread,
                alpha=plan.neutral,
                strength=plan.balance,
            )
        else:
            rest = []
            scores = balance(scores, langs, spread=spread, strength=plan.balance)
        scores = prefer(scores, langs, plan.prefer, spread=spread)
        return [records[i] for i in np.argsort(-scores, kind="stable")] + rest

    def _item(self, record: Record, plan: Plan) -> Any:
        """What takes one place among the hits: the item that `distinct` names, else the document."""
        if plan.distinct is not None:
            value = value_at(record.payload, self._layout.metadata_prefix + plan.distinct)
            if isinstance(value, (str, int, float)):
                return ("item", value)
        return ("point", record.id) if plan.chunks else ("document", document_key(record, self._layout))

    def _hits(
        self, records: Sequence[Record], plan: Plan, neutrality: Neutrality | None, asked: NDArray[np.float32]
    ) -> list[Hit]:
        items: dict[Any, list[Record]] = {}
        for record in records:
            items.setdefault(self._item(record, plan), []).append(record)
        hits = []
        for first, *others in list(items.values())[plan.offset : plan.offset + plan.limit]:
            hit = self._hit(first, plan, neutrality, asked)
            if self._good_enough(hit, plan):
                more = tuple(self._hit(record, plan, neutrality, asked) for record in others)
                hits.append(hit.model_copy(update={"others": more}) if more else hit)
        return hits

    def _hit(self, record: Record, plan: Plan, neutrality: Neutrality | None, asked: NDArray[np.float32]) -> Hit:
        similarity = record.score or 0.0
        if plan.mode == "hybrid" and record.vector is not None:  # the score is one of ranks, which says nothing of this
            similarity = float(asked @ record.vector) / max(float(np.linalg.norm(record.vector)), 1e-12)
        confidence = None if neutrality is None else neutrality.confidence(similarity, plan.neutral)
        return hit_from_record(record, self._layout, confidence)

    @staticmethod
    def _good_enough(hit: Hit, plan: Plan) -> bool:
        if plan.min_score is not None and hit.score < plan.min_score:
            return False
        return plan.min_confidence is None or (hit.confidence is not None and hit.confidence >= plan.min_confidence)


def _means(vectors: Vectors, sizes: Sequence[int]) -> Vectors:
    means = np.stack([part.mean(axis=0) for part in np.split(vectors, np.cumsum(sizes)[:-1])])
    # Phrasings that cancel out, which no real encoder gives, leave the first to speak.
    firsts = vectors[np.cumsum([0, *sizes[:-1]])]
    norms = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(np.where(norms > 1e-6, means / np.maximum(norms, 1e-6), firsts), dtype=np.float32)
