"""`Collection`: what users hold. Each verb is a few lines that call the rooms below."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, overload
from uuid import UUID

from xling.attach import METADATA_KEY, Opened
from xling.errors import CollectionClosed, InvalidInput
from xling.ingest import DEFAULT_BATCH, ProgressCallback, Writer
from xling.ingest.documents import Input, rows
from xling.language import Detector, normalise_code
from xling.search.filters import Filters, Where
from xling.search.plan import Plan
from xling.search.query import encode_queries
from xling.search.searcher import Searcher
from xling.space import SharedSpace
from xling.space.collection_stats import CollectionStatistics
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.filters import and_filters
from xling.store.ids import document_uuid, problem_of_id
from xling.store.layout import HEADS
from xling.store.points import chunk_ids, document_from_records
from xling.transfer.verbs import MovingVerbs, drop_all
from xling.types import Document, DocumentId, Hit, Info, Progress, Report


class Collection(MovingVerbs):
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
        self._detector = detector
        self._write_lock = threading.Lock()
        self._filters = Filters(opened.store, opened.layout)
        self._statistics = CollectionStatistics(
            opened.store,
            opened.space.dimension,
            vector_name=opened.vector_name,
            layout=opened.layout,
            detector=detector,
        )
        self._searcher = Searcher(
            opened.store,
            opened.space,
            opened.layout,
            vector_name=opened.vector_name,
            distance=opened.distance,
            statistics=self._statistics,
            progress=progress,
        )
        self._closed = False

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
        )
        with self._write_lock:
            return writer.write(pairs, total=total, progress=progress)

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        offset: int = 0,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        prefer: Sequence[str] | None = None,
        rescore: bool = False,
        distinct: str | None = None,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """The documents nearest in meaning to a query of any language, best first.

        Args:
            query: Text in any language. One longer than the model reads stands for the mean of its pieces.
            limit: Most hits to return, 1 to 10,000.
            offset: Hits to leave out at the top, for paging.
            languages: Only documents of these languages (BCP 47; `en` includes `en-GB`).
            where: Only documents whose metadata meet this: `{"genre": "drama"}`, `{"genre": ["drama", "comedy"]}`,
                `{"year": {"gte": 1990, "lt": 2000}}`, `{"or": [...]}`, `{"not": {...}}`, or a Qdrant `Filter`.
            source: Only documents of this source.
            neutral: How far the language is taken out of the query: 1 ranks by meaning alone, 0 is the model as it
                is, which puts texts of the query's own language first. Nothing is re-indexed for it.
            balance: Ask each language for its best and make their scores comparable, for collections where each
                language holds an answer. True is full strength, a number from 0 to 1 less.
            prefer: Languages to put first among hits that are about as good.
            rescore: Give the hundred best a second look, with their own vectors made neutral too. Ranks better in
                collections of some size, and costs reading those vectors.
            distinct: A metadata field, e.g. `translation_of`: documents of equal value take one place, the further
                ones are in `Hit.others`.
            min_score: Leave out hits that score less.
            min_confidence: Leave out hits that are less sure, 0 to 1.
            exact: Compare with every vector instead of using the approximate index.

        Raises:
            InvalidInput: The query is blank, or a filter or number makes no sense.
            ModelError: The encoder failed, or `min_confidence` is asked of a model without calibration.
        """
        return self.search_many(
            [query],
            limit=limit,
            offset=offset,
            languages=languages,
            where=where,
            source=source,
            neutral=neutral,
            balance=balance,
            prefer=prefer,
            rescore=rescore,
            distinct=distinct,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
        )[0]

    def search_many(
        self,
        queries: Sequence[str],
        *,
        limit: int = 10,
        offset: int = 0,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        prefer: Sequence[str] | None = None,
        rescore: bool = False,
        distinct: str | None = None,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
    ) -> list[list[Hit]]:
        """`search` for several queries at once: one batch through the encoder, one through the store."""
        self._check_open()
        if isinstance(queries, str):
            raise InvalidInput("search_many takes a list of queries; for one query use search()")
        if isinstance(prefer, str):
            raise InvalidInput(f"prefer= is a list of languages, e.g. [{prefer!r}]")
        plan = Plan(
            limit=limit,
            offset=offset,
            filter=self._filters(languages, where, source),
            neutral=neutral,
            balance=float(balance),
            prefer=tuple(normalise_code(code) for code in prefer or ()),
            rescore=rescore,
            distinct=distinct,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
        )
        if not queries:
            return []
        return self._searcher.search(encode_queries(self.space, queries, plan.neutral), plan)

    @overload
    def get(self, ids: DocumentId) -> Document | None: ...  # type: ignore[overload-overlap]  # a str is a Sequence
    @overload
    def get(self, ids: Sequence[DocumentId]) -> list[Document | None]: ...

    def get(self, ids: DocumentId | Sequence[DocumentId]) -> Document | list[Document | None] | None:
        """The document of an id, whole, or None; for a list of ids a list of the same length."""
        self._check_open()
        wanted = [ids] if isinstance(ids, (str, int, UUID)) else list(ids)
        points = [self._point_id(id) for id in wanted]
        heads = {record.id: record for record in self.store.retrieve(points)}
        found: list[Document | None] = [
            document_from_records([heads[p], *self._tail(heads[p])], self._layout) if p in heads else None
            for p in points
        ]
        return found[0] if isinstance(ids, (str, int, UUID)) else found

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
        filter = self._filters(languages, where, source)
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

    def count(
        self,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
    ) -> int:
        """Number of documents, of all or of those that meet a filter."""
        self._check_open()
        return self.store.count(self._heads(self._filters(languages, where, source)))

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
            store=self.store.stats(),
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

    def _tail(self, head: Record) -> list[Record]:
        rest = list(self._point_ids(head))[1:]
        return self.store.retrieve(rest) if rest else []

    def _heads(self, filter: FilterJson | None) -> FilterJson | None:
        return and_filters(filter, HEADS) if self._layout.own else filter
