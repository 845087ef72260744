"""What Qdrant Edge raises → our tree. It raises bare exceptions, which are told apart by their words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from xling.errors import CollectionClosed, CollectionLocked, InvalidInput, StoreError, XlingError


@contextlib.contextmanager
def translated(doing: str, directory: Path) -> Iterator[None]:
    """Do something with the collection in a directory; what is raised comes out as an error of ours."""
    try:
        yield
    except XlingError:
        raise
    except OSError as exc:
        raise StoreError(f"cannot {doing} in {directory}: {exc.strerror or exc}") from exc
    except Exception as exc:
        raise _translate(doing, directory, str(exc)) from exc
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":  # a panic in Rust is no Exception
            raise
        raise StoreError(f"Qdrant Edge broke down when asked to {doing}: {exc}") from exc


def locked(directory: Path, holder: str) -> CollectionLocked:
    """The error for a collection that another process has open."""
    return CollectionLocked(
        f"the collection {directory.name!r} in {directory.parent} is open in {holder}. Close it there first; "
        f"to share one collection between processes, run a Qdrant server and open it with url="
    )


def _translate(doing: str, directory: Path, message: str) -> XlingError:
    if "WouldBlock" in message:  # opened by something that is not xling
        return locked(directory, "another process")
    if "not initialized" in message:
        return CollectionClosed(f"the collection {directory.name!r} is closed")
    if "No space left" in message:
        return StoreError(f"the disk is full: cannot {doing} in {directory}")
    if "No appropriate index for faceting" in message:
        return InvalidInput(f"{directory.name!r} can only count values of fields with a keyword index: {message}")
    if "dimension error" in message or "vector name" in message or "JSON path" in message:
        return InvalidInput(f"cannot {doing} in {directory.name!r}: {message}")
    return StoreError(f"Qdrant Edge could not {doing} in {directory}: {message}")
