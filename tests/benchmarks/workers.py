"""Adding by several encoder processes, side by side with one process, over texts of ten languages of NTREX.

    python tests/benchmarks/workers.py [--lines 100] [--runtime auto] [--rounds 2] [0 1 2 …]

0 is this process alone, with all processors; n is `workers=n`. Each round adds the same texts once each way into a new
collection, without a cache; the processes have loaded the model before the clock starts. The fastest round counts.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time

from contestants.assets import ntrex_rows

import xling
from xling.ingest.workers import EncoderWorkers
from xling.space import Runtime


def seconds(documents: list[dict[str, object]], workers: int, runtime: Runtime) -> float:
    """What adding all documents takes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        xling.open("workers", path=folder, model="bundled", runtime=runtime, cache=False) as docs,
        EncoderWorkers(docs, workers=workers) if workers else contextlib.nullcontext(),
    ):
        docs.add(f"the model is loaded {i} times" for i in range(500))
        start = time.perf_counter()
        docs.add(documents)
        return time.perf_counter() - start


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workers", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--lines", type=int, default=100, help="of NTREX, each in ten languages")
    parser.add_argument("--runtime", choices=["auto", "torch", "onnx", "openvino"], default="auto")
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    documents: list[dict[str, object]] = [{"text": row.text, "lang": row.lang} for row in ntrex_rows(args.lines)]
    best: dict[int, float] = {}
    for _ in range(args.rounds):
        for workers in args.workers:
            spent = seconds(documents, workers, args.runtime)
            best[workers] = min(spent, best.get(workers, spent))
    print("| processes | texts/s | beside the first |")
    print("| --- | --- | --- |")
    for workers, spent in best.items():
        print(f"| {workers or 'this one'} | {len(documents) / spent:.0f} | {best[args.workers[0]] / spent:.2f} |")


if __name__ == "__main__":
    main()
