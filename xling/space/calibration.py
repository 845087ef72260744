"""Calibrated confidence: what a score of this model means, on a scale that is the same for every model.

Raw cosines are not comparable between models: those of e5 lie between 0.7 and 1.0, those of other models about 0.
Two distributions say what they mean: the *background*, scores of random texts of different languages, and those of
*translations*. With z₀ = (score - mean₀) / sd₀, how far it is above the background, and z₁ = (mean₁ - score) / sd₁,
how far below translations,

    confidence = z₀ / (z₀ + z₁), within 0 … 1

Only languages that the model knows are looked at: those whose translations score about as far above the background
as those of its best languages do.

0: no nearer than any two texts. 1: as near as a translation. At 0.5 the two errors, taking a random text for a
translation and missing a translation, are equally likely; so the same threshold does the same job whatever the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xling.errors import InvalidInput, ModelError
from xling.space.neutral import NeutralBasis
from xling.space.protocols import Vectors

BLOCK = 512

LEAST = 0.5
"""Translations must lie this many standard deviations above random pairs, or a model is of no use across languages."""


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

    def confidence(self, score: float) -> float:
        """Confidence of one score, as `Calibration.confidence` gives it for many: once a hit, so without numpy."""
        above = max((score - self.background) / max(self.background_sd, 1e-9), 0.0)
        below = (self.translation - score) / max(self.translation_sd, 1e-9)
        if math.isnan(score):
            return 0.0
        return 1.0 if below <= 0 else above / max(above + below, 1e-12)


@dataclass(frozen=True)
class Calibration:
    """Turns scores of one model into confidence.

    Attributes:
        raw: The scale of searches with `neutral=0`.
        neutral: The scale of searches with `neutral=1`.
        languages: Those of the sample that the model knows. In others its scores mean less.
    """

    raw: Scale
    neutral: Scale
    languages: tuple[str, ...] = ()

    def scale(self, alpha: float = 1.0) -> Scale:
        """The scale of searches with `neutral=alpha`: between the two it is interpolated."""
        if not 0.0 <= alpha <= 1.0:
            raise InvalidInput(f"neutral={alpha} is out of range: 0 is the model as it is, 1 is language-neutral.")
        if alpha in (0.0, 1.0):
            return self.neutral if alpha else self.raw
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

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        scales = {name: getattr(self, name) for name in ("raw", "neutral")}
        rounded = {name: {k: round(v, 6) for k, v in asdict(scale).items()} for name, scale in scales.items()}
        return {**rounded, "languages": list(self.languages)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """The inverse of `to_dict`.

        Raises:
            InvalidInput: It is not what `to_dict` gives.
        """
        try:
            scales = [Scale(**{k: float(v) for k, v in data[name].items()}) for name in ("raw", "neutral")]
            return cls(scales[0], scales[1], tuple(str(lang) for lang in data.get("languages", ())))
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
    known = sorted({*query_langs, *document_langs})
    index = {lang: i for i, lang in enumerate(known)}
    asked, found = (np.array([index[lang] for lang in langs]) for langs in (query_langs, document_langs))
    same = np.asarray(query_keys)[:, None] == np.asarray(document_keys)[None, :]
    # One half of what is said chooses the languages, so that the other can tell whether the choice was mere chance.
    first = np.unique(np.asarray(query_keys), return_inverse=True)[1] % 2 == 0
    pairs = (~same, same & first[:, None], same & ~first[:, None])
    neutral = _sums(basis.project(blended), documents, asked, found, pairs)
    raw = _sums(np.asarray(queries, np.float32), documents, asked, found, pairs)
    _check_pairs(neutral)
    chosen = _known_languages(neutral[:2])
    try:
        scales = _scale(raw, chosen), _scale(neutral, chosen)
        checked = _scale(neutral[[0, 2]], chosen)
    except InvalidInput as exc:
        raise ModelError(f"This model cannot be calibrated. {exc}") from exc
    if (distance := checked.translation - checked.background) < LEAST * checked.background_sd:
        raise ModelError(
            f"This model cannot be calibrated: it scores translations only {distance:.3f} above random texts of "
            f"different languages (standard deviation {checked.background_sd:.3f}). Is it a multilingual one?"
        )
    return Calibration(*scales, tuple(np.array(known)[chosen].tolist()))


def _sums(
    queries: Vectors,
    documents: Vectors,
    query_langs: NDArray[np.int64],
    document_langs: NDArray[np.int64],
    kinds: Sequence[NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """Count, sum and sum of squares of the scores of each kind of pairs (random, translations), by their languages.

    Shape (kinds, 3, languages, languages); pairs of one language are left out.
    """
    size = 1 + max(query_langs.max(initial=0), document_langs.max(initial=0))
    of_query, of_document = np.eye(size)[query_langs], np.eye(size)[document_langs]
    out = np.zeros((len(kinds), 3, size, size))
    for start in range(0, len(queries), BLOCK):
        block = slice(start, start + BLOCK)
        scores = (queries[block] @ documents.T).astype(np.float64)
        for i, kind in enumerate(kinds):
            for power in range(3):
                out[i, power] += of_query[block].T @ ((kind[block] * scores**power) @ of_document)
    out[:, :, np.arange(size), np.arange(size)] = 0
    return out


def _check_pairs(sums: NDArray[np.float64]) -> None:
    random, *translations = (int(n) for n in sums[:, 0].sum(axis=(1, 2)))
    if min(random, *translations) < 2:
        raise InvalidInput(
            f"Calibration needs translations and random pairs in different languages; got "
            f"{sum(translations)} and {random} pairs."
        )


def _known_languages(sums: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Languages whose translations stand out at least half as far as those of the best tenth of languages do.

    A language that the model does not know pulls its partners down, so that the worst go first, a few at a time.
    """
    background = sums[0].sum(axis=(1, 2))
    level = background[1] / background[0]
    count, total = (sums[1, power] + sums[1, power].T for power in (0, 1))
    chosen: NDArray[np.bool_] = count.sum(axis=1) > 0
    while True:
        n = count[:, chosen].sum(axis=1)
        above = np.where(chosen & (n > 0), total[:, chosen].sum(axis=1) / np.maximum(n, 1) - level, -np.inf)
        best = np.quantile(above[chosen], 0.9)
        weak = np.flatnonzero(chosen & (above < best / 2))
        if not len(weak) or chosen.sum() - len(weak) < 2:
            return chosen
        worst = weak[np.argsort(above[weak])][: max(1, len(weak) // 2)]
        chosen[worst] = False


def _scale(sums: NDArray[np.float64], chosen: NDArray[np.bool_]) -> Scale:
    kept = sums[:, :, chosen][:, :, :, chosen].sum(axis=(2, 3))
    counts, totals, squares = np.stack([kept[0], kept[1:].sum(axis=0)]).T
    means = totals / np.maximum(counts, 1)
    deviations = np.sqrt(np.maximum(squares / np.maximum(counts, 1) - means**2, 0))
    return Scale(float(means[0]), float(deviations[0]), float(means[1]), float(deviations[1]))
