"""Scoring candidate translations against what else lies near them. Pure: vectors and neighbours in, scores out.

A cosine alone makes a poor threshold: some sentences are near to everything, some to nothing. A *margin* (Artetxe &
Schwenk, ACL 2019, arXiv 1811.01136) sets it against the mean cosine of the k nearest neighbours on both sides, so that
a pair must stand out from its own surroundings: as a ratio, or as a distance.

How far translations stand out is another matter in each pair of languages, since models know some better than others.
So a margin is measured by the *level* of its run, that of the clearest pairs that were found: a threshold that was
chosen on one pair of languages then serves the others.

The two sides are *centred* first, each language by its own mean: what a language adds to all of its sentences is noise
for this task, and once each side's language is known it can be taken off both sides (`tests/benchmarks/bitext.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.space.neighbours import MISSING, Neighbours
from xling.space.neutral import language_means
from xling.space.protocols import Vectors
from xling.space.stats import LanguageStats

Margin: TypeAlias = Literal["distance", "ratio"]

LEVEL_PERCENTILE = 95
LEAST_LEVEL = 0.2
"""Level below which the clearest pairs are taken for chance: what two sides without any translation give."""

LENGTH_WEIGHT = 0.015
"""What a length one spread away from the usual costs, in levels (`tests/benchmarks/bitext.py choosing`)."""
LEAST_SPREAD = 0.1
LEAST_CLEAR = 20
"""Clear pairs from which on a run tells how long its translations are."""

LEAST_SURROUNDING = 0.05
"""Mean cosine of neighbours below which the ratio says nothing any more, and is kept from exploding."""


def centred(vectors: Vectors, langs: Sequence[str], reference: LanguageStats) -> Vectors:
    """Vectors without the mean of their language, at unit length again.

    The mean is that of these vectors, and of the reference sample where they are few (weighted n : 30).

    Args:
        vectors: Unit document vectors, shape (n, dimension).
        langs: Language of each.
        reference: The model's reference sample.

    Returns:
        Unit vectors, float32, shape (n, dimension). A vector that is nothing but its language's mean stays as it was.
    """
    own = LanguageStats(vectors.shape[1])
    own.add(langs, vectors)
    known = sorted(set(langs))
    means = language_means(known, own, reference).astype(np.float32)
    row = {lang: i for i, lang in enumerate(known)}
    moved = vectors - means[[row[lang] for lang in langs]]
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(norms > 1e-6, moved / np.maximum(norms, 1e-6), vectors).astype(np.float32)


def margins(
    cosines: NDArray[np.floating],
    source_mean: NDArray[np.floating],
    target_mean: NDArray[np.floating],
    kind: Margin = "distance",
) -> NDArray[np.float64]:
    """How far pairs stand out from their surroundings.

    Args:
        cosines: Of each pair, shape (p,).
        source_mean: Mean cosine of the source's nearest targets, of each pair, shape (p,).
        target_mean: Mean cosine of the target's nearest sources, of each pair, shape (p,).
        kind: `distance` takes the surroundings off the cosine, `ratio` divides by them and takes 1 off.

    Returns:
        Shape (p,): 0 is no better than the surroundings, more is better.
    """
    around = (np.asarray(source_mean, np.float64) + np.asarray(target_mean, np.float64)) / 2
    cosines = np.asarray(cosines, np.float64)
    found: NDArray[np.float64] = (
        cosines - around if kind == "distance" else cosines / np.maximum(around, LEAST_SURROUNDING) - 1
    )
    return found


def level(best: NDArray[np.float64]) -> float:
    """The margin of clear translations in this run, from those of the pairs that are the best of both their sides."""
    return max(float(np.percentile(best, LEVEL_PERCENTILE)), LEAST_LEVEL) if len(best) else LEAST_LEVEL


def length_penalties(
    source_lengths: NDArray[np.floating],
    target_lengths: NDArray[np.floating],
    found: NDArray[np.float64],
    best: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What pairs lose for lengths that do not go together, in levels (after Gale & Church, ACL 1991).

    How long a translation is, compared with its source, depends on the two languages: the usual ratio and how far it
    varies are those of the clearest half of the run's own pairs (median, median absolute deviation).

    Args:
        source_lengths: Characters of each pair's source, shape (p,).
        target_lengths: Those of its target, shape (p,).
        found: Margins, shape (p,).
        best: Which pairs are the best of both their sides, shape (p,).

    Returns:
        Shape (p,), from 0 to 16 times `LENGTH_WEIGHT`; all 0 where there are too few pairs to tell the usual ratio.
    """
    ratios: NDArray[np.float64] = np.log(np.maximum(source_lengths, 1)) - np.log(np.maximum(target_lengths, 1))
    clear = np.flatnonzero(best)
    clear = clear[np.argsort(-found[clear], kind="stable")][: max(len(clear) // 2, 1)]
    if len(clear) < LEAST_CLEAR:
        return np.zeros(len(ratios))
    usual = np.median(ratios[clear])
    spread = max(1.4826 * float(np.median(np.abs(ratios[clear] - usual))), LEAST_SPREAD)
    penalties: NDArray[np.float64] = LENGTH_WEIGHT * np.minimum(((ratios - usual) / spread) ** 2, 16)
    return penalties


def candidate_pairs(
    forward: Neighbours, backward: Neighbours
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """All pairs that are neighbours in either direction, each once, ordered by source and target.

    Returns:
        Source rows, target rows and cosines, each of shape (p,).
    """
    n, k = forward.index.shape
    m, l = backward.index.shape  # noqa: E741
    source = np.concatenate([np.repeat(np.arange(n), k), backward.index.ravel()])
    target = np.concatenate([forward.index.ravel(), np.repeat(np.arange(m), l)])
    cosine = np.concatenate([forward.score.ravel(), backward.score.ravel()])
    there = (source != MISSING) & (target != MISSING)
    source, target, cosine = source[there], target[there], cosine[there]
    _, first = np.unique(source * max(m, 1) + target, return_index=True)
    return source[first], target[first], cosine[first]


def mutual_best(source: NDArray[np.int64], target: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs are the best of both their source and their target; of equal ones the first. Shape (p,)."""
    order = np.argsort(-scores, kind="stable")
    chosen = np.ones(len(scores), dtype=bool)
    for side in (source, target):
        _, first = np.unique(side[order], return_index=True)
        best = np.zeros(len(scores), dtype=bool)
        best[order[first]] = True
        chosen &= best
    return chosen
