"""A lookup in translation memories: equal texts first, then what is near in meaning or has the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xling.errors import InvalidInput
from xling.language import normalise_code, primary
from xling.search.plan import MAX_LIMIT
from xling.search.query import encode_alike
from xling.translate.entries import exact_key
from xling.translate.fuzzy import plain
from xling.translate.matching import Candidates, Match, best

if TYPE_CHECKING:
    from xling.translate.memory import Memory

_NEAR_EACH, _NEAR_LEAST = 4, 12
"""Candidates by meaning for each match that is asked for, since a unit has two segments or more; and at least."""
_ALIKE_EACH, _ALIKE_LEAST = 6, 20
"""Candidates by words. Of 348 altered segments among 178,000 ten found the best match of each, as fifty did; each costs
reading its unit."""


def looked_up(
    memories: Sequence[Memory],
    text: str,
    source: str | None,
    target: str,
    *,
    limit: int,
    exact: bool,
    **options: Any,
) -> list[Match]:
    """What `Memory.lookup` gives, of one or several memories."""
    if not isinstance(text, str) or not plain(text):
        raise InvalidInput("what is to be translated? The text is blank")
    where = {"langs": primary(normalise_code(target))}
    languages = None if source is None else [normalise_code(source)]
    found = [_equal(memory, text, where, languages) for memory in memories]
    matches = best(found, text, source, target, limit, **options)
    if exact or (len(matches) == limit and all(match.kind in ("context", "exact") for match in matches)):
        return matches
    for memory, candidates in zip(memories, found, strict=True):
        _add_alike(memory, candidates, text, where, languages, limit)
    return best(found, text, source, target, limit, **options)


def _equal(memory: Memory, text: str, where: dict[str, str], languages: list[str] | None) -> Candidates:
    found = Candidates(memory.name, memory.penalty)
    found.add_documents(memory.collection.documents(languages=languages, where={**where, "exact": exact_key(text)}))
    return found


def _add_alike(
    memory: Memory, found: Candidates, text: str, where: dict[str, str], languages: list[str] | None, limit: int
) -> None:
    collection = memory.collection
    # A question is a text like those of the memory: with the prompt that they have it is found better than as a query.
    vector = encode_alike(collection.space, [text])[0]
    near, alike = max(_NEAR_EACH * limit, _NEAR_LEAST), max(_ALIKE_EACH * limit, _ALIKE_LEAST)
    found.add_hits(collection.search_by_vector(vector, limit=min(near, MAX_LIMIT), where=where))
    limit = min(alike, MAX_LIMIT)
    found.add_hits(collection.search(text, limit=limit, where=where, languages=languages, mode="lexical"))
