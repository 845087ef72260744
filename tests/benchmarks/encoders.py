"""What encoders of each generation find: translations on Tatoeba, by cosine, both ways, and how fast they are.

    python tests/benchmarks/encoders.py                   # some 15 minutes on two cores
    python tests/benchmarks/encoders.py words             # one generation: words, static or transformer

Word vectors: word2vec (skip-gram, 100 dimensions) and fastText, trained by gensim on little: one side of Tatoeba, NTREX
and (English, German) XQuAD-R, 52,000 to 108,000 words a language. Japanese is cut for training by a Unigram tokenizer
that is trained on the same text. They are mapped by the 1,997 sentences of NTREX, so that no sentence of Tatoeba is
used as a translation before it is asked for. Static: distilled from the bundled model. By chance 0.1 % are found.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import regex

from xling.evaluate.sets import bcp47
from xling.space.encoders.distil import distil
from xling.space.encoders.segmenting import Segmenter
from xling.space.encoders.space_building import map_vectors
from xling.space.encoders.vector_files import read_word_vectors
from xling.space.encoders.word_space import WordSpaceEncoder
from xling.space.protocols import Encoder
from xling.space.resolve import load_encoder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LANGUAGES = ("deu", "fra", "jpn")
XQUAD = {"deu": "de", "eng": "en"}
WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+(?:['’\-_.][\p{L}\p{N}\p{M}]+)*")
NEIGHBOURS = 10


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def ntrex(code: str) -> list[str]:
    return lines(DATA / "ntrex" / f"{code}.txt")


def tatoeba(code: str) -> tuple[list[str], list[str]]:
    own, english = (lines(DATA / "tatoeba" / f"tatoeba.{code}-eng.{side}") for side in (code, "eng"))
    return own, english


def sides(code: str) -> list[tuple[str, list[str]]]:
    own, english = tatoeba(code)
    return [(bcp47(code), own), ("en", english)]


def corpus(code: str) -> list[str]:
    """All text of a language that word vectors are trained on."""
    import json

    texts = ntrex(code)
    for other in LANGUAGES if code == "eng" else (code,):
        texts += tatoeba(other)[code == "eng"]
    if code in XQUAD:
        for article in json.loads((DATA / "xquad-r" / f"{XQUAD[code]}.json").read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                texts += [paragraph["context"], *(question["question"] for question in paragraph["qas"])]
    return texts


def sentences(code: str) -> list[list[str]]:
    if code != "jpn":
        return [[word.lower() for word in WORD.findall(text)] for text in corpus(code)]
    cutter = japanese()
    return [cutter.encode(text.lower()).tokens for text in corpus(code)]


def japanese() -> Any:
    """What cuts Japanese for training."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    cutter = Tokenizer(models.Unigram())
    cutter.normalizer = normalizers.NFKC()
    cutter.pre_tokenizer = pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}ー々]+"), "removed")
    trainer = trainers.UnigramTrainer(
        vocab_size=8000, show_progress=False, unk_token="<unk>", special_tokens=["<unk>"], max_piece_length=6
    )
    cutter.train_from_iterator(corpus("jpn"), trainer)
    return cutter


def longest_match(file: Path) -> None:
    """How far cutting by the longest match agrees with what cut the texts that the vectors were trained on."""
    cutter = japanese()
    segmenter = Segmenter({word: i for i, word in enumerate(read_word_vectors(file).words)})
    both = ours = theirs = 0
    for line in ntrex("jpn"):
        text = unicodedata.normalize("NFKC", line).lower()
        ends = {end for _, end in cutter.encode(text).offsets}, {token.end for token in segmenter.tokens(text)}
        theirs, ours, both = theirs + len(ends[0]), ours + len(ends[1]), both + len(ends[0] & ends[1])
    print(f"Japanese by the longest match: ends of words, precision {both / ours:.3f}, recall {both / theirs:.3f}")


