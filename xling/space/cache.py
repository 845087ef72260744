"""Embeddings kept between runs, so that a text that was encoded once is not encoded again.

A file of SQLite in WAL mode, used by any number of threads and processes at once. It is a cache: whatever goes wrong
with it (damage, a full disk, no permission) costs its use and a warning, never the work.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import warnings
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from xling.cache_dir import cache_dir
from xling.errors import CacheWarning, InvalidInput
from xling.space.protocols import Vectors

Role: TypeAlias = Literal["document", "query"]

DEFAULT_BYTES = 1 << 30
"""Some 600,000 vectors of 384 dimensions."""

SWITCH = "XLING_CACHE"
"""Environment variable: `0` for none, a path for a file elsewhere."""

_APPLICATION = 0x786C6E67
_SCHEMA = f"""
begin immediate;
create table if not exists vectors (key blob not null unique, used integer not null, vector blob not null);
create index if not exists by_use on vectors (used);
pragma application_id = {_APPLICATION};
commit;
"""
_T = TypeVar("_T")
_Item = TypeVar("_Item")
_BUSY_SECONDS = 10.0
_IDS = 500
_COARSE = 3600
"""Seconds: a use is only noted where the last one noted is so long ago, since noting it is a write."""
_EVICTED = 0.1
_ROW = 150
"""Bytes that a row and its entries in the two indexes take beside the vector, at most."""


def embedding_key(space: str, role: Role, text: str) -> bytes:
    """What a vector is kept under: a hash of the space's fingerprint, the role and the text."""
    return blake2b(f"{space}:{role}:{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


class VectorCache(Protocol):
    """What keeps vectors by key."""

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]: ...

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None: ...


