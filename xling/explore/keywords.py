"""The typical words of clusters, language by language: class-based TF-IDF over the words of lexical search. Pure.

c-TF-IDF (Grootendorst, 2022, "BERTopic", arXiv 2203.05794) takes a cluster for one long text and asks which words stand
out in it among the clusters. Here a word counts once a document, and clusters are compared within each language.

Words are those of `xling.space.sparse`, shown as they are mostly written. Where a script puts no spaces between words,
katakana are counted whole, and of all else pairs of characters; a pair is then made whole from the texts of its
cluster: it grows by the next character as long as most of its places go on in the same way, so that 京都 becomes 東京都
where that is what is meant.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from xling.language.words import WORDS
from xling.store.points import primary_subtag
from xling.text.folding import fold
from xling.text.words import patterns

TYPICAL = 0.25
"""How much more of a word's documents than of all documents lie in the cluster, 0 (no more) to 1 (all of them)."""

TYPICAL_COMMON = 0.6
"""The same of words that everybody uses (`xling.language.words`): what a cluster is about is hardly ever one."""

_NO_CHANCE = 3.0
_GROWS = 0.6
"""Share of the places of a string that must go on in the same way for the next character to belong to it."""

_LONGEST = 12
_SEEDS = 4
"""Pairs looked at for each word that is wanted: many grow into the same."""

_STEM = 4
_HIRAGANA = range(0x3041, 0x30A0)
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30fe]{2,}")
# Characters that make sentences, not terms: Chinese particles, pronouns, prepositions and conjunctions.
_GRAMMAR = frozenset("的了是在和与與及或也就都而其这這那为為以于於之被把从從对對个個们們他她它我你不有没沒所并並但")


class Words:
    """Counts the words of clusters; then tells the typical ones of each.

    Args:
        clusters: How many there are; they are numbered from 0.
    """

    def __init__(self, clusters: int) -> None:
        self._counts: dict[str, list[Counter[str]]] = defaultdict(lambda: [Counter() for _ in range(clusters)])
        self._forms: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self._documents: dict[str, Counter[int]] = defaultdict(Counter)
        self._texts: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._total: Counter[str] = Counter()

    def add(self, texts: Sequence[str], langs: Sequence[str], clusters: Iterable[int]) -> None:
        """Count the words of some documents. Those of a cluster below 0 count for how common their words are."""
        for text, lang, cluster in zip(texts, map(primary_subtag, langs), clusters, strict=True):
            shown = unicodedata.normalize("NFKC", text)
            found = dict(terms_of(shown, lang))
            self._documents[lang][cluster] += 1
            if cluster >= 0:
                self._counts[lang][cluster].update(found.keys())
                self._texts[lang, cluster].append(shown)
                self._total[lang] += len(found)
            for term, form in found.items():
                self._forms[lang][term][form] += 1

    def typical(self, cluster: int, number: int) -> dict[str, tuple[str, ...]]:
        """The most typical words of a cluster in each of its languages, most typical first.

        Args:
            cluster: Which one.
            number: Most words of a language.

        Returns:
            By language, the one with most documents in the cluster first. A language may have no word that stands out.
        """
        here = [lang for lang, documents in self._documents.items() if documents[cluster]]
        here.sort(key=lambda lang: (-self._documents[lang][cluster], lang))
        return {lang: tuple(self._best(lang, cluster, number)) for lang in here}

    def _best(self, lang: str, cluster: int, number: int) -> list[str]:
        chosen: list[str] = []
        for term in self._ranked(lang, cluster)[: number * _SEEDS]:
            word = self._shown(lang, cluster, term)
            if not any(_of_one_word(word, other) for other in chosen):
                chosen.append(word)
            if len(chosen) == number:
                break
        return chosen

    def _ranked(self, lang: str, cluster: int) -> list[str]:
        documents, counts, forms = self._documents[lang], self._counts[lang], self._forms[lang]
        total, here = sum(documents.values()), documents[cluster]
        share = here / total
        average = self._total[lang] / sum(1 for number in documents if number >= 0)
        least = 2 if here >= 5 else 1
        common = _common(lang)
        scores: dict[str, float] = {}
        for term, found in counts[cluster].items():
            everywhere = sum(forms[term].values())
            if found < least or (share < 1 and not _stands_out(found, everywhere, share, term in common)):
                continue
            scores[term] = found * math.log(1 + average / everywhere)
        return sorted(scores, key=lambda term: (-scores[term], term))

    def _shown(self, lang: str, cluster: int, term: str) -> str:
        if _unspaced(term):
            return grown(term, self._texts[lang, cluster])
        forms = self._forms[lang][term]
        return min(forms, key=lambda form: (-forms[form], form))


