"""The verb of a collection that finds what is there twice: `near_duplicates`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.explore.neighbourhood import NeighbourVerbs, Rows, first_copies
from xling.explore.reading import Documents
from xling.explore.results import DuplicateKind, DuplicatePair, Member, NearDuplicates
from xling.search.filters import Where
from xling.search.plan import Neutrality
from xling.space import Vectors
from xling.space.margin import candidate_pairs, level, margins, mutual_best
from xling.space.neighbours import MISSING, Neighbours
from xling.store.steps import Steps, stepwise, work

NEAR = 0.85
"""Neutral cosine from which two texts of one language pass for near duplicates: 98 in 100 sentences of NTREX stay above
it with a word dropped, two swapped, other punctuation, a number changed or a word put before (`edited` in
`tests/benchmarks/explore.py`)."""

TRANSLATION = 0.25
"""Margin, by the level of the two languages, from which two texts pass for translations. Chosen on NTREX, English with
French and Russian (`tests/benchmarks/explore.py`)."""

LIKELY = 0.5
"""Least confidence of a translation, whatever its margin: in a small collection everything stands out from little."""

NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of rows with their scores."""

    first: Rows
    second: Rows
    scores: NDArray[np.float64]
    kind: DuplicateKind


class DuplicateVerbs(NeighbourVerbs):
    """What `Collection` offers to find duplicates."""

    @stepwise("store")
    def near_duplicates(
        self,
        threshold: float = NEAR,
        *,
        across_languages: bool = True,
        translation_threshold: float = TRANSLATION,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        most: int | None = None,
        exact: bool = False,
    ) -> Steps[NearDuplicates]:
        """Documents that say the same: copies, nearly equal texts of one language, and translations.

        Each document is compared with its nearest neighbours of each language, which the store gives: time grows with
        documents times languages, not with the square of the documents. Their vectors are held in memory.

        Args:
            threshold: Of two texts of one language (or of unknown ones) the least cosine, the language taken out.
            across_languages: Find translations too: pairs of different languages that are the nearest of each other and
                stand out from what else is near (margin; Artetxe & Schwenk, ACL 2019).
            translation_threshold: Least score of those: the margin by that of the clearest pairs of the two languages.
                Where few documents are translations 0.4 is better.
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
        for name, value in (("threshold", threshold), ("translation_threshold", translation_threshold)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value <= 1.0:
                raise InvalidInput(f"{name} must lie above 0, up to 1, got {value!r}")
        documents = yield from self._read(languages, where, source, most)
        vectors = yield from self._comparable(documents, neutral)
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        first: Rows = yield from work(first_copies, documents, chunked=self._layout.own)
        filter = self._heads((yield from self._filters(languages, where, source)))
        copied = np.flatnonzero(first != np.arange(len(first)))
        found = [_Pairs(first[copied], copied, np.ones(len(copied)), "copy")]
        known = self._layout.lang_key is not None
        of_lang = _by_language(documents.langs if known else ["und"] * len(documents), first)
        near: dict[tuple[str, str], Neighbours] = {}
        for one, other in itertools.product(sorted(of_lang), repeat=2):
            if one == other or (across_languages and "und" not in (one, other)):
                lang = None if other == "und" else other
                near[one, other] = yield from self._neighbours(
                    documents, vectors, first, of_lang[one], NEIGHBOURS, filter, lang=lang, exact=exact
                )
        for one, other in near:
            if one == other:
                found.append((yield from work(_alike, of_lang[one], near[one, one], threshold)))
            elif one < other:
                rows, both = (of_lang[one], of_lang[other]), (near[one, other], near[other, one])
                found.append((yield from work(_translations, rows, both, documents, neutrality, translation_threshold)))
        return (yield from work(_result, documents, found))


def _by_language(langs: Sequence[str], first: Rows) -> dict[str, Rows]:
    """Rows of each language, without copies."""
    rows: dict[str, list[int]] = {}
    for i in np.unique(first).tolist():
        rows.setdefault(langs[i], []).append(i)
    return {lang: np.array(found) for lang, found in rows.items()}


def _alike(rows: Rows, near: Neighbours, threshold: float) -> _Pairs:
    """Pairs of one language."""
    source, target, scores = np.repeat(rows, near.index.shape[1]), near.index.ravel(), near.score.ravel()
    kept = (target != MISSING) & (scores >= threshold)
    low, high = np.minimum(source[kept], target[kept]), np.maximum(source[kept], target[kept])
    _, once = np.unique(np.stack([low, high]), axis=1, return_index=True)
    return _Pairs(low[once], high[once], np.minimum(scores[kept][once], 1.0).astype(np.float64), "near")


def _translations(
    rows: tuple[Rows, Rows],
    near: tuple[Neighbours, Neighbours],
    documents: Documents,
    neutrality: Neutrality,
    threshold: float,
) -> _Pairs:
    """Pairs of two languages."""
    forward, backward = (
        Neighbours(_places(found.index, other), found.score)
        for found, other in zip(near, (rows[1], rows[0]), strict=True)
    )
    source, target, cosines = candidate_pairs(forward, backward)
    found = margins(cosines, _around(forward)[source], _around(backward)[target])
    best = mutual_best(source, target, found)
    scores = found / level(found[best])
    a, b = rows[0][source], rows[1][target]
    kept = best & (scores >= threshold)
    if neutrality.calibration is not None:
        kept[kept] = _confidence(documents.vectors, a[kept], b[kept], neutrality) >= LIKELY
    return _Pairs(a[kept], b[kept], np.minimum(scores[kept], 1.0), "translation")


def _places(index: Rows, rows: Rows) -> Rows:
    """Rows of all documents as places among some of them, which are in order."""
    places = np.searchsorted(rows, np.where(index == MISSING, rows[0], index))
    there = (index != MISSING) & (rows[np.minimum(places, len(rows) - 1)] == index)
    return np.where(there, places, MISSING)


def _around(near: Neighbours) -> NDArray[np.float64]:
    """Mean cosine of the neighbours; those that a small side lacks count as unrelated, about 0."""
    means: NDArray[np.float64] = near.mean() * (near.index != MISSING).mean(axis=1)
    return means


def _confidence(vectors: Vectors, a: Rows, b: Rows, neutrality: Neutrality) -> NDArray[np.float64]:
    assert neutrality.calibration is not None
    one, other = (neutrality.basis.project(vectors[rows]) for rows in (a, b))
    both = np.einsum("ij,ij->i", one, vectors[b]) + np.einsum("ij,ij->i", other, vectors[a])
    return neutrality.calibration.confidence(both / 2)


def _result(documents: Documents, found: Sequence[_Pairs]) -> NearDuplicates:
    members = [
        Member(id=id, text=text, lang=lang)
        for id, text, lang in zip(documents.ids, documents.texts, documents.langs, strict=True)
    ]
    above = np.arange(len(documents))

    def top(i: int) -> int:
        while above[i] != i:
            above[i] = above[above[i]]
            i = int(above[i])
        return i

    pairs = []
    for some in found:
        for i, j, score in zip(some.first.tolist(), some.second.tolist(), some.scores.tolist(), strict=True):
            pairs.append(DuplicatePair(first=members[i], second=members[j], score=round(score, 4), kind=some.kind))
            low, high = sorted((top(i), top(j)))
            above[high] = low
    groups: dict[int, list[Member]] = {}
    for i, member in enumerate(members):
        groups.setdefault(top(i), []).append(member)
    several = sorted((tuple(group) for group in groups.values() if len(group) > 1), key=lambda group: -len(group))
    pairs.sort(key=lambda pair: -pair.score)
    return NearDuplicates(documents=len(documents), pairs=tuple(pairs), groups=tuple(several))
