"""Encoding by Ray: for a corpus that is too much for one process, on one machine or a cluster of them.

The documents are read, compared, split and written here, by the same `add` as ever; only the encoding goes out.
`RayWorkers` reads ahead by a window of documents, has the texts that need it encoded by Ray Data (`map_batches` over
actors, each of which loads the model once a window), and puts the vectors where the writer looks for them. A vector is
known by its space and its text, so a block that Ray runs again after a worker died changes nothing, and a text whose
vector did not come is encoded here.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xling.errors import MissingExtra, ModelError
from xling.ingest.documents import Input, prepare, rows
from xling.ingest.encoding import check_counts
from xling.language import Detector
from xling.space import Encoder
from xling.space.cache import RecentVectors, VectorCache, embedding_key
from xling.space.chunker import Chunker
from xling.space.reopening import SpaceRecord
from xling.store.base import Store
from xling.store.points import StoredDocument
from xling.text import normalise
from xling.types import Document

if TYPE_CHECKING:
    from xling.ingest.verbs import WritingVerbs

WINDOW = 50_000
BLOCK = 256


class RayWorkers:
    """Encodes the documents of one collection by Ray, before its `add` asks for their vectors.

        with RayWorkers(docs, workers=8) as workers:
            docs.add(workers.encode(documents))

    Uses the Ray that the process is connected to, else what `ray.init()` finds (`RAY_ADDRESS`), else one of its own on
    this machine until the end of the block. Texts that are stored or cached already are not encoded.

    Args:
        collection: Where the documents will be added.
        workers: Actors that encode, each with the model loaded.
        window: Documents read ahead; a model is loaded once for these by each worker. More are fewer loadings, and
            memory: about 4 KB a document of one chunk.
        block: Texts of a block, which is encoded at once, and again where its worker dies.
        make_encoder: Makes the encoder in a worker; needed for one of your own. Else the collection's model is loaded
            there by its name, so a directory must be on all machines.
        ray_options: For each worker, e.g. `{"num_gpus": 1}`; by default `{"num_cpus": 1}`.

    Raises:
        MissingExtra: Ray is not installed.
        InvalidInput: A number makes no sense, or the collection was made by another tool.
    """

    def __init__(
        self,
        collection: WritingVerbs,
        *,
        workers: int = 2,
        window: int = WINDOW,
        block: int = BLOCK,
        make_encoder: Callable[[], Encoder] | None = None,
        ray_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_counts(workers=workers, window=window, block=block)
        _ray()
        self._namespace = collection._writable()
        self._collection, self._space, self._window = collection, collection.space, window
        self._job = _Job(SpaceRecord.of(self._space), workers, block, make_encoder, ray_options or {})
        self._ahead = _Ahead(self._space.cache)
        self._connected = False

    def __enter__(self) -> RayWorkers:
        self._ahead = _Ahead(self._space.cache)
        self._space.cache = self._ahead
        return self

    def __exit__(self, *_: object) -> None:
        self._space.cache = self._ahead.behind
        if self._connected:
            self._connected = False
            _ray().shutdown()

    def encode(self, documents: Input | Iterable[Input], *, source: str | None = None) -> Iterator[Any]:
        """The documents, for `add` (or `sync`) of the same collection within the block, each when it is encoded.

        Args:
            documents: As in `add`, of any length.
            source: As it will be given to `add` or `sync`.

        Raises:
            ModelError: A worker could not load the model, has another one, or failed on a text.
        """
        chunker = Chunker(self._space.encoder, self._collection._chunking)
        stream = _plain(documents, source)
        while batch := list(itertools.islice(stream, self._window)):
            prepared = {
                i: document
                for i, row in enumerate(batch)
                if isinstance(row, Mapping) and isinstance(document := prepare(i, row, self._namespace), StoredDocument)
            }
            langs = _languages(prepared, self._collection._detector)
            self._encode_texts(_texts(prepared, langs, self._collection.store, chunker))
            for i, row in enumerate(batch):
                yield {**row, "lang": langs[i]} if i in langs else row

    def _encode_texts(self, texts: Sequence[str]) -> None:
        keys = {embedding_key(self._space.fingerprint, "document", text): text for text in texts}
        known = self._ahead.get(list(keys), self._space.dimension)
        missing = {key: text for key, text in keys.items() if key not in known}
        self._ahead.expect(len(keys))
        self._ahead.hold(known)
        if len(missing) >= self._job.block:  # fewer are encoded here before a worker has loaded the model
            self._connected = _connect() or self._connected
            for vectors in self._job.run(missing):
                self._ahead.put(vectors)


def _plain(documents: Input | Iterable[Input], source: str | None) -> Iterator[Any]:
    if isinstance(documents, (str, Document, Mapping)) or documents is None:
        documents = [documents]
    for document in documents:
        if isinstance(document, (str, Document, Mapping)):
            yield from rows([document], source=source)
        else:
            yield document  # what it is, `add` will say


def _languages(prepared: Mapping[int, StoredDocument], detector: Detector) -> dict[int, str]:
    """Of those that do not name theirs, so that nobody has to look again."""
    unknown = [i for i, document in prepared.items() if not document.lang]
    found = detector.detect_many([prepared[i].text for i in unknown])
    return {i: detection.lang for i, detection in zip(unknown, found, strict=True)}


def _texts(
    prepared: Mapping[int, StoredDocument], langs: Mapping[int, str], store: Store, chunker: Chunker
) -> list[str]:
    """What has to be encoded: the chunks of documents that are not stored with this text."""
    hashes: dict[str, Any] = {}
    uuids = sorted({document.uuid for document in prepared.values()})
    for at in range(0, len(uuids), 1000):
        hashes |= {str(r.id): r.payload.get("text_hash") for r in store.retrieve(uuids[at : at + 1000])}
    new = {i: document for i, document in prepared.items() if hashes.get(document.uuid) != document.text_hash}
    spans = chunker.spans_many([d.text for d in new.values()], [d.lang or langs[i] for i, d in new.items()])
    return [
        normalise(d.text[start:end]) for d, pieces in zip(new.values(), spans, strict=True) for start, end in pieces
    ]


class _Ahead:
    """The vectors of the latest windows, before the cache that there is otherwise."""

    def __init__(self, behind: VectorCache | None) -> None:
        self.behind, self._sizes = behind, [0, 0]
        self._here = RecentVectors(0)

    def expect(self, vectors: int) -> None:
        """So many are coming; those of the window before may still be wanted."""
        self._sizes = [self._sizes[1], vectors]
        self._here.resize(sum(self._sizes))

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        found = self._here.get(keys, dimension)
        rest = [key for key in keys if key not in found]
        return found | self.behind.get(rest, dimension) if rest and self.behind is not None else found

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        self.hold(vectors)
        if self.behind is not None:
            self.behind.put(vectors)

    def hold(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        self._here.put(vectors)


@dataclass(frozen=True)
class _Job:
    """How texts are encoded by Ray."""

    record: SpaceRecord
    workers: int
    block: int
    make_encoder: Callable[[], Encoder] | None
    ray_options: Mapping[str, Any]

    def run(self, texts: Mapping[bytes, str]) -> Iterator[dict[bytes, NDArray[np.float32]]]:
        """Vectors by key, a block at a time, as they come."""
        import pyarrow as pa
        import ray

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        # Alike in length together: a block is padded to its longest.
        items = sorted(texts.items(), key=lambda item: len(item[1]))
        tables = [
            pa.table({"key": pa.array([k for k, _ in part], pa.binary()), "text": pa.array([t for _, t in part])})
            for part in (items[at : at + self.block] for at in range(0, len(items), self.block))
        ]
        blocks = ray.data.from_arrow(tables).map_batches(
            _Worker,
            fn_constructor_args=(self.record, self.make_encoder),
            compute=ray.data.ActorPoolStrategy(size=self.workers),
            batch_size=self.block,
            **{"num_cpus": 1, **self.ray_options},
        )
        try:
            for batch in blocks.iter_batches(batch_size=self.block, prefetch_batches=1):
                yield dict(zip(batch["key"], np.asarray(list(batch["vector"]), np.float32), strict=True))
        except ray.exceptions.RayError as exc:
            reason = str(exc).strip().splitlines()[-1][:300] if str(exc).strip() else type(exc).__name__
            raise ModelError(f"Ray could not encode the documents: {reason}") from exc


def _connect() -> bool:
    """Connect to Ray unless the process is connected; whether this did."""
    ray = _ray()
    if ray.is_initialized():
        return False
    ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False)
    return True


class _Worker:
    """Lives in an actor, with the model."""

    def __init__(self, record: SpaceRecord, make: Callable[[], Encoder] | None) -> None:
        self._space = record.open(make)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        vectors = self._space.documents([str(text) for text in batch["text"]])
        return {"key": batch["key"], "vector": vectors}


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as exc:
        raise MissingExtra("Encoding by Ray", "ray", "ray") from exc
    return ray
