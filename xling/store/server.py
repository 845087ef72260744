"""`ServerStore`: a collection on a Qdrant server or cluster, or on a `QdrantClient` that the user already has."""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from xling.errors import CollectionClosed, InvalidInput, StoreError, XlingError
from xling.store.base import LEXICAL, FilterJson, IndexKind, Point, PointId, Record, Schema, Storage, VectorSpec
from xling.store.records import plain_id, to_record, vector_selector
from xling.store.request_size import batches, check_sizes, oversize, payload_bytes, point_bytes
from xling.store.retry import RETRIES, RetryPolicy, Tries
from xling.store.server_address import connect, location_of, without_credentials
from xling.store.server_errors import already_exists, fault_of, too_large, translated
from xling.store.server_filters import client_filter
from xling.store.server_lexical import ServerLexical, client_point
from xling.store.server_recommend import ServerRecommend
from xling.store.server_snapshots import ServerSnapshots
from xling.store.server_storage import TURBO_SINCE, creation_arguments, index_schema, search_params, storage_of
from xling.store.steps import Call, Steps, steps_of, stepwise
from xling.store.storage import storage_record
from xling.store.vectors import canonical_id, check_delete, check_points, check_queries

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient, models

_log = logging.getLogger("xling")
_T = TypeVar("_T")
_MAX_IDS = 10_000
_local_locks: weakref.WeakKeyDictionary[QdrantClient, threading.RLock] = weakref.WeakKeyDictionary()
"""Local mode is plain Python data: one thread at a time for each client."""


