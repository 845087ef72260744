"""`ServerStore`: a collection on a Qdrant server or cluster, or on a `QdrantClient` that the user already has."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from numpy.typing import NDArray

from xling.errors import InsecureKeyWarning, InvalidInput, StoreError
from xling.store.base import FilterJson, IndexKind, Point, PointId, Record, Schema, Store, VectorSpec
from xling.store.server_errors import already_exists, translated
from xling.store.vectors import check_points

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_MAX_POINTS = 1000
_MAX_BYTES = 3_000_000
"""Below the 4 MB that gRPC allows a message by default, and far below the 32 MiB of REST."""


class ServerStore(Store):
    """A collection behind qdrant-client. Needs Qdrant 1.16 or newer, which keeps metadata of collections.

    Args:
        name: The collection's name.
        url: Address of the server.
        api_key: Its key, if it wants one. It appears in no message and no repr.
        client: A client instead of an address; it is left open by `close`.
        prefer_grpc: Talk gRPC.
        timeout: Seconds to wait for an answer.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str | None = None,
        api_key: str | None = None,
        client: QdrantClient | None = None,
        prefer_grpc: bool = False,
        timeout: float | None = None,
    ) -> None:
        self.name = name
        self._owned = client is None
        if client is not None:
            self._client = client
            self.location = _location_of(client)
        elif url is not None:
            self.location = _without_credentials(url)
            self._client = _connect(url, api_key, prefer_grpc, timeout)
        else:
            raise InvalidInput("a server store needs a url or a client")
        self._sizes: dict[str, int] = {}

    @property
    def _local(self) -> bool:
        """Whether the client is qdrant-client's own local mode, which has no payload indexes."""
        return type(self._client._client).__name__ == "QdrantLocal"

    def exists(self) -> bool:
        with self._errors("look for it"):
            return bool(self._client.collection_exists(self.name))

    def create(self, schema: Schema, metadata: Mapping[str, Any]) -> None:
        from qdrant_client import models

        params = {v.name: models.VectorParams(size=v.size, distance=models.Distance(v.distance)) for v in schema.vectors}
        config: Any = params[""] if set(params) == {""} else params
        try:
            with self._errors("create it"):
                self._client.create_collection(self.name, vectors_config=config, metadata=dict(metadata))
        except StoreError as exc:
            if not already_exists(exc.__cause__):
                raise
            return
        except InvalidInput as exc:  # a conflict is a status of the 400s
            if not already_exists(exc.__cause__):
                raise
            return
        if metadata and not self.metadata():
            raise StoreError(
                f"the Qdrant server at {self.location} keeps no metadata of collections, which xling needs: "
                f"upgrade it to 1.16 or newer. The collection {self.name!r} was created and is empty"
            )
        self.ensure_indexes(schema.indexes)

    def drop(self) -> None:
        with self._errors("delete it"):
            self._info()
            self._client.delete_collection(self.name)

    def schema(self) -> Schema:
        with self._errors("read its description"):
            info = self._info()
        vectors = info.config.params.vectors
        named = vectors if isinstance(vectors, dict) else {} if vectors is None else {"": vectors}
        specs = tuple(VectorSpec(name, v.size, v.distance.value) for name, v in named.items())
        indexes: dict[str, Any] = {k: v.data_type.value for k, v in (info.payload_schema or {}).items()}
        return Schema(vectors=specs, indexes=indexes)

    def metadata(self) -> dict[str, Any]:
        with self._errors("read its metadata"):
            return dict(self._info().config.metadata or {})

    def update_metadata(self, changes: Mapping[str, Any]) -> None:
        with self._errors("write its metadata"):
            self._client.update_collection(self.name, metadata=dict(changes))

    def ensure_indexes(self, indexes: Mapping[str, IndexKind]) -> None:
        if self._local:
            return
        present = self.schema().indexes
        for key, kind in indexes.items():
            if key not in present:
                with self._errors("index a field"):
                    self._client.create_payload_index(self.name, key, field_schema=kind, wait=True)

    def upsert(self, points: Sequence[Point], *, vector_name: str) -> None:
        from qdrant_client import models

        check_points(points, self._size_of(vector_name))
        for batch in _batches(points):
            structs = [
                models.PointStruct(
                    id=p.id,
                    vector={vector_name: p.vector.tolist()} if vector_name else p.vector.tolist(),
                    payload=p.payload,
                )
                for p in batch
            ]
            with self._errors("write points"):
                self._client.upsert(self.name, structs, wait=True)

    def set_payloads(self, payloads: Mapping[PointId, dict[str, Any]]) -> None:
        from qdrant_client import models

        operations = [
            models.OverwritePayloadOperation(overwrite_payload=models.SetPayload(payload=payload, points=[id]))
            for id, payload in payloads.items()
        ]
        with self._errors("write metadata"):
            for start in range(0, len(operations), _MAX_POINTS):
                self._client.batch_update_points(self.name, operations[start : start + _MAX_POINTS], wait=True)

    def retrieve(self, ids: Sequence[PointId], *, with_vector: str | None = None) -> list[Record]:
        if not ids:
            return []
        with self._errors("read points"):
            points = self._client.retrieve(
                self.name, list(ids), with_payload=True, with_vectors=_vector_selector(with_vector)
            )
        found = {_plain_id(p.id): p for p in points}
        return [_record(found[key], with_vector) for id in ids if (key := _plain_id(id)) in found]

    def delete(self, *, ids: Sequence[PointId] | None = None, filter: FilterJson | None = None) -> None:
        from qdrant_client import models

        if (ids is None) == (filter is None):
            raise InvalidInput("delete takes ids or a filter, one of the two")
        selector: Any = (
            models.PointIdsList(points=list(ids)) if ids is not None else models.FilterSelector(filter=_filter(filter))
        )
        with self._errors("delete points"):
            self._client.delete(self.name, points_selector=selector, wait=True)

    def count(self, filter: FilterJson | None = None) -> int:
        with self._errors("count points"):
            return int(self._client.count(self.name, count_filter=_filter(filter), exact=True).count)

    def scroll(
        self,
        *,
        filter: FilterJson | None = None,
        limit: int = 256,
        offset: PointId | None = None,
        with_vector: str | None = None,
    ) -> tuple[list[Record], PointId | None]:
        with self._errors("read points"):
            points, following = self._client.scroll(
                self.name,
                scroll_filter=_filter(filter),
                limit=limit,
                offset=offset,
                with_payload=True,
                with_vectors=_vector_selector(with_vector),
            )
        return [_record(p, with_vector) for p in points], None if following is None else _plain_id(following)

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
    ) -> list[list[Record]]:
        from qdrant_client import models

        returned = vector_name if with_vector else None
        requests = [
            models.QueryRequest(
                query=row.tolist(),
                using=vector_name or None,
                filter=_filter(filter),
                limit=limit,
                offset=offset or None,
                with_payload=True,
                with_vector=_vector_selector(returned),
                params=models.SearchParams(exact=True) if exact else None,
            )
            for row, filter in zip(vectors, filters, strict=True)
        ]
        if not requests:
            return []
        with self._errors("search"):
            responses = self._client.query_batch_points(self.name, requests)
        return [[_record(point, returned, point.score) for point in response.points] for response in responses]

    def facet(self, key: str, *, filter: FilterJson | None = None, limit: int = 1000) -> dict[str, int]:
        with self._errors("count values"):
            hits = self._client.facet(self.name, key, facet_filter=_filter(filter), limit=limit, exact=True).hits
        return {str(hit.value): int(hit.count) for hit in hits}

    def stats(self) -> dict[str, Any]:
        with self._errors("read figures"):
            info = self._info()
            engine = "qdrant-client local mode" if self._local else "qdrant"
            version = None if self._local else self._client.info().version
            return {
                "engine": engine,
                "version": version,
                "status": info.status.value,
                "points": int(info.points_count or 0),
                "segments": int(info.segments_count),
                "indexed_vectors": int(info.indexed_vectors_count or 0),
            }

    def close(self) -> None:
        if self._owned:
            self._owned = False
            self._client.close()

    def _info(self) -> models.CollectionInfo:
        return self._client.get_collection(self.name)

    def _size_of(self, vector_name: str) -> int:
        if vector_name not in self._sizes:
            self._sizes = {v.name: v.size for v in self.schema().vectors}
        if vector_name not in self._sizes:
            raise InvalidInput(f"the collection {self.name!r} has no vector {vector_name!r}")
        return self._sizes[vector_name]

    def _errors(self, doing: str) -> Any:
        return translated(doing, name=self.name, location=self.location)


