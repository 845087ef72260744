"""Documents → points in a store: compared with what is there, encoded in batches, written while the next is encoded."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import numpy as np

from xling.ingest.documents import prepare
from xling.language import Detector
from xling.space import SharedSpace
from xling.space.chunker import Chunker
from xling.store.base import Point, Store
from xling.store.points import StoredDocument, chunk_ids, payload_of
from xling.text import normalise
from xling.types import Progress, Report, Skipped

DEFAULT_BATCH = 512
"""Documents a batch: enough for the encoder to sort by length, few enough to lose little when interrupted."""

ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a document, or about to be."""

    text_hash: str
    rest_hash: str
    chunks: int


@dataclass(slots=True)
class _Plan:
    """What a batch leads to. Documents are keyed by their UUID, so a later one replaces an earlier one."""

    encode: dict[str, StoredDocument] = field(default_factory=dict)
    payload_only: dict[str, StoredDocument] = field(default_factory=dict)
    was: dict[str, _Known] = field(default_factory=dict)
    added: int = 0
    updated: int = 0
    unchanged: int = 0


class Writer:
    """Writes documents into one collection. One call of `write` at a time; make as many writers as needed."""

    def __init__(
        self,
        store: Store,
        space: SharedSpace,
        detector: Detector,
        *,
        namespace: UUID,
        vector_name: str,
        batch_size: int = DEFAULT_BATCH,
    ) -> None:
        self._store, self._space, self._detector = store, space, detector
        self._namespace, self._vector_name, self._batch_size = namespace, vector_name, batch_size
        self._chunker: Chunker | None = None
        self._in_flight: dict[str, _Known] = {}

    def write(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        total: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> Report:
        """Store each row, and report on each. What was acknowledged before an error or Ctrl-C stays stored."""
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        skipped: list[Skipped] = []
        started, done = time.monotonic(), 0
        pending: Future[None] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="xling-upsert") as executor:
            try:
                for batch in _batched(enumerate(rows), self._batch_size):
                    documents, bad = self._prepare(batch)
                    plan = self._plan(documents)
                    points, failed = self._points(plan)
                    if pending is not None:
                        pending.result()
                    pending = executor.submit(self._store_batch, plan, points)
                    skipped += bad + [_failure(batch, documents, uuid) for uuid in failed]
                    for key in counts:
                        counts[key] += getattr(plan, key)
                    done += len(batch)
                    if progress:
                        rate = done / max(time.monotonic() - started, 1e-9)
                        progress(Progress(done=done, total=total, per_second=rate))
            finally:
                if pending is not None:
                    pending.result()
        return Report(**counts, skipped=tuple(sorted(skipped, key=lambda s: s.index)))

    def _prepare(
        self, batch: Sequence[tuple[int, Mapping[str, Any]]]
    ) -> tuple[list[tuple[int, StoredDocument]], list[Skipped]]:
        documents: list[tuple[int, StoredDocument]] = []
        skipped: list[Skipped] = []
        for index, row in batch:
            result = prepare(index, row, self._namespace)
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                documents.append((index, result))
        unknown = [i for i, (_, document) in enumerate(documents) if not document.lang]
        found = self._detector.detect_many([documents[i][1].text for i in unknown])
        for i, detection in zip(unknown, found, strict=True):
            index, document = documents[i]
            documents[i] = (index, replace(document, lang=detection.lang))
        return documents, skipped

    def _plan(self, documents: Sequence[tuple[int, StoredDocument]]) -> _Plan:
        plan = _Plan()
        stored = self._stored({document.uuid for _, document in documents})
        for _, document in documents:
            uuid, now = document.uuid, _Known(document.text_hash, document.rest_hash, 0)
            known = stored.get(uuid)
            if known is not None and uuid not in plan.was:
                plan.was[uuid] = known
            stored[uuid] = now
            if known is None:
                plan.added += 1
                plan.encode[uuid] = document
            elif (known.text_hash, known.rest_hash) == (now.text_hash, now.rest_hash):
                plan.unchanged += 1
            else:
                plan.updated += 1
                before = plan.was.get(uuid)
                if before is not None and before.text_hash == now.text_hash:
                    plan.encode.pop(uuid, None)
                    plan.payload_only[uuid] = document
                else:
                    plan.payload_only.pop(uuid, None)
                    plan.encode[uuid] = document
        return plan

    def _stored(self, uuids: set[str]) -> dict[str, _Known]:
        known = {
            str(record.id): _Known(
                str(record.payload.get("text_hash")),
                str(record.payload.get("rest_hash")),
                int(record.payload.get("chunks", 1)),
            )
            for record in self._store.retrieve(sorted(uuids))
        }
        # The batch before this one may still be on its way to the store.
        return known | {uuid: k for uuid, k in self._in_flight.items() if uuid in uuids}

    def _points(self, plan: _Plan) -> tuple[list[Point], list[str]]:
        """Points of a batch, the first chunk of each document last: its presence then says that all are there."""
        if self._chunker is None and (plan.encode or plan.payload_only):
            self._chunker = Chunker(self._space.encoder)
        spans = {uuid: self._spans(document) for uuid, document in plan.encode.items()}
        texts = [
            normalise(plan.encode[uuid].text[start:end]) for uuid, pieces in spans.items() for start, end in pieces
        ]
        vectors = self._space.documents(texts) if texts else np.empty((0, self._space.dimension), np.float32)
        points: list[Point] = []
        failed: list[str] = []
        row = 0
        for uuid, pieces in spans.items():
            own = vectors[row : row + len(pieces)]
            row += len(pieces)
            if not np.isfinite(own).all() or not own.any(axis=1).all():
                failed.append(uuid)
                continue
            ids = chunk_ids(uuid, len(pieces))
            for i, (start, end) in enumerate(pieces):
                payload = payload_of(plan.encode[uuid], i, len(pieces), start, end)
                points.append(Point(id=ids[i], vector=own[i], payload=payload))
        for uuid in failed:
            del plan.encode[uuid]
            if uuid in plan.was:
                plan.updated -= 1
            else:
                plan.added -= 1
        counts = {uuid: len(pieces) for uuid, pieces in spans.items()}
        self._in_flight = {
            uuid: _Known(document.text_hash, document.rest_hash, counts[uuid]) for uuid, document in plan.encode.items()
        } | {
            uuid: _Known(document.text_hash, document.rest_hash, plan.was[uuid].chunks)
            for uuid, document in plan.payload_only.items()
        }
        return sorted(points, key=lambda point: -point.payload["chunk"]), failed

    def _spans(self, document: StoredDocument) -> Sequence[tuple[int, int]]:
        assert self._chunker is not None
        return self._chunker.spans(document.text)

    def _store_batch(self, plan: _Plan, points: Sequence[Point]) -> None:
        """Write one batch. Runs in the upsert thread while the next batch is encoded."""
        if points:
            self._store.upsert(points, vector_name=self._vector_name)
        left_over: list[str] = []
        written = {str(point.payload["doc"]): int(point.payload["chunks"]) for point in points}
        for uuid, chunks in written.items():
            before = plan.was.get(uuid)
            if before is not None and before.chunks > chunks:
                left_over += chunk_ids(uuid, before.chunks)[chunks:]
        if left_over:
            self._store.delete(ids=left_over)
        payloads: dict[str | int, dict[str, Any]] = {}
        for uuid, document in plan.payload_only.items():
            pieces = self._spans(document)
            ids = chunk_ids(uuid, len(pieces))
            for i in reversed(range(len(pieces))):  # the first chunk last, as in `_points`
                payloads[ids[i]] = payload_of(document, i, len(pieces), *pieces[i])
        if payloads:
            self._store.set_payloads(payloads)


def _failure(
    batch: Sequence[tuple[int, Mapping[str, Any]]], documents: Sequence[tuple[int, StoredDocument]], uuid: str
) -> Skipped:
    index, document = next((i, d) for i, d in reversed(documents) if d.uuid == uuid)
    return Skipped(
        index=index, id=document.id, reason="the encoder gave no usable vector for it (NaN, infinite or zero)"
    )


def _batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
