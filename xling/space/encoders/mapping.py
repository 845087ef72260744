"""Word vectors of one language brought into the space of another's: rotations learnt from translations.

The rotation is that of orthogonal Procrustes (Xing et al., 2015; Smith et al., 2017), refined with the word pairs that
it finds itself (Conneau et al., 2018, Word Translation Without Parallel Data). Words are compared by CSLS, so that
those that are near everything are not everybody's translation. `rcsls` goes on from there by gradient (Joulin et al.,
2018, Loss in Translation), and the map need not be a rotation any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from xling.space.encoders.segmenting import Segmenter
from xling.space.protocols import Vectors

Floats = NDArray[np.float64]

NEIGHBOURS: Final = 10
"""k of CSLS, as in Conneau et al."""

COMMON_WORDS: Final = 15_000
"""Words of each side that refinement looks among: the meaning of rarer ones is less certain."""

_CHUNK: Final = 2048
_RCSLS_STEPS, _RCSLS_RATE = 10, 1.0
_TINY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class WordPairs:
    """Rows of two tables that translate each other, and how sure of that one is."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: Floats

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: NDArray[np.int64]) -> WordPairs:
        """Some of the pairs."""
        return WordPairs(self.source[rows], self.target[rows], self.weight[rows])

    def and_also(self, more: WordPairs) -> WordPairs:
        """Both, one after the other."""
        return WordPairs(
            np.concatenate([self.source, more.source]),
            np.concatenate([self.target, more.target]),
            np.concatenate([self.weight, more.weight]),
        )


def unit(vectors: Vectors | Floats) -> Floats:
    """Rows of unit length, float64; rows of zeros stay."""
    rows = np.asarray(vectors, np.float64)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY), np.float64)


def procrustes(x: Floats, y: Floats, weight: Floats | None = None) -> Floats:
    """The rotation W, shape (d, d), for which the rows of x @ W are nearest those of y.

    Args:
        x: Vectors of one side, shape (n, d).
        y: Of the other, row for row.
        weight: Of each row, shape (n,); all alike without it.
    """
    u, _, vt = np.linalg.svd((x if weight is None else x * weight[:, None]).T @ y)
    return np.asarray(u @ vt, np.float64)


def nearest(x: Floats, y: Floats, k: int = NEIGHBOURS) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """For each row of x its best row of y by CSLS, for each row of y its best of x, and the scores of the former.

    CSLS is 2 cos(x, y) − r(x) − r(y), r being the mean cosine to the k nearest of the other side.

    Args:
        x: Unit rows, shape (n, d).
        y: Unit rows, shape (m, d).
        k: Neighbours.
    """
    a, b = x.astype(np.float32), y.astype(np.float32)  # half the time, and far more exact than the vectors are
    k = min(k, len(a), len(b))
    near_a, near_b = _mean_of_nearest(a, b, k), _mean_of_nearest(b, a, k)
    best = np.zeros(len(a), np.int64)
    score = np.zeros(len(a))
    back, back_score = np.zeros(len(b), np.int64), np.full(len(b), -np.inf, np.float32)
    for start in range(0, len(a), _CHUNK):
        part = slice(start, start + _CHUNK)
        scores = 2 * a[part] @ b.T - near_a[part, None] - near_b
        best[part] = scores.argmax(axis=1)
        score[part] = scores.max(axis=1)
        top = scores.max(axis=0)
        better = top > back_score
        back[better] = start + scores.argmax(axis=0)[better]
        back_score[better] = top[better]
    return best, back, score


def _mean_of_nearest(a: Vectors, b: Vectors, k: int) -> Vectors:
    means = np.zeros(len(a), np.float32)
    for start in range(0, len(a), _CHUNK):
        cosines = a[start : start + _CHUNK] @ b.T
        means[start : start + _CHUNK] = np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1)
    return means


def mutual_pairs(x: Floats, y: Floats) -> tuple[WordPairs, float]:
    """Words that are each other's best by CSLS, and their mean score: Conneau's criterion of how good a map is."""
    forward, backward, score = nearest(x, y)
    rows = np.flatnonzero(backward[forward] == np.arange(len(x)))
    pairs = WordPairs(rows, forward[rows], np.ones(len(rows)))
    return pairs, float(score[rows].mean()) if len(rows) else -1.0


