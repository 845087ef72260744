"""`Collection`: what users hold. Its verbs are those of the rooms below (`*/verbs.py`), and a few of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import overload
from uuid import UUID

from xling.attach import METADATA_KEY, Opened
from xling.errors import CollectionClosed, InvalidInput
from xling.explore.classifying import ClassifyingVerbs
from xling.explore.duplicating import DuplicateVerbs
from xling.explore.mapping import MappingVerbs
from xling.explore.outlying import OutlierVerbs
from xling.explore.probing import ProbingVerbs
from xling.explore.suggesting import SuggestingVerbs
from xling.explore.topics import TopicVerbs
from xling.ingest.verbs import WritingVerbs
from xling.language import Detector
from xling.search.explaining import ExplainingVerbs
from xling.search.filters import Filters, Where
from xling.search.listing import ListingVerbs
from xling.search.plan import Mode
from xling.search.searcher import Searcher
from xling.space import SharedSpace
from xling.space.collection_stats import CollectionStatistics
from xling.space.encoders.usage import usage_record
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.filters import and_filters
from xling.store.ids import document_uuid, problem_of_id
from xling.store.layout import HEADS
from xling.store.points import NOT_WHOLE, chunk_ids, document_from_records
from xling.store.steps import Steps, ask, stepwise
from xling.store.storage import storage_record
from xling.transfer.verbs import MovingVerbs, drop_all
from xling.types import Document, DocumentId, Info, Progress


class Collection(
    SuggestingVerbs,
    ClassifyingVerbs,
    TopicVerbs,
    MappingVerbs,
    DuplicateVerbs,
    OutlierVerbs,
    ProbingVerbs,
    ExplainingVerbs,
    ListingVerbs,
    WritingVerbs,
    MovingVerbs,
):
    """One collection of texts in a shared space. Made by `xling.open`; safe to use from several threads.

    Attributes:
        name: The collection's name.
        space: The encoder and its identity.
        store: The store underneath, for what xling does not cover.
    """

    def __init__(
        self, opened: Opened, *, detector: Detector, progress: Callable[[Progress], None] | None = None
    ) -> None:
        self.name = opened.store.name
        self.store: Store = opened.store
        self.space: SharedSpace = opened.space
        self._layout, self._vector_name, self._namespace = opened.layout, opened.vector_name, opened.namespace
        self._chunking, self._lexical = opened.chunking, opened.lexical
        self._detector = detector
        self._write_lock = threading.Lock()
        self._filters = Filters(opened.store.name, opened.layout)
        self._statistics = CollectionStatistics(
            opened.store,
            opened.space.dimension,
            vector_name=opened.vector_name,
            layout=opened.layout,
            detector=detector,
        )
        self._searcher = Searcher(
            opened.store.name,
            opened.space,
            opened.layout,
            vector_name=opened.vector_name,
            distance=opened.distance,
            statistics=self._statistics,
            progress=progress,
        )
        self._closed = False

    @property
    def metadata_prefix(self) -> str:
        """What stands before the metadata's fields in the paths of a Qdrant filter."""
        return self._layout.metadata_prefix

    @overload
    def get(self, ids: DocumentId) -> Document | None: ...  # type: ignore[overload-overlap]  # a str is a Sequence
    @overload
    def get(self, ids: Sequence[DocumentId]) -> list[Document | None]: ...

    @stepwise("store")
    def get(self, ids: DocumentId | Sequence[DocumentId]) -> Steps[Document | list[Document | None] | None]:
        """The document of an id, whole, or None; for a list of ids a list of the same length."""
        self._check_open()
        wanted = [ids] if isinstance(ids, (str, int, UUID)) else list(ids)
        points = [self._point_id(id) for id in wanted]
        heads = {record.id: record for record in (yield from ask(Store.retrieve, points))}
        found: list[Document | None] = []
        for point in points:
            if point in heads and not (self._layout.own and heads[point].payload.get("chunk") == NOT_WHOLE):
                records = [heads[point], *(yield from self._tail(heads[point]))]
                found.append(document_from_records(records, self._layout))
            else:
                found.append(None)
        return found[0] if isinstance(ids, (str, int, UUID)) else found

    @stepwise("store")
    def count(
        self,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
    ) -> Steps[int]:
        """Number of documents, of all or of those that meet a filter."""
        self._check_open()
        filter = yield from self._filters(languages, where, source)
        return (yield from ask(Store.count, self._heads(filter)))

    def info(self) -> Info:
        """What the collection is and holds: model, documents, languages, indexes, the store's own figures."""
        self._check_open()
        own = self._layout.own
        schema = self.store.schema()
        return Info(
            name=self.name,
            location=self.store.location,
            documents=self.count(),
            points=self.store.count(),
            languages=self.store.facet("lang", filter=HEADS) if own else {},
            model=self.space.name,
            dimension=self.space.dimension,
            vector_name=self._vector_name,
            made_by_xling=own,
            space=self.store.metadata()[METADATA_KEY]["space"] if own else self.space.record(),
            indexes=dict(schema.indexes),
            storage=storage_record(schema.storage),
            lexical=self._lexical,
            store=self.store.stats(),
            usage=usage_record(self.space.encoder),
        )

    def drop(self) -> None:
        """Delete the whole collection, documents and all, and close it. There is no way back.

        If its model was changed, the ones before it are deleted too.
        """
        self._check_open()
        with self._write_lock:
            drop_all(self.store)
        self._closed = True
        self.store.close()

    def close(self) -> None:
        """Release the collection's files or connection. A client that was handed in stays open."""
        if not self._closed:
            self._closed = True
            try:
                self._statistics.save(now=True)
            finally:
                self.store.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<xling.Collection {self.name!r} in {self.store.location}, model {self.space.name!r}>"

    def _check_open(self) -> None:
        if self._closed:
            raise CollectionClosed(f"the collection {self.name!r} is closed; open it again with xling.open()")

    def _check_lexical(self, mode: Mode) -> None:
        if self._lexical:
            return
        made = (
            "keeps no terms of its texts: add_lexical(), or `xling add-lexical`, adds them in place"
            if self._layout.own
            else "was made by another tool, and has no terms of xling's: add its documents to a collection of xling's"
        )
        raise InvalidInput(f"mode={mode!r} needs terms, and the collection {self.name!r} {made}")

    def _writable(self) -> UUID:
        self._check_open()
        if self._namespace is None:
            raise InvalidInput(
                f"the collection {self.name!r} was made by another tool: xling searches it, but does not write into "
                f"it, since its payloads have another form. Open a collection of another name to add documents."
            )
        return self._namespace

    def _point_id(self, id: DocumentId) -> PointId:
        """The point of a document's first chunk; in a collection of another tool ids are point ids."""
        reason = problem_of_id(id)
        if reason:
            raise InvalidInput(f"{id!r} cannot be looked up: {reason}")
        if self._namespace is None:
            return id if isinstance(id, int) else str(id)
        return document_uuid(self._namespace, id, source=None, text="")

    def _point_ids(self, head: Record) -> Sequence[PointId]:
        if not self._layout.own:
            return [head.id]
        return chunk_ids(str(head.id), int(head.payload.get("chunks", 1)))

    def _tail(self, head: Record) -> Steps[list[Record]]:
        rest = list(self._point_ids(head))[1:]
        return (yield from ask(Store.retrieve, rest)) if rest else []

    def _heads(self, filter: FilterJson | None) -> FilterJson | None:
        return and_filters(filter, HEADS) if self._layout.own else filter
