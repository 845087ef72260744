"""Another model for a collection: written beside, checked, switched over; the old one stays until it is dropped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xling.attach import METADATA_KEY, MOVED_KEY, PREVIOUS_KEY, UNFINISHED_KEY, check_name, followed, make_store
from xling.errors import CollectionNotFound, InvalidInput, StoreError
from xling.ingest import DEFAULT_BATCH, ProgressCallback, Writer
from xling.language import detector
from xling.space import Encoder, SharedSpace
from xling.space.cache import EmbeddingCache, choose_cache
from xling.space.chunker import Chunking, check_chunking
from xling.space.collection_stats import METADATA_KEY as STATISTICS_KEY
from xling.space.collection_stats import CollectionStatistics
from xling.space.lexical import lexical_record
from xling.space.resolve import load_encoder
from xling.store.base import LEXICAL, Record, Store
from xling.store.ids import id_from_payload
from xling.store.layout import HEADS, OWN_LAYOUT
from xling.store.points import chunk_ids, joined_text
from xling.text import Splitter
from xling.types import Report, Transfer

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

BEGUN_KEY = "xling_reembed"
"""In the new collection's metadata until it has taken the old one's place: which that is."""

_PAGE = 250
_ROUNDS = 3


def reembed(
    name: str,
    *,
    model: str | Path | Encoder,
    into: str | None = None,
    path: str | Path | None = None,
    url: str | None = None,
    api_key: str | None = None,
    client: QdrantClient | None = None,
    prefer_grpc: bool = False,
    timeout: float | None = None,
    device: str | None = None,
    cache: bool | str | Path | EmbeddingCache | None = None,
    splitter: Splitter | None = None,
    batch_size: int = DEFAULT_BATCH,
    progress: ProgressCallback | None = None,
) -> Transfer:
    """Change a collection's model: encode its documents anew into a second collection, which then takes its place.

    The second one lies beside the first, under a name of its own. When it holds every document, the first is marked
    as moved: from then on `xling.open(name)` opens the second. Until that moment nothing changes for anybody who
    searches. The first one stays as it was (`xling.open(name, follow=False)`) until `Collection.drop_previous`.

    Killed at any moment, the same call goes on where it was; what is written is not encoded again. Nothing should be
    written into the collection meanwhile; what an object that is still open writes afterwards goes to the first one.

    Args:
        name: The collection.
        model: The new model, as in `xling.open`. The old one is not needed.
        into: Name of the second collection; by default `name@` and the beginning of the new space's fingerprint.
        path: Where the collection is, as in `xling.open`; so are `url`, `api_key`, `client`, `prefer_grpc`, `timeout`.
        device: Where the model runs.
        cache: The embedding cache, as in `xling.open`.
        splitter: What splits its documents into sentences, if that is one of your own.
        batch_size: Documents encoded and written at a time.
        progress: Called with a `Progress` after each batch.

    Returns:
        How much the new collection holds, and its name.

    Raises:
        CollectionNotFound: There is no such collection.
        InvalidInput: It has this model already, was made by another tool, or `into` is the name of something else.
        StoreError: Not all documents could be encoded, or others kept changing them. Nothing was switched.
    """
    first = make_store(
        name, path=path, url=url, client=client, api_key=api_key, prefer_grpc=prefer_grpc, timeout=timeout
    )
    old = first
    try:
        if not first.exists():
            raise CollectionNotFound(f"there is no collection {name!r} in {first.location}")
        old, metadata = followed(first)
        encoder = load_encoder(model, device=device)
        space = SharedSpace(encoder, choose_cache(cache, encoder.identity))
        return _change(old, metadata, space, splitter, into, batch_size, progress)
    finally:
        old.close()
        first.close()


def _change(
    old: Store,
    metadata: Mapping[str, Any],
    space: SharedSpace,
    splitter: Splitter | None,
    into: str | None,
    batch_size: int,
    progress: ProgressCallback | None,
) -> Transfer:
    own = metadata.get(METADATA_KEY)
    if own is None:
        raise InvalidInput(
            f"the collection {old.name!r} was made by another tool, which xling does not write for: open a collection "
            f"of another name with the new model, and add the documents to that"
        )
    if own["space"]["fingerprint"] == space.fingerprint:
        old.update_metadata({BEGUN_KEY: None})
        if into is None and BEGUN_KEY in metadata:  # killed just after it took the other's place
            return Transfer(documents=old.count(HEADS), points=old.count(), collection=old.name)
        raise InvalidInput(f"the collection {old.name!r} has the model {space.name!r} already: nothing to do")
    new = old.sibling(check_name(into or f"{old.name.partition('@')[0]}@{space.fingerprint[:8]}"))
    try:
        chunking = _chunking(own, space, splitter, old.name)
        _prepare(old, new, metadata, space, chunking)
        _copy(old, new, own, space, chunking, batch_size, progress)
        moved = Transfer(documents=new.count(HEADS), points=new.count(), collection=new.name)
        old.update_metadata({MOVED_KEY: {"to": new.name, "model": space.name}})
        new.update_metadata({BEGUN_KEY: None})
        return moved
    finally:
        new.close()


def _chunking(own: Mapping[str, Any], space: SharedSpace, splitter: Splitter | None, name: str) -> Chunking:
    """As before, as far as the new model reads."""
    chunking = check_chunking(own.get("chunking"), splitter=splitter, collection=name)
    limit = space.encoder.max_tokens
    return replace(chunking, tokens=limit) if (chunking.tokens or 0) > limit else chunking


def _prepare(old: Store, new: Store, metadata: Mapping[str, Any], space: SharedSpace, chunking: Chunking) -> None:
    """Create the new collection, or make sure that the one there is the one an earlier run began."""
    from xling import __version__

    own = metadata[METADATA_KEY]
    mark = {"from": old.name, "fingerprint": space.fingerprint}
    if not new.exists():
        schema = old.schema()
        vectors = tuple(replace(v, size=space.dimension) if v.name == own["vector_name"] else v for v in schema.vectors)
        kept = {k: v for k, v in metadata.items() if k not in (STATISTICS_KEY, UNFINISHED_KEY, MOVED_KEY)}
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        kept[METADATA_KEY] = {**own, "version": __version__, "created": now, "space": space.record()}
        kept[METADATA_KEY]["chunking"] = chunking.record()
        if LEXICAL in own:
            kept[METADATA_KEY][LEXICAL] = lexical_record()
        kept[PREVIOUS_KEY] = [*metadata.get(PREVIOUS_KEY, ()), old.name]
        new.create(replace(schema, vectors=vectors, lexical=LEXICAL in own), {**kept, BEGUN_KEY: mark})
    if new.metadata().get(BEGUN_KEY) != mark:
        raise InvalidInput(
            f"there is a collection {new.name!r} already, which is not this change of {old.name!r} begun earlier; "
            f"give another name with into=, or drop that one"
        )


def _copy(
    old: Store,
    new: Store,
    own: Mapping[str, Any],
    space: SharedSpace,
    chunking: Chunking,
    batch_size: int,
    progress: ProgressCallback | None,
) -> None:
    names = detector()
    vector_name = own["vector_name"]
    statistics = CollectionStatistics(new, space.dimension, vector_name=vector_name, layout=OWN_LAYOUT, detector=names)
    writer = Writer(
        new,
        space,
        names,
        namespace=UUID(own["namespace"]),
        vector_name=vector_name,
        statistics=statistics,
        batch_size=batch_size,
        chunking=chunking,
        lexical=LEXICAL in own,
    )
    for _ in range(_ROUNDS):
        report = writer.write(_documents(old), total=old.count(HEADS), progress=progress)
        if report.skipped:
            problem = report.skipped[0]
            raise StoreError(
                f"{len(report.skipped)} documents of {old.name!r} could not be encoded by {space.name!r} (the first: "
                f"{problem.id!r}, {problem.reason}). Nothing was switched; {new.name!r} holds the others"
            )
        if new.count(HEADS) != old.count(HEADS):
            _delete_gone(old, new, statistics)
        statistics.save(now=True)
        if new.count(HEADS) == old.count(HEADS):
            return
    raise StoreError(
        f"the documents of {old.name!r} kept changing meanwhile; nothing was switched. Call it again when "
        f"nothing is written: what is done is not done twice"
    )


def _documents(store: Store) -> Iterator[dict[str, Any]]:
    """Whole documents as they were given to `add`, in the order of their ids."""
    for heads in _pages(store):
        tails: dict[str, list[Record]] = {}
        wanted = [id for h in heads for id in chunk_ids(str(h.id), int(h.payload.get("chunks", 1)))[1:]]
        for record in store.retrieve(wanted) if wanted else ():
            tails.setdefault(str(record.payload.get("doc")), []).append(record)
        for head in heads:
            pieces = [head, *sorted(tails.get(str(head.id), ()), key=lambda r: int(r.payload["chunk"]))]
            payload = head.payload
            yield {
                "text": joined_text(pieces),
                "id": id_from_payload(payload),
                "lang": payload.get("lang"),
                "metadata": payload.get("metadata") or {},
                **({"source": payload["source"]} if "source" in payload else {}),
            }


def _delete_gone(old: Store, new: Store, statistics: CollectionStatistics) -> None:
    for heads in list(_pages(new)):
        there = {record.id for record in old.retrieve([head.id for head in heads])}
        gone = [h for h in heads if h.id not in there]
        ids = [id for h in gone for id in chunk_ids(str(h.id), int(h.payload.get("chunks", 1)))]
        if ids:
            statistics.removing(ids)
            new.delete(ids=ids)


def _pages(store: Store) -> Iterator[list[Record]]:
    offset: str | int | None = None
    while True:
        records, offset = store.scroll(filter=HEADS, limit=_PAGE, offset=offset)
        if records:
            yield records
        if offset is None:
            return


def drop_previous(store: Store) -> Report:
    """Delete the documents of the collections whose place this one took; see `Collection.drop_previous`."""
    deleted = 0
    for name in store.metadata().get(PREVIOUS_KEY, ()):
        old = store.sibling(name)
        try:
            if old.exists():
                deleted += old.count(HEADS)
                # Not the collection itself: what is left of it leads whoever opens its name to this one.
                old.delete(filter={"must": [{"key": "chunk", "range": {"gte": 0}}]})
                old.compact()
        finally:
            old.close()
    return Report(deleted=deleted)
