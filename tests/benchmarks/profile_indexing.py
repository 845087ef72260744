"""Where the time of `Collection.add` goes: clocks at its seams, over texts of ten languages of NTREX.

    python tests/benchmarks/profile_indexing.py [--lines 200] [--runtime auto] [--no-langs]

Two threads work at once: one compares, detects, splits and encodes, the other writes. The shares are of the time that
the whole call took, so those of both threads together may be more than 100 %. What is left of the encoding thread
stands as "the rest": normalising, payloads, waiting for the other one. With `--no-langs` the languages are detected
instead of given.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from typing import Any

from contestants.assets import ntrex_rows

import xling
from xling.ingest import storing, writer
from xling.space.chunker import Chunker

ENCODING, WRITING = "encoding thread", "writing thread"


class Clocks:
    """Seconds spent in functions, by thread and name."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = {}

    def put_on(self, owner: Any, attribute: str, thread: str, name: str) -> None:
        """Replace a function by itself with a clock around it."""
        work: Callable[..., Any] = getattr(owner, attribute)
        key = (thread, name)
        self.seconds.setdefault(key, 0.0)

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[key] += time.perf_counter() - start

        setattr(owner, attribute, timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200, help="of NTREX, each in ten languages")
    parser.add_argument("--runtime", choices=["auto", "torch", "onnx"], default="auto")
    parser.add_argument("--no-langs", action="store_true")
    args = parser.parse_args()
    rows = ntrex_rows(args.lines)
    documents = [{"id": row.number, "text": row.text, "lang": None if args.no_langs else row.lang} for row in rows]
    clocks = Clocks()
    with (
        tempfile.TemporaryDirectory() as folder,
        xling.open("profile", path=folder, model="bundled", runtime=args.runtime, cache=False) as docs,
    ):
        docs.space.documents(["loads the model"])
        docs.space.encoder.count_tokens(["loads the whole tokenizer, which a query does without"])
        clocks.put_on(docs.store, "retrieve", ENCODING, "looking up what is stored")
        clocks.put_on(docs._detector, "detect_many", ENCODING, "languages")
        clocks.put_on(Chunker, "spans_many", ENCODING, "splitting")
        clocks.put_on(docs.space.encoder, "encode_documents", ENCODING, "encoder")
        clocks.put_on(writer, "with_terms", ENCODING, "terms")
        clocks.put_on(docs.store, "upsert", WRITING, "Qdrant")
        clocks.put_on(storing.CollectionStatistics, "add", WRITING, "statistics")
        start = time.perf_counter()
        docs.add(documents)
        total = time.perf_counter() - start
    show(clocks.seconds, total, len(rows))


def show(seconds: dict[tuple[str, str], float], total: float, texts: int) -> None:
    rest = total - sum(spent for (thread, _), spent in seconds.items() if thread == ENCODING)
    print(f"{texts:,} texts in {total:.1f} s, {texts / total:.0f} texts/s\n")
    print("| thread | in | s | share of the call |")
    print("| --- | --- | --- | --- |")
    for (thread, name), spent in sorted({**seconds, (ENCODING, "the rest"): rest}.items(), key=lambda x: -x[1]):
        print(f"| {thread} | {name} | {spent:.2f} | {spent / total:.1%} |")


if __name__ == "__main__":
    main()
