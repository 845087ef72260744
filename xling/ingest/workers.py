"""Encoding in several processes of this machine, without Ray: one model on a few processors, or one on each GPU."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.errors import InvalidInput
from xling.ingest.encoding import EncodingHere, Pending, check_counts, rows_of, slices
from xling.ingest.flow import Stopped
from xling.ingest.worker_process import EncoderProcess, name_of_maker
from xling.space import Encoder
from xling.space.cache import embedding_key
from xling.space.devices import available_processors
from xling.space.encoders.usage import usage_of
from xling.space.protocols import Vectors
from xling.space.reopening import SpaceRecord

if TYPE_CHECKING:
    from xling.ingest.verbs import WritingVerbs

_BLOCK, _GPU_BLOCK = 8_000, 64_000
"""Characters that a process is given at a time: several batches of the encoder, each padded to its longest text."""
_LEAST = 1_000
_FEW = 64
"""So many texts are encoded here sooner than a process has loaded the model."""
_POLL = 0.2


class EncoderWorkers:
    """Encodes what is added to a collection in processes of their own, each with the model loaded.

        with EncoderWorkers(docs, workers=4):
            docs.add(documents)

    `docs.add(documents, workers=4)` is the same for one call. The processes start with the first texts that are
    neither stored nor in the cache, and end with the block. Documents are read, compared, split and written here as
    ever. If a process ends (killed, out of memory), the call ends with an error; what was stored stays.

    Args:
        collection: What is added to.
        workers: Processes, 2 if not given. On a CPU not more than there are processors, which they share: each has
            `processors // workers` threads.
        devices: As in torch, one process for each: `["cuda:0", "cuda:1"]`. With `workers` as well, so many processes
            take them in turn.
        make_encoder: Makes the encoder in a process; needed for one of your own. A function or class that can be
            imported.

    Raises:
        InvalidInput: A number makes no sense, the encoder is one of your own and `make_encoder` is not given or cannot
            be imported, the model is behind an API, or the collection was made by another tool.
    """

    def __init__(
        self,
        collection: WritingVerbs,
        *,
        workers: int | None = None,
        devices: Sequence[str] | None = None,
        make_encoder: Callable[[], Encoder] | None = None,
    ) -> None:
        if devices is not None and (isinstance(devices, str) or not devices):
            raise InvalidInput(f"devices= is a list such as ['cuda:0', 'cuda:1'], got {devices!r}")
        wanted = workers if workers is not None else len(devices) if devices else 2
        check_counts(workers=wanted)
        collection._writable()
        self._collection, self._space = collection, collection.space
        _check_encoder(self._space.encoder, make_encoder)
        processors = available_processors()
        self._number = wanted if devices else min(wanted, processors)
        self._threads = max(1, min(_stated_threads() or processors, processors // self._number))
        self._block = _GPU_BLOCK if devices else _BLOCK
        self.ahead = 1 + self._number
        record, maker = SpaceRecord.of(self._space), name_of_maker(make_encoder)
        records = [
            replace(record, device=devices[i % len(devices)], runtime="torch") if devices else record
            for i in range(self._number)
        ]
        self._maker, self._records = maker, records
        self._processes: list[EncoderProcess] = []
        self._idle: queue.SimpleQueue[EncoderProcess] = queue.SimpleQueue()
        self._pool: ThreadPoolExecutor | None = None
        self._first = threading.Lock()
        self._first_is_open = False

    def __enter__(self) -> EncoderWorkers:
        if self._collection._encoding is not None:
            raise InvalidInput("the collection has encoder processes already")
        self._collection._encoding = self
        return self

    def __exit__(self, *_: object) -> None:
        self._collection._encoding = None
        self.close()

    def close(self) -> None:
        """End the processes; what was begun and not waited for is dropped."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in self._processes:
                process.close()
            pool.shutdown()
        self._first_is_open = False

    def encode(self, documents: Iterable[Any], *, source: str | None = None) -> Iterator[Any]:
        """The documents as they are: what is written for `RayWorkers` runs with these too."""
        yield from documents

    def begin(self, texts: Sequence[str]) -> Pending:
        """Have a batch encoded; see `xling.ingest.encoding.Encoding`."""
        rows, dimension, cache = rows_of(texts), self._space.dimension, self._space.cache
        keys = {text: embedding_key(self._space.fingerprint, "document", text) for text in rows}
        known = {} if cache is None else cache.get(list(keys.values()), dimension)
        missing = [text for text in rows if keys[text] not in known]
        if self._pool is None and len(missing) < _FEW:
            return EncodingHere(self._space).begin(texts)
        self._start()
        assert self._pool is not None
        share = sum(map(len, missing)) // self._number  # of a small batch each takes a part
        blocks = slices(missing, min(self._block, max(share, _LEAST)))
        jobs = [(part, self._pool.submit(self._encode, part)) for _, part in blocks]

        def collect(stopping: threading.Event) -> Vectors:
            found = dict(known)
            for part, job in jobs:
                while not wait([job], _POLL).done:
                    if stopping.is_set():
                        raise Stopped
                fresh = dict(zip((keys[text] for text in part), job.result(), strict=True))
                if cache is not None:
                    cache.put(fresh)
                found |= fresh
            vectors = [found[keys[text]] for text in texts]
            return np.stack(vectors) if vectors else np.empty((0, dimension), np.float32)

        return collect

    def _start(self) -> None:
        if self._pool is None:
            self._processes = [EncoderProcess(record, self._maker, self._threads) for record in self._records]
            self._idle = queue.SimpleQueue()
            for process in self._processes:
                self._idle.put(process)
            self._pool = ThreadPoolExecutor(self._number, thread_name_prefix="xling-worker")

    def _encode(self, texts: Sequence[str]) -> Vectors:
        process = self._idle.get()
        try:
            if not self._first_is_open:
                with self._first:  # it may have to convert the model, which the others find done
                    process.start()
                    self._first_is_open = True
            return process.encode(texts, self._space.dimension)
        finally:
            self._idle.put(process)


def _check_encoder(encoder: Encoder, make_encoder: Callable[[], Encoder] | None) -> None:
    if usage_of(encoder) is not None:
        raise InvalidInput(f"{encoder.name!r} runs on a server: processes here would not make it faster")
    if make_encoder is None and not type(encoder).__module__.startswith("xling."):
        raise InvalidInput(
            f"{encoder.name!r} is an encoder of your own, which other processes cannot load: give make_encoder=, a "
            f"function that makes it, to EncoderWorkers(…)"
        )


def _stated_threads() -> int | None:
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isdecimal() and int(stated) > 0 else None
