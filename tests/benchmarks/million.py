"""A million vectors: build time, disk, memory, latency and recall of Qdrant Edge, with and without quantisation.

    python tests/benchmarks/million.py                          # 1,000,000 × 384, all set-ups (hours on two cores)
    python tests/benchmarks/million.py -n 200000 plain scalar   # fewer points, some of the set-ups

What the vectors are is said in `million_data.py`. Each phase runs in a process of its own, so that the memory shown
is that of the phase: what the process has resident after the queries, the mapped pages of files it touched included.
Results go to FOLDER/results.json as they come, and set-ups that are there already are not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe
from million_data import Floats, Seeds, blocks, load_seeds

from xling.cache_dir import cache_dir
from xling.store.base import FilterJson, Point, Schema, VectorSpec
from xling.store.edge import EdgeStore
from xling.store.ids import collection_namespace, document_uuid
from xling.store.layout import OWN_INDEXES
from xling.store.points import StoredDocument, payload_of

DIMENSION, LIMIT, YEARS = 384, 10, 50
COLD, CACHED, PINNED = qe.Memory.Cold, qe.Memory.Cached, qe.Memory.Pinned


def _scalar() -> Any:
    return qe.ScalarQuantizationConfig(qe.ScalarType.Int8, quantile=0.99, memory=PINNED)


def _binary() -> Any:
    return qe.BinaryQuantizationConfig(memory=PINNED)


def _turbo() -> Any:
    return qe.TurboQuantQuantizationConfig(bits=qe.TurboQuantBitSize.Bits4, memory=PINNED)


SETUPS: dict[str, tuple[Any, Any]] = {
    # name: quantisation, where the vectors themselves lie
    "plain": (None, CACHED),
    "on disk": (None, COLD),
    "scalar": (_scalar, CACHED),
    "scalar, on disk": (_scalar, COLD),
    "turbo, on disk": (_turbo, COLD),
    "binary, on disk": (_binary, COLD),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("setups", nargs="*", help=f"of: {'; '.join(SETUPS)} (default: all)")
    parser.add_argument("-n", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=cache_dir() / "million")
    parser.add_argument("--keep", action="store_true", help="keep the built collections, for another look")
    parser.add_argument("--phase", choices=["build", "configure", "query"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.phase:
        print(json.dumps(PHASES[args.phase](args.folder, args.n, args.setups[0])))
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    load_seeds(args.folder)
    file = args.folder / "results.json"
    results = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    wanted = [f"{args.n}: {name}" for name in args.setups or SETUPS]
    for key in wanted:
        if key not in results:
            results[key] = measure(args.folder, args.n, key.partition(": ")[2], args.keep)
            file.write_text(json.dumps(results, indent=1), "utf-8")
    show(args.n, {key.partition(": ")[2]: results[key] for key in wanted})


def measure(folder: Path, n: int, setup: str, keep: bool) -> dict[str, Any]:
    """One set-up, each phase in a child. The points are written once, and then optimised for each set-up anew."""
    base, here = folder / f"points-{n}", work(folder, n, setup)
    result = once(folder, n, setup, "build", base)
    if not here.with_suffix(".json").is_file():
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(base, here)
    result |= once(folder, n, setup, "configure", here)
    result |= child(folder, n, setup, "query")
    if not keep:
        shutil.rmtree(here)
        here.with_suffix(".json").unlink()
    return result


def once(folder: Path, n: int, setup: str, phase: str, directory: Path) -> dict[str, Any]:
    """What a phase found that made a directory, which is not made again."""
    file = directory.with_suffix(".json")
    if not file.is_file():
        if phase == "build":
            shutil.rmtree(directory, ignore_errors=True)
        file.write_text(json.dumps(child(folder, n, setup, phase)), "utf-8")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def work(folder: Path, n: int, setup: str) -> Path:
    return folder / f"work-{n}-{setup.replace(', ', '-').replace(' ', '-')}"


def child(folder: Path, n: int, setup: str, phase: str) -> dict[str, Any]:
    command = [sys.executable, __file__, setup, "-n", str(n), "--folder", str(folder), "--phase", phase]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {setup}, {phase}: {found}", file=sys.stderr, flush=True)
    return found


def build(folder: Path, n: int, setup: str) -> dict[str, Any]:
    """Write the points, with the payloads that xling writes."""
    seeds, namespace = load_seeds(folder), collection_namespace("million")
    store = EdgeStore(folder / f"points-{n}", "million")
    indexes = {**OWN_INDEXES, "metadata.year": "integer"}
    store.create(Schema((VectorSpec("", DIMENSION),), indexes), {})  # type: ignore[arg-type]
    number, seconds = 0, 0.0
    for ones, vectors in blocks(seeds, n):
        points = []
        for one, vector in zip(ones, vectors, strict=True):
            text = f"{number}. {seeds.texts[one]}"
            uuid = document_uuid(namespace, number, source=None, text=text)
            document = StoredDocument(uuid, text, number, str(seeds.langs[one]), {"year": _year(number)}, None)
            points.append(Point(uuid, vector, payload_of(document, 0, 1, 0, len(text))))
            number += 1
        started = time.perf_counter()
        store.upsert(points, vector_name="")
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    store.close()
    return {"write_s": seconds + time.perf_counter() - started, "write_peak_mb": _memory()["VmHWM"]}


def configure(folder: Path, n: int, setup: str) -> dict[str, Any]:
    """Give the written points a set-up and build the index for it."""
    quantisation, memory = SETUPS[setup]
    vectors = qe.EdgeVectorParams(size=DIMENSION, distance=qe.Distance.Cosine, memory=memory)
    config = qe.EdgeConfig(
        vectors={"": vectors},
        quantization_config=quantisation() if quantisation else None,
        hnsw_config=qe.HnswIndexConfig(16, 100, 10_000, memory=CACHED),
    )
    qe.EdgeShard.load(str(work(folder, n, setup) / "million" / "shard"), config).close()
    store = EdgeStore(work(folder, n, setup), "million")
    started = time.perf_counter()
    store.optimize()
    seconds = time.perf_counter() - started
    figures = store.stats()
    store.close()
    return {
        "index_s": seconds,
        "index_peak_mb": _memory()["VmHWM"],
        "disk_mb": figures["disk_bytes"] / 1e6,
        "segments": figures["segments"],
        "indexed": figures["indexed_vectors"],
    }


def query(folder: Path, n: int, setup: str) -> dict[str, Any]:
    """Ask the built collection, in a process that did nothing before."""
    asked = np.load(folder / "million_queries.npy")
    truth, filters = exact(folder, n, asked)
    store = EdgeStore(work(folder, n, setup), "million")
    started = time.perf_counter()
    store.count()
    result: dict[str, Any] = {"open_s": time.perf_counter() - started}
    for warm in (True, False):  # the first round brings the pages in
        for kind, conditions in filters.items():
            times, right = [], []
            for i, (row, filter) in enumerate(zip(asked, conditions, strict=True)):
                started = time.perf_counter()
                page = store.query(row[None], vector_name="", filters=[filter], limit=LIMIT)[0]
                times.append(1000 * (time.perf_counter() - started))
                right.append(len({r.payload["id"] for r in page} & set(truth[kind][i])) / len(truth[kind][i]))
            if warm:
                result[f"{kind}_first_p99"] = float(np.percentile(times, 99))
            else:
                result[f"{kind}_p50"], result[f"{kind}_p99"] = (float(np.percentile(times, p)) for p in (50, 99))
                result[f"{kind}_recall"] = float(np.mean(right))
    memory = _memory()
    result |= {"rss_mb": memory["VmRSS"], "anonymous_mb": memory["RssAnon"]}
    store.close()
    return result


def exact(folder: Path, n: int, asked: Floats) -> tuple[dict[str, list[list[int]]], dict[str, list[FilterJson | None]]]:
    """The right answers, by comparing with every vector, and the filters they were found under."""
    langs, years = _filters(len(asked))
    filters: dict[str, list[FilterJson | None]] = {
        "all": [None] * len(asked),
        "lang": [{"must": [{"key": "langs", "match": {"value": lang}}]} for lang in langs],
        "year": [{"must": [{"key": "metadata.year", "range": {"gte": y, "lt": y + 5}}]} for y in years],
    }
    file = folder / f"truth-{n}.json"
    if file.is_file():
        found: dict[str, list[list[int]]] = json.loads(file.read_text("utf-8"))
        return found, filters
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "]
    command[-1] += f"import million; million.write_truth({str(folder)!r}, {n})"
    subprocess.run(command, check=True)  # in a process of its own: it needs memory that is not the store's
    return json.loads(file.read_text("utf-8")), filters


def write_truth(folder: str, n: int) -> None:
    seeds: Seeds = load_seeds(Path(folder))
    langs, years = _filters(len(seeds.queries))
    best = {kind: (np.zeros((len(langs), 0)), np.zeros((len(langs), 0), np.int64)) for kind in ("all", "lang", "year")}
    start = 0
    for ones, vectors in blocks(seeds, n):
        scores = seeds.queries @ vectors.T
        numbers = np.arange(start, start + len(vectors))
        year = _year(numbers)
        masks = {
            "all": np.ones_like(scores, bool),
            "lang": seeds.langs[ones][None, :] == np.array(langs)[:, None],
            "year": (year[None, :] >= years[:, None]) & (year[None, :] < years[:, None] + 5),
        }
        for kind, mask in masks.items():
            merged = np.concatenate([best[kind][0], np.where(mask, scores, -9)], axis=1)
            named = np.concatenate([best[kind][1], np.broadcast_to(numbers, scores.shape)], axis=1)
            top = np.argpartition(-merged, LIMIT)[:, :LIMIT]
            best[kind] = (np.take_along_axis(merged, top, 1), np.take_along_axis(named, top, 1))
        start += len(vectors)
    truth = {kind: named.tolist() for kind, (_, named) in best.items()}
    (Path(folder) / f"truth-{n}.json").write_text(json.dumps(truth), "utf-8")


def _year(number: Any) -> Any:
    return 1970 + number * 7919 % YEARS


def _filters(queries: int) -> tuple[list[str], Any]:
    """For each query a language (2.7 % of the points) and a span of five years (10 %)."""
    langs = ["ar", "de", "en", "fr", "hi", "ja", "ko", "ru", "th", "zh"]
    return [langs[i % len(langs)] for i in range(queries)], 1970 + np.arange(queries) * 13 % (YEARS - 5)


def _memory() -> dict[str, float]:
    """Of this process, in MB."""
    lines = (line.split() for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return {name.rstrip(":"): int(rest[0]) * 1024 / 1e6 for name, *rest in lines if rest and rest[-1] == "kB"}


PHASES = {"build": build, "configure": configure, "query": query}


def show(n: int, results: dict[str, dict[str, Any]]) -> None:
    print(f"\n{n:,} × {DIMENSION}; {os.cpu_count()} cores, {_processor()}\n")
    print("| set-up | write, s | index, s | disk, GB | resident, GB | all: p50 / p99, ms | recall@10 |", end="")
    print(" 2.7 % (language): p50 / p99 | recall | 10 % (years): p50 / p99 | recall |")
    print("| --- |" + " --- |" * 10)
    for name, r in results.items():
        cells = [f"{r['write_s']:.0f}", f"{r['index_s']:.0f}", f"{r['disk_mb'] / 1e3:.2f}", f"{r['rss_mb'] / 1e3:.2f}"]
        for kind in ("all", "lang", "year"):
            cells += [f"{r[f'{kind}_p50']:.1f} / {r[f'{kind}_p99']:.1f}", f"{r[f'{kind}_recall']:.3f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    flags = info.read_text("utf-8") if info.is_file() else ""
    best = next((name for name in ("avx512f", "avx2", "sse4_2") if name in flags), "")
    return f"{platform.machine()} {best}".strip()


if __name__ == "__main__":
    main()
