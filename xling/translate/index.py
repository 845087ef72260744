"""Neighbours of two sides in each other: by full comparison while that is fast, else by Qdrant's index."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from xling.space import Vectors
from xling.space.neighbours import Neighbours, exact_neighbours, ragged
from xling.store.base import Point, Schema, VectorSpec

MOST_COMPARED = 60_000**2
"""Pairs of sentences that are compared one with each other: minutes on two cores."""

_WRITTEN, _ASKED = 10_000, 256


def find_neighbours(
    source: Vectors,
    target: Vectors,
    k: int,
    *,
    most_compared: int = MOST_COMPARED,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Neighbours, Neighbours]:
    """The k nearest targets of each source, and sources of each target.

    Args:
        source: Unit vectors, shape (n, dimension).
        target: Unit vectors, shape (m, dimension).
        k: How many.
        most_compared: Up to n · m of this many the comparison is exact; beyond it goes through two temporary indexes.
        progress: Called with the comparisons or queries done and those to do.
    """
    if len(source) * len(target) <= most_compared:
        return exact_neighbours(source, target, k, progress)
    total, done = len(source) + len(target), 0

    def tell(number: int) -> None:
        nonlocal done
        done += number
        if progress:
            progress(done, total)

    return _asked(source, target, k, tell), _asked(target, source, k, tell)


def _asked(queries: Vectors, documents: Vectors, k: int, tell: Callable[[int], None]) -> Neighbours:
    from xling.store.edge import EdgeStore

    with tempfile.TemporaryDirectory(prefix="xling-mine-") as folder:
        store = EdgeStore(Path(folder), "side")
        try:
            store.create(Schema((VectorSpec("", documents.shape[1]),)), {})
            for start in range(0, len(documents), _WRITTEN):
                points = [Point(start + i, row, {}) for i, row in enumerate(documents[start : start + _WRITTEN])]
                store.upsert(points, vector_name="")
            store.optimize()

            def found() -> Iterator[list[tuple[int, float]]]:
                for start in range(0, len(queries), _ASKED):
                    rows = queries[start : start + _ASKED]
                    pages = store.query(rows, vector_name="", filters=[None] * len(rows), limit=k)
                    yield from ([(int(r.id), float(r.score or 0.0)) for r in page] for page in pages)
                    tell(len(rows))

            return ragged(found(), len(queries), k)
        finally:
            store.close()
