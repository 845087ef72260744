"""Hits → passages: neighbours merged, those that say the same grouped, as many as a budget holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from xling.store.base import PointId, Record
from xling.store.ids import chunk_uuid
from xling.store.points import joined_text
from xling.text import SentenceSplitter
from xling.text.headings import first_heading
from xling.types import DocumentId, Hit, Passage, Retrieval

SAME = 0.9
"""Confidence from which two passages of different languages pass for translations: 97 % of them are, among the nearest
sentences of NTREX (`tests/benchmarks/grouping.py`)."""


@dataclass(frozen=True, slots=True)
class Run:
    """Chunks `first` to `last` of a document, found by `hits`, the best first."""

    head: PointId
    first: int
    last: int
    hits: tuple[Hit, ...]

    @property
    def ids(self) -> list[PointId]:
        """Point ids of the chunks."""
        return [_point(self.head, index) for index in range(self.first, self.last + 1)]

    @property
    def best_id(self) -> PointId:
        """Point id of the chunk that was found best."""
        return _point(self.head, _index(self.hits[0]))

    def narrowed(self) -> Run:
        """The best chunk alone."""
        index = _index(self.hits[0])
        return replace(self, first=index, last=index)


def runs_of(hits: Sequence[Hit], heads: Sequence[PointId], expand: int) -> list[Run]:
    """The chunks found and up to `expand` neighbours on each side, runs that touch merged; in the order of the hits.

    Args:
        hits: Best first.
        heads: The point of the first chunk of each hit's document.
        expand: Neighbours on each side.
    """
    runs: dict[PointId, list[Run]] = {}
    for hit, head in zip(hits, heads, strict=True):
        index, count = _index(hit), hit.chunk.count if hit.chunk else 1
        run = Run(head, max(index - expand, 0), min(index + expand, count - 1), (hit,))
        apart = []
        for other in runs.get(head, ()):
            if other.first <= run.last + 1 and run.first <= other.last + 1:
                both = sorted((*other.hits, *run.hits), key=lambda h: -h.score)
                run = Run(head, min(run.first, other.first), max(run.last, other.last), tuple(both))
            else:
                apart.append(other)
        runs[head] = [*apart, run]
    place = {id(hit): i for i, hit in enumerate(hits)}
    return sorted((run for found in runs.values() for run in found), key=lambda r: min(place[id(h)] for h in r.hits))


def passage_of(run: Run, records: Mapping[PointId, Record]) -> Passage:
    """The passage of a run. Chunks that are gone by now are left out, with those behind them."""
    hit = run.hits[0]
    text, start = hit.text, hit.chunk.start if hit.chunk else 0
    parts = []
    for id in run.ids:
        if id in records:
            parts.append(records[id])
        elif run.best_id in (part.id for part in parts):
            break
        else:
            parts = []
    if run.best_id in (part.id for part in parts) and hit.chunk is not None:
        start = int(parts[0].payload.get("start", 0))
        text = joined_text(parts)
    return Passage(
        text=text,
        id=hit.id if hit.id is not None else str(run.head),
        title=_title(hit, records.get(run.head)),
        lang=hit.lang,
        start=start,
        end=start + len(text),
        score=hit.score,
        confidence=hit.confidence,
        source=hit.source,
        metadata=hit.metadata,
    )


def grouped(
    passages: Sequence[Passage], confidence: NDArray[Any] | None, *, distinct: str | None = None
) -> list[list[int]]:
    """Positions of passages that say the same, best first: copies, translations, equal values of `distinct`.

    Args:
        passages: Best first.
        confidence: How sure it is that two of them are translations, shape (n, n); None where it cannot be told.
        distinct: A metadata field.
    """
    groups: list[list[int]] = []
    for i, passage in enumerate(passages):
        for group in groups:
            if _same(passages[group[0]], passage, confidence is not None and confidence[group[0], i] >= SAME, distinct):
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def within_budget(
    questions: Sequence[str],
    choices: Sequence[Sequence[Passage]],
    budget: int | None,
    count: Callable[[Sequence[str]], Sequence[int]],
) -> Retrieval:
    """The passages that fit a budget of tokens, best first.

    Args:
        questions: As asked.
        choices: For each passage its forms, the fullest first. If none fits, as many sentences as do are taken of the
            last form where nothing was taken yet; else it is left out.
        budget: Tokens; None is no limit.
        count: Counts tokens.
    """
    taken: list[Passage] = []

    def tokens(passages: Sequence[Passage]) -> int:
        return count([Retrieval(questions=tuple(questions), passages=tuple(passages)).as_context()])[0]

    used = 0
    for forms in choices:
        for form in forms:
            total = tokens([*taken, form]) if budget is not None else 0
            if budget is None or total <= budget:
                taken.append(form)
                used = total
                break
        else:
            short = None if taken else _shortened(forms[-1], lambda p: tokens([p]) <= (budget or 0))
            if short is not None:
                taken.append(short)
                used = tokens(taken)
    return Retrieval(
        questions=tuple(questions), passages=tuple(taken), tokens=used if budget is not None else tokens(taken)
    )


def _shortened(passage: Passage, fits: Callable[[Passage], bool]) -> Passage | None:
    text, best = "", None
    for sentence in SentenceSplitter().split(passage.text, passage.lang):
        text += sentence
        shorter = passage.model_copy(update={"text": text, "end": passage.start + len(text)})
        if not fits(shorter):
            break
        best = shorter
    return best


def point_of(hit: Hit, head_of: Callable[[DocumentId], PointId]) -> PointId:
    """The point id of a hit."""
    assert hit.id is not None
    return _point(head_of(hit.id), _index(hit))


def _same(a: Passage, b: Passage, translations: bool, distinct: str | None) -> bool:
    if distinct is not None and distinct in a.metadata and a.metadata[distinct] == b.metadata.get(distinct):
        return True
    return (translations and a.lang != b.lang) or a.text.split() == b.text.split()


def _title(hit: Hit, head: Record | None) -> str | None:
    title = hit.metadata.get("title")
    if isinstance(title, str) and title.strip():
        return title
    text = head.payload.get("text") if head is not None and hit.chunk is not None else hit.text
    return first_heading(text) if isinstance(text, str) else None


def _index(hit: Hit) -> int:
    return hit.chunk.index if hit.chunk else 0


def _point(head: PointId, index: int) -> PointId:
    return head if index == 0 else chunk_uuid(str(head), index)
