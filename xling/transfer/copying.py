"""A collection to a file, and from a file to a collection: with its vectors, so nothing is encoded again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xling.attach import FORMAT, METADATA_KEY, UNFINISHED_KEY, make_store
from xling.errors import InvalidInput, SpaceMismatch
from xling.language import Detector, detector
from xling.space.collection_stats import METADATA_KEY as STATISTICS_KEY
from xling.space.collection_stats import CollectionStatistics
from xling.space.lexical import has_terms, with_terms
from xling.store.base import Point, Quantization, Record, Schema, Storage, Store, VectorSpec
from xling.store.layout import HEADS, OWN_LAYOUT
from xling.store.points import chunk_ids
from xling.store.storage import check_kept, check_storage
from xling.transfer.parquet import ExportFile, write_file
from xling.types import Progress, Transfer

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_PAGE = 500
ProgressCallback = Callable[[Progress], None]


def export_collection(
    store: Store,
    path: str | Path,
    *,
    vector_name: str,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> Transfer:
    """Write a collection of xling's to a Parquet file; see `Collection.export`."""
    target = Path(path).expanduser()
    schema = store.schema()
    spec = next(v for v in schema.vectors if v.name == vector_name)
    points, documents = store.count(), store.count(HEADS)
    header = {
        "name": store.name,
        "documents": documents,
        "points": points,
        "vector": {"name": spec.name, "size": spec.size, "distance": spec.distance},
        "indexes": dict(schema.indexes),
        "metadata": store.metadata(),
    }
    written = write_file(target, header, _records(store, vector_name, points, progress), overwrite=overwrite)
    return Transfer(documents=documents, points=points, bytes=written, collection=store.name, file=str(target))


def _records(store: Store, vector_name: str, total: int, progress: ProgressCallback | None) -> Iterator[Record]:
    started, done = time.monotonic(), 0
    offset: str | int | None = None
    while True:
        records, offset = store.scroll(limit=_PAGE, offset=offset, with_vector=vector_name)
        yield from records
        done += len(records)
        _tell(progress, done, total, started)
        if offset is None:
            break
    if done != total or store.count() != total:
        raise InvalidInput(
            f"the collection {store.name!r} changed while it was exported ({total} points at first, {done} read); "
            f"nothing was written: do it again when nothing is written into it"
        )


def import_collection(
    file: str | Path,
    name: str | None = None,
    *,
    path: str | Path | None = None,
    url: str | None = None,
    api_key: str | None = None,
    client: QdrantClient | None = None,
    prefer_grpc: bool = False,
    timeout: float | None = None,
    quantization: Quantization | None = None,
    on_disk: bool | None = None,
    tenant_field: str | None = None,
    shards: int | None = None,
    replicas: int | None = None,
    write_consistency: int | None = None,
    merge: bool = False,
    progress: ProgressCallback | None = None,
) -> Transfer:
    """Make a collection of a file that `Collection.export` wrote: texts, ids, metadata and vectors as they were.

    No model is needed. An import that was interrupted is gone on with by calling this again.

    Args:
        file: The Parquet file.
        name: The new collection's name; by default the name it had.
        path: Directory of embedded collections, as in `xling.open`; so are `url`, `api_key`, `client`, `prefer_grpc`
            and `timeout`.
        quantization: How the new collection is kept, as in `xling.open`; so are `on_disk`, `tenant_field`, `shards`,
            `replicas` and `write_consistency`. It need not be as it was.
        merge: Write into a collection that exists: documents of the same id are replaced, others stay. It must be of
            the same space, and its ids made alike: as a rule, one that the file was exported from.
        progress: Called with the points done so far.

    Raises:
        InvalidInput: The file is none of an export, or damaged; or the collection exists and `merge` is false.
        SpaceMismatch: With `merge`: the collection was written with another model.
        StoreError: Qdrant could not be reached, or refused.
    """
    source = Path(file).expanduser()
    storage = check_storage(
        quantization=quantization,
        on_disk=on_disk,
        tenant_field=tenant_field,
        shards=shards,
        replicas=replicas,
        write_consistency=write_consistency,
    )
    with ExportFile(source) as export:
        own = export.header["metadata"].get(METADATA_KEY)
        if not isinstance(own, Mapping) or int(own.get("format", 0)) > FORMAT:
            raise InvalidInput(f"{source} was written by a newer xling; upgrade with: pip install -U xling")
        store = make_store(
            name if name is not None else export.header["name"],
            path=path, url=url, client=client, api_key=api_key, prefer_grpc=prefer_grpc, timeout=timeout,
        )  # fmt: skip
        try:
            done = _fill(store, export, storage, merge, progress)
        finally:
            store.close()
    size = source.stat().st_size
    return Transfer(documents=done, points=export.rows, bytes=size, collection=store.name, file=str(source))


