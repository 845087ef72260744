"""What the routes share: collections, the model, batches, metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args
from weakref import WeakKeyDictionary

import numpy as np

from xling.aio import AsyncCollection
from xling.errors import InvalidInput, XlingError
from xling.search.query import check_queries, encode_alike, encode_queries
from xling.serve import warned
from xling.serve.batching import Batcher
from xling.serve.collections import Collections
from xling.serve.keys import Door, KeyFile, read_admin_key
from xling.serve.maps import Maps
from xling.serve.metrics import Metrics
from xling.serve.problems import Problem
from xling.serve.settings import Settings
from xling.space import Encoder, SharedSpace, Vectors
from xling.space.resolve import load_encoder
from xling.types import Report

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient

    from xling.translate.memory import Memory

_log = logging.getLogger("xling.serve")
_PIECE = 32
_Way: TypeAlias = Literal["both prompts", "query prompt", "document prompt"]


@dataclass(frozen=True, slots=True)
class _Query:
    space: SharedSpace
    texts: tuple[str, ...]
    way: _Way


class Service:
    """All of one service but its routes.

    Args:
        settings: What it was told.
        model: An encoder instead of the one that the settings name.
        client: A client of a Qdrant server instead of the settings' place.

    Raises:
        InvalidInput: It would let everybody in from other machines, and was not told that it may.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        model: Encoder | None = None,
        client: QdrantClient | AsyncQdrantClient | None = None,
    ) -> None:
        self.settings, self.metrics, self.maps = settings, Metrics(), Maps()
        admin = None if settings.admin_key_file is None else read_admin_key(settings.admin_key_file)
        file = KeyFile(settings.keys_file)
        if not (settings.loopback or settings.allow_anonymous or admin is not None or file.all()):
            raise InvalidInput(
                f"at {settings.host} other machines could read and change all collections, since there is no key: make "
                f"one with `xling keys create NAME --role admin`, or set allow_anonymous if that is meant"
            )
        self.door = Door(file, admin, anonymous=settings.loopback or settings.allow_anonymous)
        self.collections = Collections(settings, client)
        # Found now, so that a wrong name is told at once; loaded later.
        self._model = model or load_encoder(settings.model, device=settings.device, runtime=settings.runtime)
        self._encoder: Encoder | None = None
        self._space: SharedSpace | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="xling-encode")
        self._queries: dict[str, Batcher[_Query, None]] = {}
        self._embeddings: Batcher[tuple[str, tuple[str, ...]], Vectors] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._silence: Callable[[], None] = lambda: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._memories: WeakKeyDictionary[AsyncCollection, Memory] = WeakKeyDictionary()
        self.stopping = False

    async def start(self) -> None:
        """Begin; the model is loaded meanwhile."""
        self._silence = warned.install()
        await self.collections.start()
        self._loading = asyncio.create_task(self._load())

    async def stop(self) -> None:
        """Finish what was accepted, and close all."""
        self.stopping = True
        self.metrics.ready.set(0)
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
            await asyncio.wait([self._loading])
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.stop_seconds)
            for task in self._tasks:  # too long: what is being written is finished, and no more
                task.cancel()
        for batcher in self._queries.values():
            await batcher.finish()
        if self._embeddings is not None:
            await self._embeddings.finish()
        await self.collections.close()
        self._executor.shutdown(wait=True)
        self._silence()

    async def ready(self) -> bool:
        """Whether the model is loaded, and Qdrant answers."""
        return self._encoder is not None and not self.stopping and await self.collections.reachable()

    @property
    def model(self) -> Encoder:
        """The model, loaded or not."""
        return self._model

    def encoder(self) -> Encoder:
        """The model.

        Raises:
            Problem: It is not loaded yet.
            XlingError: It cannot be.
        """
        if self._encoder is None:
            if self._loading is not None and self._loading.done():
                self._loading.result()
            raise Problem(503, "the service is starting: the model is not loaded yet", retry_after=2)
        return self._encoder

    async def collection(self, name: str) -> AsyncCollection:
        """An open collection; see `Collections.get`."""
        self.encoder()
        found = await self.collections.get(name)
        self.metrics.collections.set(self.collections.opened)
        return found

    async def encode(
        self, space: SharedSpace, texts: Sequence[str], neutral: Sequence[float] = (), *, alike: bool = False
    ) -> None:
        """Have queries encoded, together with others that come at the same time; the verb then finds the vectors.

        `alike` is for those that look for texts like theirs, as lookups in a memory do.

        Raises:
            InvalidInput: A query is blank, or too long.
            Problem: More is asked than can be answered.
        """
        self.check_queries(texts)
        batcher = self._queries.get(space.fingerprint)
        if batcher is None:
            batcher = self._queries[space.fingerprint] = Batcher(
                _encode_queries,
                self._executor,
                most=self.settings.batch_size,
                waiting=self.settings.batch_waiting,
                seconds=self.settings.batch_seconds,
                on_batch=self.metrics.on_batch,
            )
        try:
            both = max(neutral, default=0.0) > 0
            way: _Way = "document prompt" if alike else "both prompts" if both else "query prompt"
            await batcher.do(_Query(space, tuple(texts), way), len(texts))
        except Problem:
            self.metrics.refused.labels("encoding").inc()
            raise

    async def memory(self, name: str) -> Memory:
        """A collection as a translation memory.

        Raises:
            Problem: It is none.
            MissingExtra: What compares texts is not installed.
        """
        from xling.translate.memory import Memory

        collection = await self.collection(name)
        memory = self._memories.get(collection)
        if memory is None:
            first = await anext(collection.documents(), None)
            if first is not None and "unit" not in first.metadata:
                raise Problem(409, f"the collection {name!r} is no translation memory: it holds other documents")
            memory = Memory(collection.blocking)
            if first is not None:
                self._memories[collection] = memory
        return memory

    def go_on(self, task: asyncio.Task[None]) -> None:
        """Let something be finished, also when nobody waits for it any more."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def check_queries(self, texts: Sequence[str]) -> None:
        """Raises `InvalidInput` if one is blank or too long."""
        most = self.settings.max_query_characters
        for text in texts:
            if len(text) > most:
                raise InvalidInput(f"a query of {len(text):,} characters; at most {most:,} are taken")
        check_queries(texts)

    async def embed(self, texts: Sequence[str], role: str) -> Vectors:
        """Vectors of texts by the service's model, shape (n, dimension)."""
        self.encoder()
        if self._embeddings is None:
            settings = self.settings
            self._embeddings = Batcher(
                self._embed,
                self._executor,
                most=_PIECE,
                waiting=max(settings.batch_waiting, settings.max_documents),
                seconds=settings.request_seconds,
            )
        pieces = [tuple(texts[start : start + _PIECE]) for start in range(0, len(texts), _PIECE)]
        rows = [await self._embeddings.do((role, piece), len(piece)) for piece in pieces]
        return np.concatenate(rows)

    def wrote(self, report: Report) -> None:
        """Count what was written."""
        for done in ("added", "updated", "deleted"):
            self.metrics.documents.labels(done).inc(getattr(report, done))

    def _embed(self, jobs: Sequence[tuple[str, tuple[str, ...]]]) -> list[Vectors]:
        assert self._space is not None
        found: list[Vectors] = []
        for role, texts in jobs:
            encode = self._space.queries if role == "query" else self._space.documents
            found.append(encode(texts))
        return found

    async def _load(self) -> None:
        started = time.monotonic()

        def load() -> Encoder:
            self._model.encode_queries(["ready"])
            return self._model

        try:
            encoder = await asyncio.get_running_loop().run_in_executor(self._executor, load)
        except XlingError as error:
            _log.error("model", extra={"told": {"reason": str(error)}})
            raise
        self._space = SharedSpace(encoder)
        self.collections.use(encoder)
        self._encoder = encoder
        self.metrics.ready.set(1)
        _log.info("ready", extra={"told": {"model": encoder.name, "seconds": round(time.monotonic() - started, 1)}})


def _encode_queries(jobs: Sequence[_Query]) -> list[None]:
    """All texts of one kind in one batch; the space remembers the vectors."""
    for way in get_args(_Way):
        texts = list(dict.fromkeys(text for job in jobs if job.way == way for text in job.texts))
        if texts and way == "document prompt":
            encode_alike(jobs[0].space, texts)
        elif texts:
            encode_queries(jobs[0].space, texts, 1.0 if way == "both prompts" else 0.0)
    return [None] * len(jobs)
