"""What a probe of a collection's space finds, as a report. The measures themselves are in `geometry.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xling.errors import InvalidInput
from xling.explore import geometry
from xling.explore.nearest import nearest
from xling.explore.results import Result
from xling.space import Vectors
from xling.space.neutral import NeutralBasis
from xling.space.truncation import cut

NEIGHBOURS = 10
OVERSAMPLING = 3
"""Candidates, in times of what is asked for, that are ordered anew by the vectors themselves."""


class Hub(Result):
    """A document that is near to many.

    Attributes:
        text: Its text, or first chunk.
        lang: BCP 47 code, `und` if unknown.
        occurrences: Among the nearest of how many documents it is.
    """

    text: str
    lang: str
    occurrences: int


class Shape(Result):
    """The space in one form: as the model gives it, or without the language.

    Attributes:
        own_share: Share of a document's own language among its nearest; None where fewer than two are known.
        language_variance: Share of the variance that lies between languages; None as above.
        hub_skewness: Skewness of the k-occurrence; above 1 there are hubs.
        robin_hood: Share of the places among the nearest that hubs take from others, 0 to 1.
        never: Share of documents that are among the nearest of no other.
        hubs: The documents that are near to most.
        mean_cosine: Of two documents; 0 where all directions are alike.
        isoscore: How evenly variance is spread over the dimensions, 0 to 1.
        effective_dimension: Participation ratio of the variances.
        variances: Along each principal component as a share of all, largest first.
    """

    own_share: float | None
    language_variance: float | None
    hub_skewness: float
    robin_hood: float
    never: float
    hubs: tuple[Hub, ...]
    mean_cosine: float
    isoscore: float
    effective_dimension: float
    variances: tuple[float, ...]


class Saving(Result):
    """What one way of keeping vectors smaller costs.

    Attributes:
        name: `float16`, `int8`, `binary`, or `first 192`.
        bytes: Of one vector.
        recall: Share of the exact nearest that are found by the small vectors alone.
        rescored: The same where three times as many are fetched and ordered by the whole vectors, as Qdrant does.
    """

    name: str
    bytes: int
    recall: float
    rescored: float


class Probe(Result):
    """The report on a collection's space. Made by `Collection.probe`.

    Attributes:
        name: Of the collection.
        model: Name of its model.
        dimension: Of its vectors.
        documents: How many were looked at.
        total: How many there are.
        languages: Documents of each language among those looked at, most frequent first.
        neighbours: How many nearest of each the figures are about.
        pool_share: Share of a document's own language among all others: what `own_share` would be without bias.
        raw: The space as the model gives it.
        neutral: The space without the language.
        savings: What keeping vectors smaller costs, least memory last.
    """

    name: str
    model: str
    dimension: int
    documents: int
    total: int
    languages: dict[str, int]
    neighbours: int
    pool_share: float | None
    raw: Shape
    neutral: Shape
    savings: tuple[Saving, ...]

    def rows(self) -> list[tuple[str, str, str]]:
        """The figures of both forms for people: name, raw, neutral."""
        pairs: list[tuple[str, float | None, float | None, str]] = [
            (f"own language among the {self.neighbours} nearest", self.raw.own_share, self.neutral.own_share, ".1%"),
            ("variance between languages", self.raw.language_variance, self.neutral.language_variance, ".1%"),
            ("hubs: skewness of occurrences", self.raw.hub_skewness, self.neutral.hub_skewness, ".2f"),
            ("hubs: Robin Hood index", self.raw.robin_hood, self.neutral.robin_hood, ".3f"),
            ("documents near to no other", self.raw.never, self.neutral.never, ".1%"),
            ("mean cosine of two documents", self.raw.mean_cosine, self.neutral.mean_cosine, ".3f"),
            ("IsoScore", self.raw.isoscore, self.neutral.isoscore, ".3f"),
            ("effective dimension", self.raw.effective_dimension, self.neutral.effective_dimension, ".1f"),
        ]
        return [(name, _shown(raw, form), _shown(neutral, form)) for name, raw, neutral, form in pairs]

    def save(self, path: str | Path) -> None:
        """Draw it into a picture (.png or .svg): what keeping vectors smaller costs, hubs, variance by component.

        Raises:
            InvalidInput: The suffix is neither, or the file cannot be written.
            MissingExtra: matplotlib is not installed.
        """
        from xling.explore.probe_picture import draw

        file = Path(path)
        if file.suffix.lower() not in (".png", ".svg"):
            raise InvalidInput(f"the report is drawn as .png or .svg, not as {file.name!r}")
        try:
            draw(self, file)
        except OSError as exc:
            raise InvalidInput(f"{path}: the picture cannot be written ({exc.strerror or exc})") from exc


def _shown(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def shape_of(vectors: Vectors, texts: Sequence[str], langs: Sequence[str], k: int, hubs: int) -> Shape:
    """One form of the space.

    Args:
        vectors: Unit, shape (n, dimension), n two or more.
        texts: Of each.
        langs: Of each; `und` counts as a language of its own.
        k: Nearest of each that are looked at.
        hubs: Documents to name that are near to most.
    """
    found, _ = nearest(vectors, vectors, k, itself=False)
    counts = geometry.occurrences(found, len(vectors))
    several = len({lang for lang in langs if lang != "und"}) > 1
    variances = geometry.spectrum(vectors)
    total = float(variances.sum()) or 1.0
    return Shape(
        own_share=geometry.own_share(found, langs) if several else None,
        language_variance=geometry.language_variance(vectors, langs) if several else None,
        hub_skewness=geometry.skewness(counts),
        robin_hood=geometry.robin_hood(counts),
        never=float((counts == 0).mean()),
        hubs=tuple(
            Hub(text=texts[i], lang=langs[i], occurrences=int(counts[i]))
            for i in np.argsort(-counts, kind="stable")[:hubs]
        ),
        mean_cosine=geometry.mean_cosine(vectors),
        isoscore=geometry.isoscore(vectors),
        effective_dimension=geometry.participation(variances),
        variances=tuple(round(float(v) / total, 6) for v in variances),
    )


def savings_of(vectors: Vectors, basis: NeutralBasis, k: int, queries: int, seed: int) -> tuple[Saving, ...]:
    """What keeping vectors smaller costs neutral searches, against exact ones, on some documents as queries.

    As in Qdrant, queries of an int8 or binary search are made as small as the documents.

    Args:
        vectors: Documents as stored, unit, shape (n, dimension).
        basis: What makes queries neutral.
        k: Nearest that are to be found.
        queries: How many of the documents are taken out and asked for; at most a quarter.
        seed: Chooses them.
    """
    dimension = vectors.shape[1]
    order = np.random.default_rng(seed).permutation(len(vectors))
    queries = max(min(queries, len(vectors) // 4), 1)
    asked, vectors = basis.project(vectors[order[:queries]], 1.0), vectors[order[queries:]]
    exact, _ = nearest(asked, vectors, k)
    ways = [
        ("float16", 2 * dimension, geometry.by_products(asked, geometry.half(vectors))),
        ("int8", dimension, geometry.by_products(geometry.int8(asked, vectors), geometry.int8(vectors, vectors))),
        ("binary", -(-dimension // 8), geometry.by_products(geometry.signs(asked), geometry.signs(vectors))),
        *(
            (f"first {size}", 4 * size, geometry.by_products(cut(asked, size), cut(vectors, size)))
            for size in geometry.truncations(dimension)
        ),
    ]
    found = []
    for name, size, ranked in ways:
        plain, rescored = geometry.recall(asked, vectors, exact, ranked, OVERSAMPLING)
        found.append(Saving(name=name, bytes=size, recall=plain, rescored=rescored))
    return tuple(sorted(found, key=lambda saving: (-saving.bytes, saving.name)))
