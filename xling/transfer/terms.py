"""Terms for a collection that was made without: written beside the vectors, in place."""

from __future__ import annotations

import time
from collections.abc import Callable

from xling.attach import METADATA_KEY
from xling.space.lexical import lexical_record, terms_of
from xling.store.base import LEXICAL, Store
from xling.types import Progress, Report

_PAGE = 500


def add_terms(store: Store, progress: Callable[[Progress], None] | None = None) -> Report:
    """Give every point of a collection of xling's its terms; see `Collection.add_lexical`."""
    store.add_lexical()
    total, started = store.count(), time.monotonic()
    done, documents = 0, 0
    offset: str | int | None = None
    while True:
        records, offset = store.scroll(limit=_PAGE, offset=offset)
        store.set_terms({record.id: terms_of(record) for record in records})
        done += len(records)
        documents += sum(record.payload.get("chunk") == 0 for record in records)
        if progress:
            progress(Progress(done=done, total=total, per_second=done / max(time.monotonic() - started, 1e-9)))
        if offset is None:
            break
    # Only now: a run that was killed is begun again, and writes what it has written once more.
    store.update_metadata({METADATA_KEY: {**store.metadata()[METADATA_KEY], LEXICAL: lexical_record()}})
    return Report(updated=documents)
