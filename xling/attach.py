"""Opening a collection: which store, which space, and whether the two belong together."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xling.cache_dir import data_dir
from xling.errors import (
    CollectionLocked,
    CollectionNotFound,
    InvalidInput,
    SpaceMismatch,
    StoreError,
    UnfinishedWarning,
    XlingError,
)
from xling.space import Encoder, Runtime, SharedSpace, check_same_space
from xling.space.cache import EmbeddingCache, choose_cache
from xling.space.chunker import Chunker, Chunking, check_chunking
from xling.space.lexical import check_lexical, lexical_record
from xling.space.resolve import load_encoder
from xling.space.truncation import warn_of_plain, warn_of_truncation
from xling.store.base import LEXICAL, Distance, IndexKind, Schema, Storage, Store, VectorSpec
from xling.store.ids import collection_namespace
from xling.store.layout import HEADS, OWN_INDEXES, OWN_LAYOUT, Layout, detect_layout
from xling.store.retry import RETRIES
from xling.store.storage import check_kept, storage_record
from xling.text import Splitter

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient

METADATA_KEY = "xling"
FORMAT = 1
"""Version of the payloads and metadata written. A reader refuses a newer one than it knows."""

UNFINISHED_KEY = "xling_import"
"""In the metadata while a collection is being imported: which file, and how many points that has."""

MOVED_KEY = "xling_moved"
"""In the metadata of a collection that another took the place of: that one's name, `to`, and its `model`."""

PREVIOUS_KEY = "xling_previous"
"""In the metadata of a collection that took the place of others: their names, the first one first."""

_SAMPLE = 20
_FORBIDDEN = re.compile(r'[\x00-\x1f/\\<>:"|?*]')


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection that has been found or made, and checked against its space."""

    store: Store
    space: SharedSpace
    layout: Layout
    vector_name: str
    distance: Distance
    namespace: UUID | None
    chunking: Chunking = field(default_factory=Chunking)
    lexical: bool = False


def check_name(name: str) -> str:
    """A collection's name that Qdrant and every file system accept, or `InvalidInput`."""
    if not isinstance(name, str) or not name.strip() or name in {".", ".."}:
        raise InvalidInput(f"a collection needs a name, got {name!r}")
    if _FORBIDDEN.search(name) or len(name.encode("utf-8", "surrogatepass")) > 255 or name != name.strip():
        raise InvalidInput(
            f"{name!r} cannot be a collection's name: use at most 255 bytes, without control characters, "
            f'spaces at the ends, or any of / \\ < > : " | ? *'
        )
    return name


def make_store(
    name: str,
    *,
    path: str | Path | None,
    url: str | None,
    client: QdrantClient | AsyncQdrantClient | None,
    api_key: str | None,
    prefer_grpc: bool,
    timeout: float | None,
    grpc_port: int = 6334,
    retries: int = RETRIES,
) -> Store:
    """The store that the arguments of `xling.open` name: a server, a client handed in, or a directory here."""
    check_name(name)
    given = [key for key, value in (("path", path), ("url", url), ("client", client)) if value is not None]
    if len(given) > 1:
        raise InvalidInput(f"give only one of path=, url= and client=, not {' and '.join(given)}")
    if url is not None or client is not None:
        from xling.store.server import ServerStore

        if client is not None:
            return ServerStore(name, client=client, retries=retries)
        return ServerStore(
            name,
            url=url,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            timeout=timeout,
            grpc_port=grpc_port,
            retries=retries,
        )
    if api_key is not None:
        raise InvalidInput("api_key= belongs to a server: give its url= too")
    from xling.store.edge import EdgeStore

    return EdgeStore(Path(path) if path is not None else data_dir() / "collections", name)


def collection_names(*, path: Path | None = None, client: Any = None) -> list[str]:
    """Names of what may be collections in a directory or on a server, sorted."""
    if client is not None:
        from xling.store.server_address import location_of
        from xling.store.server_errors import translated

        with translated("look for collections", name="*", location=location_of(client)):
            return sorted(found.name for found in client.get_collections().collections)
    if path is None or not path.is_dir():
        return []
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir())


