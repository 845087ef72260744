"""The verbs of a collection that write into it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from xling.errors import InvalidInput
from xling.ingest.documents import Input, rows
from xling.ingest.writer import DEFAULT_BATCH, ProgressCallback, Writer
from xling.language import Detector
from xling.search.filters import Filters, Where
from xling.space import SharedSpace
from xling.space.chunker import Chunking
from xling.space.collection_stats import CollectionStatistics
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.steps import run
from xling.types import DocumentId, Report


class WritingVerbs(ABC):
    """What `Collection` offers to change its documents: one call at a time, whatever the number of threads."""

    store: Store
    space: SharedSpace
    _chunking: Chunking
    _detector: Detector
    _filters: Filters
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
    def _point_ids(self, head: Record) -> Sequence[PointId]: ...

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
            progress: Called with a `Progress` after each batch.

        Returns:
            How many documents were added, updated or unchanged, and which were skipped, with the reason.

        Raises:
            InvalidInput: `ids`, `langs` or `metadata` differ in number from the documents (nothing was written), or
                the collection was made by another tool.
        """
        namespace = self._writable()
        total = len(documents) if isinstance(documents, Sequence) and not isinstance(documents, str) else None
        pairs = rows(documents, ids=ids, langs=langs, metadata=metadata, source=source)
        if batch_size < 1:
            raise InvalidInput(f"batch_size must be at least 1, got {batch_size}")
        writer = Writer(
            self.store,
            self.space,
            self._detector,
            namespace=namespace,
            vector_name=self._vector_name,
            statistics=self._statistics,
            batch_size=batch_size,
            chunking=self._chunking,
        )
        with self._write_lock:
            return writer.write(pairs, total=total, progress=progress)

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
            points = [point for head in heads for point in self._point_ids(head)]
            if points:
                self._statistics.removing(points)
                self.store.delete(ids=points)
                self._statistics.save()
            return Report(deleted=len(heads))
