"""What a collection knows of its languages: running sums of its document vectors, kept with the collection.

They are what the neutral basis is estimated from. Each writer counts what it adds and removes; on saving, its changes
are merged into what the collection has by then, so that several writers may work at once. Where a writer was killed
before it saved, or something else wrote, the number of points tells: then they are taken anew from a sample.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.language import UND, Detector
from xling.space.stats import LanguageStats
from xling.store.base import FilterJson, Record, Store
from xling.store.layout import Layout, value_at

METADATA_KEY = "xling_languages"

_SAVE_SECONDS = 1.0
_SAVE_CHANGES = 256
_SAMPLE_POINTS = 2000
_PAGE = 250
_NEWS = 0.02
"""Share of a language's documents that may come and go before what was derived from the statistics is out of date. A
language weighs by the root of its documents, so so few move nothing that a ranking would show."""
_DRIFT = 0.1
"""Share of the collection's points that the statistics may miss before they are taken anew."""


class CollectionStatistics:
    """The language statistics of one collection. Safe to use from several threads.

    Args:
        store: Where the collection is.
        dimension: Of its vectors.
        vector_name: Which vectors.
        layout: How its payloads are read.
        detector: Names the languages of a collection that another tool made, where its payloads do not.
    """

    def __init__(self, store: Store, dimension: int, *, vector_name: str, layout: Layout, detector: Detector) -> None:
        self._store, self._dimension, self._vector_name = store, dimension, vector_name
        self._layout, self._detector = layout, detector
        self._lock = threading.RLock()
        self._current: LanguageStats | None = None
        self._added, self._removed = LanguageStats(dimension), LanguageStats(dimension)
        self._points = 0  # more than there were, points of unknown language included
        self._saved_at = 0.0
        self.version = 0
        """Changes when the statistics have changed so much that what was derived from them is out of date."""
        self._known: dict[str, int] = {}  # what there was at that time
        self._news = Counter[str]()  # what came and went since

    def current(self) -> LanguageStats:
        """The statistics by now. For a collection of another tool: of a sample of it, taken once."""
        with self._lock:
            if self._current is None:
                self._current = self._load()[0] if self._layout.own else self._sampled()
                self._known, self._news = self._current.counts, Counter()
            return self._current

    def reload(self) -> None:
        """Forget what was read and counted: the collection is another one now."""
        with self._lock:
            self._current, self._points = None, 0
            self._added, self._removed = LanguageStats(self._dimension), LanguageStats(self._dimension)
            self._renew()

    def add(self, langs: Sequence[str], vectors: Sequence[NDArray[np.float32]]) -> None:
        """Count written points in."""
        self._count(self._added, langs, vectors, 1)

    def remove(self, records: Iterable[Record]) -> None:
        """Count points out that are about to be replaced or deleted; records with their vectors."""
        known = [r for r in records if r.vector is not None]
        self._count(self._removed, [r.payload.get("lang") or UND for r in known], [r.vector for r in known], -1)

    def save(self, *, now: bool = False) -> None:
        """Write the changes into the collection's metadata: now, or if it is worth it."""
        with self._lock:
            changes = self._added.total + self._removed.total
            waited = time.monotonic() - self._saved_at
            if not self._layout.own or not changes or not (now or changes >= _SAVE_CHANGES or waited > _SAVE_SECONDS):
                return
            fresh, points = self._load()
            self._store.update_metadata({METADATA_KEY: {**fresh.to_dict(), "points": points}})
            self._current, self._points = fresh, 0
            self._added, self._removed = LanguageStats(self._dimension), LanguageStats(self._dimension)
            self._saved_at = time.monotonic()
            there, known = fresh.counts, self._known  # what others wrote meanwhile counts too
            if any(_much(abs(there.get(of, 0) - known.get(of, 0)), known.get(of, 0)) for of in {*there, *known}):
                self._renew()

    def removing(self, ids: Sequence[str | int]) -> None:
        """Count points out by their ids, just before they are replaced or deleted."""
        if not self._layout.own:
            return
        for start in range(0, len(ids), _PAGE):
            self.remove(self._store.retrieve(ids[start : start + _PAGE], with_vector=self._vector_name))

    def removing_matches(self, filter: FilterJson) -> None:
        """Count out all points that a filter selects, just before they are deleted."""
        if not self._layout.own:
            return
        offset: str | int | None = None
        while True:
            records, offset = self._store.scroll(
                filter=filter, limit=_PAGE, offset=offset, with_vector=self._vector_name
            )
            self.remove(records)
            if offset is None:
                return

    def _count(self, change: LanguageStats, langs: Sequence[str], vectors: Sequence[object], sign: int) -> None:
        if not langs or not self._layout.own:
            return
        rows = _unit(np.stack([np.asarray(v, dtype=np.float32) for v in vectors]))
        with self._lock:
            change.add(langs, rows)
            self._points += sign * len(langs)
            if self._current is not None:
                (self._current.add if sign > 0 else self._current.remove)(langs, rows)
            self._news.update(lang for lang in langs if lang != UND)
            if self._current is None or any(_much(new, self._known.get(of, 0)) for of, new in self._news.items()):
                self._renew()

    def _renew(self) -> None:
        self.version += 1
        self._known, self._news = {} if self._current is None else self._current.counts, Counter()

    def _load(self) -> tuple[LanguageStats, int]:
        """What is stored with the changes since, and the number of points."""
        stored = self._store.metadata().get(METADATA_KEY) or {
            "dimension": self._dimension,
            "languages": {},
            "points": 0,
        }
        there = self._store.count()
        try:
            stats = LanguageStats.from_dict(stored)
            points = int(stored.get("points", there - self._points)) + self._points
        except (InvalidInput, TypeError, ValueError):  # a later form, or damaged: it is only an estimate
            points = -1
        if points < 0 or abs(points - there) > _DRIFT * there:
            sample = self._sampled()
            return sample.scaled(max(there / _SAMPLE_POINTS, 1.0)), there
        stats.merge(self._added)
        stats.subtract(self._removed)
        return stats, points

    def _sampled(self) -> LanguageStats:
        stats = LanguageStats(self._dimension)
        offset: str | int | None = None
        for _ in range(_SAMPLE_POINTS // _PAGE):
            records, offset = self._store.scroll(limit=_PAGE, offset=offset, with_vector=self._vector_name)
            known = [r for r in records if r.vector is not None and np.isfinite(r.vector).all() and r.vector.any()]
            if known:
                vectors = np.stack([r.vector for r in known if r.vector is not None])
                stats.add(self._languages(known), _unit(vectors))
            if offset is None:
                break
        return stats

    def _languages(self, records: Sequence[Record]) -> list[str]:
        key = "lang" if self._layout.own else self._layout.lang_key
        named = [value_at(r.payload, key) for r in records]
        texts = [value_at(r.payload, self._layout.text_key) for r in records]
        todo = [i for i, (n, t) in enumerate(zip(named, texts, strict=True)) if not isinstance(n, str) and t]
        found = self._detector.detect_many([str(texts[i]) for i in todo])
        detected = {i: detection.lang for i, detection in zip(todo, found, strict=True)}
        return [n if isinstance(n, str) else detected.get(i, UND) for i, n in enumerate(named)]


def _much(new: int, known: int) -> bool:
    return new > _NEWS * known


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows at unit length, as Qdrant keeps them for cosine."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
