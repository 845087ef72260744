"""The documents of a collection with their vectors, for verbs that look at many of them. Written as steps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xling.errors import InvalidInput
from xling.explore.examples import ExampleVerbs
from xling.search.filters import Where
from xling.space import Vectors
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.layout import value_at
from xling.store.points import document_from_records, language_of
from xling.store.steps import Steps, ask
from xling.types import DocumentId

_PAGE = 500


@dataclass(slots=True)
class Documents:
    """Some documents of a collection, column by column.

    Attributes:
        points: Point ids of the documents' first chunks.
        ids: As they were given.
        texts: Of each document the whole text, or of a long one the first chunk.
        langs: `und` if unknown.
        metadata: As stored.
        vectors: Unit, shape (n, dimension); of a document of several chunks the mean of them.
        total: How many documents there are of which these are some.
    """

    points: list[PointId] = field(default_factory=list)
    ids: list[DocumentId] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    langs: list[str] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    total: int = 0

    def __len__(self) -> int:
        return len(self.ids)


class ReadingVerbs(ExampleVerbs):
    """What verbs that look at many documents share."""

    name: str

    @abstractmethod
    def _heads(self, filter: FilterJson | None) -> FilterJson | None: ...

    def _read(
        self, languages: Sequence[str] | None, where: Where | None, source: str | None, most: int | None
    ) -> Steps[Documents]:
        """The documents that meet a filter, with vectors; at most `most` of them.

        Point ids are hashes of what users gave, so the first ones in their order are a random sample.

        Raises:
            InvalidInput: There are none.
        """
        self._check_open()
        check_count("most", most)
        filter = self._heads((yield from self._filters(languages, where, source)))
        documents, _ = yield from self._read_from(filter, most)
        return documents

    def _read_from(self, filter: FilterJson | None, most: int | None) -> Steps[tuple[Documents, PointId | None]]:
        """The first `most` documents that a filter of first chunks selects, and where the rest begins or None.

        Raises:
            InvalidInput: There are none.
        """
        total = yield from ask(Store.count, filter)
        pages: list[Documents] = []
        read, offset, more = 0, None, True
        while more and (most is None or read < most):
            page, offset = yield from self._next(filter, None if most is None else most - read, offset)
            pages.append(page)
            read, more = read + len(page), offset is not None
        if not read:
            raise InvalidInput(f"the collection {self.name!r} has no documents here")
        return together(pages, total), offset

    def _next(
        self, filter: FilterJson | None, most: int | None, offset: PointId | None
    ) -> Steps[tuple[Documents, PointId | None]]:
        """One page of documents with vectors, and the offset of the next page or None.

        Args:
            filter: Selects first chunks (`_heads`).
            most: Documents, where the page is to have fewer than usual. Those without a vector are left out of it.
            offset: Where it begins; None is the beginning.
        """
        heads, offset = yield from ask(
            Store.scroll,
            filter=filter,
            limit=_PAGE if most is None else min(_PAGE, most),
            offset=offset,
            with_vector=self._vector_name,
        )
        page = Documents()
        page.vectors = yield from self._take(heads, page)
        return page, offset

    def _take(self, heads: Sequence[Record], found: Documents) -> Steps[Vectors]:
        usable = [head for head in heads if head.vector is not None and np.isfinite(head.vector).all()]
        rest = {head.id: list(self._point_ids(head))[1:] for head in usable}
        wanted = [id for ids in rest.values() for id in ids]
        tails = {
            r.id: r.vector
            for r in ((yield from ask(Store.retrieve, wanted, with_vector=self._vector_name)) if wanted else ())
            if r.vector is not None
        }
        rows = np.zeros((len(usable), self.space.dimension), np.float32)
        for row, head in zip(rows, usable, strict=True):
            pieces = [head.vector, *(tails.get(id) for id in rest[head.id])]
            row[:] = np.stack([piece for piece in pieces if piece is not None]).mean(axis=0)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        kept = [head for head, norm in zip(usable, norms, strict=True) if norm > 0]
        for head in kept:
            document = document_from_records([head], self._layout)
            assert document.id is not None
            found.points.append(head.id)
            found.ids.append(document.id)
            found.texts.append(document.text)
            found.langs.append(language_of(head, self._layout))
            found.metadata.append(document.metadata)
        there = norms[:, 0] > 0
        return np.asarray(rows[there] / norms[there], dtype=np.float32)


def together(pages: Sequence[Documents], total: int) -> Documents:
    """Pages as one, in their order."""
    whole = Documents(total=total)
    for page in pages:
        whole.points += page.points
        whole.ids += page.ids
        whole.texts += page.texts
        whole.langs += page.langs
        whole.metadata += page.metadata
    whole.vectors = np.concatenate([page.vectors for page in pages])
    return whole


def check_count(name: str, count: int | None, least: int = 1) -> None:
    """Raises `InvalidInput` for what is no number of documents; None is no limit."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < least):
        raise InvalidInput(f"{name}= is a number of documents, {least} or more, got {count!r}")


def values_of(documents: Documents, field: str, *, needed: bool = True) -> list[str | None]:
    """The value of a metadata field of each document, as text; None where it has none.

    Raises:
        InvalidInput: One has a list or an object there; or no document has it, where it is needed.
    """
    values: list[str | None] = []
    for id, metadata in zip(documents.ids, documents.metadata, strict=True):
        value = value_at(metadata, field)
        if isinstance(value, (list, dict)):
            raise InvalidInput(f"{field!r} of document {id!r} holds several values, not one label")
        values.append(None if value is None else str(value))
    if needed and not any(value is not None for value in values):
        raise InvalidInput(f"no document has the metadata field {field!r}")
    return values
