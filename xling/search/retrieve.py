"""The retriever: a question → passages to cite and to put into a prompt."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.search.filters import Where
from xling.search.near import similarities
from xling.search.passages import Run, grouped, passage_of, point_of, runs_of, within_budget
from xling.search.phrasings import Combine, phrasings_of
from xling.search.plan import FusionKind, Mode
from xling.search.rerank import Rerank
from xling.search.verbs import SearchVerbs
from xling.space import Vectors
from xling.space.chunker import count_tokens
from xling.store.base import PointId, Store
from xling.store.steps import Steps, ask, steps_of, stepwise, work
from xling.types import DocumentId, Hit, Retrieval

DEFAULT_BUDGET = 2048


class RetrievalVerbs(SearchVerbs):
    """What `Collection` offers to a RAG pipeline."""

    _vector_name: str

    @abstractmethod
    def _point_id(self, id: DocumentId) -> PointId: ...

    @stepwise("store")
    def retrieve(
        self,
        question: str | Sequence[str],
        *,
        token_budget: int | None = DEFAULT_BUDGET,
        limit: int = 20,
        expand: int = 1,
        group: bool = True,
        combine: Combine = "average",
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        prefer: Sequence[str] | None = None,
        rescore: bool = False,
        distinct: str | None = None,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
        mode: Mode = "dense",
        fusion: FusionKind = "rrf",
        lexical_weight: float | None = None,
        rerank: Rerank | None = None,
        candidates: int | None = None,
    ) -> Steps[Retrieval]:
        """Passages that may answer a question of any language, cited, ready for a prompt: `retrieve(…).as_context()`.

        Chunks that are found bring their neighbours, and those that touch become one passage. Copies and translations
        of one passage take one place; the further ones are in `Passage.others`.

        Args:
            question: Text in any language, or one question in several phrasings or translations.
            token_budget: Most tokens of the context, citations included, as the collection's model counts them; None
                is no limit. What does not fit is taken without its neighbours, else left out.
            limit: Most chunks to start from.
            expand: Neighbouring chunks to take on each side of one that was found.
            group: Whether to group copies and translations.
            combine: How several phrasings become one, as in `search`; so are the arguments that follow.
            languages: Only documents of these languages.
            where: Only documents whose metadata meet this.
            source: Only documents of this source.
            neutral: How far the language is taken out of the question.
            balance: Ask each language for its best.
            prefer: Languages to put first among passages that are about as good.
            rescore: Give the best a second look.
            distinct: A metadata field, e.g. `translation_of`: passages of documents of equal value are grouped.
            min_score: Leave out chunks that score less.
            min_confidence: Leave out chunks that are less sure.
            exact: Compare with every vector.
            mode: By meaning (`dense`), by words (`lexical`), or by both (`hybrid`), as in `search`.
            fusion: How a hybrid search makes one list of both.
            lexical_weight: How much words count in it.
            rerank: Give the best chunks another order, as in `search`.
            candidates: How many chunks that looks at.

        Raises:
            InvalidInput: The question is blank, or a filter or number makes no sense.
            ModelError: The encoder failed.
        """
        if isinstance(expand, bool) or not isinstance(expand, int) or expand < 0:
            raise InvalidInput(f"expand is a number of neighbouring chunks, 0 or more, got {expand!r}")
        if token_budget is not None and (
            isinstance(token_budget, bool) or not isinstance(token_budget, int) or token_budget < 1
        ):
            raise InvalidInput(f"token_budget must be a whole number of 1 or more, or None, got {token_budget!r}")
        hits = yield from steps_of(
            SearchVerbs.search,
            self,
            question,
            combine=combine,
            limit=limit,
            languages=languages,
            where=where,
            source=source,
            neutral=neutral,
            balance=balance,
            prefer=prefer,
            rescore=rescore,
            chunks=True,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
            mode=mode,
            fusion=fusion,
            lexical_weight=lexical_weight,
            rerank=rerank,
            candidates=candidates,
        )
        heads = [self._point_id(hit.id) for hit in hits if hit.id is not None]
        runs = runs_of(hits, heads, expand)
        wanted = list(dict.fromkeys(id for run in runs for id in (run.head, *run.ids) if run.hits[0].chunk))
        records = {r.id: r for r in (yield from ask(Store.retrieve, wanted))} if wanted else {}
        passages = [passage_of(run, records) for run in runs]
        if group:
            confidence = (yield from self._sameness(runs)) if len({p.lang for p in passages}) > 1 else None
            groups = grouped(passages, confidence, distinct=distinct)
        else:
            groups = [[i] for i in range(len(passages))]
        choices = []
        for first, *others in groups:
            more = {"others": tuple(passages[i] for i in others)}
            forms = [passages[first], passage_of(runs[first].narrowed(), records)]
            choices.append([form.model_copy(update=more) for form in forms])
        questions = phrasings_of(question)
        return (
            yield from work(
                within_budget, questions, choices, token_budget, lambda texts: count_tokens(self.space.encoder, texts)
            )
        )

    def _sameness(self, runs: Sequence[Run]) -> Steps[NDArray[np.float64] | None]:
        """How sure it is that the best chunks of two runs are translations of each other, shape (n, n)."""
        neutrality = yield from self._searcher.neutrality()
        if neutrality is None or neutrality.calibration is None:
            return None
        vectors = yield from self._stored_vectors([run.best_id for run in runs])
        return neutrality.calibration.confidence(similarities(vectors, neutrality.basis), 1.0)

    @stepwise("store")
    def vectors(self, hits: Sequence[Hit]) -> Steps[Vectors]:
        """The stored vectors of hits, unit, shape (n, dimension); zeros for those that are gone by now."""
        return (yield from self._stored_vectors([point_of(hit, self._point_id) for hit in hits]))

    def _stored_vectors(self, ids: Sequence[PointId]) -> Steps[Vectors]:
        found = {}
        if ids:
            found = {r.id: r.vector for r in (yield from ask(Store.retrieve, ids, with_vector=self._vector_name))}
        vectors = np.zeros((len(ids), self.space.dimension), np.float32)
        for i, id in enumerate(ids):
            vector = found.get(id)
            if vector is not None:
                vectors[i] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return vectors
