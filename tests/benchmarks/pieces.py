"""A query's own tokenizer beside the whole one: the same tokens on every line of Tatoeba? What does each cost?

python tests/benchmarks/pieces.py [--data ../shared/data] [--texts 8]

Seconds are of the processor, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from tokenizers import Tokenizer

from xling.space.bundled import bundled_model_path
from xling.space.light.pieces import Pieces, write_pieces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=8, help="fitted at once")
    options = parser.parse_args()
    file = bundled_model_path() / "tokenizer.json"
    files = sorted((options.data / "tatoeba").glob("tatoeba.*"))
    lines = list(dict.fromkeys(line for path in files for line in path.read_text("utf-8").splitlines()))
    with tempfile.TemporaryDirectory() as folder:
        write_pieces(Path(folder), file)
        memory = megabytes()
        start = time.process_time()
        whole = Tokenizer.from_file(str(file))
        print(f"whole tokenizer: loaded in {time.process_time() - start:.2f} s, {megabytes() - memory:.0f} MB")
        start = time.process_time()
        pieces = Pieces(Path(folder))
        print(f"pieces: opened in {1000 * (time.process_time() - start):.1f} ms")
        start = time.process_time()
        for line in lines[:2000]:
            pieces.fitted(["query: " + line, "passage: " + line])
        print(f"fitted to a query with both prompts: {(time.process_time() - start) / 2:.2f} ms")
        differing = 0
        for begin in range(0, len(lines), options.texts):
            group = lines[begin : begin + options.texts]
            tokenizer, ids = pieces.fitted(group)
            for ours, theirs in zip(map(tokenizer.encode, group), map(whole.encode, group), strict=True):
                differing += ids[ours.ids].tolist() != theirs.ids
        print(f"{differing:,} of {len(lines):,} lines have other tokens")


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