class EmbeddingCache:
    """Vectors by key, on disk. Safe to use from several threads and processes.

    Args:
        path: The file; by default one in xling's cache directory. It is made when first needed.
        max_bytes: What it may grow to; what was not used for longest goes first. 1 GiB by default.

    Raises:
        InvalidInput: `max_bytes` is too small to keep anything.
    """

    def __init__(self, path: str | Path | None = None, *, max_bytes: int = DEFAULT_BYTES) -> None:
        if max_bytes < 1 << 20:
            raise InvalidInput(
                f"max_bytes must be at least {1 << 20} (1 MiB), got {max_bytes}; cache=False is no cache"
            )
        self.path = Path(path).expanduser() if path is not None else cache_dir() / "embeddings.sqlite"
        self.max_bytes = max_bytes
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._file: tuple[int, int] | None = None
        self._useless = False
        self._read_only = False

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are there, each of shape (dimension,)."""
        now = int(time.time())
        rows = self._run(lambda connection: _select(connection, keys)) or []
        found: dict[bytes, NDArray[np.float32]] = {}
        stale: list[tuple[int, bytes]] = []
        for key, used, blob in rows:
            vector = _unpack(blob, dimension)
            if vector is not None:
                found[key] = vector
                if used < now - _COARSE:
                    stale.append((now, key))
        if stale:
            self._write(lambda c: c.executemany("update vectors set used = ? where key = ?", stale))
        return found

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors; those that are not finite are left out."""
        now = int(time.time())
        rows = [(key, now, _pack(vector)) for key, vector in vectors.items() if np.isfinite(vector).all()]
        coming = sum(len(blob) + _ROW for _, _, blob in rows)
        if not rows or coming > self.max_bytes // 2:
            return

        def insert(connection: sqlite3.Connection) -> None:
            self._make_room(connection, coming)
            connection.executemany("insert or replace into vectors (key, used, vector) values (?, ?, ?)", rows)

        self._write(insert)

    def clear(self) -> None:
        """Forget everything."""
        self._write(lambda connection: connection.execute("delete from vectors"))
        self._run(lambda connection: connection.execute("vacuum"))

    def __len__(self) -> int:
        count = self._run(lambda connection: connection.execute("select count(*) from vectors").fetchone()[0])
        return int(count or 0)

    @property
    def bytes(self) -> int:
        """What the kept vectors take of the file."""
        return self._run(_used_bytes) or 0

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None and self._process == os.getpid():
                connection.close()

    def __repr__(self) -> str:
        return f"EmbeddingCache({str(self.path)!r}, max_bytes={self.max_bytes})"

    def _make_room(self, connection: sqlite3.Connection, coming: int) -> None:
        if _used_bytes(connection) + coming <= self.max_bytes:
            return
        # In slices of a tenth, so that it is seldom; of equal use, those that came first.
        number = connection.execute("select count(*) from vectors").fetchone()[0]
        share = max(_EVICTED, 2 * coming / self.max_bytes)
        connection.execute(
            "delete from vectors where rowid in (select rowid from vectors order by used, rowid limit ?)",
            (int(number * share) + 1,),
        )

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Run `work` as one transaction, unless the file cannot be written."""

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute("begin immediate")
            try:
                work(connection)
                connection.execute("commit")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("rollback")
                raise

        if not self._read_only:
            self._run(transaction)

    def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What `work` gives with the open file, or None where the cache fails it."""
        with self._lock:
            if self._useless:
                return None
            try:
                return work(self._connected())
            except (sqlite3.Error, OSError) as exc:
                if isinstance(exc, sqlite3.DatabaseError) and not isinstance(exc, sqlite3.OperationalError):
                    self._damaged(exc)
                else:
                    self._hindered(exc)
                return None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # a fork must not use its parent's
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection, self._process = self._connect(), os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Without the module's own transactions: they would begin as readers, and fail where two go on to write.
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        try:
            self._file = _identity(self.path)
            connection.execute("begin")  # both answers from one moment, as another process may be making the tables
            tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
            mark = connection.execute("pragma application_id").fetchone()[0]
            connection.execute("commit")
            if mark != _APPLICATION:
                if tables:
                    raise OSError("it is a database of another program")
                connection.execute("pragma journal_mode = wal")
                connection.executescript(_SCHEMA)
            connection.execute("pragma synchronous = normal")  # a power cut may lose the newest, and damages nothing
        except BaseException:
            connection.close()
            raise
        return connection

    def _hindered(self, exc: Exception) -> None:
        """Another writer for too long: this once without. Anything else: from now on without, or without writing."""
        if "locked" in str(exc) or "busy" in str(exc) or self._read_only:
            return
        if self._connection is None:
            self._useless = True
        self._read_only = True
        self._warn(f"{self.path}: the embedding cache cannot be used ({exc}); going on without")

    def _damaged(self, exc: Exception) -> None:
        """Set the file aside, unless another process did so already, and begin anew with the next use."""
        self.close()
        if self._file is not None and self._file != _identity(self.path):
            return
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            self.path.rename(aside)
        except OSError as error:
            self._useless = True
            self._warn(f"{self.path}: the embedding cache is damaged ({exc}), and stays ({error}); going on without")
            return
        for end in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                self.path.with_name(self.path.name + end).rename(aside.with_name(aside.name + end))
        self._warn(f"the embedding cache was damaged ({exc}); it was set aside as {aside}, and begun anew")

    def _warn(self, text: str) -> None:
        warnings.warn(text, CacheWarning, stacklevel=6)


class RecentVectors:
    """The vectors used last, in memory: for queries, which a process asks again, and which are nobody's to keep."""

    def __init__(self, size: int = 1024) -> None:
        self._size, self._lock = size, threading.Lock()
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def resize(self, size: int) -> None:
        """Keep so many from now on."""
        self._size = size

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are there."""
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._lock:
            for key in keys:
                vector = self._vectors.get(key)
                if vector is not None and len(vector) == dimension:
                    self._vectors.move_to_end(key)
                    found[key] = vector
        return found

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors, in place of those used longest ago."""
        with self._lock:
            for key, vector in vectors.items():
                if np.isfinite(vector).all():
                    self._vectors[key] = vector.copy()
                    self._vectors.move_to_end(key)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)


