"""The verbs of a collection that write into it."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from xling.errors import InvalidInput
from xling.ingest.documents import Input, rows
from xling.ingest.encoding import Encoding
from xling.ingest.indexing import index_after
from xling.ingest.storing import delete_documents
from xling.ingest.sync import synchronise
from xling.ingest.writer import DEFAULT_BATCH, ProgressCallback, Writer
from xling.language import Detector
from xling.search.filters import Filters, Where
from xling.space import SharedSpace
from xling.space.chunker import Chunking
from xling.space.collection_stats import CollectionStatistics
from xling.store.base import FilterJson, PointId, Store
from xling.store.layout import Layout
from xling.store.points import NOT_WHOLE
from xling.store.steps import run
from xling.types import DocumentId, Report


class WritingVerbs(ABC):
    """What `Collection` offers to change its documents: one call at a time, whatever the number of threads."""

    store: Store
    space: SharedSpace
    _chunking: Chunking
    _encoding: Encoding | None = None
    _detector: Detector
    _filters: Filters
    _layout: Layout
    _lexical: bool
    _statistics: CollectionStatistics
    _vector_name: str
    _write_lock: threading.Lock

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _writable(self) -> UUID: ...

    @abstractmethod
    def _point_id(self, id: DocumentId) -> PointId: ...

    @abstractmethod
    def _heads(self, filter: FilterJson | None) -> FilterJson | None: ...

    def add(
        self,
        documents: Input | Iterable[Input],
        *,
        ids: Sequence[DocumentId | None] | None = None,
        langs: str | Sequence[str | None] | None = None,
        metadata: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None,
        source: str | None = None,
        batch_size: int = DEFAULT_BATCH,
        workers: int | None = None,
        optimize: bool | None = None,
        progress: ProgressCallback | None = None,
    ) -> Report:
        """Store documents, each known by its id (or by its text and source), so that adding again changes nothing.

        A text that cannot be stored is skipped and reported; the others are stored. A document that is already
        there is updated where it differs: a new text is encoded again, new metadata alone is not. Texts longer
        than the model reads are split, never cut off.

        Args:
            documents: A text, a `Document`, a mapping with a `Document`'s fields, or any iterable of these; it is
                read as it is written, so it may be longer than memory.
            ids: One id a document, of any form: they come back as given.
            langs: BCP 47 codes, one a document or one for all; detected where not given.
            metadata: One mapping a document, or one for all.
            source: Where the documents come from.
            batch_size: Documents encoded and written at a time.
            workers: Encode in so many processes; see `xling.ingest.workers.EncoderWorkers`, which keeps them for
                several calls.
            optimize: Whether to `optimize` afterwards. By default where this call stored a thousand documents or more,
                and 20,000 of an embedded collection, a third of it or more, are in no index yet; not beyond 200,000.
                That takes about a twentieth of the time of encoding them, and the process does nothing else meanwhile,
                so an `AsyncCollection` does it only if asked.
            progress: Called with a `Progress` after each batch.

        Returns:
            How many documents were added, updated or unchanged, and which were skipped, with the reason.

        Whatever ends it early, an exception of the iterable and Ctrl-C included, is raised with the report until then
        as its attribute `report`; what that counts stays stored. Called again, also after the process was killed, it
        encodes nothing again that was stored.

        Raises:
            InvalidInput: `ids`, `langs` or `metadata` differ in number from the documents (nothing was written), or
                the collection was made by another tool.
        """
        pairs = rows(documents, ids=ids, langs=langs, metadata=metadata, source=source)
        with self._write_lock:
            with self._working(workers):
                writer = self._writer(batch_size)
                report = writer.write(pairs, total=_length(documents), progress=progress)
            index_after(self.store, report, optimize)
            return report

    def sync(
        self,
        documents: Input | Iterable[Input],
        *,
        source: str,
        ids: Sequence[DocumentId | None] | None = None,
        langs: str | Sequence[str | None] | None = None,
        metadata: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None,
        dry_run: bool = False,
        allow_empty: bool = False,
        batch_size: int = DEFAULT_BATCH,
        workers: int | None = None,
        optimize: bool | None = None,
        progress: ProgressCallback | None = None,
    ) -> Report:
        """Make the collection equal to a source: add what is new, update what differs, delete what is gone.

        Documents are compared by id (or by text, where they have none) and content, as in `add`. Only documents of the
        same `source` are deleted, and only those that were there when the call began, after all of `documents` was read
        without an exception and all else was written. Nothing is deleted either

        - if `documents` has not one that can be used, while the collection has some of the source: an error says so,
          unless `allow_empty`;
        - if an id cannot be used, or an `Unreadable` has none: it might be any document. `Report.kept` says how many
          were left, and a `NotDeletedWarning` is issued.

        A document that is skipped for another reason keeps what is stored under its id. An id that is stored with
        another source is taken over: ids are the collection's, not the source's.

        Memory stays constant but for 17 bytes for each stored document of the source; with `dry_run`, some 200 bytes
        for each that would be written.

        Args:
            documents: All documents of the source, in any form that `add` takes.
            source: The source's name. Documents that name another one themselves are skipped.
            ids: As in `add`; so are `langs`, `metadata`, `batch_size`, `workers`, `optimize` and `progress`.
            dry_run: Report what would happen; encode and write nothing.
            allow_empty: Delete all documents of the source if it is empty.

        Returns:
            How many documents were added, updated, unchanged, deleted or kept, and which were skipped.

        Raises:
            InvalidInput: The source is empty, see above; `source` is no name; or as in `add`.
        """
        if not isinstance(source, str) or not source.strip():
            raise InvalidInput(
                f"sync() deletes what its source no longer has, so the source needs a name, not {source!r}"
            )
        pairs = rows(documents, ids=ids, langs=langs, metadata=metadata, source=source)
        with self._write_lock:
            with self._working(None if dry_run else workers):
                writer = self._writer(batch_size)
                report = synchronise(
                    writer,
                    self.store,
                    self._statistics,
                    pairs,
                    source=source,
                    allow_empty=allow_empty,
                    dry_run=dry_run,
                    total=_length(documents),
                    progress=progress,
                )
            if not dry_run:
                index_after(self.store, report, optimize)
            return report

    def delete(
        self,
        ids: DocumentId | Sequence[DocumentId] | None = None,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
    ) -> Report:
        """Delete documents by ids, or all that meet a filter; give one or the other.

        Returns:
            `deleted` counts the documents that were there.
        """
        self._check_open()
        filter = run(self._filters(languages, where, source), self.store)
        if (ids is None) == (filter is None):
            raise InvalidInput("delete() takes ids, or a filter (where=, languages=, source=): one of the two")
        with self._write_lock:
            if filter is not None:
                deleted = self.store.count(self._heads(filter))
                self._statistics.removing_matches(filter)
                self.store.delete(filter=filter)
                self._statistics.save()
                return Report(deleted=deleted)
            wanted = [ids] if isinstance(ids, (str, int, UUID)) else list(ids or ())
            heads = self.store.retrieve(list(dict.fromkeys(self._point_id(id) for id in wanted)))
            if heads and self._layout.own:
                delete_documents(self.store, heads, self._statistics)
                self._statistics.save()
            elif heads:
                self.store.delete(ids=[head.id for head in heads])
            return Report(deleted=sum(head.payload.get("chunk") != NOT_WHOLE for head in heads))

    def _writer(self, batch_size: int) -> Writer:
        namespace = self._writable()
        if batch_size < 1:
            raise InvalidInput(f"batch_size must be at least 1, got {batch_size}")
        return Writer(
            self.store,
            self.space,
            self._detector,
            namespace=namespace,
            vector_name=self._vector_name,
            statistics=self._statistics,
            batch_size=batch_size,
            chunking=self._chunking,
            lexical=self._lexical,
            encoding=self._encoding,
        )

    def _working(self, workers: int | None) -> contextlib.AbstractContextManager[object]:
        if workers is None:
            return contextlib.nullcontext()
        from xling.ingest.workers import EncoderWorkers

        return EncoderWorkers(self, workers=workers)


def _length(documents: object) -> int | None:
    return len(documents) if isinstance(documents, Sequence) and not isinstance(documents, str) else None
