"""Language-neutral queries: taking the language out of the query vector, so that meaning alone ranks.

Multilingual encoders put texts of one language close together whatever they say (LAReQA: Roy et al., arXiv
2004.05484). The means of the languages, taken as offsets from their common mean, span a small *language subspace*
(LSAR: Xie et al., EMNLP 2022). With orthonormal rows B of that subspace and weights w, a query becomes

    q' = normalise(q − α · Bᵀ diag(w) B q)

and since q'·d = q·(P d) for the symmetric P, the documents stay as they are: nothing is re-indexed, a better basis
costs nothing, and any collection can be searched neutrally.

Three things are ours, and measured in `tests/benchmarks/neutral.py`:

* *Only the languages that are present count.* A direction that no two languages of the collection differ in cannot
  favour one of them; taking it out only costs meaning. Languages weigh by the square root of their documents.
* *Soft instead of a hard cut.* A direction with language variance s² and content variance c is taken out to
  w = s² / (s² + c/2), so that r needs no choice and weak directions, which hold more content than language, stay.
* *A third of the common direction* goes too. All vectors of an anisotropic model share it; what a document has more or
  less of it makes it near or far to every query (hubness), not near to this one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.space.protocols import Vectors
from xling.space.stats import LanguageStats, pack, unpack

PRIOR_DOCUMENTS = 30.0
"""The reference sample weighs as much as this many of a language's own documents."""

OTHER_LANGUAGES = 0.1
"""Share of the weight that languages keep which are not (yet) seen in the collection: detection errs, and the next
document may be in another language. It is larger in a young collection."""

SOFTNESS = 0.5
"""Content variance is counted this much against language variance in the weights."""

COMMON_WEIGHT = 0.35
"""How much of the common direction is taken out of a query."""

DOCUMENT_PROMPT = 0.25
"""Share of the document prompt in a query that is seen with both prompts."""

CENTRE_WEIGHT = 0.8
"""How much of the common mean is taken out where both sides are at hand."""

MIN_WEIGHT = 0.05
"""Directions of less weight are dropped: they change no ranking and cost space."""

_TINY = 1e-9

_ALIASES = {"no": "nb", "nn": "nb", "bs": "hr", "sh": "sr", "fil": "tl", "iw": "he", "in": "id", "yue": "zh"}


