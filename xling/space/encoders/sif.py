"""Sentence vectors from word vectors: smooth inverse frequency.

Arora, Liang and Ma, 2017, A Simple but Tough-to-Beat Baseline for Sentence Embeddings: the mean of the words' vectors,
each weighted by a / (a + how probable the word is), less what all sentences have in common (the first singular vector).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.space.encoders.segmenting import Segmenter
from xling.space.encoders.vector_files import WordTable
from xling.space.protocols import Vectors

SIF_A: Final = 1e-3
"""The paper's a: words of this probability weigh half."""

LEAST_SENTENCES: Final = 20
"""Of fewer, the first singular vector says more about them than about the language."""

_TINY: Final = 1e-12


class Composed(NamedTuple):
    """A text as one table sees it.

    Attributes:
        total: Weighted sum of the vectors of its words, shape (dimension,).
        known: How many of its words have one.
        unknown: Its other words.
        log_probability: Of its words, taken as independent; words that are not in the table are improbable.
    """

    total: NDArray[np.float32]
    known: int
    unknown: list[str]
    log_probability: float

    @property
    def share(self) -> float:
        """Which share of the words is known; 0 where there are none."""
        return self.known / max(self.known + len(self.unknown), 1)


class SentenceComposer:
    """Vectors of sentences from one table.

    Args:
        table: The words.
        counts: Word → how often it occurs, instead of what the table says. Without either, a word's probability is
            taken from its place in the file by Zipf's law.
        a: See `SIF_A`.
    """

    def __init__(self, table: WordTable, *, counts: Mapping[str, float] | None = None, a: float = SIF_A) -> None:
        if not 0 < a < 1:
            raise InvalidInput(f"SIF's a lies between 0 and 1, got {a}")
        self.table = table
        self.index = {word: i for i, word in enumerate(table.words)}
        self.segmenter = Segmenter(self.index)
        probabilities = _probabilities(table, counts)
        self.weights: NDArray[np.float32] = (a / (a + probabilities)).astype(np.float32)
        # Of a word that is not there: rarer than the rarest that is.
        least = float(probabilities[probabilities > 0].min(initial=1.0))
        self._logs = np.log(np.maximum(probabilities, least))
        self._unknown_log = float(np.log(least)) - np.log(10.0)

    def compose(self, text: str) -> Composed:
        """The weighted sum of a text's words, and what there is to say about them."""
        tokens = self.segmenter.tokens(text)
        rows = [token.row for token in tokens if token.row >= 0]
        total = np.zeros(self.table.dimension, np.float32)
        if rows:
            total += self.weights[rows] @ self.table.vectors[rows]
        known, unknown = len(rows), []
        for token in tokens:
            if token.row < 0:
                vector = None if self.table.compose is None else self.table.compose(token.text)
                if vector is None:
                    unknown.append(token.text)
                else:
                    total += vector
                    known += 1
        # By character, since a text falls into fewer words of one language than of another.
        strange = sum(len(token.text) for token in tokens if token.row < 0)
        return Composed(total, known, unknown, float(self._logs[rows].sum()) + strange * self._unknown_log)


def common_component(vectors: Vectors) -> Vectors:
    """What sentences have in common: their first singular vector, shape (1, dimension); (0, dimension) of too few.

    Args:
        vectors: Weighted means of many sentences, shape (n, dimension).
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    used = (vectors / np.maximum(lengths, _TINY))[lengths[:, 0] > _TINY].astype(np.float64)
    if len(used) < LEAST_SENTENCES:
        return np.zeros((0, vectors.shape[1]), np.float32)
    _, axes = np.linalg.eigh(used.T @ used)
    return np.asarray(axes[:, -1:].T, np.float32)


def without_component(vectors: Vectors, component: Vectors) -> Vectors:
    """Vectors less their projection on the component, shape (n, dimension)."""
    return np.asarray(vectors - (vectors @ component.T) @ component, np.float32)


def unit_rows(vectors: Vectors, texts: Sequence[str]) -> Vectors:
    """Rows of unit length. A text without any known word gets a direction of its own, drawn from its characters.

    So it finds its exact copies and, in more than a few dimensions, hardly anything else; an unknown name is no reason
    to refuse a document.
    """
    lengths = np.linalg.norm(vectors, axis=1)
    for i in np.flatnonzero(lengths < 1e-6).tolist():
        vectors[i] = _drawn(texts[i], vectors.shape[1])
        lengths[i] = np.linalg.norm(vectors[i])
    return np.asarray(vectors / lengths[:, None], np.float32)


def _drawn(text: str, dimension: int) -> NDArray[np.float64]:
    seed = blake2b(" ".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(seed, "little")).standard_normal(dimension)


def _probabilities(table: WordTable, counts: Mapping[str, float] | None) -> NDArray[np.float64]:
    if counts is not None:
        known = np.array([counts.get(word, counts.get(word.lower(), 0.0)) for word in table.words], np.float64)
        if not known.any():
            raise InvalidInput("none of the words of the counts is in the table of word vectors")
    elif table.counts is not None and table.counts.any():
        known = table.counts
    else:
        known = 1.0 / np.arange(1, len(table.words) + 1)
    return np.asarray(known / known.sum(), np.float64)
