"""Vectors → places on a plane, near those that are near in the space; and new vectors → places among them. Pure.

t-SNE (van der Maaten and Hinton, JMLR 2008) by openTSNE, whose repulsive forces are interpolated on a grid (Linderman
et al., Nature Methods 2019), from exact neighbours and the first two principal components (Kobak and Berens, Nature
Communications 2019).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import MissingExtra
from xling.explore.nearest import Places, nearest
from xling.space import Vectors

PERPLEXITY = 30.0
EXAGGERATION = 12.0
EARLY_STEPS, STEPS = 250, 500

FEWEST = 5
"""Of fewer vectors the principal components are the map: there are no neighbourhoods to keep."""

PLACED_BY = 10
"""Neighbours that decide where a new vector lies."""

SHARPNESS = 20.0
"""How much more a nearer neighbour says, in units of its cosine."""

_STEPS_OF_MEDIAN = 30

_GRID_FROM, _GRID_STEP = 3000, 2
"""Vectors from which on repulsion is computed on a grid, and how wide its cells are: of 1, the package's own, they take
two and a half times as long and keep 0.357 instead of 0.351 of the ten nearest."""


def project(vectors: Vectors, *, seed: int = 0) -> Vectors:
    """Places on a plane.

    Args:
        vectors: Unit, shape (n, dimension).
        seed: Equal seeds give equal maps, on one machine with one version of the packages.

    Returns:
        Shape (n, 2); the middle of the longer side is 0.5, its ends are 0 and 1. Directions have no meaning.

    Raises:
        MissingExtra: openTSNE is not installed.
    """
    start = principal(vectors)
    distinct = len(np.unique(np.round(vectors, 5), axis=0)) if len(vectors) <= FEWEST * 10 else len(vectors)
    if distinct <= FEWEST:
        return fitted(start)
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    found, cosines = nearest(vectors, vectors, int(3 * perplexity), itself=False)
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 0))
    return fitted(_tsne(start, found, distances, perplexity, seed))


def principal(vectors: Vectors) -> NDArray[np.float64]:
    """The first two principal components, shape (n, 2); signs are such that the largest value is positive."""
    rows = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(rows.T @ rows)
    plane = rows @ axes[:, : -3 if axes.shape[1] > 2 else None : -1][:, :2]
    if plane.shape[1] < 2:
        plane = np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))
    largest = np.take_along_axis(plane, np.abs(plane).argmax(axis=0)[None, :], axis=0)
    signed: NDArray[np.float64] = plane * np.where(largest < 0, -1.0, 1.0)
    return signed


def fitted(places: NDArray[np.float64]) -> Vectors:
    """Moved and scaled, both axes alike, so that the longer side reaches from 0 to 1."""
    low, high = places.min(axis=0), places.max(axis=0)
    span = float((high - low).max()) or 1.0
    return np.asarray((places - (low + high) / 2) / span + 0.5, dtype=np.float32)


def place(found: Places, cosines: Vectors, places: Vectors) -> Vectors:
    """Where new vectors lie, by their nearest neighbours: the weighted geometric median of these.

    Neighbours may lie in several parts of a map. The mean of them would be a place between, where nothing like them
    is; the median goes where most of them are.

    Args:
        found: Rows of the neighbours, best first, shape (m, k).
        cosines: Of each, shape (m, k).
        places: Of what is on the map, shape (n, 2).

    Returns:
        Shape (m, 2).
    """
    around = places[found].astype(np.float64)
    weights = np.exp(SHARPNESS * (cosines.astype(np.float64) - cosines[:, :1]))
    # Weiszfeld's iteration, from the mean.
    middle = (weights[..., None] * around).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    for _ in range(_STEPS_OF_MEDIAN):
        apart = np.linalg.norm(around - middle[:, None, :], axis=2)
        pull = weights / np.maximum(apart, 1e-4)
        middle = (pull[..., None] * around).sum(axis=1) / pull.sum(axis=1, keepdims=True)
    return np.asarray(middle, dtype=np.float32)


def _tsne(
    start: NDArray[np.float64], found: Places, distances: NDArray[np.float64], perplexity: float, seed: int
) -> NDArray[np.float64]:
    try:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as exc:
        raise MissingExtra("A map", "explore", "openTSNE") from exc
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        knn = PrecomputedNeighbors(found, distances)
        affinities = PerplexityBasedNN(knn_index=knn, perplexity=perplexity, n_jobs=1)
        # The start is small, so that the forces and not the start decide.
        spread = start / max(float(start.std(axis=0).max()), 1e-12) * 1e-4
        jitter = np.random.default_rng(seed).normal(size=spread.shape) * 1e-6
        # The grid pays off from some thousands of points. More threads than one wait for each other, busily: they gain
        # little on an idle machine, and on a busy one they take a hundred times as long.
        grid: dict[str, Any] = {"negative_gradient_method": "bh"}
        if len(start) > _GRID_FROM:
            grid = {"negative_gradient_method": "fft", "ints_in_interval": _GRID_STEP}
        embedding = TSNEEmbedding(spread + jitter, affinities, random_state=seed, n_jobs=1, **grid)
        embedding = embedding.optimize(EARLY_STEPS, exaggeration=EXAGGERATION, momentum=0.5)
        embedding = embedding.optimize(STEPS, exaggeration=1.0, momentum=0.8)
    return np.asarray(embedding, dtype=np.float64)
