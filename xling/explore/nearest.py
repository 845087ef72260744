"""The exact nearest rows of a matrix of unit vectors, block by block. Pure."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.space import Vectors

Places: TypeAlias = NDArray[np.int64]

_BLOCK_CELLS = 20_000_000


def nearest(queries: Vectors, documents: Vectors, k: int, *, itself: bool = True) -> tuple[Places, Vectors]:
    """The k documents of the highest dot product for each query, best first.

    Args:
        queries: Shape (n, dimension).
        documents: Shape (m, dimension).
        k: How many; fewer where there are not as many.
        itself: With False row i of the queries is row i of the documents, and is left out.

    Returns:
        Rows of the documents and their dot products, both of shape (n, k).
    """
    k = max(min(k, len(documents) - (not itself)), 0)
    places = np.zeros((len(queries), k), np.int64)
    products = np.zeros((len(queries), k), np.float32)
    step = max(_BLOCK_CELLS // max(len(documents), 1), 1)
    for start in range(0, len(queries) if k else 0, step):
        scores = queries[start : start + step] @ documents.T
        rows = np.arange(len(scores))
        if not itself:
            scores[rows, start + rows] = -np.inf
        best = np.argpartition(scores, len(documents) - k, axis=1)[:, len(documents) - k :]
        found = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        places[start : start + step] = np.take_along_axis(best, order, axis=1)
        products[start : start + step] = np.take_along_axis(found, order, axis=1)
    return places, products
