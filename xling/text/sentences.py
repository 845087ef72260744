"""Sentences of any language.

`sentencex` knows the full stops and the abbreviations of some 300 languages. What it does not know is found here:
scripts that are written without full stops or without spaces, and quotations in Chinese and Japanese, nested or
unmatched.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from xling.errors import InvalidInput
from xling.text.marks import CLOSERS, LINE_END, PARAGRAPH_END, PLAIN_START, mended


@runtime_checkable
class Splitter(Protocol):
    """Text → sentences. Any object with these members works as `splitter=` of `xling.open`.

    Attributes:
        name: Recorded with the collection, so that its documents are split alike whoever adds to it.
    """

    @property
    def name(self) -> str: ...

    def split(self, text: str, lang: str) -> Sequence[str]:
        """The sentences of `text` in a language (BCP 47, `und` if unknown); joined, they must be the text exactly."""
        ...


# A piece handed to sentencex: unmatched quotation marks cost it the square of the length (docs/decisions.md).
_WINDOW = 4000

_FULL_STOP = re.compile(rf"[!?.;:…։؟۔।॥።፧፨᙮᠃᠉꓿]{CLOSERS}*\s")
_WIDE = r"(?:[。！？｡]|．(?!\d)|[!?…‥]+(?=[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]))[。！？｡!?…‥]*" + CLOSERS + r"*\s*"
# Khmer abbreviates "and so on" between two full stops.
_KHMER_TO_TIBETAN = r"[។៕៚။](?:ល។)?[។៕៚။]*\s*|[།༎][།༎]*\s+"
_OWN_STOP = re.compile(rf"{_WIDE}|{_KHMER_TO_TIBETAN}")
_ASIAN = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3000-\uffff]")
_LINE_THAT_STANDS_ALONE = re.compile(
    LINE_END
    + r"(?=[ \t]*(?:[-*+•‣・]\s|\d{1,3}[.)、]\s|\#{1,6}\s|\||>|```"
    + r"|</?(?:h[1-6]|p|li|div|tr|ul|ol|table|section|article)\b))"
)

# Thai and Lao end phrases and sentences alike with a space. It ends a sentence after a particle that is said last,
# where it is wide, or where enough has been said; never before a sign of repetition.
_SPACELESS = re.compile(r"(?<=[\u0e00-\u0eff])[ \u00a0\u3000]+(?=[\u0e00-\u0eff])")
_LAST_WORDS = re.compile(r"(?:ครับ|ค่ะ|คะ|นะ|จ้ะ|จ้า|ฯลฯ|ເດີ້|ແດ່|ຈ້າ|ໆລໆ)$")
_ENOUGH = 40

_PAIRS = {
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "《": "》",
    "〈": "〉",
    "〔": "〕",
    "“": "”",
    "［": "］",
    "｢": "｣",
}
_CLOSE_TO_OPEN = {close: open for open, close in _PAIRS.items()}
_BRACKET = re.compile("[" + "".join(_PAIRS) + "".join(_CLOSE_TO_OPEN) + "]")
_LONGEST_QUOTATION = 300
_DEEPEST = 32
# After a quotation the sentence goes on: 「行く。」と言った。 “走吧。”，他说。
_GOES_ON = re.compile(r"と|って|という|なんて|など|とか|は|が|を|に|の|も|で|や|へ|から|まで|より|[、，,・：]")

# So it does in Korean, where what follows is written without a space: "가자."라고 말했다.
_CITED = re.compile(r"(?<=[\"'”’»])(?=[\uac00-\ud7a3])")


class SentenceSplitter:
    """xling's own splitter: `sentencex`, mended (see the module). Joined, its pieces are the text, to the character.

    No piece begins with a closing mark or inside a grapheme cluster, save the first.
    """

    @property
    def name(self) -> str:
        return "xling-1"

    def split(self, text: str, lang: str = "und") -> list[str]:
        """The sentences of `text`, each with the space after it; `[]` of an empty text."""
        ends = [*self.breaks(text, lang), len(text)] if text else []
        return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def breaks(self, text: str, lang: str = "und") -> list[int]:
        """Where sentences end, in characters, ascending, the end of the text left out."""
        found = {match.end() for match in _LINE_THAT_STANDS_ALONE.finditer(text)}
        if _FULL_STOP.search(text):
            found.update(_by_sentencex(text, lang))
        if not text.isascii() and _ASIAN.search(text):
            found.update(match.end() for match in _OWN_STOP.finditer(text))
            if _SPACELESS.search(text):
                found |= _at_spaces(text, found)
            found.difference_update(match.end() for match in _CITED.finditer(text))
            if _BRACKET.search(text):
                found = _outside_quotations(text, found)
        places = {mended(text, match.end()) for match in PARAGRAPH_END.finditer(text)}
        plain = PLAIN_START.match
        fine = {place for place in found if plain(text, place)}
        places |= fine
        for place in found - fine:
            moved = mended(text, place)
            if moved == place or not _ends_with_comma(text, moved):
                places.add(moved)
        first = len(text) - len(text.lstrip())
        return sorted(place for place in places if first < place < len(text))


def sentence_breaks(splitter: Splitter, text: str, lang: str) -> list[int]:
    """Where the sentences of any splitter end, in characters, ascending, the end of the text left out.

    Raises:
        InvalidInput: What it gave does not join to the text.
    """
    if isinstance(splitter, SentenceSplitter):
        return splitter.breaks(text, lang)
    pieces = splitter.split(text, lang)
    if isinstance(pieces, str) or "".join(pieces) != text:
        raise InvalidInput(
            f"the pieces that the splitter {splitter.name!r} gave do not join to the text: it has to keep every "
            f"character, the spaces between sentences included"
        )
    ends: set[int] = set()
    at = 0
    for piece in pieces:
        at += len(piece)
        ends.add(mended(text, at))
    return sorted(end for end in ends if 0 < end < len(text))


def _ends_with_comma(text: str, end: int) -> bool:
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end > 0 and text[end - 1] in ",，、،;；:："


def _by_sentencex(text: str, lang: str) -> Iterator[int]:
    from sentencex import segment

    language = lang.partition("-")[0].lower()
    start, end = 0, len(text)
    while start < end:
        stop = min(start + _WINDOW, end)
        if stop < end:  # not in the middle of a word, if there are words
            space = text.rfind(" ", start + _WINDOW // 2, stop)
            stop = space + 1 if space > 0 else stop
        ends = list(itertools.accumulate(map(len, segment(language, text[start:stop])[:-1]), initial=start))
        yield from ends
        at = ends[-1]
        # The last piece may go on in the next window.
        start = at if start < at and stop < end else stop


def _at_spaces(text: str, others: set[int]) -> set[int]:
    found: set[int] = set()
    ends = sorted(others)
    last, i = 0, 0
    for match in _SPACELESS.finditer(text):
        while i < len(ends) and ends[i] <= match.start():
            last = max(last, ends[i])
            i += 1
        wide = match.end() - match.start() > 1
        said = match.start() - last
        if wide or said >= _ENOUGH or _LAST_WORDS.search(text, max(last, match.start() - 6), match.start()):
            found.add(match.end())
            last = match.end()
    return found


def _outside_quotations(text: str, breaks: set[int]) -> set[int]:
    """The breaks that do not tear a quotation or bracket apart. One without its partner holds nothing together."""
    pairs: list[tuple[int, int]] = []
    stack: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text):
        mark, at = match.group(), match.start()
        if mark in _PAIRS:
            stack = [*stack[-_DEEPEST:], (mark, at)]
            continue
        for depth in range(len(stack) - 1, -1, -1):
            if stack[depth][0] == _CLOSE_TO_OPEN[mark]:
                opened = stack[depth][1]
                del stack[depth:]
                if at - opened <= _LONGEST_QUOTATION:
                    while pairs and pairs[-1][0] > opened:
                        pairs.pop()
                    pairs.append((opened, at))
                break
    kept: set[int] = set()
    i = 0
    for place in sorted(breaks):
        while i < len(pairs) and pairs[i][1] < place:
            i += 1
        inside = i < len(pairs) and pairs[i][0] < place <= pairs[i][1]
        follows = text[place - 1] in _CLOSE_TO_OPEN and _GOES_ON.match(text, place)
        if not inside and not follows:
            kept.add(place)
    return kept
