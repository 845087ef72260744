"""How fast TMX is read and written, and in how much memory.

    python tests/benchmarks/tmx.py            # 100,000 units
    python tests/benchmarks/tmx.py 1000000

Units are made, written and read one by one; the time of making them is taken off that of writing. A fifth has tags.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from xling.translate import Segment, Tag, Unit, read_tmx, write_tmx


def units(count: int) -> Iterator[Unit]:
    """Units as translation tools export them: dates, an id, and tags in a part of them."""
    for number in range(count):
        dates = {"creationdate": "20240101T120000Z", "creationid": "translator"}
        tagged = ("Press ", Tag("bpt", ("<b>",), {"i": "1"}), "OK", Tag("ept", ("</b>",), {"i": "1"}), f" {number}.")
        plain = (f"The contracting parties agree on article {number} of this contract & its annexes.",)
        german = (f"Die Vertragsparteien vereinbaren Artikel {number} dieses Vertrags & seiner Anlagen.",)
        source = tagged if number % 5 == 0 else plain
        yield Unit((Segment("en-GB", source, dates), Segment("de-DE", german, dates)), id=str(number))


def peak() -> int:
    """Peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=int, nargs="?", default=100_000)
    count: int = parser.parse_args().units
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "units.tmx"
        before = peak()
        start = time.perf_counter()
        for _ in units(count):
            pass
        making = time.perf_counter() - start
        start = time.perf_counter()
        write_tmx(path, units(count))
        writing = time.perf_counter() - start - making
        start = time.perf_counter()
        read = sum(1 for _ in read_tmx(path))
        reading = time.perf_counter() - start
        print(f"{count:,} units, {path.stat().st_size / 1e6:.0f} MB; memory grew by {peak() - before} MB")
        print(f"written {count / writing:>10,.0f} units/s")
        print(f"read    {read / reading:>10,.0f} units/s")


if __name__ == "__main__":
    main()
