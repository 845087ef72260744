"""The nearest documents of each document, asked of the store: no comparison of all with all. Written as steps."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.explore.reading import Documents, ReadingVerbs
from xling.space import Vectors
from xling.space.neighbours import Neighbours, ragged
from xling.space.neutral import estimate_basis
from xling.store.base import FilterJson, Record, Store
from xling.store.filters import and_filters
from xling.store.steps import Steps, ask, work
from xling.text import normalise

Rows: TypeAlias = NDArray[np.int64]

MOST_FETCHED = 1000
"""Most points asked for to find neighbours that are no copies."""

FEW = 100
"""Documents below which a collection does not know the middle of its own space."""

_ASKED = 128
_SPARE = 2
_SAME = 0.9999


class NeighbourVerbs(ReadingVerbs):
    """What verbs that compare documents with their nearest ones share."""

    def _comparable(self, documents: Documents, neutral: float) -> Steps[Vectors]:
        """Vectors of documents with the language taken out, unit, shape (n, dimension).

        The middle of a few documents is what they say, and must not be taken out: of those it is the sample's.
        """
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        basis = neutrality.basis
        if len(documents) < FEW:
            basis = estimate_basis(None, (yield from work(self._searcher.reference)).stats)
        return (yield from work(basis.centre, documents.vectors, float(neutral)))

    def _neighbours(
        self,
        documents: Documents,
        vectors: Vectors,
        first: Rows,
        rows: Rows,
        k: int,
        filter: FilterJson | None,
        *,
        lang: str | None = None,
        exact: bool = False,
    ) -> Steps[Neighbours]:
        """The k nearest others of some documents, copies left out.

        The store compares with vectors as they are kept; twice as many as are wanted are asked of it, and put in order
        by the vectors that are given.

        Args:
            documents: All that may be found; what the store finds beside them is passed over.
            vectors: Of all of them, as they are to be compared: unit, shape (n, dimension).
            first: Of each the first of its copies (`first_copies`), which is what is found, shape (n,).
            rows: Those whose neighbours are wanted.
            k: How many.
            filter: Selects the first chunks of what may be found.
            lang: Only documents of this language, as it is stored.
            exact: Compare with every vector instead of using the approximate index.

        Returns:
            Neighbours of each of `rows`, as rows of `documents`, with their cosines.
        """
        if lang is not None:
            key = "lang" if self._layout.own else self._layout.lang_key
            filter = and_filters(filter, {"must": [{"key": key, "match": {"value": lang}}]})
        place = {point: i for i, point in enumerate(documents.points)}
        copies = np.bincount(first, minlength=len(documents))
        found: list[list[tuple[int, float]]] = [[] for _ in rows]
        # All of a batch are asked for as many as the one with most copies: those with about as many go together.
        todo = np.argsort(copies[first[rows]], kind="stable").tolist()
        wider = 1
        while todo:
            again = []
            for start in range(0, len(todo), _ASKED):
                batch = todo[start : start + _ASKED]
                asked = rows[batch]
                limit = min(wider * (k * _SPARE + int(copies[first[asked]].max())), MOST_FETCHED)
                pages: list[list[Record]] = yield from ask(
                    Store.query,
                    vectors[asked],
                    vector_name=self._vector_name,
                    filters=[filter] * len(batch),
                    limit=limit,
                    exact=exact,
                )
                for at, row, page in zip(batch, asked.tolist(), pages, strict=True):
                    others = {int(first[place[record.id]]) for record in page if record.id in place} - {int(first[row])}
                    found[at] = _ordered(others, row, vectors)[:k]
                    if len(others) < k and len(page) == limit < MOST_FETCHED:
                        again.append(at)
            todo, wider = again, wider * 4
        return ragged(iter(found), len(rows), k)


def first_copies(documents: Documents, *, chunked: bool) -> Rows:
    """Of each document the first one of the same text, which may be itself. Shape (n,).

    Args:
        documents: Some.
        chunked: Whether texts may be those of a first chunk: then the vectors, which are of the whole, must agree too.
    """
    rows = np.arange(len(documents))
    seen: dict[str, list[int]] = {}
    for i, text in enumerate(documents.texts):
        others = seen.setdefault(normalise(text), [])
        same = [j for j in others if not chunked or documents.vectors[j] @ documents.vectors[i] >= _SAME]
        rows[i] = same[0] if same else i
        others += [] if same else [i]
    return rows


def _ordered(others: set[int], row: int, vectors: Vectors) -> list[tuple[int, float]]:
    places = sorted(others)
    cosines = vectors[places] @ vectors[row] if places else np.zeros(0)
    return [(places[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")]
