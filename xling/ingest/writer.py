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
from xling.space.chunker import Chunker, Chunking
from xling.space.collection_stats import CollectionStatistics
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
    lang: str


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
        statistics: CollectionStatistics,
        batch_size: int = DEFAULT_BATCH,
        chunking: Chunking | None = None,
    ) -> None:
        self._store, self._space, self._detector = store, space, detector
        self._namespace, self._vector_name, self._batch_size = namespace, vector_name, batch_size
        self._statistics = statistics
        self._chunking = chunking
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
                    skipped += bad + [_failure(documents, uuid) for uuid in failed]
                    for key in counts:
                        counts[key] += getattr(plan, key)
                    done += len(batch)
                    if progress:
                        rate = done / max(time.monotonic() - started, 1e-9)
                        progress(Progress(done=done, total=total, per_second=rate))
            finally:
                if pending is not None:
                    pending.result()
                self._statistics.save()
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
        latest = self._stored({document.uuid for _, document in documents})
        plan.was = dict(latest)  # a document that comes twice in the batch is compared with itself, then with this
        for _, document in documents:
            uuid, now = document.uuid, _known(document, 0)
            known, before = latest.get(uuid), plan.was.get(uuid)
            latest[uuid] = now
            if known is None:
                plan.added += 1
                plan.encode[uuid] = document
            elif (known.text_hash, known.rest_hash) == (now.text_hash, now.rest_hash):
                plan.unchanged += 1
            else:
                plan.updated += 1
                same_text = before is not None and before.text_hash == now.text_hash
                (plan.encode if same_text else plan.payload_only).pop(uuid, None)
                (plan.payload_only if same_text else plan.encode)[uuid] = document
        return plan

    def _stored(self, uuids: set[str]) -> dict[str, _Known]:
        known = {
            str(record.id): _Known(
                str(record.payload.get("text_hash")),
                str(record.payload.get("rest_hash")),
                int(record.payload.get("chunks", 1)),
                str(record.payload.get("lang")),
            )
            for record in self._store.retrieve(sorted(uuids))
        }
        # The batch before this one may still be on its way to the store.
        return known | {uuid: k for uuid, k in self._in_flight.items() if uuid in uuids}

    def _points(self, plan: _Plan) -> tuple[list[Point], list[str]]:
        """Points of a batch, the first chunk of each document last: its presence then says that all are there."""
        if self._chunker is None and (plan.encode or plan.payload_only):
            self._chunker = Chunker(self._space.encoder, self._chunking)
        spans = self._spans(plan.encode)
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
        self._in_flight = {uuid: _known(document, len(spans[uuid])) for uuid, document in plan.encode.items()} | {
            uuid: _known(document, plan.was[uuid].chunks) for uuid, document in plan.payload_only.items()
        }
        return sorted(points, key=lambda point: -point.payload["chunk"]), failed

    def _spans(self, documents: Mapping[str, StoredDocument]) -> dict[str, Sequence[tuple[int, int]]]:
        if not documents:
            return {}
        assert self._chunker is not None
        found = self._chunker.spans_many([d.text for d in documents.values()], [d.lang for d in documents.values()])
        return dict(zip(documents, found, strict=True))

    def _store_batch(self, plan: _Plan, points: Sequence[Point]) -> None:
        """Write one batch. Runs in the upsert thread while the next batch is encoded."""
        written = {str(point.payload["doc"]): int(point.payload["chunks"]) for point in points}
        replaced = {uuid: chunk_ids(uuid, plan.was[uuid].chunks) for uuid in written if uuid in plan.was}
        self._statistics.removing([id for ids in replaced.values() for id in ids])
        if points:
            self._store.upsert(points, vector_name=self._vector_name)
            self._statistics.add([point.payload["lang"] for point in points], [point.vector for point in points])
        left_over = [id for uuid, ids in replaced.items() for id in ids[written[uuid] :]]
        if left_over:
            self._store.delete(ids=left_over)
        if plan.payload_only:
            self._store_payloads(plan)

    def _store_payloads(self, plan: _Plan) -> None:
        payloads: dict[str | int, dict[str, Any]] = {}
        renamed: list[str | int] = []  # documents whose language is another now
        spans = self._spans(plan.payload_only)
        for uuid, document in plan.payload_only.items():
            pieces = spans[uuid]
            ids = chunk_ids(uuid, len(pieces))
            for i in reversed(range(len(pieces))):  # the first chunk last, as in `_points`
                payloads[ids[i]] = payload_of(document, i, len(pieces), *pieces[i])
            if plan.was[uuid].lang != document.lang:
                renamed += ids
        records = self._store.retrieve(renamed, with_vector=self._vector_name)
        self._statistics.remove(records)
        self._store.set_payloads(payloads)
        moved = [(str(payloads[r.id]["lang"]), r.vector) for r in records if r.vector is not None]
        self._statistics.add([lang for lang, _ in moved], [vector for _, vector in moved])


def _known(document: StoredDocument, chunks: int) -> _Known:
    return _Known(document.text_hash, document.rest_hash, chunks, document.lang)


def _failure(documents: Sequence[tuple[int, StoredDocument]], uuid: str) -> Skipped:
    index, document = next((i, d) for i, d in reversed(documents) if d.uuid == uuid)
    return Skipped(
        index=index, id=document.id, reason="the encoder gave no usable vector for it (NaN, infinite or zero)"
    )


def _batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
