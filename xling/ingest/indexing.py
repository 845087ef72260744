"""When a call that stored many documents builds the index of an embedded collection."""

from __future__ import annotations

from xling.ingest.writer import attach_report
from xling.store.base import Store
from xling.types import Report

GROWN = 20_000
"""Points without an index from which one is built: comparing with them takes 2 ms a query and more."""

MOST = 200_000
"""Points up to which it is built unasked: minutes on two cores, where a million take gigabytes too (docs/scale.md)."""

_WRITTEN = 1_000
"""Documents that a call has to have stored: one that adds a few does not wait for the index of all."""
_SHARE = 3
"""Points without an index are at least one in so many, so that a collection that grows is not indexed over and over."""


def worth_indexing(store: Store, report: Report) -> bool:
    """Whether what a call stored is reason to build the index of an embedded collection."""
    if report.added + report.updated < _WRITTEN:
        return False
    plain = store.unindexed()
    return plain >= GROWN and plain * _SHARE >= (points := store.count()) and points <= MOST


def index_is_due(store: Store, report: Report, wanted: bool | None) -> bool:
    """Whether to build the index now: as is wanted, or by default if it is worth it."""
    return worth_indexing(store, report) if wanted is None else wanted


def index_after(store: Store, report: Report, wanted: bool | None) -> None:
    """Build the index if it is due. The report goes with an error."""
    if index_is_due(store, report, wanted):
        try:
            store.compact()
        except BaseException as error:
            attach_report(error, report)
            raise
