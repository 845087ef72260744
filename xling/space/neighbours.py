"""The nearest neighbours of two sides in each other, both directions, without ever holding all pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.space.protocols import Vectors

BLOCK = 2048
"""Rows of each side that are compared at a time: 16 MiB of similarities."""

MISSING = -1
"""Index of a neighbour that does not exist, where a side has fewer than k; its score is -inf."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest rows of the other side, best first.

    Attributes:
        index: Rows of the other side, int64, shape (n, k); `MISSING` where there are fewer.
        score: Their cosines, float32, shape (n, k).
    """

    index: NDArray[np.int64]
    score: NDArray[np.float32]

    def mean(self) -> NDArray[np.float64]:
        """Mean score of the neighbours that exist, shape (n,); 0 where there are none."""
        there = self.index != MISSING
        total = np.where(there, self.score, 0.0).sum(axis=1, dtype=np.float64)
        means: NDArray[np.float64] = total / np.maximum(there.sum(axis=1), 1)
        return means


def exact_neighbours(
    source: Vectors, target: Vectors, k: int, progress: Callable[[int, int], None] | None = None
) -> tuple[Neighbours, Neighbours]:
    """Neighbours of each source row in the target, and of each target row in the source, by full comparison.

    Every similarity is computed once and serves both directions. Memory beside the vectors is O((n + m) k).

    Args:
        source: Unit vectors, shape (n, dimension).
        target: Unit vectors, shape (m, dimension).
        k: Neighbours of each row.
        progress: Called with the comparisons done and those to do, in blocks.
    """
    forward, backward = _Best(len(source), k), _Best(len(target), k)
    blocks = [(i, j) for i in range(0, len(source), BLOCK) for j in range(0, len(target), BLOCK)]
    for done, (i, j) in enumerate(blocks, 1):
        similarity = source[i : i + BLOCK] @ target[j : j + BLOCK].T
        forward.offer(slice(i, i + BLOCK), j, similarity)
        backward.offer(slice(j, j + BLOCK), i, similarity.T)
        if progress:
            progress(done, len(blocks))
    return forward.result(), backward.result()


class _Best:
    """Running best k of each row."""

    def __init__(self, rows: int, k: int) -> None:
        self._k = k
        self._index = np.full((rows, k), MISSING, np.int64)
        self._score = np.full((rows, k), -np.inf, np.float32)

    def offer(self, rows: slice, first: int, similarity: NDArray[np.float32]) -> None:
        """Similarities of some rows with the columns from `first` on."""
        k = min(self._k, similarity.shape[1])
        best = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        index = np.concatenate([self._index[rows], best + first], axis=1)
        score = np.concatenate([self._score[rows], np.take_along_axis(similarity, best, axis=1)], axis=1)
        # Equal scores in order of their index, so that the block size never decides.
        order = np.lexsort((np.where(index == MISSING, np.iinfo(np.int64).max, index), -score), axis=1)[:, : self._k]
        self._index[rows] = np.take_along_axis(index, order, axis=1)
        self._score[rows] = np.take_along_axis(score, order, axis=1)

    def result(self) -> Neighbours:
        return Neighbours(self._index, self._score)


def ragged(lists: Iterator[list[tuple[int, float]]], rows: int, k: int) -> Neighbours:
    """Neighbours from lists of (index, score), one list a row, each best first."""
    index = np.full((rows, k), MISSING, np.int64)
    score = np.full((rows, k), -np.inf, np.float32)
    for i, found in enumerate(lists):
        for j, (neighbour, similarity) in enumerate(found[:k]):
            index[i, j], score[i, j] = neighbour, similarity
    return Neighbours(index, score)


def as_matrix(vectors: Any) -> Vectors:
    """Float32, contiguous, two-dimensional."""
    return np.ascontiguousarray(vectors, dtype=np.float32)
