"""The verbs of a collection that move it as a whole."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from xling.attach import METADATA_KEY, PREVIOUS_KEY
from xling.space.collection_stats import CollectionStatistics
from xling.space.lexical import has_terms
from xling.store.base import Store
from xling.types import Progress, Report, Snapshot, Transfer


class MovingVerbs(ABC):
    """What `Collection` offers for backup, and for after a change of its model."""

    store: Store
    _statistics: CollectionStatistics
    _vector_name: str
    _lexical: bool
    _write_lock: threading.Lock

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _writable(self) -> UUID: ...

    def export(
        self, path: str | Path, *, overwrite: bool = False, progress: Callable[[Progress], None] | None = None
    ) -> Transfer:
        """Write the whole collection to a Parquet file: texts, ids with their type, metadata, vectors and its space.

        `xling.import_collection` makes a collection of it, embedded or on a server, without encoding anything. Other
        tools can read it too: one row a point, with columns text, id, lang, source, metadata (JSON) and vector. The
        file is whole or not there at all, and memory stays constant however large the collection is.

        Args:
            path: The file to write.
            overwrite: Replace a file that exists.
            progress: Called with the points done so far.

        Raises:
            InvalidInput: The file exists or cannot be written, the collection was made by another tool, or another
                process changed it meanwhile (nothing is written then).
            MissingExtra: pyarrow is not installed.
        """
        from xling.transfer.copying import export_collection

        self._writable()
        with self._write_lock:
            self._statistics.save(now=True)
            return export_collection(
                self.store, path, vector_name=self._vector_name, overwrite=overwrite, progress=progress
            )

    def snapshot(self) -> Snapshot:
        """Have the server write a snapshot of the collection: a file there, for `restore`.

        Raises:
            InvalidInput: The collection is embedded, on qdrant-client's local mode, or on a cluster of which the node
                that is asked has only a part of it: use `export`.
        """
        self._writable()
        with self._write_lock:
            self._statistics.save(now=True)
            return self.store.create_snapshot()

    def snapshots(self) -> list[Snapshot]:
        """The collection's snapshots that lie on the server, oldest first."""
        self._check_open()
        return self.store.snapshots()

    def restore(self, snapshot: str) -> None:
        """Replace all that the collection holds by a snapshot of it. What was written since is lost.

        Args:
            snapshot: The name that `snapshot` gave, where the server keeps its snapshots in `/qdrant/snapshots`, as its
                image does; or a URL that the server can read (`http://…/collections/docs/snapshots/…`, `file:///…`).

        Raises:
            InvalidInput: There is no such snapshot, or no server.
        """
        self._writable()
        with self._write_lock:
            self.store.recover(snapshot)
            self._statistics.reload()
            self._lexical = has_terms(self.store.metadata()[METADATA_KEY])

    def add_lexical(self, *, progress: Callable[[Progress], None] | None = None) -> Report:
        """Add terms to a collection that was made without, for `search(mode="lexical")` and `"hybrid"`.

        They are written in place, beside the vectors; nothing is encoded again. Killed at any moment, it can be called
        again. Until it is done the collection is searched by meaning only; what other processes that have it open
        write meanwhile gets no terms, so let them open it again, and call this again if they wrote.

        Args:
            progress: Called with the points done so far.

        Returns:
            `updated` counts the documents.

        Raises:
            InvalidInput: The collection was made by another tool.
            StoreError: It lies on a server older than Qdrant 1.18, which cannot add them: export it, and import it.
        """
        from xling.transfer.terms import add_terms

        self._writable()
        with self._write_lock:
            report = add_terms(self.store, progress)
            self._lexical = True
        return report

    def optimize(self) -> None:
        """Build the index that makes searching a large embedded collection fast, and free the space of deleted points.

        An embedded collection is searched exactly until then, which takes time by its size: from some 20,000 documents
        on it is worth calling this after they were added. Searches and writes wait until it is done, half a minute for
        50,000 documents on two cores; what is added later is searched too. Servers do all that by themselves.
        """
        self._check_open()
        with self._write_lock:
            self.store.compact()

    def drop_previous(self) -> Report:
        """Delete the documents of the old model, which `xling.reembed` left beside. There is no way back.

        What stays of the old collection is empty, and leads whoever opens its name to this one.

        Returns:
            `deleted` counts them.
        """
        from xling.transfer.reembed import drop_previous

        self._check_open()
        return drop_previous(self.store)


def drop_all(store: Store) -> None:
    """Delete a collection, and those whose place it took."""
    previous = [store.sibling(name) for name in store.metadata().get(PREVIOUS_KEY, ())]
    store.drop()
    for old in previous:
        if old.exists():
            old.drop()
        old.close()
