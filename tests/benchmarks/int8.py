"""What queries in 8 bits, and everything in bfloat16, cost: Tatoeba from XTREME's 36 languages to English, and XQuAD-R.

    python tests/benchmarks/int8.py [--data ../shared/data] [--lines 1000] [--every 1] [--vectors FILE] [--only tatoeba]
    [--runtimes onnx-int8 openvino]

ONNX Runtime's queries, in 8 bits or not, search the same document vectors, encoded once; OpenVINO's search those of
OpenVINO. A neutral search encodes a query with both prompts, and so is it done here. With `--lines` and `--every`
fewer: the first lines of each language of Tatoeba, every nth question of XQuAD-R. `--vectors` keeps the vectors of
XQuAD-R's sentences, or reads them where they are kept.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from xling.evaluate import RetrievalSet, evaluate, tatoeba, xquad_r
from xling.evaluate.compare import neutral_queries
from xling.evaluate.sets import TATOEBA_XTREME, bcp47, tatoeba_codes
from xling.space.protocols import Vectors
from xling.space.reference import Reference, load_reference
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.text import normalise

RUNTIMES = ("onnx", "onnx-int8", "openvino")
Encoders = dict[str, SentenceTransformerEncoder]


def first_is_right(found: RetrievalSet, vectors: Vectors, documents: Vectors) -> float:
    best = (vectors @ documents.T).argmax(axis=1)
    return float(np.mean([best[i] in found.relevant[i] for i in range(len(best))]))


def on_tatoeba(folder: Path, lines: int, encoders: Encoders, reference: Reference) -> None:
    scores: dict[str, list[list[float]]] = {name: [] for name in encoders}
    codes = [code for code in tatoeba_codes(folder) if bcp47(code) in TATOEBA_XTREME]
    for code in codes:
        whole = tatoeba(folder, code)[0]
        pool = whole.documents[:lines]
        n = len(pool)
        found = RetrievalSet(
            whole.name, whole.queries[:n], whole.query_langs[:n], pool, whole.document_langs[:n], whole.relevant[:n]
        )
        texts = [normalise(text) for text in pool]
        exact = encoders["onnx"].encode_documents(texts)
        queries = [normalise(text) for text in found.queries]
        for name, encoder in encoders.items():
            documents = encoder.encode_documents(texts) if name == "openvino" else exact
            start = time.process_time()
            plain, as_documents = encoder.encode_both(queries, queries)
            seconds = time.process_time() - start
            neutral = neutral_queries(plain, as_documents, documents, found.document_langs, reference)
            scores[name].append([*(first_is_right(found, v, documents) for v in (plain, neutral)), seconds])
    print(f"\nTatoeba, {len(codes)} languages to English, {lines} lines at most\n")
    print("| runtime | accuracy, raw | accuracy, neutral | processor, of onnx |\n| --- | --- | --- | --- |")
    base = sum(row[2] for row in scores["onnx"])
    for name, rows in scores.items():
        raw, neutral, _ = np.mean(rows, axis=0)
        print(f"| {name} | {raw:.4f} | {neutral:.4f} | {sum(row[2] for row in rows) / base:.0%} |", flush=True)


def on_xquad(folder: Path, every: int, file: Path | None, encoders: Encoders, reference: Reference) -> None:
    whole = xquad_r(folder)
    found = whole.take(range(0, len(whole.queries), every))
    of_onnx = sentences(whole, file, encoders["onnx"])
    queries = [normalise(text) for text in found.queries]
    print(f"\nXQuAD-R, {len(queries):,} questions, {len(of_onnx):,} sentences\n")
    print("| runtime | mAP, raw | mAP, neutral | cosine to onnx, mean | lowest |\n| --- | --- | --- | --- | --- |")
    exact: Vectors | None = None
    for name, encoder in encoders.items():
        documents = sentences(whole, None, encoder) if name == "openvino" else of_onnx
        plain, as_documents = encoder.encode_both(queries, queries)
        neutral = neutral_queries(plain, as_documents, documents, found.document_langs, reference)
        exact = plain if exact is None else exact
        cosines = (plain * exact).sum(axis=1)
        raw, without = (evaluate(found, vectors, documents).map for vectors in (plain, neutral))
        print(f"| {name} | {raw:.4f} | {without:.4f} | {cosines.mean():.5f} | {cosines.min():.5f} |", flush=True)


def sentences(found: RetrievalSet, file: Path | None, encoder: SentenceTransformerEncoder) -> Vectors:
    texts = [normalise(text) for text in found.documents]
    if file is not None and file.is_file():
        vectors = np.asarray(np.load(file), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        some = range(0, len(texts), max(len(texts) // 20, 1))
        assert len(vectors) == len(texts)
        assert (encoder.encode_documents([texts[i] for i in some]) * vectors[some]).sum(axis=1).min() > 0.999
        return vectors
    vectors = encoder.encode_documents(texts)
    if file is not None:
        np.save(file, vectors.astype(np.float16))
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--only", choices=("tatoeba", "xquad"))
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=list(RUNTIMES), help="onnx is always one")
    options = parser.parse_args()
    encoders = {
        name: SentenceTransformerEncoder("bundled", runtime=name) for name in dict.fromkeys(["onnx", *options.runtimes])
    }
    reference = load_reference(encoders["onnx"])
    if options.only != "xquad":
        on_tatoeba(options.data / "tatoeba", options.lines, encoders, reference)
    if options.only != "tatoeba":
        on_xquad(options.data / "xquad-r", options.every, options.vectors, encoders, reference)


if __name__ == "__main__":
    main()
