"""Clusters of unit vectors: k-means or HDBSCAN on a sample, everything else assigned to what was found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, MissingExtra
from xling.space import Vectors

ClusterMethod: TypeAlias = Literal["kmeans", "hdbscan"]

NONE = -1
"""Number of the cluster of what is in none."""

WHOLE = 20_000
"""Vectors up to which k-means looks at all of them in each step, and not at batches."""

MOST_CLUSTERS = 1000
_STARTS = 4
_BATCH = 4096
_JUDGED = 5000
_ENOUGH = 0.95
_DIMENSIONS = 64
_DENSITY_DIMENSIONS = 20
_FLOOR = 5.0


@dataclass(frozen=True, slots=True)
class Centres:
    """What was found: the centre of each cluster.

    Attributes:
        vectors: Unit, shape (clusters, dimension).
        floors: Least cosine with the centre for a vector to belong to the cluster, shape (clusters,).
    """

    vectors: Vectors
    floors: NDArray[np.float32]

    def assign(self, vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The cluster of each vector (`NONE` where it lies too far from all), and its cosine with that centre.

        Args:
            vectors: Unit, shape (n, dimension).
        """
        cosines = vectors @ self.vectors.T
        nearest = cosines.argmax(axis=1)
        best = cosines[np.arange(len(vectors)), nearest]
        return np.where(best >= self.floors[nearest], nearest, NONE), best


def find_clusters(vectors: Vectors, method: ClusterMethod, count: int | None, least: int, seed: int) -> Centres:
    """Find clusters in a sample.

    Args:
        vectors: Unit, shape (n, dimension).
        method: `kmeans`: every vector belongs to the nearest of so many centres. `hdbscan`: where many vectors lie
            close together is a cluster (Campello, Moulavi & Sander, 2013), looked for along the 20 main directions;
            what lies between them belongs to none.
        count: Of k-means; None chooses it (see `choose_count`).
        least: Of HDBSCAN: vectors that make a cluster.
        seed: The same seed on the same vectors gives the same clusters.

    Raises:
        InvalidInput: There are fewer vectors than clusters, or an argument makes no sense.
        MissingExtra: scikit-learn is not installed.
    """
    _check(method, count, least)
    try:
        import sklearn.cluster  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("finding clusters", "explore", "scikit-learn") from exc
    if method == "hdbscan":
        return _by_density(vectors, least)
    if count is None:
        count = choose_count(vectors, seed)
    if count > len(vectors):
        raise InvalidInput(f"{count} clusters cannot be made of {len(vectors)} documents")
    centres = _kmeans(vectors, count, seed)
    return Centres(centres, np.full(len(centres), -1, np.float32))


def choose_count(vectors: Vectors, seed: int) -> int:
    """The smallest number of clusters that stand apart almost as clearly as any number tried does.

    Tried are numbers between a quarter of the root of the number of vectors and the root (100 to 400 vectors a cluster
    among 10,000), each a quarter larger than the one before. Judged is the simplified silhouette: how much nearer
    vectors lie to their own centre than to the next one, by cosine distance, along the main directions. It goes on to
    rise slowly where topics are taken apart, so 95 % of its maximum is enough.
    """
    most = int(max(np.sqrt(len(vectors)), 2))
    tried = sorted({round(float(n)) for n in np.geomspace(max(most / 4, 2), most, 7)})
    tried = [count for count in tried if count < len(vectors)]
    if not tried:
        return 1
    reduced = _reduced(vectors)
    directions = _unit(reduced)
    judged = directions[np.random.default_rng(seed).permutation(len(vectors))[:_JUDGED]]
    clear = []
    for count in tried:
        labels = _labels(reduced, count, seed, starts=1)
        clear.append(silhouette(judged, _means(directions, labels)))
    enough = _ENOUGH * max(clear)
    return next((count for count, value in zip(tried, clear, strict=True) if value >= enough), tried[-1])


def silhouette(vectors: Vectors, centres: Vectors) -> float:
    """Simplified silhouette, -1 to 1: mean of 1 - (distance to the own centre) / (distance to the next)."""
    if len(centres) < 2:
        return 0.0
    distances = 1 - np.sort(vectors @ centres.T, axis=1)[:, ::-1][:, :2]
    return float((1 - distances[:, 0] / np.maximum(distances[:, 1], 1e-9)).mean())


def _kmeans(vectors: Vectors, count: int, seed: int) -> Vectors:
    return _means(vectors, _labels(_reduced(vectors), count, seed, starts=_STARTS))


def _labels(reduced: NDArray[Any], count: int, seed: int, *, starts: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans, MiniBatchKMeans

    options: dict[str, Any] = {"n_clusters": count, "n_init": starts, "random_state": seed}
    kind = KMeans(**options) if len(reduced) <= WHOLE else MiniBatchKMeans(**options, batch_size=_BATCH)
    labels: NDArray[np.int64] = kind.fit_predict(reduced).astype(np.int64)
    return labels


def _reduced(vectors: Vectors, dimensions: int = _DIMENSIONS) -> NDArray[Any]:
    """Along the main directions: quicker, and what a topic is lies there more than in the rest."""
    from sklearn.decomposition import PCA

    turned: NDArray[Any] = PCA(min(dimensions, *vectors.shape), random_state=0).fit_transform(vectors)
    return turned


def _means(vectors: Vectors, labels: NDArray[np.int64]) -> Vectors:
    """Centre of each cluster that has a vector, in the order of their numbers."""
    return _unit(np.stack([vectors[labels == number].mean(axis=0) for number in np.unique(labels[labels != NONE])]))


def _by_density(vectors: Vectors, least: int) -> Centres:
    from sklearn.cluster import HDBSCAN

    if len(vectors) < 2 * least:
        raise InvalidInput(f"clusters of {least} documents or more cannot be found in {len(vectors)}: lower least=")
    reduced = _unit(_reduced(vectors, _DENSITY_DIMENSIONS))
    labels = HDBSCAN(min_cluster_size=least, min_samples=min(5, least), copy=True).fit_predict(reduced)
    if not (labels != NONE).any():
        raise InvalidInput("no cluster stands out from the rest: lower least=, or use method='kmeans'")
    centres = _means(vectors, labels)
    floors = [
        np.percentile(vectors[labels == number] @ centre, _FLOOR)
        for number, centre in zip(np.unique(labels[labels != NONE]), centres, strict=True)
    ]
    return Centres(centres, np.asarray(floors, np.float32))


def _unit(vectors: NDArray[Any]) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), dtype=np.float32)


def _check(method: str, count: int | None, least: int) -> None:
    if method not in get_args(ClusterMethod):
        raise InvalidInput(f"method= is one of {', '.join(map(repr, get_args(ClusterMethod)))}, not {method!r}")
    for name, value, smallest in (("count", count, 1), ("least", least, 2)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < smallest):
            raise InvalidInput(f"{name}= is a number, {smallest} or more, got {value!r}")
    if count is not None and count > MOST_CLUSTERS:
        raise InvalidInput(f"count= is at most {MOST_CLUSTERS}, got {count}")
    if method == "hdbscan" and count is not None:
        raise InvalidInput("method='hdbscan' finds as many clusters as there are: leave count out")