@dataclass(frozen=True, eq=False)
class NeutralBasis:
    """The language subspace of one model, as far as a collection's languages need it.

    Attributes:
        rows: Orthonormal directions in which languages differ, strongest first, float32, shape (r, dimension);
            r may be 0.
        weights: How much of each direction is taken out, 0 to 1, float32, shape (r,).
        center: Mean document vector with its language taken out, not of unit length, float32, shape (dimension,).
            Its direction, as far as it is not in `rows`, is the common direction.
        provenance: Where the basis comes from, for people: numbers of documents and languages.
    """

    rows: Vectors
    weights: NDArray[np.float32]
    center: NDArray[np.float32]
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.weights.shape != self.rows.shape[:1] or self.center.shape != self.rows.shape[1:]:
            raise InvalidInput(
                f"A neutral basis needs rows of shape (r, dimension), r weights and a center of shape (dimension,); "
                f"got {self.rows.shape}, {self.weights.shape} and {self.center.shape}."
            )

    @property
    def dimension(self) -> int:
        """Number of columns of the vectors it fits."""
        return int(self.rows.shape[1])

    def project(self, queries: Vectors, alpha: float = 1.0) -> Vectors:
        """Make query vectors neutral, to be searched among documents that stay as they are.

        Args:
            queries: Unit vectors, shape (n, dimension).
            alpha: 0 leaves them as the model gives them, 1 makes them neutral; between is allowed.

        Returns:
            Unit vectors, float32, shape (n, dimension). A vector with nothing but language in it is returned as
            it was.

        Raises:
            InvalidInput: `alpha` is out of range, or the shapes do not fit.
        """
        rows = self._checked(queries, alpha)
        if alpha == 0.0:
            return rows
        rest = rows - self._language(rows, alpha)
        common = self._common
        if common is not None:
            rest -= alpha * COMMON_WEIGHT * np.outer(rows @ common, common)
        return _unit_or(rest, rows)

    def centre(self, vectors: Vectors, alpha: float = 1.0) -> Vectors:
        """Make both sides neutral: queries and documents whose vectors are at hand, e.g. the top hits.

        The language goes, and most of what all documents have in common; then lengths are made equal again, which
        the query side alone cannot do. Cosines of such vectors rank better than those of `project`, and lie lower.

        Args:
            vectors: Unit vectors, shape (n, dimension).
            alpha: As in `project`.

        Returns:
            Unit vectors, float32, shape (n, dimension).

        Raises:
            InvalidInput: As in `project`.
        """
        rows = self._checked(vectors, alpha)
        if alpha == 0.0:
            return rows
        return _unit_or(rows - self._language(rows, alpha) - alpha * CENTRE_WEIGHT * self.center, rows)

    @functools.cached_property
    def _common(self) -> NDArray[np.float32] | None:
        """The common direction, of unit length."""
        common = self.center - (self.center @ self.rows.T) @ self.rows
        length = float(np.linalg.norm(common))
        return common / length if length > _TINY else None

    def _language(self, vectors: Vectors, alpha: float) -> Vectors:
        part: Vectors = ((vectors @ self.rows.T) * (np.float32(alpha) * self.weights)) @ self.rows
        return part

    def _checked(self, vectors: Vectors, alpha: float) -> Vectors:
        if not 0.0 <= alpha <= 1.0:
            raise InvalidInput(f"neutral={alpha} is out of range: 0 is the model as it is, 1 is language-neutral.")
        rows = np.asarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise InvalidInput(f"Vectors of shape {rows.shape} do not fit a neutral basis of {self.dimension} columns.")
        return rows

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; arrays are float32, little-endian, base64."""
        return {
            "dimension": self.dimension,
            "rows": pack(self.rows),
            "weights": [round(float(w), 4) for w in self.weights],
            "center": pack(self.center),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NeutralBasis:
        """The inverse of `to_dict`.

        Raises:
            InvalidInput: It is not what `to_dict` gives.
        """
        try:
            dimension, weights = int(data["dimension"]), np.asarray(data["weights"], dtype=np.float32)
            rows = unpack(data["rows"], (len(weights), dimension))
            return cls(rows, weights, unpack(data["center"], (dimension,)), dict(data.get("provenance", {})))
        except (KeyError, TypeError, ValueError) as exc:
            raise InvalidInput(f"This is not a neutral basis as xling writes it: {exc!r}") from exc


def blend_prompts(as_queries: Vectors, as_documents: Vectors, alpha: float = 1.0) -> Vectors:
    """Queries seen with both prompts of a model that has two, such as e5's `query: ` and `passage: `.

    Each prompt moves a text in its own way, and differently in each language; a mixture ranks better than the query
    prompt alone once the language is taken out (and worse before, so that it fades in with `alpha`). Documents stay
    as they are.

    Args:
        as_queries: The texts encoded as queries, unit vectors, shape (n, dimension).
        as_documents: The same texts encoded as documents.
        alpha: The search's `neutral`: 0 leaves the query's own vector, 1 gives the document prompt its full share.

    Returns:
        Unit vectors, float32, shape (n, dimension), to be given to `NeutralBasis.project`.
    """
    if as_queries.shape != as_documents.shape:
        raise InvalidInput(f"The two sides must be of one shape, got {as_queries.shape} and {as_documents.shape}.")
    queries = np.asarray(as_queries, dtype=np.float32)
    if alpha == 0.0:
        return queries
    share = np.float32(alpha * DOCUMENT_PROMPT)
    return _unit_or((1 - share) * queries + share * np.asarray(as_documents, dtype=np.float32), queries)


def estimate_basis(own: LanguageStats | None, reference: LanguageStats | None = None) -> NeutralBasis:
    """Estimate the language subspace from a collection's own documents, the reference sample, or both.

    The mean of a language is that of its own documents and that of the reference sample (moved by how far the
    collection as a whole lies from the sample), weighted by n : `PRIOR_DOCUMENTS`; so few documents weigh little,
    and a language that the sample lacks is drawn to the common mean. Directions and weights then come from the
    covariance of these means over the languages of the collection (see the module's docstring). No number of
    directions has to be chosen: in L languages at most L - 1 are strong enough, weak ones get little weight or
    are dropped.

    Args:
        own: The collection's documents by language; None or empty for a collection that is new, or whose
            languages are unknown.
        reference: The reference sample by language, of the same model.

    Returns:
        The basis; with no rows and a zero center if there are no statistics at all.

    Raises:
        InvalidInput: Neither is given, or they are of different dimensions.
    """
    if own is None and reference is None:
        raise InvalidInput("A neutral basis needs statistics: the collection's own, or those of the reference sample.")
    given = [stats for stats in (own, reference) if stats is not None]
    dimension = given[0].dimension
    if any(stats.dimension != dimension for stats in given):
        raise InvalidInput(
            f"The collection's statistics have dimension {given[0].dimension}, the reference sample's "
            f"{given[1].dimension}: they are of different models."
        )
    own, reference = own or LanguageStats(dimension), reference or LanguageStats(dimension)
    provenance = {
        "documents": own.total,
        "languages": len(own.counts),
        "reference_languages": len(reference.counts),
    }
    langs = sorted({*own.counts, *(reference.counts)})
    if not langs:
        nothing = np.zeros((0, dimension), np.float32)
        return NeutralBasis(nothing, nothing[:, 0], np.zeros(dimension, np.float32), provenance)
    shares = _language_shares(langs, own)
    means = language_means(langs, own, reference)
    mean = shares @ means
    squares, directions = _principal((means - mean) * np.sqrt(shares)[:, None])
    weights = squares / (squares + SOFTNESS * _content_variance(own, reference) + _TINY)
    strong = weights > MIN_WEIGHT
    rows, weights = directions[strong], weights[strong]
    center = mean - ((mean @ rows.T) * weights) @ rows
    return NeutralBasis(rows.astype(np.float32), weights.astype(np.float32), center.astype(np.float32), provenance)


def _principal(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared singular values, the largest first, and the right singular vectors, as rows.

    By the smaller Gram matrix, which is several times as fast as an SVD on a busy machine: a search that follows a
    write waits for it. What is lost are digits of the small values, and those have no weight.
    """
    few = len(rows) <= rows.shape[1]
    values, vectors = np.linalg.eigh(rows @ rows.T if few else rows.T @ rows)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    if few:
        return values, (vectors.T @ rows) / np.sqrt(np.maximum(values, _TINY))[:, None]
    return values, vectors.T


def _language_shares(langs: list[str], own: LanguageStats) -> NDArray[np.float64]:
    """Weight of each language, summing to 1: by the root of its documents, and a little for all the others."""
    anyone = np.full(len(langs), 1 / len(langs))
    counts = own.counts
    present = np.sqrt([counts.get(lang, 0) for lang in langs])
    if not present.any():
        return anyone
    others = OTHER_LANGUAGES + (1 - OTHER_LANGUAGES) / (1 + own.total)
    shares: NDArray[np.float64] = (1 - others) * present / present.sum() + others * anyone
    return shares


def language_means(langs: Sequence[str], own: LanguageStats, reference: LanguageStats) -> NDArray[np.float64]:
    """Mean document vector of each language, by weight of evidence (see `estimate_basis`).

    Args:
        langs: Languages; all that `own` counts must be among them.
        own: Documents at hand.
        reference: The reference sample.

    Returns:
        One row a language, shape (len(langs), dimension).
    """
    counts, prior = own.counts, {lang: _reference_mean(reference, lang) for lang in langs}
    evidence = {lang: n / (n + PRIOR_DOCUMENTS) for lang, n in counts.items()}
    anchors = [mean for mean in prior.values() if mean is not None]
    common = np.mean(anchors, axis=0) if anchors else np.zeros(own.dimension)
    known = [lang for lang in counts if prior[lang] is not None] or list(counts)
    total = sum(evidence[lang] for lang in known)
    moved = np.zeros(own.dimension)
    for lang in known:
        base = prior[lang]
        moved += evidence[lang] / total * (_mean(own, lang) - (common if base is None else base))
    rows = []
    for lang in langs:
        base = prior[lang]
        expected = (common if base is None else base) + moved
        weight = evidence.get(lang, 0.0)
        rows.append(weight * _mean(own, lang) + (1 - weight) * expected if weight else expected)
    return np.stack(rows)


def _mean(stats: LanguageStats, lang: str) -> NDArray[np.float64]:
    mean = stats.mean(lang)
    assert mean is not None  # asked for counted languages only
    return mean


def _reference_mean(reference: LanguageStats, lang: str) -> NDArray[np.float64] | None:
    """The sample's mean for a code as detectors and users write it: `zh-Hant`, `no`, `pt-BR`, …"""
    primary = lang.split("-")[0].lower()
    for code in (lang, primary, _ALIASES.get(primary, primary)):
        mean = reference.mean(code)
        if mean is not None:
            return mean
    return None


def _content_variance(own: LanguageStats, reference: LanguageStats) -> float:
    """Variance of vectors about the mean of their language, per dimension; the sample counts as a few documents."""
    squares, freedom = own.scatter()
    prior_squares, prior_freedom = reference.scatter()
    if prior_freedom:
        squares += PRIOR_DOCUMENTS * prior_squares / prior_freedom
        freedom_total = freedom + PRIOR_DOCUMENTS
    else:
        freedom_total = float(freedom)
    return squares / freedom_total / own.dimension if freedom_total else 0.0


def _unit_or(vectors: Vectors, fallback: Vectors) -> Vectors:
    """Rows at unit length; where nothing is left, the row of `fallback`."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(norms > 1e-6, vectors / np.maximum(norms, 1e-6), fallback).astype(np.float32)
