"""The lexical leg of an embedded collection: terms beside the vectors, and searches by both."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import qdrant_edge as qe
from numpy.typing import NDArray

from xling.store.base import LEXICAL, FilterJson, Fusion, Point, PointId, Record, Schema, SparseVector, Store
from xling.store.edge_filters import to_edge_filter
from xling.store.records import to_record, vector_selector
from xling.store.vectors import canonical_id, check_queries

_BATCH = 1000


class EdgeLexical(Store):
    """What `EdgeStore` offers beside dense vectors."""

    @abstractmethod
    def _shard(self) -> qe.EdgeShard: ...

    @abstractmethod
    def _change(self) -> contextlib.AbstractContextManager[qe.EdgeShard]: ...

    @abstractmethod
    def _errors(self, doing: str) -> contextlib.AbstractContextManager[None]: ...

    @abstractmethod
    def _wrote(self, points: int) -> None: ...

    @abstractmethod
    def _write(self, schema: Schema, metadata: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def _size_of(self, vector_name: str) -> int: ...

    @abstractmethod
    def _params(self, *, exact: bool) -> qe.SearchParams: ...

    def add_lexical(self) -> None:
        with self._errors("make room for terms"), self._change() as shard:
            schema = self.schema()
            if not schema.lexical:
                # Killed between the two, it is there already the next time, which changes nothing.
                shard.update(qe.UpdateOperation.create_sparse_vector(LEXICAL, modifier=qe.Modifier.Idf))
                shard.flush()
                self._write(replace(schema, lexical=True), self.metadata())

    def set_terms(self, terms: Mapping[PointId, SparseVector]) -> None:
        given = [qe.PointVectors(canonical_id(id), {LEXICAL: _sparse(t)}) for id, t in terms.items() if len(t)]
        with self._errors("write terms"):
            for start in range(0, len(given), _BATCH):
                batch = given[start : start + _BATCH]
                with self._change() as shard:
                    shard.update(qe.UpdateOperation.update_vectors(batch))
                    self._wrote(len(batch))

    def query_lexical(
        self, terms: Sequence[SparseVector], *, filters: Sequence[FilterJson | None], limit: int
    ) -> list[list[Record]]:
        asked = [i for i, of_query in enumerate(terms) if len(of_query)]
        requests = [
            qe.QueryRequest(limit=limit, query=_nearest(terms[i]), filter=to_edge_filter(filters[i]), with_payload=True)
            for i in asked
        ]
        found: list[list[Record]] = [[] for _ in terms]
        if requests:
            with self._errors("search"):
                pages = self._shard().query_batch(qe.QueryBatchRequest(requests))
            for i, page in zip(asked, pages, strict=True):
                found[i] = [to_record(point, None, point.score) for point in page]
        return found

    def query_hybrid(
        self,
        vectors: NDArray[np.float32],
        terms: Sequence[SparseVector],
        *,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        fusions: Sequence[Fusion],
        depth: int,
        limit: int,
        exact: bool = False,
    ) -> list[list[Record]]:
        check_queries(vectors, self._size_of(vector_name))
        params = self._params(exact=exact)
        requests = []
        for row, of_query, json, fusion in zip(vectors, terms, filters, fusions, strict=True):
            filter = to_edge_filter(json)
            dense = qe.Query.Nearest(row.tolist(), using=vector_name or None)
            legs = [qe.Prefetch(limit=depth, query=dense, filter=filter, params=params)]
            if len(of_query):
                legs.append(qe.Prefetch(limit=depth, query=_nearest(of_query), filter=filter))
            requests.append(
                qe.QueryRequest(
                    limit=limit,
                    prefetches=legs,
                    query=_fused(fusion, len(legs)),
                    with_payload=True,
                    with_vector=vector_selector(vector_name),
                )
            )
        if not requests:
            return []
        with self._errors("search"):
            pages = self._shard().query_batch(qe.QueryBatchRequest(requests))
        return [[to_record(point, vector_name, point.score) for point in page] for page in pages]


def edge_point(id: PointId, point: Point, vector_name: str) -> qe.Point:
    """A point as the engine takes it."""
    vector: Any = point.vector.tolist()
    if vector_name or point.terms is not None:
        vector = {vector_name: vector}
    if point.terms is not None and len(point.terms):
        vector[LEXICAL] = _sparse(point.terms)
    return qe.Point(id, vector, point.payload)


def _sparse(terms: SparseVector) -> qe.SparseVector:
    return qe.SparseVector(terms.indices.tolist(), terms.values.tolist())


def _nearest(terms: SparseVector) -> Any:
    return qe.Query.Nearest(_sparse(terms), using=LEXICAL)


def _fused(fusion: Fusion, legs: int) -> Any:
    return qe.Fusion.Dbsf() if fusion.kind == "dbsf" else qe.Fusion.Rrf(fusion.k, weights=[1.0, fusion.weight][:legs])
