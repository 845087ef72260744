"""Documents → points in a store: compared with what is there, encoded in batches, written while the next is encoded.

The encoder is what takes the time, so nothing else is done between two batches of it: the next ones are compared, their
languages detected and their texts split in one thread meanwhile, and points are made and written in another.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias
from uuid import UUID

import numpy as np

from xling.errors import XlingError
from xling.ingest.documents import Refused, Row, prepare
from xling.ingest.encoding import Encoding, EncodingHere, Pending
from xling.ingest.flow import Flow, Waiting
from xling.ingest.planning import Known, Plan, make_plan
from xling.ingest.storing import store_payloads, store_points
from xling.language import Detector
from xling.space import SharedSpace
from xling.space.chunker import Chunker, Chunking
from xling.space.collection_stats import CollectionStatistics
from xling.space.lexical import with_terms
from xling.space.protocols import Vectors
from xling.store.base import Point, Store
from xling.store.points import StoredDocument, chunk_ids, payload_of
from xling.text import normalise
from xling.types import Progress, Report, Skipped, Unreadable

DEFAULT_BATCH = 512
"""Documents a batch: enough for the encoder to sort by length, few enough to lose little when interrupted."""

BATCH_CHARACTERS = 400_000
"""A batch of long documents is cut at this length of them all, so that a few of them do not fill the memory."""

_SAVE_SECONDS = 10.0

ProgressCallback = Callable[[Progress], None]


class Watcher(Protocol):
    """Told of each document that is read, stored or not: `sync` deletes the others."""

    source: str
    """Documents of other sources are refused."""

    def saw(self, uuids: Iterable[str]) -> None: ...

    def saw_unknown(self) -> None:
        """There is a row that might be any document of the source."""


@dataclass(slots=True)
class _Batch:
    """A batch on its way."""

    number: int
    rows: Sequence[tuple[int, Row]]
    plan: Plan
    spans: Mapping[str, Sequence[tuple[int, int]]]
    pending: Pending | None


_Worked: TypeAlias = tuple[_Batch, Vectors | None]


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
        lexical: bool = False,
        encoding: Encoding | None = None,
    ) -> None:
        self._store, self._space, self._detector = store, space, detector
        self._namespace, self._vector_name, self._batch_size = namespace, vector_name, batch_size
        self._statistics = statistics
        self._chunking, self._lexical = chunking, lexical
        self._chunker: Chunker | None = None
        self._encoding = encoding or EncodingHere(space)
        self._on_the_way = _OnTheWay()
        self._saved_at = time.monotonic()

    def write(
        self,
        rows: Iterable[Row],
        *,
        total: int | None = None,
        progress: ProgressCallback | None = None,
        watcher: Watcher | None = None,
        dry_run: bool = False,
    ) -> Report:
        """Store each row, and report on each.

        Whatever ends it early, the rows' own exception and Ctrl-C included, is raised with the report of what was
        stored until then as its attribute `report`; that stays stored.

        Args:
            rows: Documents, read in the caller's thread while those before them are encoded and written.
            total: How many, if known.
            progress: Called in the caller's thread after each batch.
            watcher: Told of each document.
            dry_run: Encode and write nothing. What would have been written is kept in mind, some 200 bytes a document.
        """
        tally = _Tally(total, progress)
        self._on_the_way = _OnTheWay()
        numbers = itertools.count()
        flow: Flow[tuple[int, Row], _Batch, _Worked] = Flow(
            lambda rows: self._prepare(next(numbers), rows, watcher, dry_run=dry_run),
            lambda batch: self._encode(batch, watcher, flow.stopping),
            self._store_batch,
            lambda worked: tally.count(worked[0].plan, flow.waiting_for),
            size=self._batch_size,
            weight=BATCH_CHARACTERS,
            weigh=_characters,
            ahead=self._encoding.ahead,
        )
        try:
            flow.run(enumerate(rows))
        except BaseException as error:
            with contextlib.suppress(XlingError):  # the first error says more than one that follows from it
                self._statistics.save()
            attach_report(error, tally.report())
            raise
        self._statistics.save()
        return tally.report()

    def _prepare(
        self, number: int, rows: Sequence[tuple[int, Row]], watcher: Watcher | None, *, dry_run: bool = False
    ) -> _Batch:
        """Say what is to be done with a batch, and begin to encode. Runs while those before it are encoded."""
        plan = self._plan(number, rows, watcher)
        spans = {} if dry_run else self._spans(plan.encode)
        outcome = plan.outcome({uuid: len(pieces) for uuid, pieces in spans.items()})
        if dry_run:
            self._on_the_way.keep(outcome)
            return _Batch(number, rows, plan, spans, None)
        self._on_the_way.put(number, outcome)
        texts = [
            normalise(plan.encode[uuid].text[start:end]) for uuid, pieces in spans.items() for start, end in pieces
        ]
        return _Batch(number, rows, plan, spans, self._encoding.begin(texts))

    def _encode(self, batch: _Batch, watcher: Watcher | None, stopping: threading.Event) -> _Worked:
        """The vectors of a batch."""
        if batch.pending is not None and self._on_the_way.was_lost(batch.plan.indexes):
            batch = self._prepare(batch.number, batch.rows, watcher)  # it was compared with what will not be stored
        pending, batch.pending = batch.pending, None
        if pending is None:
            return batch, None
        vectors = pending(stopping)
        row = 0
        for uuid, pieces in batch.spans.items():
            own = vectors[row : row + len(pieces)]
            row += len(pieces)
            if not np.isfinite(own).all() or not own.any(axis=1).all():
                reason = "the encoder gave no usable vector for it (NaN, infinite or zero)"
                plan, id = batch.plan, batch.plan.encode[uuid].id
                plan.drop(uuid, Skipped(index=plan.indexes[uuid], id=id, reason=reason))
                self._on_the_way.lose(batch.number, uuid)
        return batch, vectors

    def _plan(self, number: int, batch: Sequence[tuple[int, Row]], watcher: Watcher | None) -> Plan:
        source = None if watcher is None else watcher.source
        prepared = [(index, prepare(index, row, self._namespace, source=source)) for index, row in batch]
        refused = [p for _, p in prepared if isinstance(p, Refused)]
        documents = self._with_languages([p for _, p in prepared if not isinstance(p, Refused)])
        if watcher is not None:
            watcher.saw(document.uuid for document in documents)
            watcher.saw(r.uuid for r in refused if r.uuid is not None)
            if not all(r.known for r in refused):
                watcher.saw_unknown()
        plan = make_plan(documents, self._stored({document.uuid for document in documents}, number))
        plan.rows = len(batch)
        plan.skipped += [r.skipped for r in refused]
        plan.indexes = {p.uuid: index for index, p in prepared if not isinstance(p, Refused)}
        return plan

    def _with_languages(self, documents: list[StoredDocument]) -> list[StoredDocument]:
        unknown = [i for i, document in enumerate(documents) if not document.lang]
        if not unknown:  # a detector loads its tables when it is asked, whatever it is asked
            return documents
        found = self._detector.detect_many([documents[i].text for i in unknown])
        for i, detection in zip(unknown, found, strict=True):
            documents[i] = replace(documents[i], lang=detection.lang)
        return documents

    def _stored(self, uuids: set[str], batch: int) -> dict[str, Known]:
        # Batches before this one may still be on their way to the store, and arrive while that is asked.
        coming = self._on_the_way.of(uuids, batch)
        return {str(head.id): Known.read(head) for head in self._store.retrieve(sorted(uuids))} | coming

    def _spans(self, documents: Mapping[str, StoredDocument]) -> dict[str, Sequence[tuple[int, int]]]:
        if not documents:
            return {}
        if self._chunker is None:
            self._chunker = Chunker(self._space.encoder, self._chunking)
        found = self._chunker.spans_many([d.text for d in documents.values()], [d.lang for d in documents.values()])
        return dict(zip(documents, found, strict=True))

    def _store_batch(self, worked: _Worked) -> None:
        """Write one batch. Runs in the writing thread while the next batch is encoded."""
        batch, vectors = worked
        if vectors is None:
            return
        plan = batch.plan
        points = _points(batch, vectors)
        if self._lexical:
            points = with_terms(points)
        store_points(self._store, points, plan.was, vector_name=self._vector_name, statistics=self._statistics)
        if plan.payload_only:
            store_payloads(self._store, plan, vector_name=self._vector_name, statistics=self._statistics)
        self._on_the_way.arrived(batch.number)
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self._statistics.save()
            self._saved_at = time.monotonic()


def _points(batch: _Batch, vectors: Vectors) -> list[Point]:
    points: list[Point] = []
    row = 0
    for uuid, pieces in batch.spans.items():
        document = batch.plan.encode.get(uuid)
        if document is not None:  # else there is no vector for it
            for i, (id, (start, end)) in enumerate(zip(chunk_ids(uuid, len(pieces)), pieces, strict=True)):
                points.append(Point(id, vectors[row + i], payload_of(document, i, len(pieces), start, end)))
        row += len(pieces)
    return points


class _OnTheWay:
    """What will be stored of documents whose batches are not written yet. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: dict[int, dict[str, Known]] = {}
        self._lost: set[str] = set()

    def put(self, batch: int, outcome: dict[str, Known]) -> None:
        with self._lock:
            self._batches[batch] = outcome

    def keep(self, outcome: dict[str, Known]) -> None:
        """It never arrives, but is to be compared with as if it had."""
        with self._lock:
            self._batches.setdefault(-1, {}).update(outcome)

    def arrived(self, batch: int) -> None:
        with self._lock:
            del self._batches[batch]

    def lose(self, batch: int, uuid: str) -> None:
        """It will not be stored after all."""
        with self._lock:
            del self._batches[batch][uuid]
            self._lost.add(uuid)

    def was_lost(self, uuids: Iterable[str]) -> bool:
        with self._lock:
            return bool(self._lost) and not self._lost.isdisjoint(uuids)

    def of(self, uuids: set[str], before: int) -> dict[str, Known]:
        """The latest that batches before this one are to store of each of these documents."""
        with self._lock:
            known: dict[str, Known] = {}
            for batch, outcome in sorted(self._batches.items()):
                if batch < before:
                    known |= {uuid: outcome[uuid] for uuid in uuids & outcome.keys()}
            return known


