"""The documents of a collection, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from xling.search.filters import Filters, Where
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.layout import Layout
from xling.store.points import document_from_records
from xling.store.steps import run
from xling.types import Document

_PAGE = 250


class ListingVerbs(ABC):
    """What `Collection` offers to go through its documents."""

    store: Store
    _filters: Filters
    _layout: Layout

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _heads(self, filter: FilterJson | None) -> FilterJson | None: ...

    @abstractmethod
    def _point_ids(self, head: Record) -> Sequence[PointId]: ...

    def documents(
        self,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
    ) -> Iterator[Document]:
        """All documents, or those that meet a filter, whole, in no order that means something; read page by page."""
        self._check_open()
        filter = self._heads(run(self._filters(languages, where, source), self.store))
        return self._pages(filter)

    def _pages(self, filter: FilterJson | None) -> Iterator[Document]:
        offset: PointId | None = None
        while True:
            heads, offset = self.store.scroll(filter=filter, limit=_PAGE, offset=offset)
            ids = [list(self._point_ids(head)) for head in heads]
            rest = [id for points in ids for id in points[1:]]
            tails = {record.id: record for record in (self.store.retrieve(rest) if rest else ())}
            for head, points in zip(heads, ids, strict=True):
                records = [head, *(tails[id] for id in points[1:] if id in tails)]
                yield document_from_records(records, self._layout)
            if offset is None:
                return
