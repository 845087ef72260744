"""Searching by meaning, by words, and by both: quality, and what keeping the words costs.

    python tests/benchmarks/hybrid.py                 # encodes what is not in the cache yet (some 20 minutes)
    python tests/benchmarks/hybrid.py xquad --every 1 # all questions of XQuAD-R, instead of every tenth
    python tests/benchmarks/hybrid.py grid            # what each weight costs, for each kind of words, on NTREX
    python tests/benchmarks/hybrid.py cost            # only the cost

Quality: NTREX, on which weights and rank constant were chosen (find the nine translations of a line), XQuAD-R, on which
nothing was chosen, both with the fusion of `xling.store` written in numpy over exact scores; and the identifiers of
`tests/identifiers.py` through collections. "All words" is what fusion does without `xling.space.distinctive`. Cost: a
collection with words beside one without, `add` and bytes on disk, from vectors that are cached, so that what is
compared is everything but the encoder; the encoder's time for the same texts beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from neutral import DATA, Floats, Vectors, encoder, stats_of

import xling
from tests.identifiers import DOCUMENTS, QUESTIONS
from xling.cache_dir import cache_dir
from xling.evaluate.sets import RetrievalSet, ntrex, xquad_r
from xling.space.distinctive import NAMES, NUMBERS, RANK_CONSTANT, STRONG, distinctive_terms
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.reference import Reference, load_reference
from xling.space.sparse import encode_document, encode_query
from xling.store.base import SparseVector
from xling.text import normalise

DEPTH = 100
PARTS = ["ntrex", "xquad", "grid", "identifiers", "cost"]
NTREX_CODES = ["eng", "jpn", "zho-CN", "kor", "deu", "fra", "rus", "arb", "tha", "hin"]


class Index:
    """Documents by their terms, scored as Qdrant does with its idf modifier."""

    def __init__(self, documents: Sequence[str]) -> None:
        self._postings: dict[int, list[tuple[int, float]]] = {}
        for i, text in enumerate(documents):
            vector = encode_document(text)
            for term, weight in zip(vector.indices.tolist(), vector.values.tolist(), strict=True):
                self._postings.setdefault(term, []).append((i, weight))
        self._size = len(documents)

    def best(self, query: SparseVector, leave_out: int | None) -> list[int]:
        scores: dict[int, float] = {}
        for term in query.indices.tolist():
            found = self._postings.get(term, [])
            idf = np.log((self._size - len(found) + 0.5) / (len(found) + 0.5) + 1)
            for document, weight in found:
                scores[document] = scores.get(document, 0.0) + weight * idf
        scores.pop(-1 if leave_out is None else leave_out, None)
        return sorted(scores, key=lambda document: -scores[document])[:DEPTH]


def average_precision(order: Sequence[int], relevant: set[int]) -> float:
    ranks = [rank for rank, document in enumerate(order, 1) if document in relevant]
    return sum(n / rank for n, rank in enumerate(ranks, 1)) / len(relevant)


def fused(dense: Sequence[int], lexical: Sequence[int], k: int, weight: float) -> list[int]:
    """As Qdrant fuses: a weight divides ranks, it does not multiply scores, so a light leg's first ranks count much."""
    scores = {document: 1 / (k + rank) for rank, document in enumerate(dense)}
    for rank, document in enumerate(lexical):
        scores[document] = scores.get(document, 0.0) + 1 / (k + (rank + 1) / weight - 1)
    return sorted(scores, key=lambda document: -scores[document])[:DEPTH]


def dense_orders(retrieval_set: RetrievalSet, queries: Floats, documents: Floats) -> list[list[int]]:
    orders = []
    for i, query in enumerate(queries):
        scores = documents @ query
        if retrieval_set.exclude is not None:
            scores[int(retrieval_set.exclude[i])] = -9
        orders.append(np.argsort(-scores)[:DEPTH].tolist())
    return orders


def own_document(retrieval_set: RetrievalSet, i: int) -> int | None:
    return None if retrieval_set.exclude is None else int(retrieval_set.exclude[i])


