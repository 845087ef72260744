"""Searches of one collection, with its neutral basis kept up to date."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from xling.errors import InvalidInput, ModelError
from xling.search.engine import Engine
from xling.search.plan import Neutrality, Plan
from xling.search.query import Asked
from xling.space import SharedSpace, Vectors
from xling.space.collection_stats import CollectionStatistics
from xling.space.neutral import estimate_basis
from xling.space.protocols import paid_encoder
from xling.space.reference import Reference, find_reference, load_reference
from xling.store.base import Distance, Store
from xling.store.filters import and_filters
from xling.store.layout import HEADS, Layout
from xling.store.steps import Steps, ask, work
from xling.types import Hit, Progress

_log = logging.getLogger("xling")


class Searcher:
    """Runs the plans of one collection. Safe to use from several threads.

    Args:
        name: The collection's name.
        space: Its space.
        layout: How its payloads are read.
        vector_name: Which vectors are searched.
        distance: How Qdrant compares them.
        statistics: What is known of its languages.
        progress: Called while the language space of a model is measured for the first time.
    """

    def __init__(
        self,
        name: str,
        space: SharedSpace,
        layout: Layout,
        *,
        vector_name: str,
        distance: Distance,
        statistics: CollectionStatistics,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._name, self._space, self._layout, self._distance = name, space, layout, distance
        self._lang_key = "lang" if layout.own else layout.lang_key
        self._engine = Engine(layout, vector_name=vector_name, lang_key=self._lang_key)
        self._statistics, self._progress = statistics, progress
        self._lock = threading.Lock()
        self._reference: Reference | None = None
        self._neutrality: tuple[int, Neutrality] | None = None

    def search(
        self, vectors: Vectors, plan: Plan, sizes: Sequence[int] | None = None, terms: Sequence[Asked] = ()
    ) -> Steps[list[list[Hit]]]:
        """Hits of query vectors (unit, shape (n, dimension), not yet neutral); for the others see `Engine.search`."""
        if plan.mode == "lexical":
            return (yield from self._engine.search(vectors, plan, None, terms=terms))
        if self._distance not in ("Cosine", "Dot") and plan.reranks:
            raise InvalidInput(
                f"balance=, prefer= and rescore= need similarities, but {self._name!r} compares by {self._distance}"
            )
        if plan.balance:
            plan = replace(plan, languages=(yield from self.languages(plan)))
        neutrality = self._ready()
        if neutrality is None:
            compute = plan.neutral > 0 or plan.reranks or plan.min_confidence is not None
            neutrality = yield from work(self._current, compute=compute)
        if plan.min_confidence is not None and (neutrality is None or neutrality.calibration is None):
            raise ModelError(
                f"min_confidence= needs a calibration, and {self._space.name!r} has none: it does not score "
                f"translations above random texts, or its scores are no cosines. Use min_score= instead."
            )
        return (yield from self._engine.search(vectors, plan, neutrality, sizes, terms))

    def neutrality(self) -> Steps[Neutrality | None]:
        """Basis and calibration by now."""
        return self._ready() or (yield from work(self._current, compute=True))

    def reference(self, progress: Callable[[Progress], None] | None = None) -> Reference:
        """What the model makes of the reference sample: as shipped, from the cache, or measured now."""
        with self._lock:
            return self._load_reference(progress or self._progress)

    def languages(self, plan: Plan) -> Steps[tuple[str, ...]]:
        """The languages of the documents that a plan selects, most frequent first."""
        if self._lang_key is None:
            raise InvalidInput(
                f"balance= needs to know the languages, and the payloads of {self._name!r} name none; "
                f"open it with lang_key= if they do under another key"
            )
        filter = and_filters(plan.filter, HEADS) if self._layout.own else plan.filter
        return tuple((yield from ask(Store.facet, self._lang_key, filter=filter)))

    def _ready(self) -> Neutrality | None:
        """Basis and calibration if they are at hand and up to date: no lock, nothing to wait for."""
        known = self._neutrality
        return known[1] if known is not None and known[0] == self._statistics.version else None

    def _current(self, *, compute: bool) -> Neutrality | None:
        """Basis and calibration by now; None if they would have to be measured and nothing asks for them."""
        with self._lock:
            if self._reference is None and not compute and find_reference(self._space.encoder) is None:
                return None
            reference = self._load_reference(self._progress)
            version = self._statistics.version
            if self._neutrality is None or self._neutrality[0] != version:
                basis = estimate_basis(self._statistics.current(), reference.stats)
                calibration = reference.calibration if self._distance == "Cosine" else None
                self._neutrality = (version, Neutrality(basis, calibration))
            return self._neutrality[1]

    def _load_reference(self, progress: Callable[[Progress], None] | None) -> Reference:
        if self._reference is None:
            encoder = self._space.encoder
            self._reference = find_reference(encoder)
        if self._reference is None:
            if paid_encoder(encoder) is None:  # of which it is said with what it costs
                _log.warning(
                    "measuring the language space of %s, once; `xling calibrate` does it beforehand",
                    self._space.name,
                )
            self._reference = load_reference(self._space.encoder, progress=progress)
        return self._reference