def terms_of(text: str, lang: str) -> Iterator[tuple[str, str]]:
    """Terms that may name what a text is about, each with how it is written there.

    Args:
        text: In NFKC.
        lang: Its language.
    """
    regexes = patterns()
    for piece in regexes.piece.findall(text):
        characters = regexes.unspaced.findall(piece)
        if characters:
            yield from ((word, word) for word in _KATAKANA.findall(piece))
            for a, b in itertools.pairwise(characters):
                if not (_is_grammar(a, lang) or _is_grammar(b, lang) or _KATAKANA.match(a + b)):
                    yield a + b, a + b
        elif len(piece) > 1 and not piece.isdecimal():
            yield fold(piece), piece


def grown(pair: str, texts: Sequence[str]) -> str:
    """The word that a pair of characters is part of in these texts, if most of its places agree on one.

    It does not grow over the edge between Han characters or katakana and hiragana, where Japanese words end.
    """
    regexes = patterns()
    if _KATAKANA.match(pair):
        return pair
    runs = [run for text in texts if pair in text for run in regexes.piece.findall(text) if pair in run]
    word = regexes.unspaced.findall(pair)
    growing = True
    while growing and len(word) < _LONGEST:
        growing = False
        for side in (-1, 1):
            places, beside = _beside("".join(word), runs, side)
            if not beside:
                continue
            character, times = min(beside.items(), key=lambda item: (-item[1], item[0]))
            if times > 1 and times >= _GROWS * places and _is_hiragana(character) == _is_hiragana(word[side]):
                word = [character, *word] if side < 0 else [*word, character]
                growing = True
    return "".join(word)


def _beside(word: str, runs: Sequence[str], side: int) -> tuple[int, Counter[str]]:
    """At how many places a word stands, and which characters are before (-1) or after it (1) there."""
    regexes = patterns()
    places, beside = 0, Counter[str]()
    for run in runs:
        at = run.find(word)
        while at >= 0:
            places += 1
            rest = run[:at] if side < 0 else run[at + len(word) :]
            characters = regexes.unspaced.findall(rest)
            if characters:
                beside[characters[-1 if side < 0 else 0]] += 1
            at = run.find(word, at + 1)
    return places, beside


def _of_one_word(a: str, b: str) -> bool:
    """Whether two words are forms of one (Mazedonien, Mazedoniens), or one is part of the other (京都, 東京都)."""
    if _unspaced(a) or _unspaced(b):
        return a in b or b in a
    a, b = fold(a), fold(b)
    common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
    return common >= max(_STEM, 0.7 * max(len(a), len(b)))


def _stands_out(found: int, everywhere: int, share: float, common: bool) -> bool:
    """Whether a word is typical of a cluster: of a common one that must be no chance either."""
    lift = (found / everywhere - share) / (1 - share)
    if not common:
        return lift >= TYPICAL
    expected = share * everywhere
    return lift >= TYPICAL_COMMON and found - expected >= _NO_CHANCE * math.sqrt(expected)


@functools.cache
def _common(lang: str) -> frozenset[str]:
    words = WORDS.get({"nb": "no", "nn": "no"}.get(lang, lang), "").split()
    return frozenset(fold(word) for word in words)


def _unspaced(term: str) -> bool:
    return patterns().unspaced.match(term) is not None


def _is_hiragana(character: str) -> bool:
    return ord(character[0]) in _HIRAGANA


def _is_grammar(character: str, lang: str) -> bool:
    return _is_hiragana(character) if lang == "ja" else lang == "zh" and character in _GRAMMAR
