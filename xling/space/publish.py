"""Directories of the cache that are seen whole or not at all, also when several processes make them at once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xling.space.model_files import MANIFEST

_STALE_SECONDS = 600


@contextlib.contextmanager
def building(target: Path) -> Iterator[Path]:
    """A new empty directory beside `target`, which takes its place when the block ends without an error.

    Where another process was quicker, its directory is kept: it is the same.

    Raises:
        OSError: The disk is full, or the directory cannot be written.
    """
    directory = _hidden_name(target)
    directory.mkdir(parents=True)
    try:
        yield directory
        _publish(directory, target)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def write_manifest(directory: Path, **entries: Any) -> None:
    """Write the list of the directory's files with their sizes, beside other entries, and flush all to the disk."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    sizes = {path.relative_to(directory).as_posix(): path.stat().st_size for path in files}
    manifest = directory / MANIFEST
    manifest.write_text(json.dumps({**entries, "files": sizes}, indent=2) + "\n", encoding="utf-8")
    folders = sorted(path for path in directory.rglob("*") if path.is_dir())
    for written in (*files, manifest, *folders, directory):
        _sync(written)


def read_manifest(directory: Path) -> Mapping[str, Any] | None:
    """The manifest of a directory that holds every file in full size (contents are not read), else None."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        whole = all((directory / path).stat().st_size == size for path, size in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if whole else None


def complete(directory: Path) -> bool:
    """Whether the directory holds every file of its manifest in full size (contents are not read)."""
    return read_manifest(directory) is not None


def remove_stale(parent: Path) -> None:
    """Remove what killed processes left. A running one writes all the time, so age tells them apart."""
    for path in parent.glob(".*.partial"):
        with contextlib.suppress(OSError):
            newest = max(entry.stat().st_mtime for entry in [path, *path.rglob("*")])
            if time.time() - newest > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _publish(directory: Path, target: Path) -> None:
    if target.exists() and not complete(target):
        _discard(target)  # damaged after it was made, e.g. by a cleaner of temporary files
    try:
        directory.rename(target)  # fails where target exists and is not empty
    except OSError:
        if not complete(target):
            raise
    else:
        _sync(target.parent)


def _discard(directory: Path) -> None:
    """Remove a directory so that it is never seen half-removed under its own name."""
    aside = _hidden_name(directory)
    with contextlib.suppress(FileNotFoundError):  # another process did the same
        directory.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _hidden_name(target: Path) -> Path:
    """A name beside the target that no other process or thread uses, and that `remove_stale` knows."""
    return target.with_name(f".{target.name}-{uuid.uuid4().hex}.partial")


def _sync(path: Path) -> None:
    """Flush a file or directory to the disk; directories only where the system can (not on Windows)."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