def _connect(url: str, api_key: str | None, prefer_grpc: bool, timeout: float | None) -> QdrantClient:
    from qdrant_client import QdrantClient

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput(f"{_without_credentials(url)!r} is not a server's address; one is 'http://localhost:6333'")
    if api_key and parts.scheme == "http" and not _is_loopback(parts.hostname):
        warnings.warn(
            f"the API key for {_without_credentials(url)} travels unencrypted over http; use https",
            InsecureKeyWarning,
            stacklevel=5,
        )
    with warnings.catch_warnings():
        # The client warns of the key as well, for loopback too, and of a server that is not up yet.
        warnings.simplefilter("ignore")
        return QdrantClient(
            url=url, api_key=api_key, prefer_grpc=prefer_grpc, timeout=None if timeout is None else max(1, round(timeout))
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _location_of(client: QdrantClient) -> str:
    options = getattr(client, "init_options", {})
    for key in ("url", "host", "path", "location"):
        if options.get(key):
            return _without_credentials(str(options[key])) if key == "url" else str(options[key])
    return "a qdrant client"


def _batches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Cut by count and by bytes, so that no message is larger than servers take."""
    batch: list[Point] = []
    size = 0
    for point in points:
        # 4 bytes a number in gRPC, up to about 12 characters in JSON; JSON has eight times gRPC's limit.
        own = 4 * len(point.vector) + 4 * sum(len(str(v)) for v in point.payload.values()) + 200
        if batch and (len(batch) >= _MAX_POINTS or size + own > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(point)
        size += own
    if batch:
        yield batch


def _filter(filter: FilterJson | None) -> models.Filter | None:
    from pydantic import ValidationError
    from qdrant_client import models

    if not filter:
        return None
    try:
        return models.Filter.model_validate(filter)
    except ValidationError as exc:
        problem = exc.errors()[0]
        raise InvalidInput(f"the filter {filter!r} is not one that Qdrant knows: {problem['msg']}") from exc


def _vector_selector(vector_name: str | None) -> Any:
    if vector_name is None:
        return False
    return [vector_name] if vector_name else True


def _plain_id(id: Any) -> PointId:
    return id if isinstance(id, int) else str(id).lower()


def _record(point: Any, vector_name: str | None, score: float | None = None) -> Record:
    vector = None
    if vector_name is not None and point.vector is not None:
        vector = point.vector.get(vector_name) if isinstance(point.vector, dict) else point.vector
    return Record(
        id=_plain_id(point.id),
        payload=point.payload or {},
        score=score,
        vector=None if vector is None else np.asarray(vector, dtype=np.float32),
    )
