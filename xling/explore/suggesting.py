"""The verbs of a collection that find more of something: `similar` and `recommend`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xling.errors import InvalidInput
from xling.explore.examples import Example, ExampleVerbs, Item
from xling.explore.recommending import HALF_LIFE, Strategy, Taste, by_examples, check_strategy, taste_of
from xling.search.filters import Where
from xling.search.plan import MAX_LIMIT, Neutrality, Plan
from xling.space import Vectors
from xling.store.filters import and_filters
from xling.store.layout import value_at
from xling.store.steps import Steps, stepwise
from xling.types import Document, Hit

_SPARE = 20
"""Hits looked at beyond those that are wanted, since some will be translations of what was given."""


class SuggestingVerbs(ExampleVerbs):
    """What `Collection` offers to find more of what one has."""

    @stepwise("store")
    def similar(
        self,
        item: Item,
        *,
        limit: int = 10,
        other_languages: bool = False,
        translations: bool = False,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float = False,
        distinct: str | None = None,
        min_score: float | None = None,
        min_confidence: float | None = None,
        exact: bool = False,
    ) -> Steps[list[Hit]]:
        """More like this: the documents nearest in meaning to a stored document or a text, without it and its copies.

        Args:
            item: A document's id, a `Document` or `Hit`, or any text: a string that is the id of no document.
            limit: Most hits, 1 to 10,000.
            other_languages: Only documents in other languages than the item's.
            translations: Keep its translations too. Left out are documents of other languages that pass for one with
                a confidence of 0.9 or more, copies of its text, and with `distinct` those of its own value.
            languages: Only documents of these languages.
            where: Only documents whose metadata meet this, as in `search`.
            source: Only documents of this source.
            neutral: How far the language is taken out; 0 compares as the model does, own language first.
            balance: Make the scores of different languages comparable, as in `search`.
            distinct: A metadata field: documents of equal value take one place.
            min_score: Leave out hits that score less.
            min_confidence: Leave out hits that are less sure, 0 to 1.
            exact: Compare with every vector instead of using the approximate index.

        Raises:
            InvalidInput: The item is blank or an unknown id (no string), or an argument makes no sense.
            ModelError: The encoder failed, or `min_confidence` is asked of a model without calibration.
        """
        self._check_open()
        plan = Plan(
            filter=(yield from self._filters(languages, where, source)),
            limit=limit,
            neutral=neutral,
            balance=float(balance),
            distinct=distinct,
            min_score=min_score,
            min_confidence=min_confidence,
            exact=exact,
        )
        examples = yield from self._examples([item], neutral)
        plan = replace(plan, filter=and_filters(plan.filter, self._but(examples, languages=other_languages)))
        if translations:
            return (yield from self._searcher.search(examples[0].vector[None, :], plan))[0]
        return (yield from self._new(examples, examples[0].vector[None, :], plan))

    @stepwise("store")
    def recommend(
        self,
        *,
        liked: Sequence[Item] = (),
        disliked: Sequence[Item] = (),
        history: Sequence[Item] = (),
        limit: int = 10,
        strategy: Strategy = "average",
        half_life: float | None = HALF_LIFE,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        balance: bool | float | None = None,
        distinct: str | None = None,
        exact: bool = False,
    ) -> Steps[list[Hit]]:
        """Documents that somebody may like, from what they liked, disliked and saw, in whatever language that was.

        What is given comes back neither itself nor as a translation or copy (see `similar`).

        Args:
            liked: Ids, documents, hits or texts, the newest last.
            disliked: What to keep away from, the newest last.
            history: What was seen, without a word on whether it was liked; it counts half. The newest last.
            limit: Most hits, 1 to 10,000.
            strategy: `average`: what is near the mean of all that was liked, away from what was not. Qdrant's
                `best_score`: what is near any one that was liked and not nearer to one that was not, for tastes that
                have no middle; `sum_scores`: near many of them. Scores are those of the strategy; Qdrant's two know
                no weights.
            half_life: An example counts half as much as one that is so many places newer; None counts all alike.
            languages: Only documents of these languages.
            where: Only documents whose metadata meet this, as in `search`.
            source: Only documents of this source.
            neutral: How far the language is taken out.
            balance: Make the scores of different languages comparable, so that each has its place among the hits; on
                where the collection knows its languages. A number from 0 to 1 does so less.
            distinct: A metadata field: documents of equal value take one place, and none if one of them was given.
            exact: Compare with every vector instead of using the approximate index.

        Raises:
            InvalidInput: Nothing is given that could be liked, an item is given as liked and as disliked, or an
                argument makes no sense.
            ModelError: The encoder failed.
        """
        self._check_open()
        check_strategy(strategy, half_life)
        for name, items in (("liked", liked), ("disliked", disliked), ("history", history)):
            if isinstance(items, (str, Document, Hit)) or not isinstance(items, Sequence):
                raise InvalidInput(f"{name}= is a list of ids or texts, not {type(items).__name__}")
        if not (liked or history or (disliked and strategy != "average")):
            raise InvalidInput("there is nothing to recommend from: give liked= or history=")
        balanced = self._layout.lang_key is not None if balance is None else balance
        plan = Plan(
            filter=(yield from self._filters(languages, where, source)),
            limit=limit,
            neutral=neutral,
            balance=float(balanced),
            distinct=distinct,
            exact=exact,
        )
        examples = yield from self._examples([*liked, *disliked, *history], neutral)
        first, second = len(liked), len(liked) + len(disliked)
        taste = taste_of(examples[:first], examples[first:second], examples[second:], half_life)
        both = {e.head for e in examples[:first] if e.head} & {e.head for e in taste.disliked}
        if both:
            raise InvalidInput(f"an item is given as liked and as disliked: {sorted(map(str, both))[0]}")
        plan = replace(plan, filter=and_filters(plan.filter, self._but(examples)))
        asked = taste.average()[None, :] if strategy == "average" else taste
        return (yield from self._new(examples, asked, plan, strategy))

    def _new(
        self, examples: Sequence[Example], asked: Vectors | Taste, plan: Plan, strategy: Strategy = "average"
    ) -> Steps[list[Hit]]:
        """Hits that are no copy or translation of the examples: more are fetched until there are enough."""
        neutrality = yield from self._searcher.neutrality()
        fetch = min(plan.limit + _SPARE, MAX_LIMIT)
        while True:
            wider = replace(plan, limit=fetch)
            if isinstance(asked, Taste):
                hits = yield from self._by_strategy(asked, strategy, wider, neutrality)
            else:
                hits = (yield from self._searcher.search(asked, wider))[0]
            kept = yield from self._without_same(hits, examples, neutrality, plan.distinct)
            if len(kept) >= plan.limit or len(hits) < fetch or fetch == MAX_LIMIT:
                return kept[: plan.limit]
            fetch = min(fetch * 4, MAX_LIMIT)

    def _by_strategy(
        self, taste: Taste, strategy: Strategy, plan: Plan, neutrality: Neutrality | None
    ) -> Steps[list[Hit]]:
        assert strategy != "average"
        if plan.balance:
            plan = replace(plan, languages=(yield from self._searcher.languages(plan)))
        hits = yield from by_examples(
            taste,
            strategy,
            plan,
            neutrality if plan.neutral else None,
            self._layout,
            vector_name=self._vector_name,
            lang_key="lang" if self._layout.own else self._layout.lang_key,
            dimension=self.space.dimension,
        )
        return _one_an_item(hits, plan.distinct)


def _one_an_item(hits: Sequence[Hit], distinct: str | None) -> list[Hit]:
    """Hits of equal value of a metadata field in one place, the further ones in `others`."""
    if distinct is None:
        return list(hits)
    items: dict[object, list[Hit]] = {}
    for i, hit in enumerate(hits):
        value = value_at(hit.metadata, distinct)
        items.setdefault(("item", value) if isinstance(value, (str, int, float)) else i, []).append(hit)
    return [
        first.model_copy(update={"others": tuple(others)}) if others else first for first, *others in items.values()
    ]
