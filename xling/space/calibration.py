"""Calibrated confidence: what a score of this model means, on a scale that is the same for every model.

Raw cosines are not comparable between models: those of e5 lie between 0.7 and 1.0, those of other models about 0.
Two distributions say what they mean: the *background*, scores of random texts of different languages, and those of
*translations*. With z₀ = (score - mean₀) / sd₀, how far it is above the background, and z₁ = (mean₁ - score) / sd₁,
how far below translations,

    confidence = z₀ / (z₀ + z₁), within 0 … 1

0: no nearer than any two texts. 1: as near as a translation. At 0.5 the two errors, taking a random text for a
translation and missing a translation, are equally likely; so the same threshold does the same job whatever the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xling.errors import InvalidInput, ModelError
from xling.space.neutral import NeutralBasis
from xling.space.protocols import Vectors

BLOCK = 512


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of the scores of random pairs and of translations."""

    background: float
    background_sd: float
    translation: float
    translation_sd: float

    def __post_init__(self) -> None:
        values = list(asdict(self).values())
        if not np.isfinite(values).all() or self.translation <= self.background:
            raise InvalidInput(
                f"Scores of translations (mean {self.translation}) must lie above those of random texts "
                f"(mean {self.background}): with this model a score says nothing about meaning."
            )


@dataclass(frozen=True)
class Calibration:
    """Turns scores of one model into confidence.

    Attributes:
        raw: The scale of searches with `neutral=0`.
        neutral: The scale of searches with `neutral=1`.
    """

    raw: Scale
    neutral: Scale

    def scale(self, alpha: float = 1.0) -> Scale:
        """The scale of searches with `neutral=alpha`: between the two it is interpolated."""
        if not 0.0 <= alpha <= 1.0:
            raise InvalidInput(f"neutral={alpha} is out of range: 0 is the model as it is, 1 is language-neutral.")
        raw, neutral = asdict(self.raw), asdict(self.neutral)
        return Scale(**{k: (1 - alpha) * raw[k] + alpha * neutral[k] for k in raw})

    def confidence(self, scores: ArrayLike, alpha: float = 1.0) -> NDArray[np.float64]:
        """Confidence of scores, 0 to 1, of the shape of `scores`.

        Args:
            scores: Cosine similarities of queries, made neutral with `alpha`, to documents as they are stored.
            alpha: The search's `neutral`.

        Returns:
            0 is no nearer than random texts of different languages, 1 is as near as a translation; at 0.5 taking
            a random text for a translation and missing a translation are equally likely. NaN gives 0.
        """
        s, x = self.scale(alpha), np.asarray(scores, dtype=np.float64)
        above = (x - s.background) / max(s.background_sd, 1e-9)
        below = (s.translation - x) / max(s.translation_sd, 1e-9)
        inside = np.clip(above, 0, None) / np.maximum(np.clip(above, 0, None) + np.clip(below, 0, None), 1e-12)
        return np.where(np.isnan(x), 0.0, np.where(below <= 0, 1.0, inside))

    def score(self, confidence: float, alpha: float = 1.0) -> float:
        """The score at which a confidence is reached: a threshold for Qdrant's `score_threshold`."""
        if not 0.0 <= confidence <= 1.0:
            raise InvalidInput(f"A confidence lies between 0 and 1, not at {confidence}.")
        s = self.scale(alpha)
        up, down = confidence * s.background_sd, (1 - confidence) * s.translation_sd
        if up + down <= 0:
            return s.translation if confidence else s.background
        return (up * s.translation + down * s.background) / (up + down)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """JSON-able."""
        return {name: {k: round(v, 6) for k, v in scale.items()} for name, scale in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """The inverse of `to_dict`.

        Raises:
            InvalidInput: It is not what `to_dict` gives.
        """
        try:
            return cls(*(Scale(**{k: float(v) for k, v in data[name].items()}) for name in ("raw", "neutral")))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InvalidInput(f"This is not a calibration as xling writes it: {exc!r}") from exc


def calibrate(
    queries: Vectors,
    blended: Vectors,
    documents: Vectors,
    *,
    query_langs: Sequence[str],
    document_langs: Sequence[str],
    query_keys: Sequence[str],
    document_keys: Sequence[str],
    basis: NeutralBasis,
) -> Calibration:
    """Calibrate from texts whose translations are known; only pairs of different languages count.

    Args:
        queries: Query vectors, unit, shape (n, dimension): they make the raw scale.
        blended: The same queries with both prompts (`blend_prompts`): they make the neutral scale.
        documents: Document vectors, unit, shape (m, dimension).
        query_langs: Language of each query.
        document_langs: Language of each document.
        query_keys: What each query says: texts of equal key are translations.
        document_keys: The same of each document.
        basis: The neutral basis of the neutral scale.

    Raises:
        InvalidInput: There are no translations, or no random pairs, among them.
        ModelError: The model does not score translations above random pairs.
    """
    langs, keys = np.asarray(document_langs), np.asarray(document_keys)
    query_langs_, query_keys_ = np.asarray(query_langs), np.asarray(query_keys)
    try:
        scales = [
            _scale(turned, documents, query_langs_, langs, query_keys_, keys)
            for turned in (np.asarray(queries, np.float32), basis.project(blended))
        ]
    except InvalidInput as exc:
        if "says nothing" not in str(exc):
            raise
        raise ModelError(f"This model cannot be calibrated. {exc}") from exc
    return Calibration(*scales)


def _scale(
    queries: Vectors,
    documents: Vectors,
    query_langs: NDArray[np.str_],
    langs: NDArray[np.str_],
    query_keys: NDArray[np.str_],
    keys: NDArray[np.str_],
) -> Scale:
    sums = np.zeros((2, 3))  # background and translations: count, sum, sum of squares
    for start in range(0, len(queries), BLOCK):
        block = slice(start, start + BLOCK)
        scores = (queries[block] @ documents.T).astype(np.float64)
        other = query_langs[block][:, None] != langs[None, :]
        same = query_keys[block][:, None] == keys[None, :]
        for i, pairs in enumerate((other & ~same, other & same)):
            found = scores[pairs]
            sums[i] += len(found), found.sum(), (found**2).sum()
    counts = sums[:, 0]
    if (counts < 2).any():
        raise InvalidInput(
            f"Calibration needs translations and random pairs in different languages; got {int(counts[1])} and "
            f"{int(counts[0])} pairs."
        )
    means = sums[:, 1] / counts
    deviations = np.sqrt(np.maximum(sums[:, 2] / counts - means**2, 0))
    return Scale(float(means[0]), float(deviations[0]), float(means[1]), float(deviations[1]))
