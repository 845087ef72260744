"""The verbs of a collection that find topics: `clusters` and `coverage`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.explore.clustering import NONE, Centres, ClusterMethod, find_clusters
from xling.explore.gaps import gaps_of
from xling.explore.keywords import Words
from xling.explore.reading import Documents, ReadingVerbs, check_count, values_of
from xling.explore.results import Agreement, Cluster, Clusters, Coverage, Member
from xling.search.filters import Where
from xling.space import Vectors
from xling.space.neutral import NeutralBasis
from xling.store.points import primary_subtag
from xling.store.steps import Steps, steps_of, stepwise, work
from xling.types import DocumentId

SAMPLE = 20_000
"""Documents that clusters are found in and words are counted in; the others are assigned."""


class TopicVerbs(ReadingVerbs):
    """What `Collection` offers to see what its documents are about."""

    @stepwise("store")
    def clusters(
        self,
        count: int | None = None,
        *,
        method: ClusterMethod = "kmeans",
        least: int = 10,
        label: str | None = None,
        words: int = 5,
        examples: int = 3,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        sample: int = SAMPLE,
        seed: int = 0,
    ) -> Steps[Clusters]:
        """Topics across languages: documents that are about the same, whatever language they are in.

        Args:
            count: Clusters of k-means; None chooses a number by how clearly the clusters stand apart.
            method: `kmeans`: every document is in a cluster. `hdbscan`: only where documents lie close together is one.
            least: Of HDBSCAN: documents that make a cluster.
            label: A metadata field to compare the clusters with (`Clusters.agreement`).
            words: Typical words of each cluster in each language.
            examples: Documents of each cluster that stand for it.
            languages: Only documents of these languages.
            where: Only documents whose metadata meet this, as in `search`.
            source: Only documents of this source.
            neutral: How far the language is taken out; with 0 (or False) clusters are those of the model as it is,
                which often are languages: `Clusters.one_language` and `by_language` tell.
            sample: Clusters are found, named and exemplified by so many documents, a random part of what is there; then
                all others are read in batches and assigned to the nearest.
            seed: Another one may give other clusters of the same documents; the same one gives the same.

        Raises:
            InvalidInput: There are no documents, or fewer than clusters, or an argument makes no sense.
            MissingExtra: scikit-learn is not installed.
        """
        self._check_open()
        for name, number, smallest in (("sample", sample, 1), ("words", words, 0), ("examples", examples, 0)):
            check_count(name, number, smallest)
        filter = self._heads((yield from self._filters(languages, where, source)))
        documents, offset = yield from self._read_from(filter, sample)
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        basis = neutrality.basis
        values = [] if label is None else values_of(documents, label)
        vectors = yield from work(basis.centre, documents.vectors, float(neutral))
        centres: Centres = yield from work(find_clusters, vectors, method, count, least, seed)
        found = yield from work(centres.assign, vectors)
        assigned = _Assigned(list(documents.ids), list(documents.langs), list(found[0]), values)
        while offset is not None:
            page, offset = yield from self._next(filter, None, offset)
            if len(page):
                numbers = yield from work(_assign, page.vectors, basis, float(neutral), centres)
                more = [] if label is None else values_of(page, label, needed=False)
                assigned.add(page.ids, page.langs, numbers, more)
        return (yield from work(_described, documents, found, assigned, len(centres.floors), words, examples, neutral))

    @stepwise("store")
    def coverage(
        self,
        count: int | None = None,
        *,
        clusters: Clusters | None = None,
        share: float = 0.3,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        sample: int = SAMPLE,
        seed: int = 0,
    ) -> Steps[Coverage]:
        """Which topics are there in one language and missing in another.

        Args:
            count: Topics, as in `clusters`.
            clusters: Topics that were found before, instead.
            share: A language lacks a topic where it has at most this share of the documents that would be expected
                by how much it has of all topics, and that is no chance (1 in 50).
            languages: Compare these languages only.
            where: Only documents whose metadata meet this, as in `search`.
            source: Only documents of this source.
            sample: As in `clusters`.
            seed: As in `clusters`.

        Raises:
            InvalidInput: There are no documents, they are all in one language, or an argument makes no sense.
            MissingExtra: scikit-learn is not installed.
        """
        self._check_open()
        if not (isinstance(share, (int, float)) and 0.0 <= share < 1.0):
            raise InvalidInput(f"share must lie between 0 and 1, got {share!r}")
        if clusters is None:
            clusters = yield from steps_of(
                TopicVerbs.clusters,
                self,
                count,
                languages=languages,
                where=where,
                source=source,
                sample=sample,
                seed=seed,
            )
        elif count is not None or languages is not None or where is not None or source is not None:
            raise InvalidInput("clusters= are of the documents they were made of: leave out what selects documents")
        return gaps_of(clusters, share)


class _Assigned:
    """Every document with its cluster."""

    def __init__(
        self, ids: list[DocumentId], langs: list[str], numbers: list[int], values: Sequence[str | None]
    ) -> None:
        self.ids, self.langs, self.numbers, self.values = ids, langs, numbers, list(values)

    def add(
        self, ids: Sequence[DocumentId], langs: Sequence[str], numbers: NDArray[np.int64], values: Sequence[str | None]
    ) -> None:
        self.ids += ids
        self.langs += langs
        self.numbers += numbers.tolist()
        self.values += values


def _assign(vectors: Vectors, basis: NeutralBasis, neutral: float, centres: Centres) -> NDArray[np.int64]:
    return centres.assign(basis.centre(vectors, neutral))[0]


def _described(
    sample: Documents,
    found: tuple[NDArray[np.int64], NDArray[np.float32]],
    assigned: _Assigned,
    count: int,
    words: int,
    examples: int,
    neutral: float,
) -> Clusters:
    """The clusters with all that is said of them.

    Args:
        sample: Documents that name and exemplify them.
        found: Cluster of each of those, and cosine with its centre.
        assigned: All documents.
        count: Number of clusters; of those that have no document nothing is said.
        words: Of each cluster and language.
        examples: Of each cluster.
        neutral: As given.
    """
    sizes = Counter(assigned.numbers)
    order = sorted((n for n in range(count) if sizes[n]), key=lambda n: (-sizes[n], n))
    new = {old: number for number, old in enumerate(order)} | {NONE: NONE}
    labels = [new[int(n)] for n in assigned.numbers]
    langs = [primary_subtag(lang) for lang in assigned.langs]
    languages = _counted(langs)
    each: list[list[str]] = [[] for _ in order]
    for label, lang in zip(labels, langs, strict=True):
        if label >= 0:
            each[label].append(lang)
    typical = Words(len(order))
    numbers = np.array([new[int(n)] for n in found[0]])
    typical.add(sample.texts, sample.langs, numbers.tolist())
    clusters = []
    for number in range(len(order)):
        said = typical.typical(number, words)
        clusters.append(
            Cluster(
                number=number,
                name=_name(said, languages) or f"cluster {number}",
                size=len(each[number]),
                languages=_counted(each[number]),
                words=said,
                documents=tuple(_examples(sample, numbers, found[1], number, examples)),
            )
        )
    inside = [i for i, label in enumerate(labels) if label >= 0]
    return Clusters(
        clusters=tuple(clusters),
        ids=tuple(assigned.ids),
        labels=tuple(labels),
        languages=languages,
        neutral=float(neutral),
        one_language=float(np.mean([cluster.one_language for cluster in clusters])) if clusters else 0.0,
        by_language=_agreement([langs[i] for i in inside], [labels[i] for i in inside]).v_measure,
        agreement=_with_labels(assigned.values, labels) if assigned.values else None,
    )


def _counted(langs: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(langs).items(), key=lambda item: (-item[1], item[0] != "en", item[0])))


def _name(words: dict[str, tuple[str, ...]], languages: dict[str, int]) -> str:
    for lang in languages:
        if words.get(lang):
            return ", ".join(words[lang][:3])
    return ""


def _examples(
    sample: Documents, numbers: NDArray[Any], scores: NDArray[np.float32], number: int, count: int
) -> list[Member]:
    """The documents nearest to the middle: first the nearest of each language, then the next of each."""
    members = np.flatnonzero(numbers == number)
    members = members[np.argsort(-scores[members], kind="stable")]
    rounds: Counter[str] = Counter()
    places: list[tuple[int, int, int]] = []
    for i in members.tolist():
        lang = primary_subtag(sample.langs[i])
        places.append((rounds[lang], len(places), i))
        rounds[lang] += 1
    return [
        Member(id=sample.ids[i], text=sample.texts[i], lang=sample.langs[i], score=round(float(scores[i]), 4))
        for _, _, i in sorted(places)[:count]
    ]


def _with_labels(values: Sequence[str | None], labels: Sequence[int]) -> Agreement:
    both = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    return _agreement([value for value, _ in both], [label for _, label in both])


def _agreement(values: Sequence[str | None], labels: Sequence[int]) -> Agreement:
    from sklearn.metrics import homogeneity_completeness_v_measure

    if len(set(values)) < 2:  # what is all of one kind is in agreement with anything: say that nothing was found out
        return Agreement(homogeneity=0.0, completeness=0.0, v_measure=0.0)
    names = ("homogeneity", "completeness", "v_measure")
    figures = homogeneity_completeness_v_measure([str(value) for value in values], list(labels))
    return Agreement(**{name: float(figure) for name, figure in zip(names, figures, strict=True)})
