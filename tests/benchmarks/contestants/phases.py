"""What a contestant is measured at. Each phase runs in a process of its own and gives plain JSON values."""

from __future__ import annotations

import importlib.metadata
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contestants import contestant
from contestants.assets import read_rows
from contestants.base import Contestant, Row

LIMIT, DEPTH = 10, 100
"""Hits of a timed query, and of one that is judged."""
FILTERED = "ja"


def index(one: Contestant, rows: Sequence[Row]) -> dict[str, Any]:
    """Encode and store. The model is loaded before the clock starts, for those too that load it late."""
    one.open()
    one.warm_up()
    start, processor = time.perf_counter(), time.process_time()
    one.add(rows)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    run_by = one.runs_on()
    one.close()
    return {
        "texts": len(rows),
        "s": seconds,
        "cpu_s": processor,
        "peak_mb": peak_mb(),
        "versions": versions(one),
        "runs_on": run_by,
    }


def query(one: Contestant, rows: Sequence[Row], timed: Sequence[Row], other: Sequence[Row]) -> dict[str, Any]:
    """Time queries, others with a filter, and take down what the first ones find. No text is asked twice in time."""
    one.open()
    for row in rows[-10:]:  # of full length, and no text that will be asked
        one.search(row.text + " …", LIMIT)
        one.search(row.text + " !", LIMIT, FILTERED)
    processor = time.process_time()
    hot = [milliseconds(one, row) for row in timed]
    processor = time.process_time() - processor
    filtered = [milliseconds(one, row, FILTERED) for row in other]
    found = {row.number: one.search(row.text, DEPTH) for row in timed}
    one.close()
    return {
        "ms": hot,
        "cpu_ms": 1000 * processor / len(timed),
        "filtered_ms": filtered,
        "found": found,
        "peak_mb": peak_mb(),
    }


def first_answer(one: Contestant, text: str) -> list[int]:
    """What a fresh process does on a collection that is there: the clock is outside."""
    one.open()
    return one.search(text, LIMIT)


def run(phase: str, name: str, folder: Path, model: Path, onnx: Path, part: tuple[int, int]) -> Any:
    """One phase of a contestant, in this process. `part` are the rows to index, or the numbers of the queries."""
    one = contestant(name)(model, onnx, folder / "collections" / name)
    if phase == "cold":
        return first_answer(one, "The government announced new measures on Friday.")
    rows = read_rows(folder)
    if phase == "index":
        return index(one, rows[slice(*part)])
    return query(one, rows, *asked(rows, *part))


def asked(rows: Sequence[Row], queries: int, filtered: int) -> tuple[list[Row], list[Row]]:
    """Lines drawn at random, each in all its languages; and others for the filtered queries."""
    width = len({row.lang for row in rows})
    starts = range(0, len(rows), width)
    drawn = random.Random(7).sample(starts, -(-queries // width) + -(-filtered // width))
    drawn_rows = [row for start in drawn for row in rows[start : start + width]]
    return drawn_rows[:queries], drawn_rows[-filtered:]


def milliseconds(one: Contestant, row: Row, lang: str | None = None) -> float:
    start = time.perf_counter()
    one.search(row.text, LIMIT, lang)
    return (time.perf_counter() - start) * 1000


def peak_mb() -> float | None:
    """Most memory the process ever had resident, mapped pages of files included; None where the system says not."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def versions(one: Contestant) -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in one.packages}
