"""`EdgeStore`: a collection embedded in this process, on Qdrant's own engine (Qdrant Edge)."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe
from numpy.typing import NDArray

from xling.errors import (
    CollectionClosed,
    CollectionLocked,
    CollectionNotFound,
    InvalidInput,
    StoreError,
)
from xling.store.base import (
    SEARCH_WIDTH,
    FilterJson,
    IndexKind,
    Point,
    PointId,
    Record,
    Schema,
    Storage,
    VectorSpec,
)
from xling.store.edge_errors import translated
from xling.store.edge_filters import to_edge_filter
from xling.store.edge_lexical import EdgeLexical, edge_point
from xling.store.edge_recommend import EdgeRecommend
from xling.store.edge_shards import SharedShard, acquire, evicted, release
from xling.store.edge_storage import index_type, shard_config
from xling.store.files import read_json, write_json
from xling.store.records import plain_id, to_record, vector_selector
from xling.store.storage import check_no_cluster, storage_record
from xling.store.vectors import canonical_id, check_delete, check_points, check_queries

_FORMAT = 1
_UPSERT_BATCH = 1000
_CREATION_SECONDS = 5.0
_FROM_THE_VECTORS = qe.QuantizationSearchParams(rescore=True, oversampling=2.0)
"""Of a quantised collection twice as many are looked up, and ordered by the vectors themselves; else ignored."""


class EdgeStore(EdgeLexical, EdgeRecommend):
    """One directory a collection: `shard/` is Qdrant Edge's, `collection.json` holds the schema and the metadata.

    Writes go to a write-ahead log before they return, so a killed process loses none of them. Below some hundred
    thousand points every query is exact and takes milliseconds; `optimize` builds the approximate index.

    Args:
        root: Directory that holds the collections.
        name: The collection's name, which is also its directory's.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self._directory = root / name
        self.location = str(self._directory)
        self._file = self._directory / "collection.json"
        self._shared: SharedShard | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._sizes: dict[str, int] = {}

    def exists(self) -> bool:
        # The file is written last by `create`, so a collection is whole as soon as it exists.
        return self._file.is_file()

    def create(self, schema: Schema, metadata: Mapping[str, Any]) -> None:
        check_no_cluster(schema.storage, where="an embedded collection")
        give_up = time.monotonic() + _CREATION_SECONDS
        while not self.exists():
            try:
                with self._errors("create the collection"), self._opening:
                    if self._closed:
                        raise CollectionClosed(f"the collection {self.name!r} is closed")
                    self._sizes = {}
                    stale, self._shared = self._shared, None
                    if stale is not None:  # it was dropped while this object had it open
                        release(stale)
                    self._directory.mkdir(parents=True, exist_ok=True)
                    self._shared = acquire(self._directory, lambda: self._make(schema, metadata))
            except CollectionLocked:  # noqa: PERF203
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)  # another process is making it: its collection will do

    def _make(self, schema: Schema, metadata: Mapping[str, Any]) -> qe.EdgeShard:
        """Make the shard, with the directory locked. The description is written last."""
        shard_directory = self._directory / "shard"
        if self.exists():  # made by another process between looking and locking
            return qe.EdgeShard.load(str(shard_directory))
        if shard_directory.exists():
            self._clear_half_made(shard_directory)
        shard_directory.mkdir()
        shard = qe.EdgeShard.create(str(shard_directory), shard_config(schema))
        try:
            self._create_indexes(shard, schema.indexes, schema.storage.tenant)
            shard.flush()
            self._write(schema, metadata)
        except BaseException:
            shard.close()
            raise
        return shard

    def drop(self) -> None:
        self.schema()
        with self._errors("delete the collection"):
            with evicted(self._directory) as door:
                self._file.unlink()  # first: from now on it does not exist
                shutil.rmtree(self._directory / "shard")
                door.remove()
            with contextlib.suppress(OSError):  # something else is in there: not ours to delete
                self._directory.rmdir()
        self.close()

    def schema(self) -> Schema:
        data = self._read()
        vectors = tuple(VectorSpec(**spec) for spec in data["vectors"])
        storage = Storage(**data.get("storage", {}))
        return Schema(vectors, data["indexes"], storage, lexical=data.get("lexical", False))

    def metadata(self) -> dict[str, Any]:
        return dict(self._read()["metadata"])

    def update_metadata(self, changes: Mapping[str, Any]) -> None:
        with self._errors("write the metadata"), self._change():
            # As on a server, None takes a key away.
            metadata = {key: value for key, value in {**self.metadata(), **changes}.items() if value is not None}
            self._write(self.schema(), metadata)

    def ensure_indexes(self, indexes: Mapping[str, IndexKind], *, tenant: str | None = None) -> None:
        with self._errors("index a field"), self._change() as shard:
            schema = self.schema()
            missing = {key: kind for key, kind in indexes.items() if key not in schema.indexes}
            if not missing:
                return
            self._create_indexes(shard, missing, tenant)
            kept = replace(schema.storage, tenant=tenant) if tenant in missing else schema.storage
            self._write(replace(schema, indexes={**schema.indexes, **missing}, storage=kept), self.metadata())

    def upsert(self, points: Sequence[Point], *, vector_name: str) -> None:
        check_points(points, self._size_of(vector_name))
        ids = [canonical_id(point.id) for point in points]
        with self._errors("write points"):
            for start in range(0, len(points), _UPSERT_BATCH):
                end = start + _UPSERT_BATCH
                pairs = zip(ids[start:end], points[start:end], strict=True)
                batch = [edge_point(id, point, vector_name) for id, point in pairs]
                with self._change() as shard:
                    shard.update(qe.UpdateOperation.upsert_points(batch))
                    self._wrote(len(batch))

    def set_payloads(self, payloads: Mapping[PointId, dict[str, Any]]) -> None:
        with self._errors("write metadata"):
            for id, payload in payloads.items():
                with self._change() as shard:
                    shard.update(qe.UpdateOperation.overwrite_payload([canonical_id(id)], payload))
                    self._wrote(1)

    def retrieve(self, ids: Sequence[PointId], *, with_vector: str | None = None) -> list[Record]:
        if not ids:
            return []
        with self._errors("read points"):
            wanted: list[Any] = [canonical_id(id) for id in ids]
            found = {
                str(r.id): r
                for r in self._shard().retrieve(wanted, True, vector_selector(with_vector))  # positional only
            }
        return [to_record(found[str(id)], with_vector) for id in wanted if str(id) in found]

    def delete(self, *, ids: Sequence[PointId] | None = None, filter: FilterJson | None = None) -> None:
        check_delete(ids, filter)
        with self._errors("delete points"), self._change() as shard:
            if ids is not None:
                operation = qe.UpdateOperation.delete_points([canonical_id(id) for id in ids])
            else:
                operation = qe.UpdateOperation.delete_points_by_filter(to_edge_filter(filter) or qe.Filter())
            shard.update(operation)

    def count(self, filter: FilterJson | None = None) -> int:
        with self._errors("count points"):
            return int(self._shard().count(qe.CountRequest(filter=to_edge_filter(filter), exact=True)))

    def scroll(
        self,
        *,
        filter: FilterJson | None = None,
        limit: int = 256,
        offset: PointId | None = None,
        with_vector: str | None = None,
        with_payload: bool = True,
    ) -> tuple[list[Record], PointId | None]:
        request = qe.ScrollRequest(
            limit=limit,
            offset=None if offset is None else canonical_id(offset),
            filter=to_edge_filter(filter),
            with_payload=with_payload,
            with_vector=vector_selector(with_vector),
        )
        with self._errors("read points"):
            records, following = self._shard().scroll(request)
        return [to_record(r, with_vector) for r in records], None if following is None else plain_id(following)

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
        check_queries(vectors, self._size_of(vector_name))
        returned = vector_name if with_vector else None
        requests = [
            qe.QueryRequest(
                limit=limit,
                offset=offset,
                query=qe.Query.Nearest(row.tolist(), using=vector_name or None),
                filter=to_edge_filter(filter),
                with_payload=True,
                with_vector=vector_selector(returned),
                params=self._params(exact=exact),
            )
            for row, filter in zip(vectors, filters, strict=True)
        ]
        if not requests:
            return []
        with self._errors("search"):
            pages = self._shard().query_batch(qe.QueryBatchRequest(requests))
        return [[to_record(point, returned, point.score) for point in page] for page in pages]

    def facet(self, key: str, *, filter: FilterJson | None = None, limit: int = 1000) -> dict[str, int]:
        request = qe.FacetRequest(key, limit=limit, exact=True, filter=to_edge_filter(filter))
        with self._errors("count values"):
            hits = self._shard().facet(request).hits
        return {str(hit.value): int(hit.count) for hit in hits}

    def stats(self) -> dict[str, Any]:
        with self._errors("read figures"):
            info = self._shard().info()
            files = [f for f in self._directory.rglob("*") if f.is_file()]
            return {
                "engine": "qdrant-edge",
                "points": int(info.points_count),
                "segments": int(info.segments_count),
                "indexed_vectors": int(info.indexed_vectors_count),
                # Blocks where the system has them: the log's files are reserved larger than what they take.
                "disk_bytes": sum(getattr(s, "st_blocks", s.st_size // 512) * 512 for s in (f.stat() for f in files)),
            }

    def optimize(self) -> bool:
        """Merge segments and build the approximate index (HNSW); whether there was anything to do.

        Qdrant Edge never does this by itself, and neither does this class: searches and writes wait until it is done
        (half a minute for 50,000 points of 384 dimensions on two cores), and up to some hundred thousand points the
        exact search takes milliseconds (5 ms at 50,000); a translation memory does it after a large import. It also
        frees the space of deleted points.
        """
        with self._errors("optimize"), self._change() as shard:
            return bool(shard.optimize())

    def sibling(self, name: str, *, take_over: bool = False) -> EdgeStore:
        return EdgeStore(self._directory.parent, name)

    def unindexed(self) -> int:
        with self._errors("read figures"):
            info = self._shard().info()
        # Terms are vectors too, and always in an index of theirs.
        vectors = int(info.points_count) * (2 if self.schema().lexical else 1)
        return max(vectors - int(info.indexed_vectors_count), 0)

    def compact(self) -> None:
        self.optimize()

    def close(self) -> None:
        with self._opening:
            self._closed = True
            shared, self._shared = self._shared, None
        if shared is not None:
            with self._errors("close the collection"):
                release(shared)

    def __del__(self) -> None:
        if getattr(self, "_shared", None) is not None:
            with contextlib.suppress(Exception):
                self.close()

    def _shard(self) -> qe.EdgeShard:
        return self._held().shard

    def _held(self) -> SharedShard:
        with self._opening:
            if self._closed:
                raise CollectionClosed(f"the collection {self.name!r} is closed")
            if self._shared is None:
                if not self.exists():
                    raise CollectionNotFound(f"there is no collection {self.name!r} in {self._directory.parent}")
                path = str(self._directory / "shard")
                self._shared = acquire(self._directory, lambda: qe.EdgeShard.load(path))
            return self._shared

    def _wrote(self, points: int) -> None:
        self._held().wrote(points)

    def _params(self, *, exact: bool) -> qe.SearchParams:
        return qe.SearchParams(exact=exact, hnsw_ef=SEARCH_WIDTH, quantization=_FROM_THE_VECTORS)

    @contextlib.contextmanager
    def _change(self) -> Iterator[qe.EdgeShard]:
        held = self._held()
        with held.lock:
            yield held.shard

    @staticmethod
    def _create_indexes(shard: qe.EdgeShard, indexes: Mapping[str, IndexKind], tenant: str | None) -> None:
        for key, kind in indexes.items():
            shard.update(qe.UpdateOperation.create_field_index(key, index_type(key, kind, tenant)))

    def _size_of(self, vector_name: str) -> int:
        # Vectors of a collection never change, and its description may hold a large basis: read it once.
        if vector_name not in self._sizes:
            self._sizes = {v.name: v.size for v in self.schema().vectors}
        if vector_name not in self._sizes:
            raise InvalidInput(f"the collection {self.name!r} has no vector {vector_name!r}")
        return self._sizes[vector_name]

    def _read(self) -> dict[str, Any]:
        with self._errors("read the collection's description"):
            try:
                data = read_json(self._file)
            except FileNotFoundError as exc:
                where = self._directory.parent
                raise CollectionNotFound(f"there is no collection {self.name!r} in {where}") from exc
            except ValueError as exc:
                raise StoreError(f"{self._file} is damaged ({exc}); restore it from a backup") from exc
        if data.get("format") != _FORMAT:
            raise StoreError(f"{self._file} has the format {data.get('format')}, not {_FORMAT}: upgrade xling")
        return data

    def _write(self, schema: Schema, metadata: Mapping[str, Any]) -> None:
        vectors = [{"name": v.name, "size": v.size, "distance": v.distance} for v in schema.vectors]
        description = {
            "format": _FORMAT,
            "vectors": vectors,
            "indexes": dict(schema.indexes),
            "storage": storage_record(schema.storage),
            "lexical": schema.lexical,
            "metadata": dict(metadata),
        }
        write_json(self._file, description)

    def _clear_half_made(self, shard_directory: Path) -> None:
        """A creation that was killed leaves a shard without its description, and no points in it.

        One that has points, or cannot be read, is somebody's data whose description was lost: it is put aside.
        """
        try:
            shard = qe.EdgeShard.load(str(shard_directory))
        except Exception as exc:
            if "WouldBlock" in str(exc):
                raise
            empty = not any(f.is_file() for f in (shard_directory / "segments").rglob("*"))
        else:
            empty = shard.info().points_count == 0
            shard.close()
        if empty:
            shutil.rmtree(shard_directory)
        else:
            shard_directory.rename(self._directory / f"shard.put-aside-{time.time_ns()}")

    def _errors(self, doing: str) -> contextlib.AbstractContextManager[None]:
        return translated(doing, self._directory)
