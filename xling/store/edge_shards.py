"""Open shards of this process, shared: a notebook cell that opens a collection again gets the same shard.

A shard has one opener. Between processes that is right; within one process it would only punish those who run a
line twice, so openers of one directory share the shard, and the last to close it closes it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import qdrant_edge as qe

from xling.store.edge_lock import DirectoryLock, lock_directory

_FLUSH_EVERY = 20_000
"""Points written between two flushes. Without them the write-ahead log grows until the collection is closed, and
after a crash all of it is replayed."""


@dataclass(slots=True)
class SharedShard:
    """An open shard and how many hold it. `lock` is held by whoever changes it."""

    shard: qe.EdgeShard
    key: tuple[int, str]
    door: DirectoryLock
    holders: int = 1
    unflushed: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def wrote(self, points: int) -> None:
        """To be told after each write, with `lock` held."""
        self.unflushed += points
        if self.unflushed >= _FLUSH_EVERY:
            self.unflushed = 0
            self.shard.flush()

    def shut(self) -> None:
        """Flush and close the shard, then let others in. Whoever still holds it finds it closed."""
        with self.lock:
            try:
                self.shard.close()
            finally:
                self.door.release()


_open: dict[tuple[int, str], SharedShard] = {}
_open_lock = threading.RLock()


def acquire(directory: Path, opener: Callable[[], qe.EdgeShard]) -> SharedShard:
    """The shard of a directory, opened by `opener` unless this process has it open.

    Raises:
        CollectionLocked: Another process has it open.
    """
    key = _key(directory)
    with _open_lock:
        shared = _open.get(key)
        if shared is None:
            door = lock_directory(directory)
            try:
                shared = _open[key] = SharedShard(opener(), key, door)
            except BaseException:
                door.release()
                raise
        else:
            shared.holders += 1
        return shared


def release(shared: SharedShard) -> None:
    """Give a shard back; the last holder closes it."""
    with _open_lock:
        shared.holders -= 1
        if shared.holders == 0 and _open.get(shared.key) is shared and shared.key[0] == os.getpid():
            del _open[shared.key]
            shared.shut()


@contextlib.contextmanager
def evicted(directory: Path) -> Iterator[DirectoryLock]:
    """Have the directory to oneself: its shard is closed for all its holders, and other processes are kept out.

    Raises:
        CollectionLocked: Another process has it open.
    """
    with _open_lock:
        shared = _open.pop(_key(directory), None)
        if shared is not None:
            shared.shut()
        door = lock_directory(directory)
        try:
            yield door
        finally:
            door.release()


def _key(directory: Path) -> tuple[int, str]:
    # With the process in the key, a forked child does not take its parent's shard for its own.
    return os.getpid(), str(directory.resolve())
