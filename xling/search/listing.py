"""The documents of a collection, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from xling.search.filters import Filters, Where
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.layout import Layout
from xling.store.points import document_from_records
from xling.store.steps import Steps, ask, stepwise
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
        filter, offset, more = self._listed(languages, where, source), None, True
        while more:
            page, offset = self._page(filter, offset)
            yield from page
            more = offset is not None

    @stepwise("store")
    def _listed(
        self, languages: Sequence[str] | None, where: Where | None, source: str | None
    ) -> Steps[FilterJson | None]:
        """The filter that selects the first chunks of what is to be listed."""
        self._check_open()
        return self._heads((yield from self._filters(languages, where, source)))

    @stepwise("store")
    def _page(self, filter: FilterJson | None, offset: PointId | None) -> Steps[tuple[list[Document], PointId | None]]:
        """One page of documents, and the offset of the next or None."""
        self._check_open()
        heads, after = yield from ask(Store.scroll, filter=filter, limit=_PAGE, offset=offset)
        ids = [list(self._point_ids(head)) for head in heads]
        rest = [id for points in ids for id in points[1:]]
        tails = {record.id: record for record in ((yield from ask(Store.retrieve, rest)) if rest else ())}
        page = []
        for head, points in zip(heads, ids, strict=True):
            records = [head, *(tails[id] for id in points[1:] if id in tails)]
            page.append(document_from_records(records, self._layout))
        return page, after