def encode_through(
    cache: VectorCache,
    encode: Callable[[Sequence[str]], Vectors],
    texts: Sequence[str],
    *,
    space: str,
    role: Role,
    dimension: int,
) -> Vectors:
    """Vectors of texts, shape (n, dimension): from the cache, else from `encode`, which is given each text once."""
    return _through(cache, encode, texts, [embedding_key(space, role, text) for text in texts], dimension)


def encode_both_through(
    cache: VectorCache,
    encode_both: Callable[[Sequence[str], Sequence[str]], tuple[Vectors, Vectors]],
    texts: Sequence[str],
    *,
    space: str,
    dimension: int,
) -> tuple[Vectors, Vectors]:
    """Vectors of texts as queries and as documents, each of shape (n, dimension), like `encode_through`."""

    def encode(asked: Sequence[tuple[Role, str]]) -> Vectors:
        queries, documents = ([text for role, text in asked if role == wanted] for wanted in roles)
        return np.concatenate(encode_both(queries, documents))

    roles: tuple[Role, Role] = ("query", "document")
    items = [(role, text) for role in roles for text in texts]
    vectors = _through(cache, encode, items, [embedding_key(space, *item) for item in items], dimension)
    return vectors[: len(texts)], vectors[len(texts) :]


def _through(
    cache: VectorCache,
    encode: Callable[[Sequence[_Item]], Vectors],
    items: Sequence[_Item],
    keys: Sequence[bytes],
    dimension: int,
) -> Vectors:
    found = cache.get(list(dict.fromkeys(keys)), dimension)
    missing = {key: item for key, item in zip(keys, items, strict=True) if key not in found}
    if len(missing) == len(items):  # as a rule all or nothing is there
        vectors = encode(items)
        cache.put(dict(zip(keys, vectors, strict=True)))
        return vectors
    if missing:
        fresh = dict(zip(missing, encode(list(missing.values())), strict=True))
        cache.put(fresh)
        found |= fresh
    return np.stack([found[key] for key in keys]) if keys else np.empty((0, dimension), np.float32)


_shared: dict[tuple[Path, int], EmbeddingCache] = {}
_shared_lock = threading.Lock()


def choose_cache(
    wanted: bool | str | Path | EmbeddingCache | None, identity: Mapping[str, object]
) -> EmbeddingCache | None:
    """The cache that `open(cache=…)` and the environment ask for, the same object for the same file.

    Unasked, there is one for encoders whose identity names their `weights` by a hash. Of an encoder of the user's own
    nothing says that it is the same as yesterday, so its vectors are only kept where that is asked for.
    """
    switch = os.environ.get(SWITCH, "").strip()
    if isinstance(wanted, EmbeddingCache):
        return wanted
    if wanted is False or (wanted is None and (switch == "0" or "weights" not in identity)):
        return None
    path = Path(wanted) if isinstance(wanted, (str, Path)) else Path(switch) if switch not in ("", "0", "1") else None
    cache = EmbeddingCache(path)
    with _shared_lock:
        return _shared.setdefault((cache.path.absolute(), os.getpid()), cache)


def _pack(vector: NDArray[np.float32]) -> bytes:
    # SQLite has no checksum of its own, and a flipped bit in a vector would be believed.
    data = np.ascontiguousarray(vector, dtype="<f4").tobytes()
    return data + zlib.crc32(data).to_bytes(4, "little")


def _unpack(blob: object, dimension: int) -> NDArray[np.float32] | None:
    if not isinstance(blob, bytes) or len(blob) != 4 * dimension + 4:
        return None
    data = blob[:-4]
    if zlib.crc32(data) != int.from_bytes(blob[-4:], "little"):
        return None
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[Any, Any, Any]]:
    rows: list[tuple[Any, Any, Any]] = []
    for start in range(0, len(keys), _IDS):
        part = keys[start : start + _IDS]
        marks = ",".join("?" * len(part))
        rows += connection.execute(f"select key, used, vector from vectors where key in ({marks})", part)
    return rows


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"pragma {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
