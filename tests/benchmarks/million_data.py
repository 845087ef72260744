"""Vectors for the benchmark of size: real embeddings, and mixtures of them up to any number.

There are no million texts here, so the texts that there are (Tatoeba in 112 languages, NTREX-128 in ten) are encoded
by the bundled model, and each further vector is the mixture of two of them of one language with a little noise, at
unit length: 0.5 to 0.95 of the one, the rest of the other, and noise of a tenth of the length. Vectors of such a set
lie as real ones do (in the narrow cone of the model, clustered by language and topic), with more near neighbours than
a real corpus has, which makes the approximate search harder, not easier. Queries are real: the query embeddings of
sentences that are not in the set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xling.evaluate.sets import bcp47
from xling.space.sentence_transformer import SentenceTransformerEncoder

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TATOEBA_LINES = 150
NTREX_LINES = 400
QUERIES_A_LANGUAGE = 40
NOISE = 0.1

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Seeds:
    """Texts, their languages and their vectors; and held-out queries."""

    texts: list[str]
    langs: NDArray[np.str_]
    vectors: Floats
    queries: Floats


def load_seeds(folder: Path) -> Seeds:
    """The real embeddings, from `folder` or encoded now (about ten minutes on one core)."""
    texts, langs, asked = _texts()
    vectors = _vectors(folder / "million_documents.npy", texts, query=False)
    queries = _vectors(folder / "million_queries.npy", asked, query=True)
    return Seeds(texts, np.array(langs), vectors, queries)


def _texts() -> tuple[list[str], list[str], list[str]]:
    texts: list[str] = []
    langs: list[str] = []
    for file in sorted((DATA / "tatoeba").glob("tatoeba.*-eng.*")):
        code = file.name.split(".")[1].removesuffix("-eng")
        if file.suffix == f".{code}":
            lines = file.read_text("utf-8").removesuffix("\n").split("\n")[:TATOEBA_LINES]
            texts += lines
            langs += [bcp47(code)] * len(lines)
    asked: list[str] = []
    for file in sorted((DATA / "ntrex").glob("*.txt")):
        lines = file.read_text("utf-8").removesuffix("\n").split("\n")
        texts += lines[:NTREX_LINES]
        langs += [bcp47(file.stem)] * NTREX_LINES
        asked += lines[1000 : 1000 + QUERIES_A_LANGUAGE]
    return texts, langs, asked


def _vectors(file: Path, texts: list[str], *, query: bool) -> Floats:
    if file.is_file():
        found: Floats = np.load(file)
        if len(found) == len(texts):
            return found
    encoder = SentenceTransformerEncoder("bundled", batch_size=64)
    encode = encoder.encode_queries if query else encoder.encode_documents
    print(f"encoding {len(texts):,} texts: {file}", flush=True)
    vectors = np.concatenate([encode(texts[at : at + 1024]) for at in range(0, len(texts), 1024)])
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, vectors)
    return vectors


def blocks(seeds: Seeds, n: int, size: int = 10_000) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """`n` vectors in blocks, the same each time: which seed each is nearest to, and the unit vectors."""
    rng = np.random.default_rng(7)
    order = np.argsort(seeds.langs, kind="stable")
    first = np.searchsorted(seeds.langs[order], seeds.langs, "left")  # of each seed: where its language begins
    last = np.searchsorted(seeds.langs[order], seeds.langs, "right")
    dimension = seeds.vectors.shape[1]
    for start in range(0, n, size):
        count = min(size, n - start)
        one = rng.integers(0, len(order), count)
        other = order[rng.integers(first[one], last[one])]
        share = rng.uniform(0.5, 0.95, (count, 1)).astype(np.float32)
        mixed = share * seeds.vectors[one] + (1 - share) * seeds.vectors[other]
        mixed += rng.normal(0, NOISE / np.sqrt(dimension), mixed.shape).astype(np.float32)
        yield one, mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