def refine(x: Floats, y: Floats, known: WordPairs, first: Floats, *, rounds: int) -> tuple[Floats, int]:
    """Learn anew from the pairs that the map finds among common words, with those that are known, while that helps.

    Args:
        x: Word vectors of one side, unit rows, the commonest words first.
        y: Of the other.
        known: Pairs to start with; they stay in.
        first: The map so far.
        rounds: At most so many.

    Returns:
        The map and how many rounds made it better.
    """
    a, b = x[:COMMON_WORDS], y[:COMMON_WORDS]
    best, (pairs, best_score) = first, mutual_pairs(unit(a @ first), b)
    done = 0
    for _ in range(rounds):
        both = known.and_also(pairs)
        if not len(both):
            break
        mapped = procrustes(x[both.source], y[both.target], both.weight)
        pairs, score = mutual_pairs(unit(a @ mapped), b)
        if score <= best_score + 1e-4:
            break
        best, best_score, done = mapped, score, done + 1
    return best, done


def rcsls(x: Floats, y: Floats, pairs: WordPairs, first: Floats) -> Floats:
    """A map, shape (d, d), that makes CSLS of the pairs high: gradient steps from `first`, kept within the unit ball.

    The loss is −2 cos + what the mapped word and the target have with their nearest ten (Joulin et al., 2018).
    """
    source, target = x[pairs.source], y[pairs.target]
    a, b = x[:COMMON_WORDS], y[:COMMON_WORDS]
    best, rate = first, _RCSLS_RATE
    loss, gradient = _rcsls_loss(source, target, a, b, best)
    for _ in range(_RCSLS_STEPS):
        u, s, vt = np.linalg.svd(best - rate * gradient)
        mapped = np.asarray((u * np.minimum(s, 1.0)) @ vt, np.float64)
        new_loss, new_gradient = _rcsls_loss(source, target, a, b, mapped)
        if new_loss < loss:
            best, loss, gradient = mapped, new_loss, new_gradient
        else:
            rate /= 2
    return best


def _rcsls_loss(source: Floats, target: Floats, a: Floats, b: Floats, mapped: Floats) -> tuple[float, Floats]:
    n, k = len(source), min(NEIGHBOURS, len(a), len(b))
    moved, moved_a = source @ mapped, a @ mapped
    gradient = -2 * source.T @ target
    value = -2 * float((moved * target).sum())
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        scores = moved[part] @ b.T
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        value += float(np.take_along_axis(scores, near, 1).sum()) / k
        gradient += source[part].T @ b[near].sum(axis=1) / k
        scores = target[part] @ moved_a.T
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        value += float(np.take_along_axis(scores, near, 1).sum()) / k
        gradient += a[near].sum(axis=1).T @ target[part] / k
    return value / n, gradient / n


def word_translations(
    source: Segmenter, target: Segmenter, pairs: Sequence[tuple[str, str]], *, least: int = 3, dice: float = 0.3
) -> WordPairs:
    """Words of sentence pairs that occur together and hardly without each other: mutually best by Dice's coefficient.

    Args:
        source: Finds the words of the first sentences.
        target: Those of the second.
        pairs: Sentences that translate each other.
        least: How many pairs two words have to share.
        dice: Least coefficient, 2 · together / (one + other).
    """
    seen: tuple[dict[int, int], dict[int, int]] = ({}, {})
    together: dict[tuple[int, int], int] = {}
    for pair in pairs:
        rows = [
            {token.row for token in side.tokens(text) if token.row >= 0}
            for side, text in zip((source, target), pair, strict=True)
        ]
        for counts, found in zip(seen, rows, strict=True):
            for row in found:
                counts[row] = counts.get(row, 0) + 1
        for i in rows[0]:
            for j in rows[1]:
                together[i, j] = together.get((i, j), 0) + 1
    scored = {
        (i, j): value
        for (i, j), count in together.items()
        if count >= least and (value := 2 * count / (seen[0][i] + seen[1][j])) >= dice
    }
    best: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for (i, j), value in scored.items():
        best[0][i] = max(best[0].get(i, 0.0), value)
        best[1][j] = max(best[1].get(j, 0.0), value)
    kept = [(i, j, value) for (i, j), value in scored.items() if value >= best[0][i] and value >= best[1][j]]
    return WordPairs(
        np.array([i for i, _, _ in kept], np.int64),
        np.array([j for _, j, _ in kept], np.int64),
        np.array([value for _, _, value in kept], np.float64),
    )