def train(folder: Path) -> dict[str, dict[str, Path]]:
    """Files of word vectors, by form and language."""
    from gensim.models import FastText, Word2Vec
    from gensim.models.fasttext import save_facebook_model

    files: dict[str, dict[str, Path]] = {"word2vec": {}, "fastText": {}}
    common = {"vector_size": 100, "window": 5, "min_count": 2, "sg": 1, "epochs": 30, "sample": 1e-4, "seed": 1}
    for code in ("eng", *LANGUAGES):
        text = sentences(code)
        path = files["word2vec"][bcp47(code)] = folder / f"{code}.vec"
        if not path.exists():
            Word2Vec(text, negative=10, workers=1, **common).wv.save_word2vec_format(str(path))
        if code != "jpn":
            path = files["fastText"][bcp47(code)] = folder / f"{code}.bin"
            if not path.exists():
                model = FastText(text, negative=5, workers=1, min_n=3, max_n=5, bucket=50_000, **common)
                save_facebook_model(model, str(path))
    return files


def csls(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    scores = x @ y.T
    near = [np.sort(s, axis=1)[:, -NEIGHBOURS:].mean(axis=1) for s in (scores, scores.T)]
    return 2 * scores - near[0][:, None] - near[1]


def show(name: str, encoder: Encoder, codes: Sequence[str] = LANGUAGES) -> None:
    """Of each pair of languages, top-1 into English and from it: by cosine, centred as for two known sides, by CSLS."""
    cells = []
    texts, seconds = 0, 0.0
    encoder.encode_documents(["Hello"])
    for code in codes:
        own, english = tatoeba(code)
        began = time.process_time()
        x, y = encoder.encode_documents(own), encoder.encode_documents(english)
        seconds += time.process_time() - began
        texts += len(own) + len(english)
        for kind in ("cosine", "centred", "CSLS"):
            a, b = (v - v.mean(axis=0) if kind == "centred" else v for v in (x, y))
            a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
            scores = csls(a, b) if kind == "CSLS" else a @ b.T
            right = np.arange(len(a))
            both = [float((s.argmax(axis=1) == right).mean()) for s in (scores, scores.T)]
            cells.append(f"{code} {kind} {both[0]:.3f} {both[1]:.3f}")
    print(f"{name}: {'; '.join(cells)}; {texts / seconds:,.0f} texts/s of CPU time", flush=True)


def words(folder: Path) -> Iterator[tuple[str, Encoder, Sequence[str]]]:
    trained = train(folder)
    longest_match(trained["word2vec"]["ja"])
    for form, files in trained.items():
        codes = [code for code in LANGUAGES if bcp47(code) in files]
        pairs = [
            {bcp47(code): text for code, text in zip(("eng", *codes), row, strict=True)}
            for row in zip(*(ntrex(code) for code in ("eng", *codes)), strict=True)
        ]
        for relaxed in (False, True):
            made = map_vectors(files, folder / f"{form}-{relaxed}", pairs=pairs, relaxed=relaxed)
            name = f"{form}, {'RCSLS' if relaxed else 'Procrustes'}"
            print(name, *(f"{m.lang}: {m.words} words, kept back {m.accuracy}" for m in made.languages), sep="; ")
            space = WordSpaceEncoder(made.directory)
            for code in codes:
                told = [np.mean([space.language_of(t) == lang for t in side]) for lang, side in sides(code)]
                print(f"{code}: read with the table of its language {told[0]:.3f}, English {told[1]:.3f}")
            yield name, space, codes


def static(folder: Path, *, whole: bool) -> Iterator[tuple[str, Encoder, Sequence[str]]]:
    texts = list(itertools.chain(ntrex("eng"), *(ntrex(code) for code in LANGUAGES)))
    for name, vocabulary in (("NTREX's tokens", texts), ("all tokens", None)):
        if vocabulary is not None or whole:
            target = folder / f"static-{name[:3]}"
            if not target.exists():
                print(distil("bundled", target, vocabulary_from=vocabulary))
            yield f"static, {name}", load_encoder(target), LANGUAGES


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("generation", nargs="*", help="words, static, transformer; all where none is named")
    parser.add_argument("--folder", type=Path, help="keep what is trained and distilled there")
    parser.add_argument("--all-tokens", action="store_true", help="distil the whole vocabulary too (10 minutes more)")
    given = parser.parse_args()
    wanted = given.generation or ["words", "static", "transformer"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if "words" in wanted:
            for found in words(folder):
                show(*found)
        if "static" in wanted:
            for found in static(folder, whole=given.all_tokens):
                show(*found)
        if "transformer" in wanted:
            show("bundled", load_encoder("bundled"))


if __name__ == "__main__":
    main()
