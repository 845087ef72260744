"""Which texts say the same in different languages, from their vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xling.space.neutral import NeutralBasis
from xling.space.protocols import Vectors


def similarities(vectors: Vectors, basis: NeutralBasis) -> NDArray[np.float64]:
    """Neutral similarity of each pair: the mean of what each scores as a neutral query for the other.

    Args:
        vectors: Document vectors as stored, unit, shape (n, dimension).
        basis: The neutral basis.

    Returns:
        Shape (n, n), symmetric.
    """
    one_way = basis.project(vectors, 1.0).astype(np.float64) @ vectors.T.astype(np.float64)
    result: NDArray[np.float64] = (one_way + one_way.T) / 2
    return result
