"""Translation units ↔ documents of a memory's collection: one document a segment, each with its whole unit."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import blake2b
from typing import Any, TypeAlias

from xling.errors import InvalidInput
from xling.language import primary
from xling.text import problem_of
from xling.translate.fuzzy import plain
from xling.translate.unit_json import unit_from_json, unit_to_json
from xling.translate.units import Segment, Unit
from xling.types import Document

Pair: TypeAlias = tuple[str, str]

CONTEXTS = ("x-context", "context", "x-context-pre", "x-context-post")
"""Types of properties that tell equal texts apart, as the tools in use write them."""

_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d):?(\d\d)(?:\.\d+)?Z?)?$", re.ASCII)
"""Dates as TMX has them, and as tools write them all the same."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit as it is stored. Equal texts in the same languages and context have equal keys."""

    key: str
    documents: list[dict[str, Any]]


def entries_of(given: Unit | Pair, languages: tuple[str, str] | None, context: str | None) -> Entry | str:
    """The entry of a unit or pair, or why it cannot be one.

    Raises:
        InvalidInput: It is neither, or a pair whose languages are not known.
    """
    unit = given if isinstance(given, Unit) else _unit_of_pair(given, languages)
    texts: list[tuple[int, str, str]] = []
    no_codes: list[str] = []
    for i, segment in enumerate(unit.segments):
        text = segment.text
        if problem_of(text) is None:
            if segment.code == "und" and segment.lang.strip().lower() != "und":
                no_codes.append(segment.lang)
            else:
                texts.append((i, segment.code, text))
    if len({lang for _, lang, _ in texts}) < 2:
        return f"{no_codes[0]!r} is no language code" if no_codes else "it has no text in two languages"
    where = context_of(unit) or context
    key = _digest([where, sorted((lang, plain(text)) for _, lang, text in texts)])
    common = {
        "unit": key,
        "langs": sorted({code for _, lang, _ in texts for code in (lang, primary(lang))}),
        "context": where,
        "changed": _changed(unit),
        "data": json.dumps(unit_to_json(unit), ensure_ascii=False),
    }
    documents = [
        {
            "id": f"{key}:{n}",
            "text": text,
            "lang": lang,
            "metadata": {**common, "index": n, "segment": i, "exact": exact_key(text)},
        }
        for n, (i, lang, text) in enumerate(texts)
    ]
    return Entry(key, documents)


def unit_of(document: Document) -> Unit:
    """The unit that a document is a segment of."""
    return unit_from_json(json.loads(document.metadata["data"]))


def segment_of(unit: Unit, metadata: Mapping[str, Any]) -> Segment:
    """The segment that a document with this metadata stands for."""
    return unit.segments[int(metadata["segment"])]


def exact_key(text: str) -> str:
    """Equal for equal texts."""
    return _digest(plain(text))


def context_of(unit: Unit) -> str | None:
    """What a unit's own properties say of its context."""
    found = {one.type: one.value for one in unit.properties if one.type in CONTEXTS and one.value}
    return "\n".join(found[kind] for kind in CONTEXTS if kind in found) or None


def _unit_of_pair(given: Any, languages: tuple[str, str] | None) -> Unit:
    if not isinstance(given, (tuple, list)) or len(given) != 2 or not all(isinstance(text, str) for text in given):
        raise InvalidInput(f"a memory takes units and pairs of texts, not {given!r:.80}")
    if languages is None:
        raise InvalidInput("pairs of texts need their languages: source= and target=")
    return Unit(tuple(Segment(lang, (text,)) for lang, text in zip(languages, given, strict=True)))


def _changed(unit: Unit) -> float:
    """When a unit was last changed, in seconds since 1970; now, where it does not say."""
    for name in ("changedate", "creationdate"):
        values = [unit.attributes.get(name), *(segment.attributes.get(name) for segment in unit.segments)]
        dates = [date for value in values if value and (date := _date(value)) is not None]
        if dates:
            return max(dates)
    return time.time()


def _date(value: str) -> float | None:
    found = _DATE.match(value.strip())
    try:
        parts = [int(part) for part in found.groups("0")] if found else []
        return datetime(*parts, tzinfo=timezone.utc).timestamp() if parts else None  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        return None


def _digest(value: Any) -> str:
    plain_json = json.dumps(value, ensure_ascii=True, sort_keys=True)
    return blake2b(plain_json.encode(), digest_size=12).hexdigest()
