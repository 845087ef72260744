"""The lexical leg of a collection on a server: terms beside the vectors, and searches by both."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import StoreError, XlingError
from xling.store.base import LEXICAL, FilterJson, Fusion, Point, PointId, Record, SparseVector, Store
from xling.store.records import to_record, vector_selector
from xling.store.request_size import batches, terms_bytes
from xling.store.server_filters import client_filter
from xling.store.server_storage import search_params
from xling.store.steps import Call, Steps, stepwise
from xling.store.vectors import canonical_id, check_queries

if TYPE_CHECKING:
    from qdrant_client import models

_WEIGHTS_SINCE = (1, 17)


class ServerLexical(Store):
    """What `ServerStore` offers beside dense vectors. Fusion with weights needs Qdrant 1.17."""

    _local: bool
    _quantized: bool
    _weighs = False
    """Whether the server is known to heed weights."""

    @abstractmethod
    def _call(self, doing: str, method: str, *args: Any, **kwargs: Any) -> Steps[Any]: ...

    @abstractmethod
    def _size_of(self, vector_name: str) -> Steps[int]: ...

    @stepwise("_perform")
    def add_lexical(self) -> Steps[None]:
        from qdrant_client import models

        info = yield from self._call("read its description", "get_collection")
        if LEXICAL in (info.config.params.sparse_vectors or {}):
            return
        config = models.SparseVectorNameConfig(sparse=models.SparseVectorConfig(modifier=models.Modifier.IDF))
        try:
            yield from self._call("make room for terms", "create_vector_name", LEXICAL, config, wait=True)
        except XlingError as exc:
            raise StoreError(
                f"the collection {self.name!r} was made without room for terms, and it could not be made now: {exc}. "
                f"That needs Qdrant 1.18 or newer; on an older server export() the collection, and import it under "
                f"another name"
            ) from exc

    @stepwise("_perform")
    def set_terms(self, terms: Mapping[PointId, SparseVector]) -> Steps[None]:
        from qdrant_client import models

        given = {canonical_id(id): of_point for id, of_point in terms.items() if len(of_point)}
        points = [models.PointVectors(id=id, vector={LEXICAL: _sparse(t)}) for id, t in given.items()]
        for batch in batches(points, [terms_bytes(of_point) for of_point in given.values()]):
            yield from self._call("write terms", "update_vectors", batch, wait=True)

    @stepwise("_perform")
    def query_lexical(
        self, terms: Sequence[SparseVector], *, filters: Sequence[FilterJson | None], limit: int
    ) -> Steps[list[list[Record]]]:
        from qdrant_client import models

        asked = [i for i, of_query in enumerate(terms) if len(of_query)]
        requests = [
            models.QueryRequest(
                query=_sparse(terms[i]),
                using=LEXICAL,
                filter=client_filter(filters[i]),
                limit=limit,
                with_payload=True,
            )
            for i in asked
        ]
        found: list[list[Record]] = [[] for _ in terms]
        if requests:
            responses = yield from self._call("search", "query_batch_points", requests)
            for i, response in zip(asked, responses, strict=True):
                found[i] = [to_record(point, None, point.score) for point in response.points]
        return found

    @stepwise("_perform")
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
    ) -> Steps[list[list[Record]]]:
        from qdrant_client import models

        check_queries(vectors, (yield from self._size_of(vector_name)))
        yield from self._check_weights(fusions)
        params = None if self._local else search_params(exact=exact, quantized=self._quantized)
        requests = []
        for row, of_query, json, fusion in zip(vectors, terms, filters, fusions, strict=True):
            filter = client_filter(json)
            dense = models.Prefetch(
                query=row.tolist(), using=vector_name or None, filter=filter, limit=depth, params=params
            )
            legs = [dense]
            if len(of_query):
                legs.append(models.Prefetch(query=_sparse(of_query), using=LEXICAL, filter=filter, limit=depth))
            requests.append(
                models.QueryRequest(
                    prefetch=legs,
                    query=_fused(fusion, len(legs)),
                    limit=limit,
                    with_payload=True,
                    with_vector=vector_selector(vector_name),
                )
            )
        if not requests:
            return []
        responses = yield from self._call("search", "query_batch_points", requests)
        return [[to_record(point, vector_name, point.score) for point in response.points] for response in responses]

    def _check_weights(self, fusions: Sequence[Fusion]) -> Steps[None]:
        """Before 1.17 a weight is passed over without a word, and words would count in full."""
        if self._local or self._weighs or not any(fusion.kind == "rrf" for fusion in fusions):
            return
        try:
            version = str((yield Call("info", (), {}, "read its version")).version)
        except XlingError:  # a proxy that lets only some paths through, say
            return
        numbers = re.match(r"(\d+)\.(\d+)", version)
        if numbers is not None and (int(numbers[1]), int(numbers[2])) < _WEIGHTS_SINCE:
            raise StoreError(
                f"hybrid search in the collection {self.name!r} needs Qdrant 1.17 or newer, and the server is "
                f"{version}: upgrade it, or search with fusion='dbsf', which needs no weights, or with mode='dense' or "
                f"'lexical'"
            )
        self._weighs = True


def client_point(point: Point, vector_name: str) -> models.PointStruct:
    """A point as the client takes it."""
    from qdrant_client import models

    vector: Any = point.vector.tolist()
    if vector_name or point.terms is not None:
        vector = {vector_name: vector}
    if point.terms is not None and len(point.terms):
        vector[LEXICAL] = _sparse(point.terms)
    return models.PointStruct(id=canonical_id(point.id), vector=vector, payload=point.payload)


def _sparse(terms: SparseVector) -> models.SparseVector:
    from qdrant_client import models

    return models.SparseVector(indices=terms.indices.tolist(), values=terms.values.tolist())


def _fused(fusion: Fusion, legs: int) -> Any:
    from qdrant_client import models

    if fusion.kind == "dbsf":
        return models.FusionQuery(fusion=models.Fusion.DBSF)
    return models.RrfQuery(rrf=models.Rrf(k=fusion.k, weights=[1.0, fusion.weight][:legs]))