def brief(name: str, *, path: Path | None = None, client: Any = None) -> dict[str, Any] | None:
    """What is known of a collection without loading its model; None if it is none.

    Returns:
        `name`, `documents`, `model`, `made_by_xling` and `state`: `ok`, `in use` (by another process), or an error.
    """
    known: dict[str, Any] = {"name": name, "documents": None, "model": None, "made_by_xling": None, "state": "ok"}
    try:
        store = make_store(name, path=path, url=None, client=client, api_key=None, prefer_grpc=False, timeout=None)
    except CollectionLocked:
        return {**known, "state": "in use"}
    except XlingError as error:
        return {**known, "state": str(error)}
    try:
        if not store.exists():
            return None
        own = store.metadata().get(METADATA_KEY)
        known["made_by_xling"] = own is not None
        known["model"] = own["space"]["name"] if own else None
        known["documents"] = store.count(HEADS if own else None)
    except CollectionLocked:
        known["state"] = "in use"
    except XlingError as error:
        known["state"] = str(error)
    finally:
        store.close()
    return known


def open_collection(
    store: Store,
    *,
    model: str | Path | Encoder | None,
    create: bool,
    vector_name: str | None,
    text_key: str | None,
    lang_key: str | None,
    indexes: Mapping[str, IndexKind] | None,
    device: str | None,
    runtime: Runtime = "auto",
    cache: bool | str | Path | EmbeddingCache | None = None,
    follow: bool = True,
    chunk_tokens: int | None = None,
    chunk_overlap: int | None = None,
    splitter: Splitter | None = None,
    truncate_dim: int | None = None,
    storage: Storage | None = None,
    lexical: bool | None = None,
) -> Opened:
    """Find the collection, or create it, and check that the space is the one it was written with.

    Raises:
        CollectionNotFound: It does not exist and `create` is false.
        SpaceMismatch: It was written with another model, or holds vectors of another size.
        InvalidInput: It was made by another tool and `model` or `vector_name` is needed to read it; or its documents
            are split otherwise, or it is kept in another way (`storage`, `lexical`), than asked.
    """
    given: dict[str, Any] = {"tokens": chunk_tokens, "overlap": chunk_overlap, "splitter": splitter}
    storage = storage or Storage()
    wanted = _indexes(indexes, storage)
    if not store.exists():
        if not create:
            raise CollectionNotFound(f"there is no collection {store.name!r} in {store.location}")
        encoder = load_encoder(model, device=device, runtime=runtime, truncate_dim=truncate_dim)
        warn_of_truncation(encoder)
        warn_of_plain(encoder)
        space = _space(encoder, cache)
        chunking = check_chunking(None, **given, collection=store.name, new=True)
        if chunk_tokens is not None:
            Chunker(space.encoder, chunking)  # does it fit the model?
        _create(store, space, chunking, vector_name or "", {**OWN_INDEXES, **wanted}, storage, lexical is not False)
    metadata = store.metadata()
    if follow and MOVED_KEY in metadata:
        store, metadata = followed(store)
    own = metadata.get(METADATA_KEY)
    if own is None:
        if any(value is not None for value in given.values()):
            raise InvalidInput(
                f"the collection {store.name!r} was made by another tool, which xling does not write to: open it "
                f"without chunk_tokens=, chunk_overlap= and splitter="
            )
        if storage != Storage():
            raise InvalidInput(
                f"the collection {store.name!r} was made by another tool, which chose how it is kept: open it without "
                f"{', '.join(storage_record(storage))}"
            )
        if lexical:
            raise InvalidInput(
                f"the collection {store.name!r} was made by another tool, and keeps no terms of xling's: open it "
                f"without lexical="
            )
        return _open_foreign(store, model, vector_name, text_key, lang_key, device, runtime, truncate_dim)
    if int(own.get("format", 0)) > FORMAT:
        raise StoreError(
            f"the collection {store.name!r} was written by a newer xling ({own.get('version')}); "
            f"upgrade with: pip install -U xling"
        )
    _warn_if_unfinished(store, metadata.get(UNFINISHED_KEY))
    encoder = load_encoder(model, recorded=own["space"], device=device, runtime=runtime, truncate_dim=truncate_dim)
    space = _space(encoder, cache)
    check_same_space(space, own["space"], collection=store.name)
    if vector_name is not None and vector_name != own["vector_name"]:
        raise InvalidInput(
            f"the collection {store.name!r} keeps its vectors under {own['vector_name']!r}, not {vector_name!r}"
        )
    chunking = check_chunking(own.get("chunking"), **given, collection=store.name)
    check_kept(store.schema(), storage, collection=store.name)
    has_terms = check_lexical(own, lexical, collection=store.name)
    store.ensure_indexes({**OWN_INDEXES, **wanted}, tenant=storage.tenant)
    return Opened(store, space, OWN_LAYOUT, own["vector_name"], "Cosine", UUID(own["namespace"]), chunking, has_terms)


