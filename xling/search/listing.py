"""The documents of a collection, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from xling.errors import InvalidInput
from xling.search.filters import Filters, Where
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.layout import Layout
from xling.store.points import document_from_records
from xling.store.steps import Steps, ask, steps_of, stepwise
from xling.store.vectors import canonical_id
from xling.types import Document, DocumentPage

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
    def documents_page(
        self,
        *,
        limit: int = 100,
        cursor: str | None = None,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
    ) -> Steps[DocumentPage]:
        """Some of the documents, and a cursor for the next: for those who cannot keep an iterator, as web pages.

        What is written meanwhile disturbs nothing: each document that stays is given once.

        Args:
            limit: Documents of a page, at least 1.
            cursor: That of the page before; None begins.
            languages: As in `documents`; so are `where` and `source`. They have to be the same for all pages.

        Raises:
            InvalidInput: The cursor is none that a page gave, or another argument makes no sense.
        """
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise InvalidInput(f"limit must be a whole number of at least 1, got {limit!r}")
        filter = yield from steps_of(ListingVerbs._listed, self, languages, where, source)
        offset = None if cursor is None else _offset(cursor)
        page, after = yield from steps_of(ListingVerbs._page, self, filter, offset, limit)
        return DocumentPage(documents=tuple(page), cursor=None if after is None else str(after))

    @stepwise("store")
    def _listed(
        self, languages: Sequence[str] | None, where: Where | None, source: str | None
    ) -> Steps[FilterJson | None]:
        """The filter that selects the first chunks of what is to be listed."""
        self._check_open()
        return self._heads((yield from self._filters(languages, where, source)))

    @stepwise("store")
    def _page(
        self, filter: FilterJson | None, offset: PointId | None, limit: int = _PAGE
    ) -> Steps[tuple[list[Document], PointId | None]]:
        """One page of documents, and the offset of the next or None."""
        self._check_open()
        heads, after = yield from ask(Store.scroll, filter=filter, limit=limit, offset=offset)
        ids = [list(self._point_ids(head)) for head in heads]
        rest = [id for points in ids for id in points[1:]]
        tails = {record.id: record for record in ((yield from ask(Store.retrieve, rest)) if rest else ())}
        page = []
        for head, points in zip(heads, ids, strict=True):
            records = [head, *(tails[id] for id in points[1:] if id in tails)]
            page.append(document_from_records(records, self._layout))
        return page, after


def _offset(cursor: str) -> PointId:
    """The point that a page begins with: the cursor is its id."""
    try:
        return canonical_id(int(cursor) if cursor.isascii() and cursor.isdecimal() else cursor)
    except (InvalidInput, ValueError, AttributeError):
        raise InvalidInput(f"{str(cursor)[:80]!r} is no cursor: give the one that the page before came with") from None