def quality(title: str, retrieval_set: RetrievalSet, queries: Floats, documents: Floats) -> None:
    index = Index(retrieval_set.documents)
    rows: dict[str, list[float]] = {}
    for i, dense in enumerate(dense_orders(retrieval_set, queries, documents)):
        text, own = retrieval_set.queries[i], own_document(retrieval_set, i)
        relevant = set(map(int, retrieval_set.relevant[i]))
        every = index.best(encode_query(text), own)
        words, weight = distinctive_terms([text])
        orders = {
            "dense": dense,
            "lexical": every,
            f"hybrid (k={RANK_CONSTANT}, weight by the query)": fused(
                dense, index.best(words, own), RANK_CONSTANT, weight
            ),
            f"all words, k={RANK_CONSTANT}, weight 0.2": fused(dense, every, RANK_CONSTANT, 0.2),
            f"all words, k={RANK_CONSTANT}, weight 1": fused(dense, every, RANK_CONSTANT, 1.0),
            "all words, k=60, weight 1 (the usual)": fused(dense, every, 60, 1.0),
        }
        for name, order in orders.items():
            rows.setdefault(name, []).append(average_precision(order, relevant))
    print(f"\n{title}: {len(retrieval_set.queries)} queries, {len(retrieval_set.documents)} documents\n")
    print("| mode | mAP@100 |\n| --- | --- |")
    for name, values in rows.items():
        print(f"| {name} | {np.mean(values):.3f} |", flush=True)


def ntrex_case(vectors: Vectors, reference: Reference) -> tuple[RetrievalSet, Floats, Floats]:
    """Two hundred lines in ten languages. The basis comes from other lines of the same texts."""
    whole = ntrex(DATA / "ntrex", NTREX_CODES, range(700))
    outside = np.flatnonzero(np.tile(np.arange(700), len(NTREX_CODES)) >= 500)
    part = ntrex(DATA / "ntrex", NTREX_CODES, range(200))
    q, p = (vectors(side, "ntrex_10langs_0-200", list(part.queries)) for side in "qp")
    others = vectors("p", "ntrex_10langs_500-700", [whole.queries[i] for i in outside])
    basis = estimate_basis(stats_of([whole.document_langs[i] for i in outside], others), reference.stats)
    return part, basis.project(blend_prompts(q, p)), p


def xquad_case(vectors: Vectors, reference: Reference, every: int) -> tuple[RetrievalSet, Floats, Floats]:
    whole = xquad_r(DATA / "xquad-r")
    part = whole.take(np.arange(0, len(whole.queries), every))
    documents = vectors("p", "xquad_sentences", list(whole.documents))
    q, p = (vectors(side, f"xquad_questions_every{every}", list(part.queries)) for side in "qp")
    basis = estimate_basis(stats_of(list(whole.document_langs), documents), reference.stats)
    return part, basis.project(blend_prompts(q, p)), documents


def grid(retrieval_set: RetrievalSet, queries: Floats, documents: Floats) -> None:
    """What looking a kind of words up changes in the mAP of all queries."""
    index = Index(retrieval_set.documents)
    kinds = {STRONG: "codes and the like", NAMES: "names", NUMBERS: "numbers"}
    weights = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
    cases: dict[str, list[tuple[list[int], list[int], set[int]]]] = {}
    for i, dense in enumerate(dense_orders(retrieval_set, queries, documents)):
        words, weight = distinctive_terms([retrieval_set.queries[i]])
        found = index.best(words, own_document(retrieval_set, i))
        if found:
            cases.setdefault(kinds[weight], []).append((dense, found, set(map(int, retrieval_set.relevant[i]))))
    print(f"\nChange of mAP@100 on NTREX, {len(queries)} queries\n")
    print(f"| words | queries | k | {' | '.join(map(str, weights))} |\n| --- | --- | --- |{' --- |' * len(weights)}")
    for kind, of_kind in cases.items():
        for k in (5, 10, 20, 60):
            changes = [
                sum(average_precision(fused(d, f, k, w), r) - average_precision(d, r) for d, f, r in of_kind)
                for w in weights
            ]
            shown = " | ".join(f"{change / len(queries):+.4f}" for change in changes)
            print(f"| {kind} | {len(of_kind)} | {k} | {shown} |", flush=True)