def _fill(store: Store, export: ExportFile, storage: Storage, merge: bool, progress: ProgressCallback | None) -> int:
    header = export.header
    vector, metadata = header["vector"], header["metadata"]
    mark = {"file": export.path.name, "points": export.rows, "created": metadata[METADATA_KEY].get("created")}
    fresh = not store.exists()
    if fresh:
        spec = VectorSpec(vector["name"], vector["size"], vector["distance"])
        indexes = {**header["indexes"], **({storage.tenant: "keyword"} if storage.tenant else {})}
        schema = Schema((spec,), indexes, storage, lexical=has_terms(metadata[METADATA_KEY]))
        begun = {key: value for key, value in metadata.items() if key != STATISTICS_KEY}
        store.create(schema, {**begun, UNFINISHED_KEY: mark})
    else:
        check_kept(store.schema(), storage, collection=store.name)
    unfinished = store.metadata().get(UNFINISHED_KEY) == mark
    statistics: CollectionStatistics | None = None
    if not unfinished:
        _check_merge(store, header, merge)
        names: Detector = detector()
        statistics = CollectionStatistics(
            store, vector["size"], vector_name=vector["name"], layout=OWN_LAYOUT, detector=names
        )
    lexical = has_terms(store.metadata()[METADATA_KEY])
    started, done, documents = time.monotonic(), 0, 0
    for points in export.points(_PAGE):
        if lexical:
            points = with_terms(points)
        if statistics is not None:
            _make_way(store, points, statistics)
        store.upsert(points, vector_name=vector["name"])
        if statistics is not None:
            statistics.add([p.payload.get("lang", "und") for p in points], [p.vector for p in points])
        done += len(points)
        documents += sum(p.payload.get("chunk") == 0 for p in points)
        _tell(progress, done, export.rows, started)
    if statistics is not None:
        statistics.save(now=True)
    else:
        store.update_metadata({STATISTICS_KEY: metadata.get(STATISTICS_KEY), UNFINISHED_KEY: None})
    return documents


def _check_merge(store: Store, header: Mapping[str, Any], merge: bool) -> None:
    there, here = store.metadata().get(METADATA_KEY), header["metadata"][METADATA_KEY]
    where = f"the collection {store.name!r} in {store.location}"
    if not merge:
        raise InvalidInput(
            f"{where} exists already; import under another name, or with merge=True to replace and add documents"
        )
    if there is None:
        raise InvalidInput(f"{where} was made by another tool; import under another name")
    if there["space"]["fingerprint"] != here["space"]["fingerprint"]:
        raise SpaceMismatch(
            f"{where} was written with {there['space']['name']!r}, the file with {here['space']['name']!r}: vectors "
            f"of different spaces cannot be compared. Import under another name"
        )
    if (there["namespace"], there["vector_name"]) != (here["namespace"], here["vector_name"]):
        raise InvalidInput(
            f"{where} makes its documents' ids in another way than the file's: a document of both would be there "
            f"twice. Import under another name"
        )


def _make_way(store: Store, points: Sequence[Point], statistics: CollectionStatistics) -> None:
    """Count out what is replaced, and delete the pieces that a document has no longer."""
    statistics.removing([point.id for point in points])
    now = {str(p.id): int(p.payload.get("chunks", 1)) for p in points if p.payload.get("chunk") == 0}
    left_over: list[str | int] = []
    for head in store.retrieve(list(now)):
        left_over += chunk_ids(str(head.id), int(head.payload.get("chunks", 1)))[now[str(head.id)] :]
    if left_over:
        statistics.removing(left_over)
        store.delete(ids=left_over)


def _tell(progress: ProgressCallback | None, done: int, total: int, started: float) -> None:
    if progress:
        progress(Progress(done=done, total=total, per_second=done / max(time.monotonic() - started, 1e-9)))