class ServerStore(ServerLexical, ServerRecommend, ServerSnapshots):
    """A collection behind qdrant-client. Needs Qdrant 1.16 or newer, which keeps metadata of collections.

    What it does is written as steps that call the client, so that an asynchronous client can be called instead
    (`xling.store.async_server`).

    Args:
        name: The collection's name.
        url: Address of the server.
        api_key: Its key, if it wants one. It appears in no message and no repr.
        client: A client instead of an address; it is left open by `close`.
        prefer_grpc: Talk gRPC.
        timeout: Seconds to wait for an answer, 30 by default.
        grpc_port: The port of its gRPC.
        retries: How often a request that failed for the time being is made again, with growing pauses.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str | None = None,
        api_key: str | None = None,
        client: QdrantClient | AsyncQdrantClient | None = None,
        prefer_grpc: bool = False,
        timeout: float | None = None,
        grpc_port: int = 6334,
        retries: int = RETRIES,
    ) -> None:
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise InvalidInput(f"retries= is a number of further tries, 0 for none, not {retries!r}")
        self.name = name
        self._policy = RetryPolicy(retries=retries)
        self._known = False
        """Whether the server has ever answered."""
        self._owned = client is None
        if client is not None:
            if not hasattr(client, "query_batch_points") or inspect.iscoroutinefunction(client.query_batch_points):
                hint = "; that one goes to xling.aopen()" if hasattr(client, "query_batch_points") else ""
                raise InvalidInput(f"client= takes a qdrant_client.QdrantClient, not {type(client).__name__}{hint}")
            self._client = cast("QdrantClient", client)
            self.location = location_of(self._client)
        elif url is not None:
            self.location = without_credentials(url)
            self._client = connect(url, api_key, prefer_grpc, timeout, grpc_port)
        else:
            raise InvalidInput("a server store needs a url or a client")
        self._sizes: dict[str, int] = {}
        self._quantized = False
        self._closed = False
        # Local mode is qdrant-client's own engine in Python: without payload indexes, and for one thread only.
        engine = type(getattr(self._client, "_client", None)).__name__
        self._local = engine in {"QdrantLocal", "AsyncQdrantLocal"}
        self._lock = _local_locks.setdefault(self._client, threading.RLock()) if engine == "QdrantLocal" else None

    @stepwise("_perform")
    def exists(self) -> Steps[bool]:
        return bool((yield from self._call("find anything", "collection_exists")))

    @stepwise("_perform")
    def create(self, schema: Schema, metadata: Mapping[str, Any]) -> Steps[None]:
        kept = schema.storage
        if self._local and storage_record(kept):
            raise InvalidInput(
                f"qdrant-client's local mode keeps all in memory as it is: leave out what {storage_record(kept)} asks "
                f"for, or use a server or an embedded collection"
            )
        arguments = creation_arguments(schema)
        try:
            yield from self._call("create it", "create_collection", metadata=dict(metadata), **arguments)
        except XlingError as exc:
            if kept.quantization == "turbo" and isinstance(exc, InvalidInput) and not already_exists(exc.__cause__):
                raise StoreError(f"{exc}. {TURBO_SINCE}") from exc
            if not already_exists(exc.__cause__):
                raise
            # Ours, if the answer to a first try was lost: then it is finished. Else another's, and left as it is.
            if (yield from steps_of(ServerStore.metadata, self)) != dict(metadata):
                return
        if metadata and not (yield from steps_of(ServerStore.metadata, self)):
            raise self._too_old(f"The collection {self.name!r} was created and is empty")
        # Through gRPC an older server does not see what it does not know.
        if kept.quantization == "turbo" and not (yield from steps_of(ServerStore.schema, self)).storage.quantization:
            raise StoreError(f"the collection {self.name!r} was created and is empty, but not quantised. {TURBO_SINCE}")
        yield from steps_of(ServerStore.ensure_indexes, self, schema.indexes, tenant=kept.tenant)

    @stepwise("_perform")
    def drop(self) -> Steps[None]:
        yield from self._call("delete it", "get_collection")
        yield from self._call("delete it", "delete_collection")

    @stepwise("_perform")
    def schema(self) -> Steps[Schema]:
        info: models.CollectionInfo = yield from self._call("read its description", "get_collection")
        vectors = info.config.params.vectors
        named = vectors if isinstance(vectors, dict) else {} if vectors is None else {"": vectors}
        specs = tuple(VectorSpec(name, v.size, v.distance.value) for name, v in named.items())
        indexes: dict[str, Any] = {k: v.data_type.value for k, v in (info.payload_schema or {}).items()}
        storage = Storage() if self._local else storage_of(info)
        return Schema(specs, indexes, storage, lexical=LEXICAL in (info.config.params.sparse_vectors or {}))

    @stepwise("_perform")
    def metadata(self) -> Steps[dict[str, Any]]:
        info: models.CollectionInfo = yield from self._call("read its metadata", "get_collection")
        return dict(info.config.metadata or {})

    @stepwise("_perform")
    def update_metadata(self, changes: Mapping[str, Any]) -> Steps[None]:
        yield from self._call("write its metadata", "update_collection", metadata=dict(changes))
        kept = yield from steps_of(ServerStore.metadata, self)
        if any(value is not None and key not in kept for key, value in changes.items()):
            raise self._too_old("Nothing was written")

    def _too_old(self, state: str) -> StoreError:
        return StoreError(
            f"the Qdrant server at {self.location} keeps no metadata of collections, which xling needs: upgrade it "
            f"to 1.16 or newer. {state}"
        )

    @stepwise("_perform")
    def ensure_indexes(self, indexes: Mapping[str, IndexKind], *, tenant: str | None = None) -> Steps[None]:
        from qdrant_client import models

        kinds = {kind.value for kind in models.PayloadSchemaType} - {"geo"}
        if wrong := set(indexes.values()) - kinds:
            raise InvalidInput(f"{sorted(wrong)} are no kinds of index; there are {sorted(kinds)}")
        if self._local:
            return
        present = (yield from steps_of(ServerStore.schema, self)).indexes
        for key, kind in indexes.items():
            if key not in present:
                schema = index_schema(key, kind, tenant)
                yield from self._call("index a field", "create_payload_index", key, field_schema=schema, wait=True)

    @stepwise("_perform")
    def upsert(self, points: Sequence[Point], *, vector_name: str) -> Steps[None]:
        check_points(points, (yield from self._size_of(vector_name)))
        for point in points:
            canonical_id(point.id)
        sizes = [point_bytes(point) for point in points]
        check_sizes(points, sizes)
        parts = [list(batch) for batch in batches(points, sizes)][::-1]
        while parts:
            batch = parts.pop()
            structs = [client_point(point, vector_name) for point in batch]
            try:
                yield from self._call("write points", "upsert", structs, wait=True)
            except XlingError as exc:
                if not too_large(exc.__cause__):
                    raise
                if len(batch) == 1:
                    raise oversize(batch[0], f"is larger than the server, or a proxy before it, takes: {exc}") from exc
                half = len(batch) // 2  # a proxy that takes less than servers do
                parts += [batch[half:], batch[:half]]

    @stepwise("_perform")
    def set_payloads(self, payloads: Mapping[PointId, dict[str, Any]]) -> Steps[None]:
        from qdrant_client import models

        operations = [
            models.OverwritePayloadOperation(
                overwrite_payload=models.SetPayload(payload=payload, points=[canonical_id(id)])
            )
            for id, payload in payloads.items()
        ]
        for batch in batches(operations, [payload_bytes(payload) for payload in payloads.values()]):
            yield from self._call("write metadata", "batch_update_points", batch, wait=True)

    @stepwise("_perform")
    def retrieve(self, ids: Sequence[PointId], *, with_vector: str | None = None) -> Steps[list[Record]]:
        wanted = [canonical_id(id) for id in ids]
        found: dict[PointId, Record] = {}
        for start in range(0, len(wanted), _MAX_IDS):
            points = yield from self._call(
                "read points",
                "retrieve",
                wanted[start : start + _MAX_IDS],
                with_payload=True,
                with_vectors=vector_selector(with_vector),
            )
            found |= {plain_id(p.id): to_record(p, with_vector) for p in points}
        return [found[id] for id in wanted if id in found]

    @stepwise("_perform")
    def delete(self, *, ids: Sequence[PointId] | None = None, filter: FilterJson | None = None) -> Steps[None]:
        from qdrant_client import models

        check_delete(ids, filter)
        selectors: list[Any]
        if ids is not None:
            wanted: list[Any] = [canonical_id(id) for id in ids]
            selectors = [models.PointIdsList(points=wanted[i : i + _MAX_IDS]) for i in range(0, len(wanted), _MAX_IDS)]
        else:
            selectors = [models.FilterSelector(filter=client_filter(filter) or models.Filter())]
        for selector in selectors:
            yield from self._call("delete points", "delete", points_selector=selector, wait=True)

    @stepwise("_perform")
    def count(self, filter: FilterJson | None = None) -> Steps[int]:
        return int(
            (yield from self._call("count points", "count", count_filter=client_filter(filter), exact=True)).count
        )

    @stepwise("_perform")
    def scroll(
        self,
        *,
        filter: FilterJson | None = None,
        limit: int = 256,
        offset: PointId | None = None,
        with_vector: str | None = None,
        with_payload: bool = True,
    ) -> Steps[tuple[list[Record], PointId | None]]:
        points, following = yield from self._call(
            "read points",
            "scroll",
            scroll_filter=client_filter(filter),
            limit=limit,
            offset=None if offset is None else canonical_id(offset),
            with_payload=with_payload,
            with_vectors=vector_selector(with_vector),
        )
        return [to_record(p, with_vector) for p in points], None if following is None else plain_id(following)

    @stepwise("_perform")
    def query(
        self,
        vectors: NDArray[np.float32],
        *,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        limit: int,
        offset: int = 0,
        exact: bool = False,
        with_vector: bool = False,
    ) -> Steps[list[list[Record]]]:
        from qdrant_client import models

        check_queries(vectors, (yield from self._size_of(vector_name)))
        returned = vector_name if with_vector else None
        params = None if self._local else search_params(exact=exact, quantized=self._quantized)  # local mode is exact
        requests = [
            models.QueryRequest(
                query=row.tolist(),
                using=vector_name or None,
                filter=client_filter(filter),
                limit=limit,
                offset=offset or None,
                with_payload=True,
                with_vector=vector_selector(returned),
                params=params,
            )
            for row, filter in zip(vectors, filters, strict=True)
        ]
        if not requests:
            return []
        responses = yield from self._call("search", "query_batch_points", requests)
        return [[to_record(point, returned, point.score) for point in response.points] for response in responses]

    @stepwise("_perform")
    def facet(self, key: str, *, filter: FilterJson | None = None, limit: int = 1000) -> Steps[dict[str, int]]:
        found = yield from self._call(
            "count values", "facet", key, facet_filter=client_filter(filter), limit=limit, exact=True
        )
        return {str(hit.value): int(hit.count) for hit in found.hits}

    @stepwise("_perform")
    def stats(self) -> Steps[dict[str, Any]]:
        info: models.CollectionInfo = yield from self._call("read figures", "get_collection")
        server = None if self._local else (yield Call("info", (), {}, "read figures"))
        return {
            "engine": "qdrant-client local mode" if self._local else "qdrant",
            "version": server.version if server else None,
            "status": info.status.value,
            "points": int(info.points_count or 0),
            "segments": int(info.segments_count),
            "indexed_vectors": int(info.indexed_vectors_count or 0),
        }

    def sibling(self, name: str, *, take_over: bool = False) -> ServerStore:
        other = ServerStore(name, client=self._client)
        other.location, other._policy, other._known = self.location, self._policy, self._known
        if take_over:
            other._owned, self._owned = self._owned, False
        return other

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._owned:
                self._client.close()

    def _size_of(self, vector_name: str) -> Steps[int]:
        if vector_name not in self._sizes:
            schema = yield from steps_of(ServerStore.schema, self)
            self._sizes = {v.name: v.size for v in schema.vectors}
            self._quantized = schema.storage.quantization is not None
        if vector_name not in self._sizes:
            raise InvalidInput(f"the collection {self.name!r} has no vector {vector_name!r}")
        return self._sizes[vector_name]

    def _call(self, doing: str, method: str, *args: Any, **kwargs: Any) -> Steps[Any]:
        """The step that calls a method of the client for this collection."""
        return (yield Call(method, (self.name, *args), kwargs, doing))

    def _perform(self, call: Call) -> Any:
        tries = self.tries(call)
        while True:
            try:
                with self.errors(call):
                    return self.answered(getattr(self._client, call.method)(*call.args, **call.kwargs))
            except XlingError as exc:  # noqa: PERF203
                time.sleep(self.pause(tries, exc))

    def tries(self, call: Call) -> Tries:
        """To be told of each failure of a call, by `pause`."""
        return Tries(self._policy, call.method, known=self._known)

    def answered(self, answer: _T) -> _T:
        """To be told of each answer, which is given back."""
        self._known = True
        return answer

    def pause(self, tries: Tries, error: XlingError) -> float:
        """Seconds to wait before the next try of a call that failed. Raises the error where there is none."""
        pause = None if self._local else tries.pause_after(fault_of(error.__cause__))
        if pause is None:
            error.args = (f"{error}{tries.told()}",)
            raise error
        _log.info("%s; trying again in %.1f s", error, pause)
        return pause

    @contextlib.contextmanager
    def errors(self, call: Call) -> Iterator[None]:
        """Where a call to the client is made: what it raises comes out as one of our errors."""
        if self._closed:
            raise CollectionClosed(f"the collection {self.name!r} is closed")
        with self._lock or contextlib.nullcontext(), translated(call.doing, name=self.name, location=self.location):
            yield
