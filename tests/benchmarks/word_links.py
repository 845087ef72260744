"""Links between words measured on XQuAD: answers that people marked in a sentence and in its translations.

    python tests/benchmarks/word_links.py               # every eighth question, English with ten languages
    python tests/benchmarks/word_links.py --first 0     # the questions that settings were chosen on

The words of the English answer are to be linked with words of the translated answer, and with no others. Precision:
of the links that touch an answer on either side, those that lie within both. Recall: of the words of both answers,
those with such a link. "unrelated" are links per English word with sentences that answer other questions.

Names, numbers and whole phrases are what is asked for in XQuAD; it says little about function words. The model is the
bundled one. Data: ../shared/data/xquad-r.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from neutral import DATA, encoder

from xling.space.neutral import estimate_basis
from xling.space.protocols import TokenVectors, Vectors
from xling.space.reference import load_reference
from xling.space.stats import LanguageStats
from xling.space.word_links import MIN_WEIGHT, Words, common_mean, link_words, without_shared, words_of

LANGUAGES = ("ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh")
LONGEST = 260
Links = set[tuple[int, int]]


@dataclass(frozen=True)
class Answer:
    """A sentence, and the characters of the answer in it."""

    text: str
    start: int
    end: int

    def words(self, words: Words) -> set[int]:
        return {i for i, (a, b) in enumerate(words.spans) if a < self.end and b > self.start}


def answers(lang: str) -> dict[str, Answer]:
    """The sentence with the answer to each question, where it lies within one."""
    found = {}
    for article in json.loads((DATA / "xquad-r" / f"{lang}.json").read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                start = question["answers"][0]["answer_start"]
                end = start + len(question["answers"][0]["text"])
                for first, last in paragraph["sentence_breaks"]:
                    if first <= start and end <= last:
                        text = paragraph["context"][first:last]
                        found[question["id"]] = Answer(text, start - first, end - first)
    return found


class Ways:
    """The ways that are compared: tokens of a text → vectors that are linked."""

    def __init__(self) -> None:
        one = encoder()
        self.last: Callable[[list[str]], list[TokenVectors]] = one.encode_tokens
        self.midway: Callable[[list[str]], list[TokenVectors]] = one.encode_tokens_midway
        self._basis = estimate_basis(LanguageStats(one.dimension), load_reference(one).stats)
        self._common = common_mean(one)

    def table(self) -> dict[str, tuple[bool, Callable[[Vectors], Vectors], float]]:
        """Whether the states are those midway, what is done to them, and the least weight of a link."""
        return {
            "last layer, as it is": (False, lambda x: x, 0.0),
            "last layer, language-neutral": (False, self._basis.centre, 0.0),
            "last layer, own mean out": (False, own_mean_out, 0.0),
            "midway, as it is": (True, lambda x: x, 0.0),
            "midway, own mean out": (True, own_mean_out, 0.0),
            "xling, all links": (True, self._shared_out, 0.0),
            f"xling, weight ≥ {MIN_WEIGHT}": (True, self._shared_out, MIN_WEIGHT),
        }

    def _shared_out(self, vectors: Vectors) -> Vectors:
        return without_shared(vectors, self._common)


def own_mean_out(vectors: Vectors) -> Vectors:
    rest = vectors - vectors.mean(axis=0)
    return rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-9)


def linked(source: Words, target: Words, least: float) -> Links:
    places = [{span.start: i for i, span in enumerate(words.spans)} for words in (source, target)]
    links = link_words(source, target, least)
    return {(places[0][link.source.start], places[1][link.target.start]) for link in links}


def f1(gold: list[tuple[set[int], set[int]]], found: list[Links]) -> tuple[float, float, float]:
    inside = touching = reached = wanted = 0
    for (a, b), links in zip(gold, found, strict=True):
        within = [(i, j) for i, j in links if i in a and j in b]
        inside, touching = inside + len(within), touching + sum(i in a or j in b for i, j in links)
        reached += len({i for i, _ in within}) + len({j for _, j in within})
        wanted += len(a) + len(b)
    precision, recall = inside / max(touching, 1), reached / wanted
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=8, help="take every n-th question")
    parser.add_argument("--first", type=int, default=4, help="beginning with this one")
    given = parser.parse_args()
    by_lang = {lang: answers(lang) for lang in ("en", *LANGUAGES)}
    ids = [id for id in by_lang["en"] if all(id in by_lang[lang] for lang in LANGUAGES)]
    ids = [id for id in ids if len(by_lang["en"][id].text) < LONGEST][given.first :: given.every]
    ways = Ways()
    began = time.perf_counter()
    tokens = {
        (lang, midway): (ways.midway if midway else ways.last)([by_lang[lang][id].text for id in ids])
        for lang in by_lang
        for midway in (False, True)
    }
    print(f"{len(ids)} questions, {2 * len(by_lang) * len(ids)} texts encoded in {time.perf_counter() - began:.0f} s")
    print(f"{'':30} {'precision':>9} {'recall':>7} {'F1':>6} {'unrelated':>9}  ", *(f"{x:>5}" for x in LANGUAGES))
    for name, (midway, prepare, least) in ways.table().items():
        words = {
            lang: [
                words_of(by_lang[lang][id].text, TokenVectors(prepare(x.vectors), x.spans))
                for id, x in zip(ids, tokens[lang, midway], strict=True)
            ]
            for lang in by_lang
        }
        english = [by_lang["en"][id].words(x) for id, x in zip(ids, words["en"], strict=True)]
        rows, others, of = [], 0, 0
        for lang in LANGUAGES:
            theirs = [by_lang[lang][id].words(x) for id, x in zip(ids, words[lang], strict=True)]
            pairs = zip(words["en"], words[lang], strict=True)
            rows.append(f1(list(zip(english, theirs, strict=True)), [linked(a, b, least) for a, b in pairs]))
            half = len(ids) // 2
            for a, b in zip(words["en"], words[lang][half:] + words[lang][:half], strict=True):
                others, of = others + len(linked(a, b, least)), of + len(a.spans)
        precision, recall, score = np.mean(rows, axis=0)
        print(
            f"{name:30} {precision:9.3f} {recall:7.3f} {score:6.3f} {others / of:9.2f}  ",
            *(f"{row[2]:5.2f}" for row in rows),
            flush=True,
        )


if __name__ == "__main__":
    main()
