"""What a lookup found, weighed: equal, alike, or of one meaning. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from xling.errors import InvalidInput
from xling.language import normalise_code, primary
from xling.translate.entries import segment_of
from xling.translate.fuzzy import EXACT, IN_CONTEXT, differences, percent
from xling.translate.unit_json import unit_from_json
from xling.translate.units import Segment, Unit, needs_review
from xling.types import Document, Hit

Kind = Literal["context", "exact", "fuzzy", "meaning"]
_ORDER: dict[str, int] = {"context": 0, "exact": 1, "fuzzy": 2, "meaning": 3}


@dataclass(frozen=True, slots=True)
class Match:
    """A translation that a memory has for a text, or for one like it.

    Attributes:
        target: The translation.
        source: The text that was found, in the language of the question or another.
        source_lang: Its language.
        target_lang: The translation's.
        kind: Why it was found: `context` (equal, in the same context), `exact` (equal), `fuzzy` (alike as a string, in
            the same language), or `meaning` (the model says so, and nothing else does).
        percent: How alike as strings: 101 in context, 100 equal, less for fuzzy ones, the memory's penalty taken off;
            None of matches by meaning.
        confidence: How sure the model is that question and text say the same, 0 to 1; None where it was not asked.
        flags: What differs although the model may not see it: `numbers`, `placeables`, `negation`; and `unreviewed`,
            where the file that the unit came from says that its translation is not approved, or is fuzzy.
        context: The unit's context.
        changed: When the unit was changed or added, in seconds since 1970.
        unit: The whole unit, with its tags, notes and properties.
        key: The unit's key in the memory.
        memory: Name of the memory.
    """

    target: str
    source: str
    source_lang: str
    target_lang: str
    kind: Kind
    percent: int | None
    confidence: float | None
    flags: tuple[str, ...]
    context: str | None
    changed: float
    unit: Unit = field(repr=False)
    key: str = field(repr=False)
    memory: str


@dataclass(slots=True)
class _Candidate:
    metadata: Mapping[str, Any]
    confidence: float | None
    memory: str
    penalty: int
    texts: list[tuple[str, str]]
    """Its segments that were found, as (language without region, text)."""


class Candidates:
    """Units that may be matches, each once: by the segment that was found first, as sure as the surest."""

    def __init__(self, memory: str, penalty: int) -> None:
        self._memory, self._penalty = memory, penalty
        self.found: dict[str, _Candidate] = {}

    def add_documents(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self._add(document.metadata, document.text, document.lang or "und", None)

    def add_hits(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            # A piece of a long text is not the text.
            self._add(hit.metadata, hit.text if hit.chunk is None else None, hit.lang, hit.confidence)

    def _add(self, metadata: Mapping[str, Any], text: str | None, lang: str, confidence: float | None) -> None:
        key, found = metadata["unit"], [] if text is None else [(primary(lang), text)]
        known = self.found.get(key)
        if known is None:
            self.found[key] = _Candidate(metadata, confidence, self._memory, self._penalty, found)
            return
        known.texts += found
        if confidence is not None:
            known.confidence = max(confidence, known.confidence or 0.0)


def best(
    several: Sequence[Candidates],
    text: str,
    source: str | None,
    target: str,
    limit: int,
    min_percent: int,
    min_confidence: float,
    context: str | None,
) -> list[Match]:
    """The matches for a text in one or several memories, one a unit of each, best first, newer ones before older ones.

    Raises:
        InvalidInput: A number is out of range.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidInput(f"limit is a whole number from 1 up, got {limit!r}")
    if not 0 <= min_percent <= EXACT or not 0 <= min_confidence <= 1:
        raise InvalidInput("min_percent lies between 0 and 100, min_confidence between 0 and 1")
    asked_in = None if source is None else primary(normalise_code(source))
    candidates = [one for memory in several for one in memory.found.values()]
    hopeful = [one for one in candidates if _may_match(one, text, asked_in, min_percent, min_confidence)]
    alike = sorted(
        (
            scored
            for candidate in hopeful
            if (scored := _scored(candidate, text, asked_in, target, context, min_percent)) is not None
            and (scored.kind != "meaning" or (candidate.confidence or 0.0) >= min_confidence)
        ),
        key=_Scored.rank,
    )
    # What differs is looked for in those alone that may be among the first: it takes longer than all the rest.
    last = alike[limit - 1].rank() if len(alike) > limit else None
    wanted = [scored for scored in alike if last is None or scored.rank() <= last]
    return sorted((_match(scored, text, asked_in) for scored in wanted), key=_rank)[:limit]


