"""Documents → points in a store: compared with what is there, encoded in batches, written while the next is encoded."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import numpy as np

from xling.errors import XlingError
from xling.ingest.documents import Refused, Row, prepare
from xling.ingest.flow import Flow, Stopped, Waiting
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

_ENCODE_CHARACTERS = 32_000
"""Characters given to the encoder in one call, seconds of work at most: Ctrl-C waits for it."""
_SAVE_SECONDS = 10.0

ProgressCallback = Callable[[Progress], None]


class Watcher(Protocol):
    """Told of each document that is read, stored or not: `sync` deletes the others."""

    source: str
    """Documents of other sources are refused."""

    def saw(self, uuids: Iterable[str]) -> None: ...

    def saw_unknown(self) -> None:
        """There is a row that might be any document of the source."""


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
    ) -> None:
        self._store, self._space, self._detector = store, space, detector
        self._namespace, self._vector_name, self._batch_size = namespace, vector_name, batch_size
        self._statistics = statistics
        self._chunking, self._lexical = chunking, lexical
        self._chunker: Chunker | None = None
        self._in_flight: dict[str, Known] = {}
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
        self._in_flight = {}

        def work(batch: list[tuple[int, Row]]) -> tuple[Plan, list[Point]]:
            plan = self._plan(batch, watcher)
            if dry_run:
                self._in_flight |= plan.outcome({})
                return plan, []
            return plan, self._points(plan, flow.stopping)

        def write(worked: tuple[Plan, list[Point]]) -> None:
            if not dry_run:
                self._store_batch(*worked)

        flow: Flow[tuple[int, Row], tuple[Plan, list[Point]]] = Flow(
            work,
            write,
            lambda worked: tally.count(worked[0], flow.waiting_for),
            size=self._batch_size,
            weight=BATCH_CHARACTERS,
            weigh=_characters,
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

    def _plan(self, batch: Sequence[tuple[int, Row]], watcher: Watcher | None) -> Plan:
        source = None if watcher is None else watcher.source
        prepared = [(index, prepare(index, row, self._namespace, source=source)) for index, row in batch]
        refused = [p for _, p in prepared if isinstance(p, Refused)]
        documents = self._with_languages([p for _, p in prepared if not isinstance(p, Refused)])
        if watcher is not None:
            watcher.saw(document.uuid for document in documents)
            watcher.saw(r.uuid for r in refused if r.uuid is not None)
            if not all(r.known for r in refused):
                watcher.saw_unknown()
        plan = make_plan(documents, self._stored({document.uuid for document in documents}))
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

    def _stored(self, uuids: set[str]) -> dict[str, Known]:
        # The batch before this one may still be on its way to the store, and arrive while that is asked.
        in_flight = {uuid: known for uuid, known in self._in_flight.items() if uuid in uuids}
        return {str(head.id): Known.read(head) for head in self._store.retrieve(sorted(uuids))} | in_flight

    def _points(self, plan: Plan, stopping: threading.Event) -> list[Point]:
        """The points of what a batch has to have encoded."""
        spans = self._spans(plan.encode)
        vectors = self._encode(
            [normalise(plan.encode[uuid].text[start:end]) for uuid, pieces in spans.items() for start, end in pieces],
            stopping,
        )
        points: list[Point] = []
        row = 0
        for uuid, pieces in spans.items():
            own = vectors[row : row + len(pieces)]
            row += len(pieces)
            document = plan.encode[uuid]
            if not np.isfinite(own).all() or not own.any(axis=1).all():
                reason = "the encoder gave no usable vector for it (NaN, infinite or zero)"
                plan.drop(uuid, Skipped(index=plan.indexes[uuid], id=document.id, reason=reason))
                continue
            for i, (id, (start, end)) in enumerate(zip(chunk_ids(uuid, len(pieces)), pieces, strict=True)):
                points.append(Point(id, own[i], payload_of(document, i, len(pieces), start, end)))
        self._in_flight = plan.outcome({uuid: len(pieces) for uuid, pieces in spans.items()})
        return with_terms(points) if self._lexical else points

    def _encode(self, texts: Sequence[str], stopping: threading.Event) -> Vectors:
        """Vectors of texts, each text once, and few enough at a time that it can be given up between."""
        rows: dict[str, int] = {}
        for text in sorted(texts, key=len, reverse=True):  # of even length together
            rows.setdefault(text, len(rows))
        vectors = np.empty((len(rows), self._space.dimension), np.float32)
        for start, slice in _slices(list(rows), _ENCODE_CHARACTERS):
            if stopping.is_set():
                raise Stopped
            vectors[start : start + len(slice)] = self._space.documents(slice)
        return vectors[[rows[text] for text in texts]]

    def _spans(self, documents: Mapping[str, StoredDocument]) -> dict[str, Sequence[tuple[int, int]]]:
        if not documents:
            return {}
        if self._chunker is None:
            self._chunker = Chunker(self._space.encoder, self._chunking)
        found = self._chunker.spans_many([d.text for d in documents.values()], [d.lang for d in documents.values()])
        return dict(zip(documents, found, strict=True))

    def _store_batch(self, plan: Plan, points: Sequence[Point]) -> None:
        """Write one batch. Runs in the writing thread while the next batch is encoded."""
        store_points(self._store, points, plan.was, vector_name=self._vector_name, statistics=self._statistics)
        if plan.payload_only:
            store_payloads(self._store, plan, vector_name=self._vector_name, statistics=self._statistics)
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self._statistics.save()
            self._saved_at = time.monotonic()


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


def _slices(texts: Sequence[str], characters: int) -> Iterator[tuple[int, list[str]]]:
    """The texts in runs of at most so many characters (or of one text), each with the number of its first."""
    start, weight = 0, 0
    for i, text in enumerate(texts):
        if i > start and weight + len(text) > characters:
            yield start, list(texts[start:i])
            start, weight = i, 0
        weight += len(text)
    if start < len(texts):
        yield start, list(texts[start:])
