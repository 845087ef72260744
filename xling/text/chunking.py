"""Splitting texts that are longer than the model reads, or than is wanted, so that nothing is cut off silently.

A chunk ends where a reader would pause: before a heading or after a paragraph if one ends in its last part, else after
a sentence. Only a sentence that is longer than a chunk is cut itself: after a clause, else a word, else between two
grapheme clusters. A heading never ends a chunk. Without overlap the chunks are contiguous: joined, they are the
original, to the character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from xling.errors import InvalidInput
from xling.text.cutting import Span, cut
from xling.text.headings import find_headings
from xling.text.marks import PARAGRAPH_END, mended
from xling.text.normalise import is_blank
from xling.text.sentences import SentenceSplitter, Splitter, sentence_breaks

CountTokens = Callable[[Sequence[str]], Sequence[int]]
"""Tokens of each of several texts, prompt and special tokens left out."""

TokenEnds = Callable[[str], Sequence[int]]
"""End offset in characters of each token of a text, ascending."""

# A token that is cut in two counts on both sides.
_CUT_IN_TWO = 2

# A chunk is not made shorter than this share of the budget just to end at a better place.
_MIN_FILL = 0.5


class _Level(IntEnum):
    """What ends at the end of a unit, the best place to end a chunk first."""

    SECTION = 0
    PARAGRAPH = 1
    SENTENCE = 2
    PART = 3


@dataclass(slots=True)
class _Units:
    """The parts of a text that are packed into chunks. `ends` are offsets in it, `glued` units go with the next."""

    ends: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    glued: list[bool] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def append(self, end: int, level: int, glued: bool, tokens: int = 0) -> None:
        self.ends.append(end)
        self.levels.append(level)
        self.glued.append(glued)
        self.tokens.append(tokens)

    def spans(self) -> list[tuple[int, int]]:
        return list(zip([0, *self.ends], self.ends, strict=False))


def chunk_many(
    texts: Sequence[str],
    langs: Sequence[str] | None = None,
    *,
    budget: int,
    count_tokens: CountTokens,
    token_ends: TokenEnds,
    overlap: int = 0,
    splitter: Splitter | None = None,
) -> list[list[Span]]:
    """Chunks of each text. The tokens of all sentences of all texts are counted in one batch.

    Args:
        texts: Not blank.
        langs: Their languages (BCP 47); `und` where not given.
        budget: Most tokens of a chunk, prompt and special tokens already taken off. At least 1.
        count_tokens: Counts the tokens of several texts.
        token_ends: Finds the tokens of a sentence that is longer than a chunk.
        overlap: Sentences at the end of a chunk that the next one begins with, as far as they fit.
        splitter: Finds the sentences; xling's own where not given.

    Returns:
        For each text its spans in order; a single one where it fits. Together they cover the text.

    Raises:
        InvalidInput: A number is out of range, or the splitter lost a part of a text.
    """
    if budget < 1 or overlap < 0:
        raise InvalidInput(f"a chunk needs at least 1 token and an overlap of 0 or more, got {budget} and {overlap}")
    splitter = splitter or SentenceSplitter()
    outlines = [_outline(text, lang, splitter) for text, lang in zip(texts, langs or ["und"] * len(texts), strict=True)]
    sentences = [text[a:b] for text, units in zip(texts, outlines, strict=True) for a, b in units.spans()]
    counts = count_tokens(sentences)
    results, at = [], 0
    for text, units in zip(texts, outlines, strict=True):
        units.tokens = list(counts[at : at + len(units.ends)])
        at += len(units.ends)
        results.append(_chunks(text, units, budget, overlap, count_tokens, token_ends))
    return results


def _outline(text: str, lang: str, splitter: Splitter) -> _Units:
    """Sentences and headings of a text."""
    sentence, paragraph = _Level.SENTENCE.value, _Level.PARAGRAPH.value  # enums are slow to look up
    levels: dict[int, int] = dict.fromkeys(sentence_breaks(splitter, text, lang), sentence)
    for match in PARAGRAPH_END.finditer(text):
        levels[mended(text, match.end())] = paragraph
    headings = find_headings(text)
    glued: set[int] = set()
    for heading in headings:
        start, end = mended(text, heading.start), mended(text, heading.end)
        if start >= end or not text[start:end].strip():
            continue
        for inside in range(start + 1, end):
            levels.pop(inside, None)
        levels[start] = _Level.SECTION
        levels.setdefault(end, paragraph)
        glued.add(end)
    levels.pop(0, None)
    levels[len(text)] = _Level.SECTION
    ends = sorted(levels)
    return _Units(ends, [levels[end] for end in ends], [end in glued for end in ends])


def _chunks(
    text: str, units: _Units, budget: int, overlap: int, count_tokens: CountTokens, token_ends: TokenEnds
) -> list[Span]:
    total = sum(units.tokens)
    if total <= budget:
        return [Span(0, len(text))]
    # Counted apart, sentences can have a few tokens more than the text has.
    if total <= budget + budget // 4 + 8 and count_tokens([text])[0] <= budget:
        return [Span(0, len(text))]
    units = _cut_long(text, units, budget, count_tokens, token_ends)
    return _merge_blank(text, _pack(units, budget, overlap))


def _cut_long(text: str, units: _Units, budget: int, count_tokens: CountTokens, token_ends: TokenEnds) -> _Units:
    """Units that fit a chunk, together with the heading before them."""
    if max(units.tokens) <= budget // 2:  # nearly always: they do, whatever stands before them
        return units
    result = _Units()
    heading = 0
    for (start, end), level, glued, tokens in zip(units.spans(), units.levels, units.glued, units.tokens, strict=True):
        limit = budget - heading if heading <= budget // 2 else budget
        if tokens <= limit:
            result.append(end, level, glued, tokens)
        else:
            pieces = _cut_sentence(text[start:end], limit, count_tokens, token_ends)
            for piece, n in pieces[:-1]:
                result.append(start + piece.end, _Level.PART, False, n)
            result.append(end, level, glued, pieces[-1][1])
        heading = heading + result.tokens[-1] if glued else 0
    return result


def _cut_sentence(
    sentence: str, limit: int, count_tokens: CountTokens, token_ends: TokenEnds
) -> list[tuple[Span, int]]:
    ends = token_ends(sentence)
    pieces = cut(sentence, ends, limit)
    if len(set(ends)) == len(ends):
        return pieces
    # Tokens of bytes may begin in one character and end in the next: cut elsewhere, they are others, and may be more.
    for share in (0.9, 0.75, 0.5):
        counts = count_tokens([sentence[a:b] for (a, b), _ in pieces])
        if max(counts) <= limit + _CUT_IN_TWO:
            break
        pieces = cut(sentence, ends, max(int(limit * share), 1))
    return pieces


def _pack(units: _Units, budget: int, overlap: int) -> list[Span]:
    spans: list[Span] = []
    first, done, n = 0, 0, len(units.ends)  # `done`: units before it are in a chunk already
    while done < n:
        last, total = first, 0
        while last < n and (last == done or total + units.tokens[last] <= budget):
            total += units.tokens[last]
            last += 1
        if last < n:
            last = _best_end(units, done, last, total, budget)
        spans.append(Span(units.ends[first - 1] if first else 0, units.ends[last - 1]))
        done = last
        first = _overlapping(units, first, done, budget, overlap) if done < n else done
    return spans


def _best_end(units: _Units, done: int, last: int, total: int, budget: int) -> int:
    """Where a chunk ends that could hold the units before `last`: after the best of its last part."""
    best = -1
    for end in range(last, done, -1):
        if best >= 0 and total < budget * _MIN_FILL:
            break
        if not units.glued[end - 1] and (best < 0 or units.levels[end - 1] < units.levels[best - 1]):
            best = end
        total -= units.tokens[end - 1]
    return best if best > 0 else last


def _overlapping(units: _Units, first: int, done: int, budget: int, overlap: int) -> int:
    """Where the next chunk starts: up to `overlap` units earlier, if what is new fits with them.

    A heading is new together with what follows it, or the overlap would leave it at the end of a chunk.
    """
    new = done
    while units.glued[new] and new + 1 < len(units.ends):
        new += 1
    start, room = done, budget - sum(units.tokens[done : new + 1])
    while start - 1 > first and done - start < overlap and units.tokens[start - 1] <= room:
        start -= 1
        room -= units.tokens[start]
    return start


def _merge_blank(text: str, spans: list[Span]) -> list[Span]:
    """A piece in which nothing is visible has no meaning to encode: it joins the piece before it, or after."""
    merged: list[Span] = []
    for span in spans:
        if merged and (is_blank(text[span.start : span.end]) or is_blank(text[merged[-1].start : merged[-1].end])):
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged


_ESTIMATE = re.compile(r"[A-Za-z0-9]{1,3}|[^\sA-Za-z0-9]")


def estimate_token_ends(text: str) -> list[int]:
    """Token ends for encoders that do not tell their own: one token per three ASCII letters or other character.

    Cautious on purpose: real subword tokenizers make fewer tokens than this of any natural language, so a piece
    may be shorter than it need be but is not cut.
    """
    return [m.end() for m in _ESTIMATE.finditer(text)]
