"""What looking at a collection gives back. All frozen, all serialisable to JSON."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from xling.types import DocumentId

DuplicateKind: TypeAlias = Literal["copy", "near", "translation"]

ONE_LANGUAGE = 0.9
"""Share of a cluster's documents from which it counts as a cluster of one language."""


class Result(BaseModel):
    """Base of what is given back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")


class Prediction(Result):
    """The label of one text.

    Attributes:
        text: As given; of a stored document its text, or first chunk.
        label: `und` where no label is probable enough.
        probability: Of the most probable label, whether or not that is enough.
        probabilities: Of each label; they sum to 1.
        lang: BCP 47 code, `und` if unknown.
        id: Of a stored document.
    """

    text: str
    label: str
    probability: float
    probabilities: dict[str, float] = Field(default_factory=dict)
    lang: str = "und"
    id: DocumentId | None = None


class Member(Result):
    """A document of a cluster, or of a group.

    Attributes:
        id: As given.
        text: Its text, or first chunk.
        lang: BCP 47 code, `und` if unknown.
        score: Cosine with the middle of the cluster, in the space that was clustered; None in a group.
    """

    id: DocumentId
    text: str
    lang: str = "und"
    score: float | None = None


class Cluster(Result):
    """Documents that are about the same.

    Attributes:
        number: From 0, the largest first.
        name: Its most typical words, of the language that most documents of the collection are in and this cluster has.
        size: Documents.
        languages: Documents of each language, most frequent first.
        words: The most typical words in each of its languages, most typical first.
        documents: Those nearest to its middle, of different languages first.
    """

    number: int
    name: str
    size: int
    languages: dict[str, int]
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    documents: tuple[Member, ...] = ()

    @property
    def one_language(self) -> bool:
        """Whether nine documents in ten, or more, are of one language."""
        return max(self.languages.values(), default=0) >= ONE_LANGUAGE * self.size


class Agreement(Result):
    """How far clusters agree with labels (Rosenberg & Hirschberg, EMNLP 2007), each 0 to 1.

    Attributes:
        homogeneity: 1 where no cluster has documents of two labels.
        completeness: 1 where no label is spread over two clusters.
        v_measure: Their harmonic mean.
    """

    homogeneity: float
    completeness: float
    v_measure: float


class Clusters(Result):
    """The clusters of a collection.

    Attributes:
        clusters: Largest first; the number of each is its place.
        ids: Every document that was looked at.
        labels: The number of its cluster, for each of `ids`; -1 is none.
        languages: Documents of each language, most frequent first.
        neutral: How far the language was taken out.
        one_language: Share of the clusters of which nine documents in ten are of one language.
        by_language: V-measure of the clusters against the languages: 0 where they have nothing to do with them.
        agreement: With the labels that were asked for; documents without label are left out.
    """

    clusters: tuple[Cluster, ...]
    ids: tuple[DocumentId, ...]
    labels: tuple[int, ...]
    languages: dict[str, int]
    neutral: float
    one_language: float
    by_language: float
    agreement: Agreement | None = None

    def of(self, number: int) -> list[DocumentId]:
        """Ids of the documents of a cluster, -1 for those in none."""
        return [id for id, label in zip(self.ids, self.labels, strict=True) if label == number]


class Gap(Result):
    """A topic that a language lacks, or hardly has.

    Attributes:
        cluster: Number of the cluster.
        name: Its name.
        lang: The language.
        documents: How many the language has there.
        expected: How many it would have, if it had as much of this topic as it has of all of them.
        examples: What there is in other languages: the cluster's documents nearest to its middle.
    """

    cluster: int
    name: str
    lang: str
    documents: int
    expected: float
    examples: tuple[Member, ...] = ()


class Coverage(Result):
    """Which topics are there in which languages.

    Attributes:
        languages: Documents of each language, most frequent first; those with too few to tell are left out.
        clusters: The topics; `languages` of each is its row of the table.
        gaps: What is missing, by the number of documents that were expected, most first.
    """

    languages: dict[str, int]
    clusters: tuple[Cluster, ...]
    gaps: tuple[Gap, ...]

    def table(self) -> list[list[int]]:
        """Documents of each cluster (row) in each language (column)."""
        return [[cluster.languages.get(lang, 0) for lang in self.languages] for cluster in self.clusters]


class Placed(Result):
    """Where a text belongs on a map.

    Attributes:
        text: As given.
        x: 0 to 1, as those of the map.
        y: The same, upwards.
        nearest: Ids of the documents that are nearest to it in meaning, best first.
    """

    text: str
    x: float
    y: float
    nearest: list[DocumentId] = Field(default_factory=list)


class DuplicatePair(Result):
    """Two documents that say the same.

    Attributes:
        first: One of them.
        second: The other.
        score: Of a copy 1; of near ones their cosine, the language taken out; of translations how clearly they stand
            out (margin), by the clearest pairs of their two languages. At most 1.
        kind: `copy` (of equal text), `near` (nearly equal, of one language) or `translation`.
    """

    first: Member
    second: Member
    score: float
    kind: DuplicateKind


class NearDuplicates(Result):
    """What is there more than once.

    Attributes:
        documents: That were looked at.
        pairs: Highest score first.
        groups: Documents that pairs connect, directly or through others; largest first.
    """

    documents: int
    pairs: tuple[DuplicatePair, ...]
    groups: tuple[tuple[Member, ...], ...]


class Outlier(Result):
    """A document that has little to do with all others.

    Attributes:
        document: Which.
        score: By how many standard deviations it lies further from its neighbours than documents of its language do.
        similarity: Mean cosine with its nearest neighbours, the language taken out.
        nearest: The nearest of them.
    """

    document: Member
    score: float
    similarity: float
    nearest: Member | None = None
