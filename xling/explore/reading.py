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
        ids: As they were given.
        texts: Of each document the whole text, or of a long one the first chunk.
        langs: `und` if unknown.
        metadata: As stored.
        vectors: Unit, shape (n, dimension); of a document of several chunks the mean of them.
        total: How many documents there are of which these are some.
    """

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
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            raise InvalidInput(f"the number of documents to look at must be 1 or more, got {most!r}")
        filter = self._heads((yield from self._filters(languages, where, source)))
        found = Documents(total=(yield from ask(Store.count, filter)))
        rows: list[Vectors] = []
        offset: PointId | None = None
        while most is None or len(found) < most:
            size = _PAGE if most is None else min(_PAGE, most - len(found))
            heads, offset = yield from ask(
                Store.scroll, filter=filter, limit=size, offset=offset, with_vector=self._vector_name
            )
            rows.append((yield from self._take(heads, found)))
            if offset is None:
                break
        if not len(found):
            raise InvalidInput(f"the collection {self.name!r} has no documents here")
        found.vectors = np.concatenate(rows)
        return found

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
            found.ids.append(document.id)
            found.texts.append(document.text)
            found.langs.append(language_of(head, self._layout))
            found.metadata.append(document.metadata)
        there = norms[:, 0] > 0
        return np.asarray(rows[there] / norms[there], dtype=np.float32)


def values_of(documents: Documents, field: str) -> list[str | None]:
    """The value of a metadata field of each document, as text; None where it has none.

    Raises:
        InvalidInput: No document has it, or one has a list or an object there.
    """
    values: list[str | None] = []
    for id, metadata in zip(documents.ids, documents.metadata, strict=True):
        value = value_at(metadata, field)
        if isinstance(value, (list, dict)):
            raise InvalidInput(f"{field!r} of document {id!r} holds several values, not one label")
        values.append(None if value is None else str(value))
    if not any(value is not None for value in values):
        raise InvalidInput(f"no document has the metadata field {field!r}")
    return values
