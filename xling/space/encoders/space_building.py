"""Files of word vectors, one a language, into one shared space: `map_vectors`."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.language import normalise_code
from xling.space.encoders.files import MANIFEST
from xling.space.encoders.mapping import (
    Floats,
    WordPairs,
    nearest,
    procrustes,
    rcsls,
    refine,
    unit,
    word_translations,
)
from xling.space.encoders.sif import (
    LEAST_SENTENCES,
    SIF_A,
    SentenceComposer,
    common_component,
    without_component,
)
from xling.space.encoders.vector_files import WordTable, kind_of, read_word_vectors
from xling.space.encoders.word_lists import read_counts, read_dictionary
from xling.space.encoders.word_space import Part, read_manifest, write_manifest
from xling.space.encoders.word_vectors import reference_component
from xling.space.model_files import file_digest
from xling.space.protocols import Vectors
from xling.space.publish import building

MAX_WORDS: Final = 200_000
"""Of a file, as is usual: what is rarer is seldom met, and makes neighbours uncertain."""

REFINEMENTS: Final = 5
LEAST_PAIRS: Final = 10
MOST_SENTENCES: Final = 20_000
"""Sentence pairs that are learnt from: more add little to a rotation."""

_HELD_OUT = 0.1
_LEAST_HELD_OUT = 10


@dataclass(frozen=True)
class MappedLanguage:
    """What came of one language.

    Attributes:
        lang: Its code.
        words: Words of its table.
        word_pairs: Word pairs that its map was learnt from, before refinement.
        sentence_pairs: Sentence pairs.
        rounds: Rounds of refinement that made the map better.
        held_out: Pairs that were kept back to measure; the map itself is learnt from all.
        accuracy: Share of these whose translation comes first, of words by CSLS among all words of the pivot, of
            sentences by cosine among the kept back ones; None where there were too few.
    """

    lang: str
    words: int
    word_pairs: int
    sentence_pairs: int
    rounds: int
    held_out: int
    accuracy: float | None


@dataclass(frozen=True)
class MappedSpace:
    """A directory that can be `model=`, and how its languages came into it."""

    directory: Path
    pivot: str
    dimension: int
    languages: tuple[MappedLanguage, ...]


def map_vectors(
    files: Mapping[str, str | Path],
    output: str | Path,
    *,
    dictionary: Iterable[tuple[str, str]] | str | Path = (),
    pairs: Iterable[Mapping[str, str]] = (),
    identical: bool | None = None,
    pivot: str | None = None,
    max_words: int | None = MAX_WORDS,
    counts: Mapping[str, str | Path] | None = None,
    refinements: int = REFINEMENTS,
    relaxed: bool = False,
    copy: bool = False,
    a: float = SIF_A,
) -> MappedSpace:
    """Bring word vectors of several languages into one space, and write it as a directory for `model=`.

    Args:
        files: Language → its file of word vectors (`read_word_vectors`). One alone is taken too: then nothing is
            mapped, and the directory opens faster than a text file.
        output: The directory to write; it must not be there, or be such a directory, which is replaced.
        dictionary: Pairs of words that translate each other, or a file of them (`read_dictionary`). Which language
            each side is of, the tables tell.
        pairs: Sentences that translate each other: language → text, also of more than two languages.
        identical: Learn from words that are written alike in both languages (names, numbers) too. Without it that is
            done only where there is neither a dictionary nor pairs.
        pivot: The language whose space it will be; English if it is there, else the first.
        max_words: Use only so many words of each file, the first ones; None for all.
        counts: Language → file of word counts (`read_counts`).
        refinements: Rounds of refinement at most; 0 for none.
        relaxed: Go on by RCSLS: maps that need not be rotations, better for words and costlier to learn.
        copy: Put the vectors into the directory, which then needs no other file. Without it, it refers to the files
            where they lie.
        a: SIF's a.

    Raises:
        InvalidInput: An argument makes no sense, the files differ in dimension, or there is too little to learn from.
        ModelError: A file cannot be read.
    """
    target = Path(output).expanduser().absolute()
    _check_target(target, [Path(path).expanduser().absolute() for path in files.values()], copy)
    sides = _sides(files, counts or {}, max_words, a)
    pivot = _pivot(sides, pivot)
    dimension = sides[pivot].table.dimension
    for lang, side in sides.items():
        if side.table.dimension != dimension:
            raise InvalidInput(
                f"the vectors of {lang!r} have {side.table.dimension} dimensions, those of {pivot!r} {dimension}: a "
                f"rotation needs equal ones"
            )
    sentences = [{normalise_code(lang): text for lang, text in pair.items()} for pair in pairs]
    words = read_dictionary(dictionary) if isinstance(dictionary, (str, Path)) else list(dictionary)
    common = {lang: _component(side, [p[lang] for p in sentences if lang in p]) for lang, side in sides.items()}
    use_identical = not words and not sentences if identical is None else identical
    learnt: list[MappedLanguage] = []
    maps: dict[str, Floats] = {}
    for lang, side in sides.items():
        if lang == pivot:
            learnt.append(MappedLanguage(lang, len(side.table.words), 0, 0, 0, 0, None))
            continue
        known = _supervision(lang, side, sides[pivot], pivot, words, sentences, use_identical)
        learner = _Learner(side, sides[pivot], common[lang], common[pivot], refinements, relaxed)
        maps[lang], report = learner.learn(lang, *known)
        learnt.append(report)
    _write(target, files, sides, common, maps, pivot, counts or {}, max_words, copy, a)
    return MappedSpace(target, pivot, dimension, tuple(learnt))


def _check_target(target: Path, sources: Sequence[Path], copy: bool) -> None:
    """Raises `InvalidInput` where writing the directory would take something away that is not of a space."""
    if not copy and any(target in source.parents for source in sources):
        raise InvalidInput(f"the vectors lie in {target}, which is to be written anew: name another directory")
    if not target.exists():
        return
    own = {MANIFEST}
    with contextlib.suppress(ModelError):
        for part in read_manifest(target)["languages"]:
            own |= {str(part[key]) for key in ("vectors", "common", "map", "counts")}
    if not target.is_dir() or any(path.name not in own for path in target.iterdir()):
        raise InvalidInput(f"{target} is there already, and holds more than a space of word vectors: name another one")


def _sides(
    files: Mapping[str, str | Path], counts: Mapping[str, str | Path], max_words: int | None, a: float
) -> dict[str, SentenceComposer]:
    if not files:
        raise InvalidInput("there are no files of word vectors to map")
    sides: dict[str, SentenceComposer] = {}
    for lang, path in files.items():
        code = normalise_code(lang)
        if code in sides:
            raise InvalidInput(f"there are two files for {code!r}")
        table = read_word_vectors(path, max_words=max_words)
        sides[code] = SentenceComposer(table, counts=read_counts(counts[lang]) if lang in counts else None, a=a)
    unknown = {normalise_code(lang) for lang in counts} - set(sides)
    if unknown:
        raise InvalidInput(f"there are counts, but no word vectors, for {', '.join(sorted(unknown))}")
    return sides


def _pivot(sides: Mapping[str, SentenceComposer], wanted: str | None) -> str:
    pivot = normalise_code(wanted) if wanted is not None else "en" if "en" in sides else next(iter(sides))
    if pivot not in sides:
        raise InvalidInput(f"the pivot {pivot!r} is none of the languages: {', '.join(sides)}")
    return pivot


def _component(side: SentenceComposer, sentences: Sequence[str]) -> Vectors:
    if len(sentences) < LEAST_SENTENCES:
        return reference_component(side)
    return common_component(np.array([side.compose(text).total for text in sentences[:MOST_SENTENCES]], np.float32))


def _supervision(
    lang: str,
    side: SentenceComposer,
    other: SentenceComposer,
    pivot: str,
    words: Sequence[tuple[str, str]],
    sentences: Sequence[Mapping[str, str]],
    identical: bool,
) -> tuple[WordPairs, list[tuple[str, str]]]:
    """Word pairs and sentence pairs of a language and the pivot."""
    found = [(side.segmenter.row(s), other.segmenter.row(t)) for s, t in words]
    turned = [(side.segmenter.row(t), other.segmenter.row(s)) for s, t in words]
    of_both = [[pair for pair in rows if min(pair) >= 0] for rows in (found, turned)]
    rows = max(of_both, key=len)
    if identical:
        rows = rows + [(i, other.index[w]) for w, i in side.index.items() if w in other.index and len(w) > 1]
    distinct = list(dict.fromkeys(rows))
    known = WordPairs(
        np.array([i for i, _ in distinct], np.int64),
        np.array([j for _, j in distinct], np.int64),
        np.ones(len(distinct)),
    )
    parallel = [(pair[lang], pair[pivot]) for pair in sentences if pair.get(lang) and pair.get(pivot)]
    if len(known) + len(parallel) < LEAST_PAIRS:
        raise InvalidInput(
            f"there are {len(known)} word pairs and {len(parallel)} sentence pairs of {lang!r} and {pivot!r} with "
            f"words that the tables know; at least {LEAST_PAIRS} are needed. Give a dictionary or sentence pairs, or "
            f"let words that are written alike count (identical=True), which only languages of one script have"
        )
    return known, parallel[:MOST_SENTENCES]


class _Learner:
    """Learns the map of one language into the pivot's space."""

    def __init__(
        self,
        side: SentenceComposer,
        other: SentenceComposer,
        common: Vectors,
        other_common: Vectors,
        refinements: int,
        relaxed: bool,
    ) -> None:
        self._sides, self._common = (side, other), (common, other_common)
        self._refinements, self._relaxed = refinements, relaxed
        # Words are compared as they enter sentences: without what sentences have in common.
        self._words = tuple(
            unit(without_component(s.table.vectors, c)) for s, c in zip(self._sides, self._common, strict=True)
        )

    def learn(self, lang: str, known: WordPairs, parallel: list[tuple[str, str]]) -> tuple[Floats, MappedLanguage]:
        order = np.random.default_rng(0)
        words, sentences = order.permutation(len(known)), order.permutation(len(parallel))
        at_words, at_sentences = int(_HELD_OUT * len(known)), int(_HELD_OUT * len(parallel))
        held = at_sentences if parallel else at_words
        rounds, accuracy = self._refinements, None
        if held >= _LEAST_HELD_OUT:
            rest = known.take(words[at_words:]), [parallel[i] for i in sentences[at_sentences:].tolist()]
            kept = known.take(words[:at_words]), [parallel[i] for i in sentences[:at_sentences].tolist()]
            # Refinement helps vectors of large corpora and harms those of small ones: the kept back pairs tell.
            found = {n: self._accuracy(self._fit(*rest, n)[0], *kept) for n in {0, self._refinements}}
            accuracy = max(found.values())
            rounds = min(n for n, share in found.items() if share == accuracy)
        fitted, done = self._fit(known, parallel, rounds)
        number = len(self._sides[0].table.words)
        held = held if accuracy is not None else 0
        return fitted, MappedLanguage(lang, number, len(known), len(parallel), done, held, accuracy)

    def _fit(self, known: WordPairs, parallel: list[tuple[str, str]], rounds: int) -> tuple[Floats, int]:
        x, y = self._words
        pairs = known
        if parallel:
            pairs = known.and_also(word_translations(self._sides[0].segmenter, self._sides[1].segmenter, parallel))
        a, b = x[pairs.source], y[pairs.target]
        if parallel:
            a, b = (np.concatenate(parts) for parts in zip((a, b), self._sentences(parallel), strict=True))
        mapped, done = refine(x, y, pairs, procrustes(a, b), rounds=rounds)
        return (rcsls(x, y, pairs, mapped) if self._relaxed and len(pairs) else mapped), done

    def _accuracy(self, mapped: Floats, known: WordPairs, parallel: list[tuple[str, str]]) -> float:
        return self._sentence_accuracy(mapped, parallel) if parallel else self._word_accuracy(mapped, known)

    def _sentences(self, parallel: list[tuple[str, str]]) -> tuple[Floats, Floats]:
        totals = [
            np.array([side.compose(pair[i]).total for pair in parallel], np.float32)
            for i, side in enumerate(self._sides)
        ]
        x, y = (unit(without_component(t, c)) for t, c in zip(totals, self._common, strict=True))
        return x, y

    def _sentence_accuracy(self, mapped: Floats, parallel: list[tuple[str, str]]) -> float:
        x, y = self._sentences(parallel)
        return float(np.mean((unit(x @ mapped) @ y.T).argmax(axis=1) == np.arange(len(parallel))))

    def _word_accuracy(self, mapped: Floats, pairs: WordPairs) -> float:
        right: dict[int, set[int]] = {}
        for i, j in zip(pairs.source.tolist(), pairs.target.tolist(), strict=True):
            right.setdefault(i, set()).add(j)
        rows = list(right)
        best, _, _ = nearest(unit(self._words[0][rows] @ mapped), self._words[1])
        return float(np.mean([int(j) in right[i] for i, j in zip(rows, best, strict=True)]))


