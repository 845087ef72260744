"""From what somebody liked to one query, and to Qdrant's strategies for many. Pure but for the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.explore.examples import Example
from xling.search.balance import DEPTH, balance
from xling.search.plan import Neutrality, Plan
from xling.store.base import Record, Store
from xling.store.base import Strategy as StoreStrategy
from xling.store.filters import and_filters
from xling.store.layout import Layout
from xling.store.points import document_key, hit_from_record, language_of
from xling.store.steps import Steps, ask
from xling.types import Hit

Strategy: TypeAlias = Literal["average", "best_score", "sum_scores"]

HISTORY_WEIGHT = 0.5
"""What was merely seen says this much of what one likes, against what was liked."""

HALF_LIFE = 10.0


@dataclass(frozen=True, slots=True)
class Taste:
    """Examples with their weights, newest last in each list."""

    liked: Sequence[Example]
    weights: NDArray[np.float64]
    disliked: Sequence[Example]
    against: NDArray[np.float64]

    @property
    def examples(self) -> list[Example]:
        """All of them."""
        return [*self.liked, *self.disliked]

    def vectors(self, side: Sequence[Example], dimension: int) -> NDArray[np.float32]:
        """The vectors of one side, shape (n, dimension)."""
        return np.stack([e.vector for e in side]) if side else np.zeros((0, dimension), np.float32)

    def average(self) -> NDArray[np.float32]:
        """One query for all: the mean of what was liked, moved as far again from what was not (Qdrant's formula).

        Returns:
            Unit, shape (dimension,).
        """
        towards = self.weights @ np.stack([e.vector for e in self.liked])
        if len(self.disliked):
            towards = 2 * towards - self.against @ np.stack([e.vector for e in self.disliked])
        norm = float(np.linalg.norm(towards))
        if norm < 1e-6:
            raise InvalidInput("what was liked and what was not cancel out: there is nothing left to look for")
        return np.asarray(towards / norm, dtype=np.float32)


def taste_of(
    liked: Sequence[Example], disliked: Sequence[Example], history: Sequence[Example], half_life: float | None
) -> Taste:
    """Weigh examples by their age: the newest, which is the last of its list, counts most; weights sum to 1."""
    towards = [*(HISTORY_WEIGHT * recency(len(history), half_life)), *recency(len(liked), half_life)]
    against = recency(len(disliked), half_life)
    weights = np.array(towards, dtype=np.float64)
    return Taste([*history, *liked], weights / max(weights.sum(), 1e-12), disliked, against / max(against.sum(), 1e-12))


def recency(count: int, half_life: float | None) -> NDArray[np.float64]:
    """Weights of items from the oldest to the newest, which weighs 1; half as much `half_life` items before."""
    age = np.arange(count, dtype=np.float64)[::-1]
    weights: NDArray[np.float64] = np.ones(count) if half_life is None else 0.5 ** (age / half_life)
    return weights


def check_strategy(strategy: str, half_life: float | None) -> None:
    """Raises `InvalidInput` for what is no strategy or no half-life."""
    if strategy not in get_args(Strategy):
        raise InvalidInput(f"strategy= is one of {', '.join(map(repr, get_args(Strategy)))}, not {strategy!r}")
    if half_life is not None and not (isinstance(half_life, (int, float)) and half_life > 0):
        raise InvalidInput(f"half_life= is a number of items above 0, or None for equal weights, got {half_life!r}")


def by_examples(
    taste: Taste,
    strategy: StoreStrategy,
    plan: Plan,
    neutrality: Neutrality | None,
    layout: Layout,
    *,
    vector_name: str,
    lang_key: str | None,
    dimension: int,
) -> Steps[list[Hit]]:
    """Hits by a strategy of Qdrant's, each example made neutral by itself, best first, one a document.

    Args:
        taste: The examples. Their weights do not count here: Qdrant knows none.
        strategy: Qdrant's.
        plan: What is asked for; with `languages` each of them is asked, and what they offer is balanced.
        neutrality: None only where the plan is not neutral.
        layout: How payloads are read.
        vector_name: Which vectors.
        lang_key: Payload path that tells languages apart.
        dimension: Of the vectors.
    """
    sides = [taste.vectors(side, dimension) for side in (taste.liked, taste.disliked)]
    if neutrality is not None:
        sides = [neutrality.basis.project(rows, plan.neutral) if len(rows) else rows for rows in sides]
    each = [{"must": [{"key": lang_key, "match": {"value": lang}}]} for lang in plan.languages]
    filters = [and_filters(plan.filter, one) for one in each] or [plan.filter]
    pages: list[list[Record]] = yield from ask(
        Store.recommend,
        *sides,
        strategy=strategy,
        vector_name=vector_name,
        filters=filters,
        limit=max(plan.limit, DEPTH),
        exact=plan.exact,
    )
    records = [record for page in pages for record in page]
    scores = np.array([record.score or 0.0 for record in records])
    if len(each) > 1 and len(records):
        langs = [language_of(record, layout) for record in records]
        scores = balance(scores, langs, spread=max(float(np.std(scores)), 1e-6), strength=plan.balance)
    seen: dict[str | int, Record] = {}
    for i in np.argsort(-scores, kind="stable"):
        seen.setdefault(document_key(records[i], layout), records[i])
    return [hit_from_record(record, layout) for record in seen.values()][: plan.limit]
