"""One process at a time in a collection's directory.

Qdrant Edge locks its write-ahead log as well, but only after it has opened the segments, and opening them changes
their files: the attempt of a second process to open a shard spoils the next flush of the first. So the door is
locked before the shard is touched.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from xling.store.edge_errors import locked

_NAME = "lock"
_FAR = 1 << 30  # Windows locks bytes: one that nobody reads


@dataclass(slots=True)
class DirectoryLock:
    """A lock that is held until `release`, or until the process ends in whatever way."""

    path: Path
    descriptor: int | None

    def remove(self) -> None:
        """Delete the lock's file while it is held; whoever waits at the door notices. Windows keeps the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def release(self) -> None:
        """Unlock. Idempotent."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                _unlock(descriptor)  # not left to close(): a forked child may have the descriptor too
            os.close(descriptor)


def lock_directory(directory: Path) -> DirectoryLock:
    """Lock a directory that exists.

    Raises:
        CollectionLocked: Another process (or another lock of this one) has it.
        OSError: The lock file cannot be made or opened.
    """
    path = directory / _NAME
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError) as exc:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise locked(directory, holder) from exc
        except BaseException:
            os.close(descriptor)
            raise
        if _is_same_file(descriptor, path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return DirectoryLock(path, descriptor)
        os.close(descriptor)  # it was deleted, with its directory, between opening and locking


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(os.read(descriptor, 20))}"
    return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