def identifiers() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        xling.open("articles", path=directory, model=encoder(), cache=False) as docs,
    ):
        docs.add([{"id": i, "text": text} for i, text in enumerate(DOCUMENTS)])
        print(f"\nIdentifiers: {len(QUESTIONS)} questions, {len(DOCUMENTS)} documents\n")
        print("| mode | P@1 | recall@5 |\n| --- | --- | --- |")
        for mode in ("dense", "lexical", "hybrid"):
            found = docs.search_many([question for question, _ in QUESTIONS], mode=mode, limit=5)
            ids = [[hit.id for hit in hits] for hits in found]
            first = np.mean([i in hits[:1] for (_, i), hits in zip(QUESTIONS, ids, strict=True)])
            five = np.mean([i in hits for (_, i), hits in zip(QUESTIONS, ids, strict=True)])
            print(f"| {mode} | {first:.3f} | {five:.3f} |")


class Known:
    """The bundled model, of which all vectors of some texts are at hand."""

    def __init__(self, texts: Sequence[str]) -> None:
        started = time.perf_counter()
        vectors = encoder().encode_documents(list(texts))
        self.seconds = time.perf_counter() - started
        self._known = dict(zip(texts, vectors, strict=True))
        self.name, self.dimension, self.max_tokens = "known", encoder().dimension, encoder().max_tokens
        self.identity = {"name": "known"}

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._known[text] for text in texts])

    encode_queries = encode_documents


def cost(n: int, rounds: int) -> None:
    files = [DATA / "ntrex" / f"{code}.txt" for code in NTREX_CODES[1:]]
    lines = [line for file in files if file.is_file() for line in file.read_text("utf-8").splitlines()]
    texts = [text for text in dict.fromkeys(map(normalise, lines)) if text][:: max(len(lines) // n, 1)][:n]
    known = Known(texts)
    seconds = {True: [], False: []}
    sizes = {}
    for turn in range(2 * rounds):
        lexical = turn % 2 == 0
        with tempfile.TemporaryDirectory() as directory:
            docs = xling.open("c", path=directory, model=known, cache=False, lexical=lexical)
            started = time.perf_counter()
            docs.add([{"id": i, "text": text, "lang": "und"} for i, text in enumerate(texts)])
            seconds[lexical].append(time.perf_counter() - started)
            docs.close()
            sizes[lexical] = sum(f.stat().st_blocks * 512 for f in Path(directory).rglob("*") if f.is_file())
    with_words, without = min(seconds[True]), min(seconds[False])
    per = 1000 / len(texts)
    print(f"\nCost: {len(texts)} lines of NTREX, the best of {rounds} rounds\n")
    print("| | ms a text | bytes a text |\n| --- | --- | --- |")
    print(f"| encoding | {known.seconds * per:.3f} | |")
    print(f"| all else, without words | {without * per:.3f} | {sizes[False] / len(texts):.0f} |")
    print(f"| all else, with words | {with_words * per:.3f} | {sizes[True] / len(texts):.0f} |")
    share = (with_words - without) / known.seconds
    print(f"\nKeeping words takes {share:.1%} of the time that encoding takes.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which; all if none is named")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    parser.add_argument("-n", type=int, default=2000, help="texts of the cost")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    parts = given.parts or PARTS
    vectors = Vectors(given.vectors)
    if {"ntrex", "xquad", "grid"} & {*parts}:
        reference = load_reference(encoder())
        if {"ntrex", "grid"} & {*parts}:
            case = ntrex_case(vectors, reference)
            if "ntrex" in parts:
                quality("NTREX, 200 lines in ten languages", *case)
            if "grid" in parts:
                grid(*case)
        if "xquad" in parts:
            quality("XQuAD-R", *xquad_case(vectors, reference, given.every))
    if "identifiers" in parts:
        identifiers()
    if "cost" in parts:
        cost(given.n, given.rounds)


if __name__ == "__main__":
    main()