class _Tally:
    """Counts what was written, and tells of it."""

    def __init__(self, total: int | None, progress: ProgressCallback | None) -> None:
        self._total, self._progress = total, progress
        self._counts: dict[str, int] = {"added": 0, "updated": 0, "unchanged": 0}
        self._skipped: list[Skipped] = []
        self._started, self._done = time.monotonic(), 0

    def count(self, plan: Plan, waiting_for: Callable[[], Waiting]) -> None:
        for change, number in plan.counts.items():
            self._counts[change] += number
        self._skipped += plan.skipped
        self._done += plan.rows
        if self._progress:
            rate = self._done / max(time.monotonic() - self._started, 1e-9)
            self._progress(Progress(done=self._done, total=self._total, per_second=rate, waiting_for=waiting_for()))

    def report(self) -> Report:
        return Report(**self._counts, skipped=tuple(sorted(self._skipped, key=lambda s: s.index)))


def attach_report(error: BaseException, report: Report) -> None:
    """Say with an exception what was done before it: as its attribute `report`, and, from Python 3.11 on, as a note."""
    with contextlib.suppress(Exception):  # an exception of the user's own may take no attributes
        error.report = report  # type: ignore[attr-defined]
        if hasattr(error, "add_note"):
            error.add_note(f"before this: {report}")


def _characters(numbered: tuple[int, Row]) -> int:
    row = numbered[1]
    text = None if isinstance(row, Unreadable) else row.get("text")
    return len(text) if isinstance(text, str) else 0
