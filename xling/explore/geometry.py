"""What shape a cloud of vectors has: hubs, directions, dimension; and what small copies of it lose. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from xling.explore.nearest import Places, nearest
from xling.space import Vectors

Floats = NDArray[np.float64]


def occurrences(found: Places, documents: int) -> NDArray[np.int64]:
    """k-occurrence: among the k nearest of how many others each document is, shape (documents,)."""
    return np.bincount(found.ravel(), minlength=documents).astype(np.int64)


def skewness(counts: NDArray[np.int64]) -> float:
    """Skewness of the k-occurrence (Radovanović, Nanopoulos and Ivanović, JMLR 2010); above 1 there are hubs."""
    apart = counts - counts.mean()
    deviation = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean() / deviation**3) if deviation else 0.0


def robin_hood(counts: NDArray[np.int64]) -> float:
    """Share of the places among neighbours that would have to go elsewhere for all to have equally many.

    The Robin Hood index of the k-occurrence (Feldbauer, Leodolter, Plant and Flexer, ICBK 2018): 0 to 1.
    """
    total = int(counts.sum())
    return float(np.abs(counts - counts.mean()).sum() / 2 / total) if total else 0.0


def isoscore(vectors: Vectors) -> float:
    """IsoScore (Rudman, Gillman, Rayne and Eickhoff, Findings of ACL 2022).

    How evenly variance is spread over all dimensions: 1 is evenly, 0 is all of it in one.
    """
    n = vectors.shape[1]
    if n < 2:
        return 1.0
    variances = spectrum(vectors)
    norm = float(np.linalg.norm(variances))
    if not norm:
        return 0.0
    normalised = variances * np.sqrt(n) / norm
    defect = float(np.linalg.norm(normalised - 1.0)) / np.sqrt(2 * (n - np.sqrt(n)))
    used = (n - defect**2 * (n - np.sqrt(n))) ** 2 / n**2
    return float(np.clip((n * used - 1) / (n - 1), 0.0, 1.0))


def spectrum(vectors: Vectors) -> Floats:
    """Variance along each principal component, largest first, shape (dimension,)."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    found: Floats = np.linalg.eigvalsh(centred.T @ centred / max(len(vectors) - 1, 1))[::-1]
    return np.maximum(found, 0.0)


def participation(variances: Floats) -> float:
    """Effective dimension: the participation ratio (Σλ)² / Σλ², 1 to the number of dimensions."""
    squares = float((variances**2).sum())
    return float(variances.sum() ** 2 / squares) if squares else 0.0


def mean_cosine(vectors: Vectors) -> float:
    """Mean cosine of two different vectors (Ethayarajh, EMNLP 2019); rows are unit."""
    n = len(vectors)
    if n < 2:
        return 0.0
    total = vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - n) / (n * (n - 1)))


def own_share(found: Places, langs: Sequence[str]) -> float:
    """Share of each document's own language among its neighbours, the mean over documents."""
    of = _numbers(langs)
    return float((of[found] == of[:, None]).mean()) if found.size else 0.0


def pool_share(langs: Sequence[str]) -> float:
    """Share of each document's own language among all others, the mean over documents."""
    of = _numbers(langs)
    return float((np.bincount(of)[of] - 1).mean()) / max(len(of) - 1, 1)


def _numbers(langs: Sequence[str]) -> Places:
    return np.unique(np.array(langs, dtype=np.str_), return_inverse=True)[1].astype(np.int64)


def language_variance(vectors: Vectors, langs: Sequence[str]) -> float:
    """Share of the variance that lies between the means of languages, 0 to 1."""
    rows = vectors.astype(np.float64)
    apart = rows - rows.mean(axis=0)
    total = float((apart**2).sum())
    of = _numbers(langs)
    groups = [apart[of == i] for i in range(int(of.max()) + 1)]
    between = sum(len(group) * float((group.mean(axis=0) ** 2).sum()) for group in groups)
    return between / total if total else 0.0


def truncations(dimension: int) -> list[int]:
    """Numbers of dimensions to try: halves, down to 16."""
    sizes = []
    size = dimension
    while size // 2 >= 16:
        size //= 2
        sizes.append(size)
    return sizes


def recall(
    queries: Vectors, documents: Vectors, exact: Places, ranked: Callable[[int], Places], oversampling: int
) -> tuple[float, float]:
    """Share of the exact neighbours that a small copy finds; and that are left when its best are put in order anew.

    Args:
        queries: Shape (n, dimension).
        documents: Shape (m, dimension).
        exact: The true neighbours, shape (n, k).
        ranked: Gives the best so many rows of the documents by the small copy, shape (n, that many).
        oversampling: How many times k candidates are ordered by the vectors themselves.
    """
    k = exact.shape[1]
    candidates = ranked(min(k * oversampling, len(documents)))
    plain = _overlap(exact, candidates[:, :k])
    scores = np.einsum("nd,ncd->nc", queries, documents[candidates])
    best = np.take_along_axis(candidates, np.argsort(-scores, axis=1, kind="stable")[:, :k], axis=1)
    return plain, _overlap(exact, best)


def _overlap(exact: Places, found: Places) -> float:
    if not exact.size:
        return 1.0
    return float((exact[:, :, None] == found[:, None, :]).any(axis=2).mean())


def int8(vectors: Vectors, like: Vectors) -> Vectors:
    """As Qdrant's scalar quantisation keeps them: 8 bits, the range of all but the outer 1 %.

    Args:
        vectors: What is to be kept so, documents or queries.
        like: The documents, whose range it is.
    """
    low, high = np.quantile(like, [0.005, 0.995])
    step = (high - low) / 127 or 1.0
    return np.asarray(np.clip(np.round((vectors - low) / step), 0, 127) * step + low, dtype=np.float32)


def signs(vectors: Vectors) -> Vectors:
    """As Qdrant's binary quantisation keeps them: whether each number is above 0, as ±1."""
    found: Vectors = np.where(vectors > 0, 1, -1).astype(np.float32)
    return found


def half(vectors: Vectors) -> Vectors:
    """16-bit floating point numbers."""
    rounded: Vectors = vectors.astype(np.float16).astype(np.float32)
    return rounded


def by_products(queries: Vectors, documents: Vectors) -> Callable[[int], Places]:
    """The ranking by dot product."""
    return lambda count: nearest(queries, documents, count)[0]
