"""Where the time of `Collection.add` goes: clocks at its seams, over texts of ten languages of NTREX.

    python tests/benchmarks/profile_indexing.py [--lines 200] [--runtime auto] [--no-langs] [--cache] [--times 1]

Three threads work at once: one compares, detects and splits, one encodes, with the cache around it, one makes points
and writes them. The shares are of the time that the whole call took, so those of all threads together may be more than
100 %. What matters is the encoder's: what is missing there to 100 % is time in which it waited. Of a faster encoder it
can be seen beforehand: with `--times 3` only every third text is encoded by the model, the others get the vector of a
neighbour. With `--no-langs` the languages are detected instead of given; with `--cache` vectors are kept in SQLite.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from contestants.assets import ntrex_rows

import xling
from xling.ingest import storing, writer
from xling.space.cache import EmbeddingCache
from xling.space.chunker import Chunker

PREPARING, ENCODING, WRITING = "preparing thread", "encoding thread", "writing thread"


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
    parser.add_argument("--runtime", choices=["auto", "torch", "onnx", "openvino"], default="auto")
    parser.add_argument("--no-langs", action="store_true")
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--times", type=int, default=1, help="as if the encoder were so many times as fast")
    args = parser.parse_args()
    rows = ntrex_rows(args.lines)
    documents = [{"id": row.number, "text": row.text, "lang": None if args.no_langs else row.lang} for row in rows]
    clocks = Clocks()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(EmbeddingCache(f"{folder}/cache.sqlite")) as kept,
        xling.open(
            "profile", path=folder, model="bundled", runtime=args.runtime, cache=kept if args.cache else False
        ) as docs,
    ):
        docs.space.documents(["loads the model"])
        docs.space.encoder.count_tokens(["loads the whole tokenizer, which a query does without"])
        if args.times > 1:
            hasten(docs.space.encoder, args.times)
        clocks.put_on(docs.store, "retrieve", PREPARING, "looking up what is stored")
        clocks.put_on(docs._detector, "detect_many", PREPARING, "languages")
        clocks.put_on(Chunker, "spans_many", PREPARING, "splitting")
        clocks.put_on(docs.space.encoder, "encode_documents", ENCODING, "encoder")
        clocks.put_on(writer, "with_terms", WRITING, "terms")
        clocks.put_on(kept, "get", ENCODING, "cache, reading")
        clocks.put_on(kept, "put", ENCODING, "cache, writing")
        clocks.put_on(docs.store, "upsert", WRITING, "Qdrant")
        clocks.put_on(storing.CollectionStatistics, "add", WRITING, "statistics")
        start = time.perf_counter()
        docs.add(documents)
        total = time.perf_counter() - start
    show(clocks.seconds, total, len(rows))


def hasten(encoder: Any, times: int) -> None:
    """Leave most of the work out."""
    encode = encoder.encode_documents
    encoder.encode_documents = lambda texts: np.repeat(encode(texts[::times]), times, axis=0)[: len(texts)]


def show(seconds: dict[tuple[str, str], float], total: float, texts: int) -> None:
    rest = total - sum(spent for (thread, _), spent in seconds.items() if thread == ENCODING)
    print(f"{texts:,} texts in {total:.1f} s, {texts / total:.0f} texts/s\n")
    print("| thread | in | s | share of the call |")
    print("| --- | --- | --- | --- |")
    for (thread, name), spent in sorted({**seconds, (ENCODING, "the rest"): rest}.items(), key=lambda x: -x[1]):
        print(f"| {thread} | {name} | {spent:.2f} | {spent / total:.1%} |")


if __name__ == "__main__":
    main()
