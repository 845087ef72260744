"""What users point at (a stored document, or any text) → vectors, and what it rules out among the hits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.language import Detector
from xling.search.near import similarities
from xling.search.passages import SAME, point_of
from xling.search.plan import Neutrality
from xling.search.query import encode_as_documents, encode_queries
from xling.search.retrieve import RetrievalVerbs
from xling.store.base import FilterJson, PointId, Record, Store
from xling.store.layout import Layout, value_at
from xling.store.points import language_of, primary_subtag
from xling.store.steps import Steps, ask, work
from xling.text import normalise, problem_of
from xling.types import Document, DocumentId, Hit

Item: TypeAlias = "DocumentId | Document | Hit"
"""A stored document by its id, a document or hit, or any text: a string that is no id of the collection."""


@dataclass(frozen=True, slots=True)
class Example:
    """One item that others are compared with.

    Attributes:
        vector: Unit, shape (dimension,); of a document of several chunks the mean of them.
        text: Of the text, or of the document's first chunk.
        lang: `und` if unknown.
        metadata: Of the stored document; `{}` for a text.
        head: The document's first point, None for a text.
    """

    vector: NDArray[np.float32]
    text: str
    lang: str
    metadata: Mapping[str, Any]
    head: PointId | None


class ExampleVerbs(RetrievalVerbs):
    """What verbs that take examples share."""

    _layout: Layout
    _detector: Detector

    @abstractmethod
    def _point_ids(self, head: Record) -> Sequence[PointId]: ...

    def _examples(self, items: Sequence[Item], neutral: float | None) -> Steps[list[Example]]:
        """The examples that items stand for, in their order.

        Args:
            items: Documents of the collection, or texts.
            neutral: Texts are encoded as queries, ready to be made neutral so far; None encodes them as documents.

        Raises:
            InvalidInput: An item is blank, of no known kind, or an id (no string) that the collection does not have.
        """
        points = [self._point_of_item(item) for item in items]
        wanted = list(dict.fromkeys(point for point in points if point is not None))
        heads = {r.id: r for r in (yield from ask(Store.retrieve, wanted))} if wanted else {}
        stored = yield from self._stored_examples(list(heads.values()))
        texts = [i for i, (item, point) in enumerate(zip(items, points, strict=True)) if stored.get(point) is None]
        given = [_text_of(items[i]) for i in texts]
        made: dict[int, Example] = {}
        if given:
            if neutral is None:
                rows = yield from work(encode_as_documents, self.space, given)
            else:
                rows = yield from work(encode_queries, self.space, given, neutral)
            found = yield from work(self._detector.detect_many, given)
            for i, text, row, detection in zip(texts, given, rows, found, strict=True):
                made[i] = Example(row, text, detection.lang, {}, None)
        return [made[i] if i in made else stored[point] for i, point in enumerate(points)]

    def _point_of_item(self, item: Item) -> PointId | None:
        id = item.id if isinstance(item, (Document, Hit)) else item
        if isinstance(id, str) and (not self._layout.own or problem_of(id)):
            # Of a collection of another tool ids are numbers and UUIDs; what else is a string is a text.
            try:
                return str(UUID(id))
            except ValueError:
                return None
        return None if id is None else self._point_id(id)

    def _stored_examples(self, heads: Sequence[Record]) -> Steps[dict[PointId | None, Example]]:
        groups = [list(self._point_ids(head)) for head in heads]
        rows = yield from self._stored_vectors([id for ids in groups for id in ids])
        found: dict[PointId | None, Example] = {}
        start = 0
        for head, ids in zip(heads, groups, strict=True):
            mean = rows[start : start + len(ids)].mean(axis=0)
            start += len(ids)
            norm = float(np.linalg.norm(mean))
            if norm:
                text = value_at(head.payload, "text" if self._layout.own else self._layout.text_key)
                metadata = head.payload.get("metadata") or {} if self._layout.own else head.payload
                lang = language_of(head, self._layout)
                found[head.id] = Example(mean / norm, str(text or ""), lang, metadata, head.id)
        return found

    def _but(self, examples: Sequence[Example], *, languages: bool = False) -> FilterJson | None:
        """The filter that leaves out the examples themselves, and if wanted all texts of their languages."""
        conditions: list[dict[str, Any]] = []
        heads = [example.head for example in examples if example.head is not None]
        if heads:
            own = {"key": "doc", "match": {"any": heads}}
            conditions.append(own if self._layout.own else {"has_id": heads})
        if languages:
            if self._layout.lang_key is None:
                raise InvalidInput(
                    "other_languages= needs to know the languages, and the payloads name none; open the collection "
                    "with lang_key= if they do under another key"
                )
            langs = sorted({primary_subtag(example.lang) for example in examples if example.lang != "und"})
            if langs:
                conditions.append({"key": self._layout.lang_key, "match": {"any": langs}})
        return {"must_not": conditions} if conditions else None

    def _without_same(
        self, hits: Sequence[Hit], examples: Sequence[Example], neutrality: Neutrality | None, distinct: str | None
    ) -> Steps[list[Hit]]:
        """Hits that are no copy or translation of an example, and not of its item."""
        items = {value_at(dict(example.metadata), distinct) for example in examples} - {None} if distinct else set()
        texts = {normalise(example.text) for example in examples}
        left = [
            hit
            for hit in hits
            if normalise(hit.text) not in texts and not (items and value_at(hit.metadata, distinct) in items)
        ]
        if neutrality is None or neutrality.calibration is None or not left:
            return left
        rows = yield from self._stored_vectors([point_of(hit, self._point_id) for hit in left])
        vectors = np.concatenate([np.stack([example.vector for example in examples]), rows])
        sure = neutrality.calibration.confidence(similarities(vectors, neutrality.basis), 1.0) >= SAME
        langs = np.array([primary_subtag(lang) for lang in [*(e.lang for e in examples), *(h.lang for h in left)]])
        same = _reached(sure & (langs[:, None] != langs[None, :]), len(examples))[len(examples) :]
        return [hit for hit, is_same in zip(left, same, strict=True) if not is_same]


def _reached(links: NDArray[np.bool_], starts: int) -> NDArray[np.bool_]:
    """What is linked to one of the first `starts`, directly or through others: a translation of a translation is one.

    Args:
        links: Shape (n, n).
        starts: How many are given.

    Returns:
        Shape (n,).
    """
    reached = np.arange(len(links)) < starts
    while True:
        further = reached | links[reached].any(axis=0)
        if (further == reached).all():
            return reached
        reached = further


def _text_of(item: Item) -> str:
    text = item.text if isinstance(item, (Document, Hit)) else item
    if not isinstance(text, str):
        raise InvalidInput(f"the collection has no document of the id {text!r}")
    reason = problem_of(text)
    if reason:
        raise InvalidInput(f"{text!r} is neither a document of the collection nor a text: {reason}")
    return text
