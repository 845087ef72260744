"""How much goes to a server in one request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from xling.errors import InvalidInput
from xling.store.base import Point, SparseVector

_T = TypeVar("_T")
_MAX_POINTS = 1000
_MAX_BYTES = 3_000_000
"""Below the 4 MB that gRPC allows a message by default, and far below the 32 MiB of REST."""
_MAX_POINT_BYTES = 32 * 2**20
"""What Qdrant takes in one request by default."""


def batches(items: Sequence[_T], sizes: Sequence[int]) -> Iterator[list[_T]]:
    """Cut by count and by bytes, so that no message is larger than servers take."""
    batch: list[_T] = []
    total = 0
    for item, size in zip(items, sizes, strict=True):
        if batch and (len(batch) >= _MAX_POINTS or total + size > _MAX_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size
    if batch:
        yield batch


def check_sizes(points: Sequence[Point], sizes: Sequence[int]) -> None:
    """Raises `InvalidInput`, which names it, if a point is more than Qdrant takes in one request."""
    for point, size in zip(points, sizes, strict=True):
        if size > _MAX_POINT_BYTES:
            raise oversize(point, f"takes {size / 2**20:.0f} MiB, and Qdrant takes 32 MiB. Nothing was written")


def oversize(point: Point, problem: str) -> InvalidInput:
    """The error for a point that is too large."""
    id = point.payload.get("id", point.id)
    return InvalidInput(f"the document {id!r} {problem}. Most of it is metadata: keep less of it in the collection")


def point_bytes(point: Point) -> int:
    """About what a point takes in a request."""
    return 4 * len(point.vector) + payload_bytes(point.payload) + (terms_bytes(point.terms) if point.terms else 0)


def terms_bytes(terms: SparseVector) -> int:
    """About what terms take in a request."""
    return 8 * len(terms) + 100


def payload_bytes(payload: Mapping[str, Any]) -> int:
    """About what a payload takes in a request, rather more."""
    # As JSON with all but ASCII escaped: never less than what UTF-8 takes. Vectors count 4 bytes a number, which is
    # what they take in gRPC; in JSON five times that, under a limit eight times as high.
    return len(json.dumps(payload, default=str)) + 200
