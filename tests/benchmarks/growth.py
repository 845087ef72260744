"""How cost grows with the collection: 1,000 to 1,000,000 documents on Qdrant Edge, per document and per query.

    python tests/benchmarks/growth.py                            # all four sizes (an hour and more on two cores)
    python tests/benchmarks/growth.py --sizes 1000 10000         # some of them (minutes)
    python tests/benchmarks/growth.py --picture docs/growth.png  # draws what is measured, too

Documents go through `Collection.add` and queries through `search_by_vector`, neutral as by default, ten hits. The
vectors are ready (`million_data.py`): what is seen is xling and Qdrant. What the encoder takes of a document and of a
query does not grow; it is measured apart and drawn as a line. The filter is a language, 1 to 4 % of the documents.
"exact" is the collection as it is written, "index" after `optimize()`; recall@10 is of the second in the first, and
"raw" the same of `neutral=0`.
Memory is what the process holds more after the queries than before, when it had asked a collection of a hundred
documents: without pages of files ("own") and with them. Sizes of up to 10,000 are added several times, and the median
counts. `optimize()` leaves a collection as it is that is too small for an index.

Processor: of all threads of the process. Other work on the machine changes it less than the clock, and it is what the
plot shows. Each phase of each size runs in a process of its own. Results go to FOLDER/growth.json as they come, and
what is there already is not measured again; `--fresh` begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from million_data import Floats, Seeds, blocks, load_seeds

import xling
from xling.cache_dir import cache_dir

SIZES = (1_000, 10_000, 100_000, 1_000_000)
BLOCK, QUERIES, LIMIT = 10_000, 200, 10
SMALL = 100
LANGUAGES = ("ar", "de", "en", "fr", "hi", "ja", "ko", "ru", "th", "zh")
RUNTIMES = ("auto", "torch", "onnx", "openvino")
ENCODED_LINES = 30  # of NTREX, in ten languages


class ReadyVectors:
    """Stands where the bundled model would, and gives document n its vector, which was made before."""

    def __init__(self, seeds: Seeds | None = None, n: int = 0) -> None:
        from xling.space.sentence_transformer import SentenceTransformerEncoder

        model = SentenceTransformerEncoder("bundled")
        self.name, self.dimension, self.max_tokens = (model.name, model.dimension, model.max_tokens)
        self.identity = model.identity
        self._seeds, self._n = seeds, n
        self._blocks: dict[int, Floats] = {}
        self.made_s = 0.0

    def documents(self) -> Iterator[dict[str, Any]]:
        """The documents. Of their vectors the last blocks are kept: `add` holds no more documents than that."""
        assert self._seeds is not None
        made = blocks(self._seeds, self._n, BLOCK)
        for start in range(0, self._n, BLOCK):
            began = time.thread_time()
            ones, vectors = next(made)
            self.made_s += time.thread_time() - began
            self._blocks = {at: kept for at, kept in self._blocks.items() if at >= start - BLOCK} | {start: vectors}
            for number, one in enumerate(ones.tolist(), start):
                text, lang = (f"{number}. {self._seeds.texts[one]}", str(self._seeds.langs[one]))
                yield {"id": number, "text": text, "lang": lang, "metadata": {"year": 1970 + number * 7919 % 50}}

    def encode_documents(self, texts: Sequence[str]) -> Floats:
        numbers = [int(text.partition(".")[0]) for text in texts]
        return np.stack([self._blocks[n - n % BLOCK][n % BLOCK] for n in numbers])

    def encode_queries(self, texts: Sequence[str]) -> Floats:
        raise NotImplementedError("queries are given by their vectors")


def main() -> None:
    args = parser().parse_args()
    if args.phase:
        print("\n" + json.dumps(PHASES[args.phase](args)), flush=True)
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    file = args.folder / "growth.json"
    if args.fresh:
        file.unlink(missing_ok=True)
        for left in args.folder.glob("growth-*"):
            shutil.rmtree(left)
    load_seeds(args.folder)
    results: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if "encoder" not in results:
        save(file, results, "encoder", child(args, 0, "encoder"))
    for n in args.sizes:
        grow(args, n, results, file)
    from growth_report import draw, table

    print(table(results, args.sizes))
    if args.picture:
        draw(results, args.sizes, args.picture)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="documents (default: %(default)s)")
    made.add_argument("--runtime", choices=RUNTIMES, default="auto", help="of the encoder's line")
    made.add_argument("--picture", type=Path, help="draw the plot into this PNG file")
    made.add_argument("--folder", type=Path, default=cache_dir() / "million", help="where all of it is kept")
    made.add_argument("--keep", action="store_true", help="keep the collections, for another look")
    made.add_argument("--fresh", action="store_true", help="forget what was measured before")
    made.add_argument("--phase", choices=list(PHASES), help=argparse.SUPPRESS)
    made.add_argument("-n", type=int, help=argparse.SUPPRESS)
    return made


def grow(args: argparse.Namespace, n: int, results: dict[str, Any], file: Path) -> None:
    """All phases of one size. The collection is made again where it is not whole any more."""
    place, phases = directory(args.folder, n), ["add", "exact", "optimize", "index"]
    mine: dict[str, Any] = results.get(str(n), {})
    if all(phase in mine for phase in phases):
        return
    if not place.is_dir():
        mine = {}
    for phase in phases:
        if phase not in mine:
            if phase == "add":
                shutil.rmtree(place, ignore_errors=True)
            mine[phase] = child(args, n, phase)
            save(file, results, str(n), mine)
    if not args.keep:
        shutil.rmtree(place)


def save(file: Path, results: dict[str, Any], key: str, found: dict[str, Any]) -> None:
    results[key] = found
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(results, indent=1), "utf-8")
    unfinished.replace(file)


def child(args: argparse.Namespace, n: int, phase: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--phase", phase, "-n", str(n), "--folder", str(args.folder)]
    start = time.perf_counter()
    done = subprocess.run([*command, "--runtime", args.runtime], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {n:,} {phase}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def directory(folder: Path, n: int) -> Path:
    return folder / f"growth-{n}"


def add(args: argparse.Namespace) -> dict[str, Any]:
    """Add all documents; the small sizes several times, each time to a new collection."""
    seeds, place = load_seeds(args.folder), directory(args.folder, args.n)
    encoder = ReadyVectors(seeds, SMALL)
    with opened(place, "small", encoder) as docs:
        docs.add(encoder.documents(), optimize=False)  # loads what is loaded once
    times = 5 if args.n <= 1_000 else 3 if args.n <= 10_000 else 1
    taken: list[tuple[float, float]] = []
    for turn in range(times):
        encoder = ReadyVectors(seeds, args.n)
        with opened(place, "growth", encoder) as docs:
            clock, processor = clocked(lambda docs=docs, encoder=encoder: docs.add(encoder.documents(), optimize=False))
            taken.append((clock, processor - encoder.made_s))
            if docs.count() != args.n:
                raise SystemExit(f"{docs.count()} of {args.n} documents were added")
            if turn + 1 < times:
                docs.drop()
    return {"s": middle(taken, 0), "cpu_s": middle(taken, 1), "made_s": encoder.made_s, "peak_mb": peak_mb()}


def optimize(args: argparse.Namespace) -> dict[str, Any]:
    """Build the index."""
    with opened(directory(args.folder, args.n), "growth", ReadyVectors()) as docs:
        seconds, processor = clocked(docs.optimize)
        figures = docs.store.stats()
    return {"s": seconds, "cpu_s": processor, "peak_mb": peak_mb(), "indexed": figures["indexed_vectors"]}


def ask(args: argparse.Namespace) -> dict[str, Any]:
    """Ask the collection as it is, in a process that did nothing before: all queries once, and once more in time."""
    asked = np.load(args.folder / "million_queries.npy")
    asked = asked[:: max(1, len(asked) // QUERIES)][:QUERIES]
    with opened(directory(args.folder, args.n), "small", ReadyVectors()) as docs:
        for row in asked:
            docs.search_by_vector(row, limit=LIMIT)
    before = memory()
    result: dict[str, Any] = {}
    with opened(directory(args.folder, args.n), "growth", ReadyVectors()) as docs:
        start = time.perf_counter()
        docs.search_by_vector(asked[0], limit=LIMIT)
        result["first_s"] = time.perf_counter() - start
        for kind in ("all", "filtered", "raw"):
            chosen = [[LANGUAGES[i % len(LANGUAGES)]] if kind == "filtered" else None for i in range(len(asked))]
            taken, found = [], []
            for measured in (False, True):  # the first round brings the pages in
                for row, languages in zip(asked, chosen, strict=True):
                    start, processor = time.perf_counter(), time.process_time()
                    hits = docs.search_by_vector(
                        row, limit=LIMIT, languages=languages, neutral=0.0 if kind == "raw" else 1.0
                    )
                    if measured:
                        taken.append((time.perf_counter() - start, time.process_time() - processor))
                        found.append([hit.id for hit in hits])
            clock = [1000 * seconds for seconds, _ in taken]
            result[kind] = {
                "p50": statistics.median(clock),
                "p99": float(np.percentile(clock, 99)),
                "cpu_ms": 1000 * statistics.median(processor for _, processor in taken),
                "found": found,
            }
        after = memory()
        result["own_mb"] = after["RssAnon"] - before["RssAnon"]
        result["resident_mb"] = after["VmRSS"] - before["VmRSS"]
        result["disk_mb"] = docs.store.stats()["disk_bytes"] / 1e6
    return result


def encode(args: argparse.Namespace) -> dict[str, Any]:
    """What the bundled model takes of a document, and of a query with both prompts as a neutral search needs it."""
    from contestants.assets import ntrex_rows

    from xling.space.light.engines import thread_count
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    texts = [row.text for row in ntrex_rows(ENCODED_LINES)]
    encoder = SentenceTransformerEncoder("bundled", device="cpu", runtime=args.runtime)
    encoder.encode_documents(texts[:32])
    encoder.encode_both(["warm up"], ["warm up"])
    documents = [clocked(lambda: encoder.encode_documents(texts)) for _ in range(3)]
    queries = [clocked(lambda q=text[:60]: encoder.encode_both([q], [q])) for text in texts[:100]]
    return {
        "runtime": encoder.running,
        "threads": thread_count(),
        "document_ms": 1000 * middle(documents, 0) / len(texts),
        "document_cpu_ms": 1000 * middle(documents, 1) / len(texts),
        "query_ms": 1000 * middle(queries, 0),
        "query_cpu_ms": 1000 * middle(queries, 1),
    }


PHASES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "add": add,
    "exact": ask,
    "optimize": optimize,
    "index": ask,
    "encoder": encode,
}


@contextmanager
def opened(place: Path, name: str, encoder: ReadyVectors) -> Iterator[xling.Collection]:
    docs = xling.open(name, path=place, model=encoder, cache=False)
    yield docs
    docs.close()


def clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor, of all threads."""
    start, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - processor


def middle(taken: Sequence[tuple[float, float]], column: int) -> float:
    return statistics.median(row[column] for row in taken)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory() -> dict[str, float]:
    """Of this process, in MB."""
    lines = (line.split() for line in Path("/proc/self/status").read_text("utf-8").splitlines())
    return {name.rstrip(":"): int(rest[0]) * 1024 / 1e6 for name, *rest in lines if rest and rest[-1] == "kB"}


if __name__ == "__main__":
    os.environ["XLING_CACHE"] = "0"
    main()
