"""What is checked before it reaches Qdrant, so that both stores refuse alike: ids, vectors, deletions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.store.base import FilterJson, Point, PointId

_MAX_ID = 2**64 - 1


def canonical_id(id: PointId) -> PointId:
    """A point id in the one form that both stores give back: an integer, or a lower-case UUID with hyphens.

    Raises:
        InvalidInput: It is neither an unsigned 64-bit integer nor a UUID.
    """
    if isinstance(id, int) and not isinstance(id, bool) and 0 <= id <= _MAX_ID:
        return id
    try:
        return str(UUID(str(id)))
    except ValueError as exc:
        raise InvalidInput(f"{id!r} is no point id: those are UUIDs and integers from 0 to {_MAX_ID}") from exc


def check_points(points: Sequence[Point], size: int) -> None:
    """Refuse all of the points if any has a vector that cannot be searched for: Qdrant takes NaN without a word.

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
        raise InvalidInput(
            f"the vector of point {point.id!r} (number {i} of the batch) {problem}. Nothing was written."
        )


def check_queries(vectors: NDArray[np.float32], size: int) -> None:
    """Refuse query vectors that Qdrant would answer with nonsense.

    Raises:
        InvalidInput: They are not of shape (n, size), or hold NaN or infinite numbers.
    """
    if vectors.ndim != 2 or vectors.shape[1] != size:
        raise InvalidInput(f"query vectors have the shape {vectors.shape}, not (n, {size})")
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if wrong.size:
        raise InvalidInput(f"query vector {int(wrong[0])} has NaN or infinite numbers")


def check_delete(ids: Sequence[PointId] | None, filter: FilterJson | None) -> None:
    """Refuse a deletion of nothing in particular, which could be taken for one of everything.

    Raises:
        InvalidInput: Both or none of the two are given, or the filter has no condition.
    """
    if (ids is None) == (filter is None):
        raise InvalidInput("delete takes ids or a filter, one of the two")
    if filter is not None and not any(filter.values()):
        raise InvalidInput("the filter to delete by has no condition; to delete all there is, drop the collection")
