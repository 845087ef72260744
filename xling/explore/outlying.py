"""The verb of a collection that finds what does not belong: `outliers`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.explore.neighbourhood import NeighbourVerbs, Rows, first_copies
from xling.explore.reading import Documents, check_count
from xling.explore.results import Member, Outlier
from xling.search.filters import Where
from xling.space.neighbours import MISSING, Neighbours
from xling.store.points import primary_subtag
from xling.store.steps import Steps, stepwise, work

THRESHOLD = 3.0

_LEAST = 30
"""Documents of a language from which it is judged by itself."""

_TO_DEVIATION = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


class OutlierVerbs(NeighbourVerbs):
    """What `Collection` offers to find what does not belong."""

    @stepwise("store")
    def outliers(
        self,
        limit: int = 20,
        *,
        threshold: float = THRESHOLD,
        neighbours: int = 10,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        most: int | None = None,
        exact: bool = False,
    ) -> Steps[list[Outlier]]:
        """Documents that have little to do with any other, in whatever language: the strangest first.

        Judged is the mean cosine with the nearest neighbours of any language, copies left out, against what is usual in
        the document's language, by median and median absolute deviation: models place some languages nearer to others.

        Args:
            limit: Most outliers.
            threshold: Standard deviations from which a document is one.
            neighbours: Documents it is compared with; groups of so few still are outliers.
            languages: Only documents of these languages.
            where: Only documents whose metadata meet this, as in `search`.
            source: Only documents of this source.
            neutral: How far the language is taken out.
            most: Most documents to look at.
            exact: Compare with every vector instead of using the approximate index.

        Raises:
            InvalidInput: There are no documents, or an argument makes no sense.
        """
        self._check_open()
        check_count("limit", limit)
        check_count("neighbours", neighbours)
        if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
            raise InvalidInput(f"threshold is a number of standard deviations, got {threshold!r}")
        documents = yield from self._read(languages, where, source, most)
        vectors = yield from self._comparable(documents, neutral)
        first: Rows = yield from work(first_copies, documents, chunked=self._layout.own)
        rows = np.unique(first)
        filter = self._heads((yield from self._filters(languages, where, source)))
        near: Neighbours = yield from self._neighbours(documents, vectors, first, rows, neighbours, filter, exact=exact)
        return (yield from work(_outliers, documents, first, rows, near, threshold, limit))


def _outliers(
    documents: Documents, first: Rows, rows: Rows, near: Neighbours, threshold: float, limit: int
) -> list[Outlier]:
    similarity = near.mean()
    scores = strangeness(similarity, [primary_subtag(documents.langs[i]) for i in rows])
    at = np.searchsorted(rows, first)  # copies are as strange as the first of them
    order = np.argsort(-scores[at], kind="stable")
    found = []
    for i in order[scores[at[order]] >= threshold][:limit].tolist():
        place = int(at[i])
        other, cosine = int(near.index[place, 0]), float(near.score[place, 0])
        found.append(
            Outlier(
                document=_member(documents, i),
                score=round(float(scores[place]), 3),
                similarity=round(float(similarity[place]), 4),
                nearest=None if other == MISSING else _member(documents, other, round(cosine, 4)),
            )
        )
    return found


def strangeness(similarity: NDArray[np.float64], langs: Sequence[str]) -> NDArray[np.float64]:
    """How far each similarity lies below what is usual in its language, in standard deviations.

    Args:
        similarity: Of each document with its neighbours, shape (n,).
        langs: Its language. Those with few documents are judged together.
    """
    kinds = np.array(langs)
    names, counts = np.unique(kinds, return_counts=True)
    kinds[np.isin(kinds, names[counts < _LEAST])] = ""
    scores = np.zeros(len(similarity))
    for kind in np.unique(kinds):
        own = kinds == kind
        middle = np.median(similarity[own])
        deviation = _TO_DEVIATION * np.median(np.abs(similarity[own] - middle))
        scores[own] = (middle - similarity[own]) / max(float(deviation), 1e-6)
    return scores


def _member(documents: Documents, i: int, score: float | None = None) -> Member:
    return Member(id=documents.ids[i], text=documents.texts[i], lang=documents.langs[i], score=score)
