"""Query vectors → hits: one store batch for all queries, one hit for each document."""

from __future__ import annotations

from collections.abc import Sequence

from xling.space import Vectors
from xling.store.base import FilterJson, Record, Store
from xling.store.layout import Layout
from xling.store.points import document_key, hit_from_record
from xling.types import Hit

MAX_FETCH = 10_000
"""Most points fetched for one query while looking for enough distinct documents."""


def search_vectors(
    store: Store,
    vectors: Vectors,
    layout: Layout,
    *,
    vector_name: str,
    filter: FilterJson | None,
    limit: int,
    offset: int = 0,
    min_score: float | None = None,
    exact: bool = False,
) -> list[list[Hit]]:
    """Hits of each query vector (rows of shape (n, dimension)), best first, one hit a document.

    The pieces of long documents compete, and the best one speaks for its document. Where several pieces of one
    document take the places of others, more points are fetched for those queries until there are enough.
    """
    wanted = offset + limit
    best: list[list[Record]] = [[] for _ in range(len(vectors))]
    todo, fetch = list(range(len(vectors))), wanted
    while todo:
        pages = store.query(
            vectors[todo],
            vector_name=vector_name,
            filters=[filter] * len(todo),
            limit=fetch,
            exact=exact,
        )
        short = []
        for i, page in zip(todo, pages, strict=True):
            best[i] = _one_per_document(page, layout)
            if len(best[i]) < wanted and len(page) == fetch and fetch < MAX_FETCH:
                short.append(i)
        todo, fetch = short, min(fetch * 4, MAX_FETCH)
    return [
        [
            hit_from_record(record, layout)
            for record in records[offset:wanted]
            if min_score is None or (record.score or 0.0) >= min_score
        ]
        for records in best
    ]


def _one_per_document(records: Sequence[Record], layout: Layout) -> list[Record]:
    seen: dict[str | int, Record] = {}
    for record in records:
        seen.setdefault(document_key(record, layout), record)
    return list(seen.values())
