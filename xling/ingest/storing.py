"""Writing documents of several points so that a process killed in between leaves nothing that is never found again.

The point of a document's first chunk, its head, says how many chunks there are and what they were made of. Before any
other point of the document changes, the head is made to say that it is not sure of that (its hash is empty), and to
name as many chunks as there might be: whoever writes or deletes the document next finds all of them. A document of one
point, before and after, is one write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xling.ingest.planning import Known, Plan
from xling.space.collection_stats import CollectionStatistics
from xling.store.base import Point, PointId, Record, Store
from xling.store.points import NOT_WHOLE, chunk_ids, payload_of


def store_points(
    store: Store,
    points: Sequence[Point],
    was: Mapping[str, Known],
    *,
    vector_name: str,
    statistics: CollectionStatistics,
) -> None:
    """Write whole documents, in place of what was there of them."""
    if not points:
        return
    now = {str(point.payload["doc"]): int(point.payload["chunks"]) for point in points}
    replaced = {uuid: chunk_ids(uuid, was[uuid].chunks) for uuid in now if uuid in was}
    statistics.removing([id for ids in replaced.values() for id in ids])
    heads = [point for point in points if point.payload["chunk"] == 0]
    tails = [point for point in points if point.payload["chunk"] > 0]
    many = {uuid for uuid, chunks in now.items() if chunks > 1 or (uuid in was and was[uuid].chunks > 1)}
    if many:
        _mark(store, [head for head in heads if head.payload["doc"] in many], was, vector_name)
    if tails:
        store.upsert(tails, vector_name=vector_name)
    left_over = [id for uuid, ids in replaced.items() for id in ids[now[uuid] :]]
    if left_over:
        store.delete(ids=left_over)
    store.upsert(heads, vector_name=vector_name)
    statistics.add([point.payload["lang"] for point in points], [point.vector for point in points])


def _mark(store: Store, heads: Sequence[Point], was: Mapping[str, Known], vector_name: str) -> None:
    there = {str(head.payload["doc"]) for head in heads if head.payload["doc"] in was}
    new = [
        replace(head, payload={**head.payload, "text_hash": "", "chunk": NOT_WHOLE})
        for head in heads
        if head.payload["doc"] not in there
    ]
    if new:
        store.upsert(new, vector_name=vector_name)
    chunks = {str(head.payload["doc"]): int(head.payload["chunks"]) for head in heads}
    if there:
        store.set_payloads(
            {
                record.id: {
                    **record.payload,
                    "text_hash": "",
                    "chunks": max(chunks[str(record.id)], was[str(record.id)].chunks),
                }
                for record in store.retrieve(sorted(there))
            }
        )


def store_payloads(store: Store, plan: Plan, *, vector_name: str, statistics: CollectionStatistics) -> None:
    """Write everything beside the text and the vectors. Where a document was split is kept as it is stored."""
    ids = [id for uuid in plan.payload_only for id in chunk_ids(uuid, plan.was[uuid].chunks)]
    renamed = {uuid for uuid, document in plan.payload_only.items() if plan.was[uuid].lang != document.lang}
    pieces: dict[str, list[Record]] = {uuid: [] for uuid in plan.payload_only}
    for record in store.retrieve(ids):
        pieces[str(record.payload["doc"])].append(record)
    unsure: dict[PointId, dict[str, Any]] = {}
    payloads: dict[PointId, dict[str, Any]] = {}
    for uuid, records in pieces.items():
        document = plan.payload_only[uuid]
        if len(records) > 1:
            unsure[uuid] = {**records[0].payload, "rest_hash": ""}
        for record in reversed(records):  # the head last
            chunk, chunks = int(record.payload["chunk"]), int(record.payload["chunks"])
            start, end = int(record.payload.get("start", 0)), int(record.payload.get("end", len(document.text)))
            payloads[record.id] = payload_of(document, chunk, chunks, start, end)
            if len(records) != chunks:  # pieces of it were deleted behind our back: encode it the next time
                payloads[record.id]["text_hash"] = ""
    moving = [id for uuid in renamed for id in chunk_ids(uuid, plan.was[uuid].chunks)]
    moved = store.retrieve(moving, with_vector=vector_name)
    statistics.remove(moved)
    if unsure:
        store.set_payloads(unsure)
    store.set_payloads(payloads)
    known = [(str(payloads[r.id]["lang"]), r.vector) for r in moved if r.vector is not None and r.id in payloads]
    statistics.add([lang for lang, _ in known], [vector for _, vector in known])


def delete_documents(store: Store, heads: Sequence[Record], statistics: CollectionStatistics) -> None:
    """Delete whole documents, their heads last."""
    tails = [id for head in heads for id in chunk_ids(str(head.id), int(head.payload.get("chunks", 1)))[1:]]
    statistics.removing([*(head.id for head in heads), *tails])
    if tails:
        store.delete(ids=tails)
    if heads:
        store.delete(ids=[head.id for head in heads])
