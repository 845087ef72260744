"""Running statistics of document vectors per language: what the neutral basis is estimated from."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.space.protocols import Vectors

UNKNOWN = "und"
"""Texts of unknown language say nothing about the offset of any language: they are left out."""


class LanguageStats:
    """Per language: how many unit document vectors there are, and their sum.

    Small enough for a collection's metadata (one vector a language), exact under adding and removing, and all that
    the neutral basis needs. Unit vectors make even the scatter within a language free: it is `1 − |mean|²`.

    Args:
        dimension: Number of columns of the vectors.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._counts: dict[str, int] = {}
        self._sums: dict[str, NDArray[np.float64]] = {}

    @property
    def counts(self) -> dict[str, int]:
        """Number of vectors of each language, languages sorted."""
        return {lang: self._counts[lang] for lang in sorted(self._counts)}

    @property
    def total(self) -> int:
        """Number of vectors of all languages."""
        return sum(self._counts.values())

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LanguageStats):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # it changes in place

    def __repr__(self) -> str:
        return f"LanguageStats(dimension={self.dimension}, counts={self.counts})"

    def add(self, langs: Sequence[str], vectors: Vectors) -> None:
        """Count documents in.

        Args:
            langs: Language of each vector; `und` is not counted.
            vectors: Unit vectors, shape (len(langs), dimension).

        Raises:
            InvalidInput: The shapes do not fit.
        """
        self._change(langs, vectors, 1)

    def remove(self, langs: Sequence[str], vectors: Vectors) -> None:
        """Count documents out again. A language whose last document goes is forgotten."""
        self._change(langs, vectors, -1)

    def _change(self, langs: Sequence[str], vectors: Vectors, sign: int) -> None:
        rows = np.asarray(vectors, dtype=np.float64)
        if rows.shape != (len(langs), self.dimension):
            raise InvalidInput(
                f"Language statistics of dimension {self.dimension} were given {len(langs)} languages and vectors "
                f"of shape {rows.shape}: give one vector of {self.dimension} columns for each language."
            )
        if not np.isfinite(rows).all():
            raise InvalidInput("Language statistics were given vectors with NaN or infinite values: leave those out.")
        by_lang: dict[str, list[int]] = {}
        for i, lang in enumerate(langs):
            if lang != UNKNOWN:
                by_lang.setdefault(lang, []).append(i)
        for lang, index in by_lang.items():
            self._change_one(lang, sign * len(index), sign * rows[index].sum(axis=0))

    def _change_one(self, lang: str, count: int, total: NDArray[np.float64]) -> None:
        new = self._counts.get(lang, 0) + count
        if new <= 0:
            self._counts.pop(lang, None)
            self._sums.pop(lang, None)
            return
        self._counts[lang] = new
        self._sums[lang] = self._sums.get(lang, np.zeros(self.dimension)) + total

    def merge(self, other: LanguageStats) -> None:
        """Count in everything that `other` counted."""
        if other.dimension != self.dimension:
            raise InvalidInput(
                f"Language statistics of dimension {other.dimension} cannot be merged into dimension "
                f"{self.dimension}: they are of another model."
            )
        for lang, count in other._counts.items():
            self._change_one(lang, count, other._sums[lang])

    def subtract(self, other: LanguageStats) -> None:
        """Count out everything that `other` counted."""
        for lang, count in other._counts.items():
            self._change_one(lang, -count, -other._sums[lang])

    def scaled(self, factor: float) -> LanguageStats:
        """What a sample says of a whole that is `factor` times as large."""
        counts = {lang: max(round(n * factor), 1) for lang, n in self.counts.items()}
        return LanguageStats.from_means(counts, self.means()) if counts else LanguageStats(self.dimension)

    def mean(self, lang: str) -> NDArray[np.float64] | None:
        """Mean vector of a language, shape (dimension,), or None if it has no documents."""
        count = self._counts.get(lang)
        return self._sums[lang] / count if count else None

    def means(self) -> NDArray[np.float64]:
        """Means of all languages in the order of `counts`, shape (languages, dimension)."""
        rows = [self._sums[lang] / n for lang, n in self.counts.items()]
        return np.stack(rows) if rows else np.zeros((0, self.dimension))

    def scatter(self) -> tuple[float, int]:
        """Squared distances from the mean of each vector's language, summed, and their degrees of freedom."""
        squares = sum(n - float(self._sums[lang] @ self._sums[lang]) / n for lang, n in self._counts.items())
        return max(squares, 0.0), self.total - len(self._counts)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; sums are float32, little-endian, base64."""
        return {
            "dimension": self.dimension,
            "languages": {lang: {"n": n, "sum": pack(self._sums[lang])} for lang, n in self.counts.items()},
        }

    @classmethod
    def from_means(cls, counts: Mapping[str, int], means: NDArray[Any]) -> LanguageStats:
        """Statistics from the means of languages, shape (len(counts), dimension), in the order of `counts`."""
        if means.ndim != 2 or len(means) != len(counts):
            raise InvalidInput(f"{len(counts)} languages need as many means; got an array of shape {means.shape}.")
        stats = cls(means.shape[1])
        for (lang, count), mean in zip(counts.items(), means, strict=True):
            stats._change_one(lang, int(count), int(count) * mean.astype(np.float64))
        return stats

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LanguageStats:
        """The inverse of `to_dict`.

        Raises:
            InvalidInput: It is not what `to_dict` gives.
        """
        try:
            stats = cls(int(data["dimension"]))
            for lang, entry in data["languages"].items():
                stats._change_one(lang, int(entry["n"]), unpack(entry["sum"], (stats.dimension,)).astype(np.float64))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InvalidInput(f"These are not language statistics as xling writes them: {exc!r}") from exc
        return stats


def pack(array: NDArray[Any]) -> str:
    """float32, little-endian, base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode("ascii")


def unpack(text: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The inverse of `pack`. Raises ValueError where the size or the encoding is wrong."""
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").reshape(shape).astype(np.float32)