def _write(
    target: Path,
    files: Mapping[str, str | Path],
    sides: Mapping[str, SentenceComposer],
    common: Mapping[str, Vectors],
    maps: Mapping[str, Floats],
    pivot: str,
    counts: Mapping[str, str | Path],
    max_words: int | None,
    copy: bool,
    a: float,
) -> None:
    places = {normalise_code(lang): Path(path).expanduser().absolute() for lang, path in files.items()}
    counted = {normalise_code(lang): Path(path).expanduser() for lang, path in counts.items()}
    parts: list[Part] = []
    with building(target) as directory:
        for lang, side in sides.items():
            vectors = places[lang]
            if copy:
                vectors = _copied(vectors, side.table, directory / lang)
            np.save(directory / f"{lang}.common.npy", common[lang])
            if lang in maps:
                np.save(directory / f"{lang}.map.npy", maps[lang].astype(np.float32))
            if lang in counted:
                shutil.copyfile(counted[lang], directory / f"{lang}.counts.txt")
            parts.append(
                Part(
                    lang,
                    vectors.name if copy else os.fspath(vectors),
                    file_digest(vectors),
                    max_words,
                    f"{lang}.common.npy",
                    f"{lang}.map.npy" if lang in maps else None,
                    f"{lang}.counts.txt" if lang in counted else None,
                )
            )
        write_manifest(directory, parts, dimension=sides[pivot].table.dimension, pivot=pivot, a=a)


def _copied(source: Path, table: WordTable, stem: Path) -> Path:
    """fastText's `.bin` as it is, for its pieces of words; else the words in use in word2vec's binary form."""
    if kind_of(source) == "fasttext":
        return Path(shutil.copyfile(source, stem.with_name(f"{stem.name}.fasttext.bin")))
    path = stem.with_name(f"{stem.name}.vectors.bin")
    # The form cannot hold words with spaces in them, which no text is cut into either.
    rows = [i for i, word in enumerate(table.words) if not set(word) & set(" \n")]
    with path.open("wb") as file:
        file.write(f"{len(rows)} {table.dimension}\n".encode())
        for i in rows:
            file.write(table.words[i].encode() + b" " + table.vectors[i].astype("<f4").tobytes() + b"\n")
    return path