def _may_match(candidate: _Candidate, text: str, asked_in: str | None, min_percent: int, min_confidence: float) -> bool:
    """Whether a candidate is sure enough, or alike enough, by what was found of it: its unit is not read for that."""
    if (candidate.confidence or 0.0) >= min_confidence:
        return True
    own = [found for lang, found in candidate.texts if asked_in in (None, lang)]
    # One that was found in other languages alone may be alike in the question's.
    likeness = max((percent(text, found) for found in own), default=EXACT)
    return likeness == EXACT or likeness - candidate.penalty >= min_percent


@dataclass(frozen=True, slots=True)
class _Scored:
    """A candidate, and how alike its text is to the question."""

    candidate: _Candidate
    unit: Unit
    found: Segment
    translation: Segment
    kind: Kind
    percent: int | None

    def rank(self) -> tuple[float, ...]:
        """What comes first in the rank of its match."""
        return (_ORDER[self.kind], -(self.percent or 0), -round(self.candidate.confidence or 0.0, 1))


def _scored(
    candidate: _Candidate, text: str, asked_in: str | None, target: str, context: str | None, min_percent: int
) -> _Scored | None:
    unit = unit_from_json(json.loads(candidate.metadata["data"]))
    translation = unit.segment(target)
    found = _compared_with(unit, segment_of(unit, candidate.metadata), translation, asked_in)
    if translation is None or found is None:
        return None
    likeness = percent(text, found.text) if asked_in is None or asked_in == primary(found.code) else None
    kind: Kind = "meaning"
    if likeness == EXACT:
        in_context = context is not None and candidate.metadata.get("context") == context
        kind, likeness = ("context", IN_CONTEXT) if in_context else ("exact", EXACT)
    elif likeness is not None and likeness - candidate.penalty >= min_percent:
        kind = "fuzzy"
    shown = None if kind == "meaning" or likeness is None else max(likeness - candidate.penalty, 0)
    return _Scored(candidate, unit, found, translation, kind, shown)


def _match(scored: _Scored, text: str, asked_in: str | None) -> Match:
    metadata, lang = scored.candidate.metadata, scored.found.code
    unreviewed = ("unreviewed",) if scored.unit.value("x-approved") == "no" or needs_review(scored.translation) else ()
    return Match(
        target=scored.translation.text,
        source=scored.found.text,
        source_lang=lang,
        target_lang=scored.translation.code,
        kind=scored.kind,
        percent=scored.percent,
        confidence=scored.candidate.confidence,
        flags=(*differences(text, scored.found.text, asked_in or lang, lang), *unreviewed),
        context=metadata.get("context"),
        changed=float(metadata.get("changed") or 0.0),
        unit=scored.unit,
        key=metadata["unit"],
        memory=scored.candidate.memory,
    )


def _compared_with(unit: Unit, found: Segment, translation: Segment | None, asked_in: str | None) -> Segment | None:
    """The segment that the question is compared with: its own language's if the unit has it, else the one found."""
    own = None if asked_in is None else unit.segment(asked_in)
    others = (segment for segment in (own, found, *unit.segments) if segment is not None and segment is not translation)
    return next(others, None)


def _rank(match: Match) -> tuple[float, ...]:
    sure = match.confidence or 0.0
    # Of what is about as sure, that where nothing differs comes first.
    return (_ORDER[match.kind], -(match.percent or 0), -round(sure, 1), len(match.flags), -sure, -match.changed)
