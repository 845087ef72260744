"""A translation memory of Tatoeba's pairs with English: how fast a lookup is, and whether it misses matches.

    python tests/benchmarks/memory.py                   # encodes once (about two hours on 2 cores), then minutes
    python tests/benchmarks/memory.py -n 20000          # a smaller memory
    python tests/benchmarks/memory.py --speed           # times alone: encodes a few thousand texts, then half an hour

Questions are segments of the memory with a change: a word dropped, doubled or moved, or a character changed. What a
lookup should find is known by comparing each question with every segment of its language (rapidfuzz): the best match of
75 % and more. Times are of whole lookups, with the question's encoding, which is shown apart too, before and after the
index is built; "again" is a question that was asked before. With --speed the texts that were not encoded have the
vectors of others with noise: these lie as vectors of texts do, but what is found by meaning says nothing.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from neutral import DATA, Floats, Vectors
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

import xling
from xling.cache_dir import cache_dir
from xling.evaluate.sets import bcp47, tatoeba_codes
from xling.space import Runtime
from xling.space.resolve import load_encoder
from xling.text import normalise
from xling.translate.fuzzy import percent, plain

LEAST = 75
POOL, NOISE = 2_000, 0.25
"""Units that are encoded for --speed, and how far from theirs the other vectors lie."""
LANGUAGES = ("en", "de", "ja", "zh", "ru", "ar")


class Known:
    """The bundled model, with the vectors of the memory's texts at hand."""

    def __init__(self, runtime: Runtime) -> None:
        self.vectors: dict[str, Floats] = {}
        self.pool: Floats | None = None
        self.questions = False
        """From now on texts are encoded that are asked for, not those of the memory."""
        self.model = load_encoder("bundled", runtime=runtime)
        self.name, self.dimension, self.max_tokens = self.model.name, self.model.dimension, self.model.max_tokens
        self.identity = self.model.identity
        self.encode_queries, self.encode_both = self.model.encode_queries, self.model.encode_both

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        if self.questions:
            return self.model.encode_documents(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in self.vectors]
        if self.pool is not None:
            return np.stack([self.vectors[text] if text in self.vectors else self.like_others(text) for text in texts])
        if missing:
            self.vectors |= dict(zip(missing, self.model.encode_documents(missing), strict=True))
        return np.stack([self.vectors[text] for text in texts])

    def like_others(self, text: str) -> Floats:
        assert self.pool is not None
        number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        noise = np.random.default_rng(number).standard_normal(self.dimension)
        vector = self.pool[number % len(self.pool)] + NOISE * noise / np.linalg.norm(noise)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def changed(text: str, rng: random.Random) -> str:
    parts = text.split(" ")
    if len(parts) > 3:
        at = rng.randrange(len(parts))
        return " ".join(
            rng.choice([parts[:at] + parts[at + 1 :], [*parts[: at + 1], *parts[at:]], [*parts[1:], parts[0]]])
        )
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("のabсм的") + text[at + 1 :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=100_000, help="most units")
    parser.add_argument("--questions", type=int, default=240)
    parser.add_argument("--speed", action="store_true", help="times alone, without encoding all texts")
    parser.add_argument(
        "--runtime", default="onnx", choices=["auto", "torch", "onnx", "openvino"], help="what encodes questions"
    )
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    given = parser.parse_args()
    known, vectors = Known(given.runtime), Vectors(given.vectors)
    units: list[tuple[str, str, str]] = []
    for code in tatoeba_codes(DATA / "tatoeba"):
        sides = []
        for side in (code, "eng"):
            lines = (DATA / "tatoeba" / f"tatoeba.{code}-eng.{side}").read_text("utf-8").splitlines()
            if not given.speed:
                rows = vectors("p", f"tatoeba_{code}-eng.{side}", lines)
                known.vectors.update(zip(map(normalise, lines), rows, strict=True))
            sides.append(lines)
        units += [(bcp47(code), a, b) for a, b in zip(*sides, strict=True)]
    units = units[: given.n]
    if given.speed:
        sample = [text for _, a, b in units[:: max(len(units) // POOL, 1)] for text in (a, b)]
        known.pool = vectors("p", f"tatoeba_sample_{len(sample)}", sample)
        known.vectors.update(zip(map(normalise, sample), known.pool, strict=True))
    with tempfile.TemporaryDirectory() as directory:
        memory = xling.open_memory("tatoeba", path=directory, model=known, cache=Path(directory) / "cache.db")
        started = time.perf_counter()
        for lang in dict.fromkeys(lang for lang, _, _ in units):
            memory.add(((a, b) for of, a, b in units if of == lang), source=lang, target="en")
        seconds = time.perf_counter() - started
        print(f"{len(memory):,} units in {len({u[0] for u in units})} languages and English, added in {seconds:.0f} s")
        measure(memory, units, given.questions, 0)
        started = time.perf_counter()
        memory.optimize()
        print(f"index built in {time.perf_counter() - started:.0f} s")
        measure(memory, units, given.questions, 1)
        memory.close()


def measure(memory: Any, units: Sequence[tuple[str, str, str]], questions: int, seed: int) -> None:
    rng = random.Random(seed)
    segments = {
        lang: [plain(b if lang == "en" else a) for of, a, b in units if lang in ("en", of)] for lang in LANGUAGES
    }
    segments = {lang: list(dict.fromkeys(texts)) for lang, texts in segments.items() if texts}
    asked = []
    for i in range(questions):
        lang = list(segments)[i % len(segments)]
        asked.append((lang, changed(rng.choice([t for t in segments[lang] if len(t) > 12]), rng)))
    model = memory.collection.space.encoder
    model.questions = True
    memory.lookup(asked[0][1], source=asked[0][0], target="en")  # the model is loaded
    encoding, whole, again, exact, found, there = [], [], [], [], 0, 0
    for lang, text in asked:
        target = "en" if lang != "en" else "fr" if rng.random() < 0.5 else "de"
        started = time.perf_counter()
        model.encode_documents([text])
        between = time.perf_counter()
        encoding.append(between - started)
        memory.lookup(text, source=lang, target=target, exact=True)
        exact.append(time.perf_counter() - between)
        started = time.perf_counter()
        matches = memory.lookup(text, source=lang, target=target, limit=3)
        whole.append(time.perf_counter() - started)
        started = time.perf_counter()
        memory.lookup(text, source=lang, target=target, limit=3)
        again.append(time.perf_counter() - started)
        pool = segments[lang]
        if lang == "en":
            pool = list(dict.fromkeys(plain(b) for of, _, b in units if of == target))
        best = process.extractOne(plain(text), pool, scorer=Levenshtein.normalized_similarity, processor=None)
        likeness = percent(text, best[0]) if best else 0
        if likeness >= LEAST:
            there += 1
            found += bool(matches) and (matches[0].percent or 0) >= likeness
    for name, values in (
        ("encoding", encoding),
        ("lookup", whole),
        ("lookup, again", again),
        ("lookup, exact only", exact),
    ):
        low, high = np.percentile(values, [50, 99]) * 1000
        print(f"{name:20} p50 {low:6.1f} ms   p99 {high:6.1f} ms   fastest {min(values) * 1000:6.1f} ms")
    print(f"best match of {LEAST} % and more found: {found} of {there} ({found / max(there, 1):.1%})")


if __name__ == "__main__":
    main()
