"""The verbs of a collection that search it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from xling.errors import InvalidInput
from xling.language import normalise_code
from xling.search.filters import Filters, Where
from xling.search.late_interaction import MaxSim
from xling.search.phrasings import FUSED, Combine, fused, phrasings_of
from xling.search.plan import MAX_LIMIT, FusionKind, Mode, Plan
from xling.search.query import check_queries, encode_queries, encode_terms
from xling.search.rerank import Rerank, Reranker, candidates_of, is_maxsim, reranked, reranker_of
from xling.search.searcher import Searcher
from xling.space import SharedSpace
from xling.store.base import Store
from xling.store.steps import Steps, stepwise, work
from xling.types import Hit


class SearchVerbs(ABC):
    """What `Collection` offers to find documents by meaning. Each verb is written as steps (`xling.store.steps`)."""

    store: Store
    space: SharedSpace
    _filters: Filters
    _searcher: Searcher

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _check_lexical(self, mode: Mode) -> None: ...

    @stepwise("store")
    def search(
        self,
        query: str | Sequence[str],
        *,
        combine: Combine = "average",
        limit: int = 10,
        offset: int = 0,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        prefer: Sequence[str] | None = None,
        rescore: bool = False,
        distinct: str | None = None,
        chunks: bool = False,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
        mode: Mode = "dense",
        fusion: FusionKind = "rrf",
        lexical_weight: float | None = None,
        rerank: Rerank | None = None,
        candidates: int | None = None,
    ) -> Steps[list[Hit]]:
        """The documents nearest in meaning to a query of any language, best first.

        Args:
            query: Text in any language. One longer than the model reads stands for the mean of its pieces. A list is
                one query in several phrasings or translations (for separate queries see `search_many`).
            combine: How phrasings become one query: `average` their vectors, each made neutral by itself, or `fuse`
                what each of them finds, by rank.
            limit: Most hits to return, 1 to 10,000.
            offset: Hits to leave out at the top, for paging.
            languages: Only documents of these languages (BCP 47; `en` includes `en-GB`).
            where: Only documents whose metadata meet this: `{"genre": "drama"}`, `{"genre": ["drama", "comedy"]}`,
                `{"year": {"gte": 1990, "lt": 2000}}`, `{"or": [...]}`, `{"not": {...}}`, or a Qdrant `Filter`.
            source: Only documents of this source.
            neutral: How far the language is taken out of the query: 1 ranks by meaning alone, 0 is the model as it
                is, which puts texts of the query's own language first. Nothing is re-indexed for it.
            balance: Ask each language for its best and make their scores comparable, for collections where each
                language holds an answer. True is full strength, a number from 0 to 1 less.
            prefer: Languages to put first among hits that are about as good.
            rescore: Give the hundred best a second look, with their own vectors made neutral too. Ranks better in
                collections of some size, and costs reading those vectors.
            distinct: A metadata field, e.g. `translation_of`: documents of equal value take one place, the further
                ones are in `Hit.others`.
            chunks: Every chunk of a long document by itself, not only the best of each document.
            min_score: Leave out hits that score less.
            min_confidence: Leave out hits that are less sure, 0 to 1.
            exact: Compare with every vector instead of using the approximate index.
            mode: `dense` finds by meaning; `lexical` by words, numbers and codes as they are written (see
                docs/hybrid.md), without the model; `hybrid` by both, fused. `score` is then that of the words, or of
                the fusion; `confidence` is always about the meaning.
            fusion: How a hybrid search makes one list of both: by ranks (`rrf`), or by scores (`dbsf`).
            lexical_weight: How much a rank by words counts in it, where one by meaning counts 1. Without it what is
                asked decides: codes, long numbers and queries of a word or two count 0.5, numbers of three digits and
                more 0.2, names in another script 0.1, and of longer queries no other words are looked up.
            rerank: Give the best hits another order: by a cross-encoder (its name, directory, or a loaded
                `CrossEncoder`), by late interaction of the model's own tokens (`maxsim`), or by a function that takes
                the query and the texts and gives a number for each. `score` is then that number; `min_score` and
                `confidence` are of the search. docs/reranking.md says what it costs.
            candidates: How many hits it looks at; 50, or as many as are asked for.

        Raises:
            InvalidInput: The query is blank, a filter or number makes no sense, or terms are asked for of a collection
                that has none (see `Collection.add_lexical`).
            ModelError: The encoder or the reranker failed, or `min_confidence` is asked of a model without
                calibration.
        """
        phrasings = phrasings_of(query)
        if not phrasings:
            raise InvalidInput("the query is an empty list; give one phrasing or more")
        if combine not in ("average", "fuse"):
            raise InvalidInput(f"combine must be 'average' or 'fuse', got {combine!r}")
        fuse = combine == "fuse" and len(phrasings) > 1
        Plan(limit=limit, offset=offset)  # refuses numbers that make no sense
        wanted = candidates_of(rerank, candidates, limit + offset)
        later = fuse or rerank is not None  # the order is made here
        found = yield from self._search(
            [[text] for text in phrasings] if fuse else [phrasings],
            languages,
            where,
            source,
            limit=min(max(wanted, FUSED), MAX_LIMIT) if fuse else min(wanted, MAX_LIMIT) if later else limit,
            offset=0 if later else offset,
            neutral=neutral,
            balance=float(balance),
            prefer=prefer,
            rescore=rescore,
            distinct=distinct,
            chunks=chunks,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
            mode=mode,
            fusion=fusion,
            lexical_weight=lexical_weight,
        )
        hits = fused(found)[:wanted] if fuse else found[0]
        if rerank is not None:
            reranker = yield from self._reranker(rerank, neutral)
            hits = yield from work(reranked, reranker, phrasings, hits)
        return hits[offset : offset + limit] if later else hits

    @stepwise("store")
    def search_many(
        self,
        queries: Sequence[str],
        *,
        limit: int = 10,
        offset: int = 0,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        prefer: Sequence[str] | None = None,
        rescore: bool = False,
        distinct: str | None = None,
        chunks: bool = False,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
        mode: Mode = "dense",
        fusion: FusionKind = "rrf",
        lexical_weight: float | None = None,
        rerank: Rerank | None = None,
        candidates: int | None = None,
    ) -> Steps[list[list[Hit]]]:
        """`search` for several queries at once: one batch through the encoder, one through the store."""
        if isinstance(queries, str):
            raise InvalidInput("search_many takes a list of queries; for one query use search()")
        Plan(limit=limit, offset=offset)
        wanted = candidates_of(rerank, candidates, limit + offset)
        found = yield from self._search(
            [[query] for query in queries],
            languages,
            where,
            source,
            limit=limit if rerank is None else min(wanted, MAX_LIMIT),
            offset=offset if rerank is None else 0,
            neutral=neutral,
            balance=float(balance),
            prefer=prefer,
            rescore=rescore,
            distinct=distinct,
            chunks=chunks,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
            mode=mode,
            fusion=fusion,
            lexical_weight=lexical_weight,
        )
        if rerank is not None and queries:
            reranker = yield from self._reranker(rerank, neutral)
            for i, query in enumerate(queries):
                hits = yield from work(reranked, reranker, [query], found[i])
                found[i] = hits[offset : offset + limit]
        return found

    @stepwise("store")
    def search_by_vector(
        self,
        vector: ArrayLike,
        *,
        limit: int = 10,
        offset: int = 0,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        chunks: bool = False,
        min_score: float | None = None,
        exact: bool = False,
    ) -> Steps[list[Hit]]:
        """`search` with a vector of the collection's model instead of a text, shape (dimension,).

        Raises:
            InvalidInput: The vector is of another size, zero, or not finite.
        """
        self._check_open()
        row = np.asarray(vector, dtype=np.float32)
        norm = float(np.linalg.norm(row)) if row.shape == (self.space.dimension,) else 0.0
        if not np.isfinite(norm) or not norm:
            raise InvalidInput(
                f"a query vector has the shape ({self.space.dimension},) and finite numbers that are not all zero; "
                f"got the shape {row.shape}"
            )
        plan = Plan(
            filter=(yield from self._filters(languages, where, source)),
            limit=limit,
            offset=offset,
            neutral=neutral,
            chunks=chunks,
            min_score=min_score,
            exact=exact,
        )
        return (yield from self._searcher.search(row[None, :] / norm, plan))[0]

    def _reranker(self, rerank: Rerank, neutral: float) -> Steps[Reranker]:
        neutrality = (yield from self._searcher.neutrality()) if is_maxsim(rerank) and neutral > 0 else None
        basis = None if neutrality is None else neutrality.basis
        return (yield from work(reranker_of, rerank, lambda: MaxSim(self.space.encoder, basis, neutral)))

    def _search(
        self,
        queries: Sequence[Sequence[str]],
        languages: Sequence[str] | None,
        where: Where | None,
        source: str | None,
        *,
        prefer: Sequence[str] | None,
        **options: Any,
    ) -> Steps[list[list[Hit]]]:
        """Hits of several queries, each in one phrasing or more."""
        self._check_open()
        if isinstance(prefer, str):
            raise InvalidInput(f"prefer= is a list of languages, e.g. [{prefer!r}]")
        plan = Plan(
            filter=(yield from self._filters(languages, where, source)),
            prefer=tuple(normalise_code(code) for code in prefer or ()),
            **options,
        )
        if plan.mode != "dense":
            self._check_lexical(plan.mode)
        if not queries:
            return []
        phrasings = [phrasing for query in queries for phrasing in query]
        if plan.mode == "lexical":
            check_queries(phrasings)
            nothing = np.zeros((len(queries), 0), np.float32)
            return (yield from self._searcher.search(nothing, plan, terms=encode_terms(queries, plan)))
        vectors = yield from work(encode_queries, self.space, phrasings, plan.neutral)
        terms = encode_terms(queries, plan) if plan.mode == "hybrid" else ()
        return (yield from self._searcher.search(vectors, plan, [len(query) for query in queries], terms))
