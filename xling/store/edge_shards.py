"""Open shards of this process, shared: a notebook cell that opens a collection again gets the same shard.

Qdrant Edge locks a shard for one opener. Between processes that is right; within one process it would only punish
those who run a line twice, so openers of one directory share the shard, and the last to close it closes it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import qdrant_edge as qe


@dataclass(slots=True)
class SharedShard:
    """An open shard and how many hold it. `lock` is held by whoever changes it."""

    shard: qe.EdgeShard
    key: tuple[int, str]
    holders: int = 1
    lock: threading.RLock = field(default_factory=threading.RLock)


_open: dict[tuple[int, str], SharedShard] = {}
_open_lock = threading.RLock()


def acquire(directory: Path, opener: Callable[[], qe.EdgeShard]) -> SharedShard:
    """The shard of a directory, opened by `opener` unless this process has it open."""
    # With the process in the key, a forked child does not take its parent's shard for its own.
    key = (os.getpid(), str(directory.resolve()))
    with _open_lock:
        shared = _open.get(key)
        if shared is None:
            shared = _open[key] = SharedShard(opener(), key)
        else:
            shared.holders += 1
        return shared


def release(shared: SharedShard) -> None:
    """Give a shard back; the last holder closes it."""
    with _open_lock:
        shared.holders -= 1
        if shared.holders == 0 and shared.key[0] == os.getpid():
            _open.pop(shared.key, None)
            with shared.lock:
                shared.shard.close()
