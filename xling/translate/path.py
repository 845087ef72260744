"""The cheapest monotone path through two sequences of sentences, in groups. Pure dynamic programming on vectors.

Costs and the coarse-to-fine search follow Vecalign (Thompson & Koehn, EMNLP 2019): the cost of linking group x with
group y is (1 − cos(x, y)) · |x| · |y|, divided by what x and y cost against any sentence of the other side, so
that unrelated sentences cost about 1; leaving a sentence out costs a part of that. Documents are first aligned in
halves of halves, by averaged vectors, and then only near that path: time and memory grow with length, not with its
square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xling.space import Vectors

FULL = 256
"""Up to this many sentences a side everything is compared with everything."""

WIDTH = 12
"""Sentences to either side of the coarse path that the fine search looks at."""

_FAR = np.float64(np.inf)
_SKIP_TARGET = -1
_SKIP_SOURCE = -2


@dataclass(frozen=True, slots=True)
class Groups:
    """Vectors of groups of neighbouring sentences of one side.

    Attributes:
        vectors: Row [i, g] is the group of g + 1 sentences that ends with sentence i, unit length, float32, shape
            (n, size, dimension). Where i < g there is no such group and the row is not looked at.
        mean: Mean vector of the single sentences of the *other* side, shape (dimension,).
    """

    vectors: NDArray[np.float32]
    mean: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def size(self) -> int:
        """Most sentences of a group."""
        return int(self.vectors.shape[1])

    def unlike(self) -> NDArray[np.float64]:
        """Mean distance of each group from the sentences of the other side, shape (n, size)."""
        distance: NDArray[np.float64] = 1.0 - (self.vectors @ self.mean).astype(np.float64)
        return np.maximum(distance, 1e-3)


Step = tuple[int, int, int, int]
"""Sentences `a` to `b` of the source linked with `c` to `d` of the target (ends not included); one may be empty."""


def average_groups(single: Vectors, size: int) -> NDArray[np.float32]:
    """Groups as the mean of their sentences, shape (n, size, dimension): what they cost to encode is nothing."""
    n, dimension = single.shape
    sums = np.concatenate([np.zeros((1, dimension), np.float64), np.cumsum(single, axis=0, dtype=np.float64)])
    groups = np.zeros((n, size, dimension), np.float32)
    for g in range(min(size, n)):
        total = sums[g + 1 :] - sums[: n - g]
        groups[g:, g] = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return groups


def align_path(source: NDArray[np.float32], target: NDArray[np.float32], *, skip: float, most: int) -> list[Step]:
    """The cheapest path.

    Args:
        source: Group vectors (see `Groups.vectors`), shape (n, size, dimension).
        target: The same of the other side, shape (m, size, dimension).
        skip: Cost of a sentence that has no partner.
        most: Most sentences of both sides together in one link.

    Returns:
        Steps from the first to the last sentence; every sentence of both sides is in exactly one.
    """
    n, m = len(source), len(target)
    if not n or not m:
        return [(i, i + 1, 0, 0) for i in range(n)] + [(0, 0, j, j + 1) for j in range(m)]
    if max(n, m) <= FULL:
        low, high = np.zeros(n + 1, np.int64), np.full(n + 1, m, np.int64)
    else:
        coarse = align_path(_halved(source), _halved(target), skip=skip, most=2)
        low, high = _band(coarse, n, m)
    sides = Groups(source, target[:, 0].mean(axis=0)), Groups(target, source[:, 0].mean(axis=0))
    return _search(*sides, low, high, skip=skip, most=most)


def _halved(groups: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every two sentences as one, by the mean of their vectors."""
    single = groups[:, 0]
    odd = single[-1:] if len(single) % 2 else single[:0]
    pairs = single[: len(single) // 2 * 2].reshape(-1, 2, single.shape[1]).sum(axis=1)
    merged = np.concatenate([pairs, odd])
    return average_groups(merged / np.maximum(np.linalg.norm(merged, axis=1, keepdims=True), 1e-9), 1)


def _band(coarse: list[Step], n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Targets that each number of sources is tried with, from a path through the halves."""
    low, high = np.full(n + 1, m, np.int64), np.zeros(n + 1, np.int64)
    for a, b, c, d in coarse:
        rows = slice(max(2 * a - WIDTH, 0), min(2 * b + WIDTH, n) + 1)
        low[rows] = np.minimum(low[rows], max(2 * c - WIDTH, 0))
        high[rows] = np.maximum(high[rows], min(2 * d + WIDTH, m))
    low[0], high[n] = 0, m
    # Monotone, so that every cell can be reached from the one before.
    low = np.minimum.accumulate(low[::-1])[::-1]
    return low, np.maximum.accumulate(high)


def _search(
    source: Groups, target: Groups, low: NDArray[np.int64], high: NDArray[np.int64], *, skip: float, most: int
) -> list[Step]:
    n, m = len(source), len(target)
    kinds = [(a, b) for a in range(1, source.size + 1) for b in range(1, target.size + 1) if a + b <= most]
    unlike_source, unlike_target = source.unlike(), target.unlike()
    rows: list[NDArray[np.float64]] = []  # cost of having linked the first i sources with the first j targets
    moves: list[NDArray[np.int16]] = []
    for i in range(n + 1):
        j = np.arange(low[i], high[i] + 1)
        best, move = np.full(len(j), _FAR), np.zeros(len(j), np.int16)
        if i == 0:
            best[j == 0] = 0.0
        else:
            best, move = _better(best, move, _before(rows[i - 1], low[i - 1], j) + skip, _SKIP_SOURCE)
            similarity = _similarities(source, target, i, j)
            for kind, (a, b) in enumerate(kinds, 1):
                if a > i:
                    continue
                here = j >= b
                around = (unlike_source[i - 1, a - 1] + unlike_target[j - 1, b - 1]) / 2
                cost = (1.0 - similarity[a - 1, :, b - 1]) * (a * b) / around
                cost = np.where(here, cost, _FAR) + _before(rows[i - a], low[i - a], j - b)
                best, move = _better(best, move, cost, kind)
        # Leaving targets out, any number of them in a row: a running minimum.
        level = best - skip * j
        run = np.minimum.accumulate(level)
        skipped = run < level
        rows.append(np.where(skipped, run + skip * j, best))
        moves.append(np.where(skipped, np.int16(_SKIP_TARGET), move))
    return _trace(moves, low, kinds, n, m)


def _similarities(source: Groups, target: Groups, i: int, j: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cosines of the source groups that end before i with the target groups that end before each j: (a, |j|, b)."""
    found: NDArray[np.float64] = np.einsum(
        "ad,jbd->ajb", source.vectors[i - 1], target.vectors[np.maximum(j - 1, 0)], optimize=True
    ).astype(np.float64)
    return found


def _before(row: NDArray[np.float64], first: np.int64, j: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cells j of an earlier row, infinite outside of its band."""
    at = j - first
    inside = (at >= 0) & (at < len(row))
    return np.where(inside, row[np.clip(at, 0, len(row) - 1)], _FAR)


def _better(
    best: NDArray[np.float64], move: NDArray[np.int16], cost: NDArray[np.float64], kind: int
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    less = cost < best
    return np.where(less, cost, best), np.where(less, np.int16(kind), move)


def _trace(
    moves: list[NDArray[np.int16]], low: NDArray[np.int64], kinds: list[tuple[int, int]], n: int, m: int
) -> list[Step]:
    steps: list[Step] = []
    i, j = n, m
    while i or j:
        move = int(moves[i][j - low[i]])
        a, b = (1, 0) if move == _SKIP_SOURCE else (0, 1) if move == _SKIP_TARGET else kinds[move - 1]
        steps.append((i - a, i, j - b, j))
        i, j = i - a, j - b
    return steps[::-1]
