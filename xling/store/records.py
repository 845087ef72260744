"""What comes back from Qdrant, by either engine, as `Record`."""

from __future__ import annotations

from typing import Any

import numpy as np

from xling.store.base import PointId, Record


def vector_selector(vector_name: str | None) -> Any:
    """Which vectors to ask for: that of a name ("" is the unnamed one), or none."""
    if vector_name is None:
        return False
    return [vector_name] if vector_name else True


def plain_id(id: Any) -> PointId:
    """An id as both engines give it, UUID objects as strings."""
    return id if isinstance(id, int) else str(id)


def to_record(point: Any, vector_name: str | None, score: float | None = None) -> Record:
    """A record or scored point of either engine as ours."""
    vector = None
    if vector_name is not None and point.vector is not None:
        vector = point.vector.get(vector_name) if isinstance(point.vector, dict) else point.vector
    return Record(
        id=plain_id(point.id),
        payload=point.payload or {},
        score=score,
        vector=None if vector is None else np.asarray(vector, dtype=np.float32),
    )
