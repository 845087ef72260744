"""`xling.open`: the way to a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xling.attach import make_store, open_collection
from xling.collection import Collection
from xling.errors import InvalidInput
from xling.language import Detector, detector
from xling.space import Encoder, Runtime
from xling.space.cache import EmbeddingCache
from xling.store.base import IndexKind, Quantization
from xling.store.retry import RETRIES
from xling.store.storage import check_storage
from xling.text import Splitter
from xling.types import Progress

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient


def open(
    name: str,
    *,
    path: str | Path | None = None,
    url: str | None = None,
    api_key: str | None = None,
    client: QdrantClient | AsyncQdrantClient | None = None,
    model: str | Path | Encoder | None = None,
    create: bool = True,
    indexes: Mapping[str, IndexKind] | None = None,
    languages: Sequence[str] | None = None,
    language_detector: Detector | None = None,
    vector_name: str | None = None,
    text_key: str | None = None,
    lang_key: str | None = None,
    device: str | None = None,
    runtime: Runtime = "auto",
    cache: bool | str | Path | EmbeddingCache | None = None,
    chunk_tokens: int | None = None,
    chunk_overlap: int | None = None,
    splitter: Splitter | None = None,
    quantization: Quantization | None = None,
    on_disk: bool | None = None,
    truncate_dim: int | None = None,
    lexical: bool | None = None,
    tenant_field: str | None = None,
    shards: int | None = None,
    replicas: int | None = None,
    write_consistency: int | None = None,
    follow: bool = True,
    progress: Callable[[Progress], None] | None = None,
    prefer_grpc: bool = False,
    timeout: float | None = None,
    grpc_port: int = 6334,
    retries: int = RETRIES,
) -> Collection:
    """Open a collection, creating it if it does not exist. Nothing is ever deleted or recreated by this.

    Without `path`, `url` or `client` the collection is embedded (Qdrant Edge, in this process) and lies in the
    user's data directory.

    Args:
        name: The collection's name.
        path: Directory that holds embedded collections, one sub-directory each.
        url: Address of a Qdrant server, with `api_key` if it wants one.
        client: A `QdrantClient` you already have, local mode included; it is not closed by xling. An
            `AsyncQdrantClient` is for `xling.aopen`.
        model: A model's name or path, a `SentenceTransformer`, or any `Encoder`; `openai:` and a name is a model behind
            an API (`OpenAIEncoder`), `fastembed:` and a name one of fastembed's. Not needed for a collection that xling
            made: it records its own. A new collection takes the bundled model if installed, else
            `intfloat/multilingual-e5-small`.
        create: Whether to create it if it does not exist.
        indexes: Metadata fields to index, for speed: `{"year": "integer", "genre": "keyword"}`.
        languages: The only languages that detection may answer, where you know them.
        language_detector: Detects languages instead of xling's own.
        vector_name: Which named vector holds the embeddings.
        text_key: Payload path of the text, in a collection that another tool made; found by itself as a rule.
        lang_key: Payload path of the language in such a collection.
        device: Where the model runs, e.g. `cpu` or `cuda`.
        runtime: What runs it: `torch`, or, on a CPU and without torch, so that the first answer comes several times as
            soon, `onnx` or `openvino` (the extras of these names). `auto` takes one of these where it is installed and
            gives the same vectors: `openvino` where the processor multiplies bfloat16 (AMX, AVX-512), which is faster.
            `onnx-int8` is `onnx` with queries computed in 8 bits, which is faster and very nearly the same.
        cache: Where document vectors are kept between runs, so that no text is encoded twice: False for nowhere, a
            path, or an `EmbeddingCache`. By default a file in the user's cache directory, for models whose weights
            are known by a hash; True for encoders of your own too. `XLING_CACHE=0` turns the default off.
        chunk_tokens: Split documents into chunks of at most so many tokens, as the model counts them, its prompt
            included; without it only what is longer than the model reads is split. Chosen when the collection is
            made, like the next two.
        chunk_overlap: Sentences at the end of a chunk that the next one begins with; none without it.
        splitter: Finds sentences instead of xling's own (see `Splitter`).
        quantization: Search small copies of the vectors, which stay in memory, and order the best by the vectors
            themselves: `scalar` (a quarter of the memory), `turbo` (an eighth; Qdrant 1.18 or newer) or `binary` (a
            32nd, for vectors of a thousand numbers and more). Chosen when the collection is made, like all from here
            to `write_consistency`; docs/scale.md compares them.
        on_disk: Read the vectors themselves from disk when they are needed.
        truncate_dim: Keep only so many numbers of each vector, the first ones. For models trained for that
            (Matryoshka); with others a warning says what it costs.
        lexical: Keep the words, numbers and codes of texts too, for `search(mode="lexical")` and `"hybrid"`. A new
            collection does so unless this is False; `Collection.add_lexical` adds them to one that does not.
        tenant_field: A metadata field, such as a customer's id, that each search filters by: what belongs to one
            value lies together.
        shards: Parts that a cluster spreads over its nodes.
        replicas: Copies of each part, on different nodes.
        write_consistency: Copies that have to acknowledge a write before it counts as done.
        follow: Open the collection that took this one's place when its model was changed (`xling.reembed`); False
            opens the one of this very name.
        progress: Called while the language space of a model is measured, which happens once, at the first neutral
            search with a model that xling does not know (see `xling calibrate`).
        prefer_grpc: Talk gRPC to the server.
        timeout: Seconds to wait for the server.
        grpc_port: The port of the server's gRPC.
        retries: How often a request is made again that failed for the time being (the server was busy, restarted, or
            its answer got lost), with growing pauses; 0 for never. What is repeated is safe to be done twice.

    Raises:
        SpaceMismatch: The collection was written with another model.
        CollectionLocked: The embedded collection is open elsewhere.
        CollectionNotFound: `create` is false and it does not exist.
        ModelError: The model cannot be had; the message lists the ways out.
        InvalidInput: Arguments that do not go together, a collection of another tool opened without `model`, or one
            that was made with other chunks, or is kept in another way, than asked.
        StoreError: Qdrant could not be reached, or refused.
    """
    if languages is not None and language_detector is not None:
        raise InvalidInput("give languages= or language_detector=, not both")
    storage = check_storage(
        quantization=quantization,
        on_disk=on_disk,
        tenant_field=tenant_field,
        shards=shards,
        replicas=replicas,
        write_consistency=write_consistency,
    )
    store = make_store(
        name,
        path=path,
        url=url,
        client=client,
        api_key=api_key,
        prefer_grpc=prefer_grpc,
        timeout=timeout,
        grpc_port=grpc_port,
        retries=retries,
    )
    try:
        opened = open_collection(
            store,
            model=model,
            create=create,
            vector_name=vector_name,
            text_key=text_key,
            lang_key=lang_key,
            indexes=indexes,
            device=device,
            runtime=runtime,
            cache=cache,
            follow=follow,
            chunk_tokens=chunk_tokens,
            chunk_overlap=chunk_overlap,
            splitter=splitter,
            truncate_dim=truncate_dim,
            storage=storage,
            lexical=lexical,
        )
        return Collection(opened, detector=language_detector or detector(languages=languages), progress=progress)
    except BaseException:
        store.close()
        raise
