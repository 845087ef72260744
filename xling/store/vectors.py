"""Vectors are checked before they are written: Qdrant itself takes NaN without a word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xling.errors import InvalidInput
from xling.store.base import Point


def check_points(points: Sequence[Point], size: int) -> None:
    """Refuse all of the points if any has a vector that cannot be searched for.

    Raises:
        InvalidInput: Names the first point whose vector is zero, NaN, infinite or not of `size` numbers.
    """
    for i, point in enumerate(points):
        vector = np.asarray(point.vector)
        if vector.shape != (size,):
            problem = f"has the shape {vector.shape}, not ({size},)"
        elif not np.isfinite(vector).all():
            problem = "has NaN or infinite numbers"
        elif not vector.any():
            problem = "is all zeros, which no cosine can be taken with"
        else:
            continue
        raise InvalidInput(f"the vector of point {point.id!r} (number {i} of the batch) {problem}. Nothing was written.")
