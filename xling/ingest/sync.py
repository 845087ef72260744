"""Making a collection equal to a source: what the source no longer has is deleted, once all of it has been read."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, NotDeletedWarning
from xling.ingest.documents import Row
from xling.ingest.storing import delete_documents
from xling.ingest.writer import ProgressCallback, Writer, attach_report
from xling.space.collection_stats import CollectionStatistics
from xling.store.base import FilterJson, Store
from xling.types import Progress, Report

_IDS_PAGE = 10_000
_DELETE_PAGE = 500


class StoredIds:
    """The documents that a collection had of a source when the sync began, and which of them have been seen since.

    Documents that others add meanwhile are none of them, so they are never taken for gone. It takes 17 bytes of memory
    a document: 17 MB for a million.

    Args:
        store: Where the collection is.
        source: The source.
    """

    def __init__(self, store: Store, source: str) -> None:
        self.source = source
        self.unknown = 0
        """Rows that might be any document."""
        pages = [np.frombuffer(b"".join(page), dtype="S16") for page in _stored_ids(store, source)]
        # NumPy drops NULs at the end of such strings when it gives one out, but not when it compares them.
        self._ids: NDArray[np.bytes_] = np.sort(np.concatenate(pages)) if pages else np.empty(0, dtype="S16")
        self._seen = np.zeros(len(self._ids), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._ids)

    def saw(self, uuids: Iterable[str]) -> None:
        """These documents are in the source."""
        wanted = np.frombuffer(b"".join(UUID(uuid).bytes for uuid in uuids), dtype="S16")
        if len(wanted) and len(self._ids):
            at = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
            self._seen[at[self._ids[at] == wanted]] = True

    def saw_unknown(self) -> None:
        """There is a row in the source that might be any of them."""
        self.unknown += 1

    @property
    def unseen(self) -> int:
        """How many have not been seen."""
        return int(len(self._seen) - self._seen.sum())

    def pages_of_unseen(self, size: int) -> Iterator[list[str]]:
        """The UUIDs of those that have not been seen."""
        left = np.flatnonzero(~self._seen)
        for start in range(0, len(left), size):
            raw = self._ids[left[start : start + size]].tobytes()
            yield [str(UUID(bytes=raw[i : i + 16])) for i in range(0, len(raw), 16)]


def synchronise(
    writer: Writer,
    store: Store,
    statistics: CollectionStatistics,
    rows: Iterable[Row],
    *,
    source: str,
    allow_empty: bool,
    dry_run: bool,
    total: int | None,
    progress: ProgressCallback | None,
) -> Report:
    """See `Collection.sync`."""
    stored = StoredIds(store, source)
    report = writer.write(rows, total=total, progress=progress, watcher=stored, dry_run=dry_run)
    if not stored.unseen:
        return report
    try:
        _check_empty(report, stored, allow_empty)
    except InvalidInput as error:
        attach_report(error, report)
        raise
    if stored.unknown:
        warnings.warn(
            f"nothing was deleted: {stored.unseen:,} documents of the source {source!r} are in the collection and were "
            f"not among those read, but what could not be read might be any of them",
            NotDeletedWarning,
            stacklevel=4,
        )
        return report.model_copy(update={"kept": stored.unseen})
    if dry_run:
        return report.model_copy(update={"deleted": stored.unseen})
    return _delete_unseen(stored, store, statistics, report, progress)


def _check_empty(report: Report, stored: StoredIds, allow_empty: bool) -> None:
    if not allow_empty and not report.added + report.updated + report.unchanged:
        what = f"none of {len(report.skipped):,} documents could be used" if report.skipped else "it gave no documents"
        raise InvalidInput(
            f"the source {stored.source!r} is empty ({what}), while the collection has {len(stored):,} documents of "
            f"it; nothing was deleted. If they are to go, say so with allow_empty=True (--allow-empty)"
        )


def _delete_unseen(
    stored: StoredIds,
    store: Store,
    statistics: CollectionStatistics,
    report: Report,
    progress: ProgressCallback | None,
) -> Report:
    started, deleted, total = time.monotonic(), 0, stored.unseen
    try:
        for uuids in stored.pages_of_unseen(_DELETE_PAGE):
            # Another writer may have taken one over for another source, or deleted it.
            heads = [head for head in store.retrieve(uuids) if head.payload.get("source") == stored.source]
            delete_documents(store, heads, statistics)
            deleted += len(heads)
            if progress:
                rate = deleted / max(time.monotonic() - started, 1e-9)
                progress(Progress(done=deleted, total=total, per_second=rate, waiting_for="deleting"))
    except BaseException as error:
        attach_report(error, report.model_copy(update={"deleted": deleted}))
        raise
    statistics.save()
    return report.model_copy(update={"deleted": deleted})


def _stored_ids(store: Store, source: str) -> Iterator[list[bytes]]:
    # Documents that an earlier run was killed while adding are looked at too: their first chunk is numbered below 0.
    heads: FilterJson = {"must": [{"key": "source", "match": {"value": source}}, {"key": "chunk", "range": {"lte": 0}}]}
    offset: str | int | None = None
    while True:
        records, offset = store.scroll(filter=heads, limit=_IDS_PAGE, offset=offset, with_payload=False)
        if records:
            yield [UUID(str(record.id)).bytes for record in records]
        if offset is None:
            return