def followed(store: Store) -> tuple[Store, dict[str, Any]]:
    """The collection that stands in the place of this one, which exists, and its metadata.

    What the store holds open (a connection to a server) goes over to the store that is given back.

    Raises:
        CollectionNotFound: It is gone.
    """
    metadata = store.metadata()
    names = [store.name]
    while MOVED_KEY in metadata:
        name = str(metadata[MOVED_KEY]["to"])
        successor = store.sibling(name, take_over=True)
        if name in names or not successor.exists():
            successor.close()
            raise CollectionNotFound(
                f"the collection {names[0]!r} was moved to {name!r}, which is not there any more; "
                f"open(…, follow=False) opens the one before the move"
            )
        names.append(name)
        store.close()
        store, metadata = successor, successor.metadata()
    return store, metadata


def _warn_if_unfinished(store: Store, mark: Mapping[str, Any] | None) -> None:
    if mark:
        warnings.warn(
            f"the import of {mark.get('file')!r} into the collection {store.name!r} was not finished: it holds "
            f"{store.count():,} of {mark.get('points', 0):,} points. Import the file again to go on with it",
            UnfinishedWarning,
            stacklevel=4,
        )


def _space(encoder: Encoder, cache: bool | str | Path | EmbeddingCache | None) -> SharedSpace:
    return SharedSpace(encoder, choose_cache(cache, encoder.identity))


def _indexes(fields: Mapping[str, IndexKind] | None, storage: Storage) -> dict[str, IndexKind]:
    """The indexes of metadata fields that are asked for, by their path in payloads."""
    wanted: dict[str, IndexKind] = {f"metadata.{key}": kind for key, kind in (fields or {}).items()}
    if storage.tenant is not None and wanted.setdefault(storage.tenant, "keyword") != "keyword":
        raise InvalidInput(f"the tenant_field= {storage.tenant!r} is indexed as a keyword, not as what indexes= says")
    return wanted


def _create(
    store: Store,
    space: SharedSpace,
    chunking: Chunking,
    vector_name: str,
    indexes: Mapping[str, IndexKind],
    storage: Storage,
    lexical: bool,
) -> None:
    from xling import __version__

    if lexical and vector_name == LEXICAL:
        raise InvalidInput(f"vector_name={LEXICAL!r} is the name that terms are kept under: choose another")
    metadata = {
        "format": FORMAT,
        "version": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "namespace": str(collection_namespace(store.name)),
        "vector_name": vector_name,
        "space": space.record(),
        "chunking": chunking.record(),
        **({LEXICAL: lexical_record()} if lexical else {}),
    }
    schema = Schema((VectorSpec(vector_name, space.dimension),), indexes, storage, lexical=lexical)
    store.create(schema, {METADATA_KEY: metadata})


def _open_foreign(
    store: Store,
    model: str | Path | Encoder | None,
    vector_name: str | None,
    text_key: str | None,
    lang_key: str | None,
    device: str | None,
    runtime: Runtime,
    truncate_dim: int | None,
) -> Opened:
    if model is None:
        raise InvalidInput(
            f"the collection {store.name!r} was not made by xling and does not say which model its vectors are of: "
            f"name it with model=, e.g. model='intfloat/multilingual-e5-small'"
        )
    space = SharedSpace(load_encoder(model, device=device, runtime=runtime, truncate_dim=truncate_dim))
    spec = _foreign_vector(store, space, vector_name)
    sample, _ = store.scroll(limit=_SAMPLE)
    return Opened(
        store, space, detect_layout(sample, text_key=text_key, lang_key=lang_key), spec.name, spec.distance, None
    )


def _foreign_vector(store: Store, space: SharedSpace, vector_name: str | None) -> VectorSpec:
    vectors = store.schema().vectors
    shown = ", ".join(f"{v.name!r} ({v.size}, {v.distance})" for v in vectors) or "none"
    if vector_name is not None:
        vectors = tuple(v for v in vectors if v.name == vector_name)
        if not vectors:
            raise InvalidInput(f"the collection {store.name!r} has no dense vector {vector_name!r}; it has: {shown}")
    fitting = [v for v in vectors if v.size == space.dimension]
    if not fitting:
        raise SpaceMismatch(
            f"no dense vector of the collection {store.name!r} has the {space.dimension} dimensions of "
            f"{space.name!r}; it has: {shown}. Open it with the model that wrote it."
        )
    if len(fitting) > 1:
        raise InvalidInput(
            f"the collection {store.name!r} has several vectors that fit; choose vector_name= of: {shown}"
        )
    return fitting[0]
