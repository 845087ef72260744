"""The table and the plot of `growth.py`, with the exponents that fit: cost ~ documents ** exponent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Figure = Callable[[Mapping[str, Any], int], float]
PHASES = ("add", "exact", "optimize", "index")

NOTHING_DONE = 0.01
"""Seconds within which `optimize` returns where there is nothing to do."""

COLUMNS: dict[str, tuple[Figure, str]] = {
    # name: the figure of a size, and how it is written
    "add, µs a document": (lambda r, n: 1e6 * r["add"]["s"] / n, ",.0f"),
    "add, processor": (lambda r, n: 1e6 * r["add"]["cpu_s"] / n, ",.0f"),
    "index, µs a document": (lambda r, n: indexing(r, "s") / n, ",.0f"),
    "index, processor": (lambda r, n: indexing(r, "cpu_s") / n, ",.0f"),
    "exact, ms: p50": (lambda r, n: r["exact"]["all"]["p50"], ".2f"),
    "p99": (lambda r, n: r["exact"]["all"]["p99"], ".2f"),
    "processor": (lambda r, n: r["exact"]["all"]["cpu_ms"], ".2f"),
    "filtered p50": (lambda r, n: r["exact"]["filtered"]["p50"], ".2f"),
    "filtered, processor": (lambda r, n: r["exact"]["filtered"]["cpu_ms"], ".2f"),
    "with index, ms: p50": (lambda r, n: r["index"]["all"]["p50"], ".2f"),
    "p99 ": (lambda r, n: r["index"]["all"]["p99"], ".2f"),
    "processor ": (lambda r, n: r["index"]["all"]["cpu_ms"], ".2f"),
    "filtered p50 ": (lambda r, n: r["index"]["filtered"]["p50"], ".2f"),
    "filtered, processor ": (lambda r, n: r["index"]["filtered"]["cpu_ms"], ".2f"),
    "recall@10": (lambda r, n: recall(r, "all"), ".3f"),
    "recall@10, raw": (lambda r, n: recall(r, "raw"), ".3f"),
    "disk, kB a document": (lambda r, n: 1e3 * r["index"]["disk_mb"] / n, ".1f"),
    "own memory, kB": (lambda r, n: 1e3 * r["index"]["own_mb"] / n, ".2f"),
    "with files, kB": (lambda r, n: 1e3 * r["index"]["resident_mb"] / n, ".2f"),
}
TABLES = {
    "Adding and building the index, a document; disk and memory after both": (*list(COLUMNS)[:4], *list(COLUMNS)[16:]),
    "Searching, a query": tuple(COLUMNS)[4:16],
}
ADDING, ASKING = "A document: processor, ms", "A query: processor, ms"
PANELS: dict[str, dict[str, str]] = {
    # title: line of the plot → column
    ADDING: {"add": "add, processor", "build the index": "index, processor"},
    ASKING: {
        "exact": "processor",
        "exact, one language": "filtered, processor",
        "with index": "processor ",
        "with index, one language": "filtered, processor ",
    },
    "A document: kB": {
        "disk": "disk, kB a document",
        "memory, files included": "with files, kB",
        "memory of its own": "own memory, kB",
    },
}
CONSTANT = {ADDING: "document_cpu_ms", ASKING: "query_cpu_ms"}
INKS = ("#0b5fa5", "#c1440e", "#2a7f3f", "#7a3e9d")
MARKS = "os^D"


def indexing(measured: Mapping[str, Any], clock: str) -> float:
    """Microseconds that building the index took; not a number where none was built."""
    return 1e6 * measured["optimize"][clock] if measured["optimize"]["s"] > NOTHING_DONE else math.nan


def recall(measured: Mapping[str, Any], kind: str) -> float:
    """Share of the exact search's hits that the index finds."""
    if kind not in measured["exact"]:
        return math.nan
    pairs = zip(measured["exact"][kind]["found"], measured["index"][kind]["found"], strict=True)
    return float(np.mean([len(set(right) & set(found)) / len(right) for right, found in pairs]))


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float | None:
    """The slope of the line that fits best between the logarithms."""
    pairs = [(n, value) for n, value in zip(sizes, values, strict=True) if value > 0]  # NaN is not
    if len(pairs) < 2:
        return None
    xs, ys = zip(*((math.log(n), math.log(value)) for n, value in pairs), strict=True)
    return float(np.polyfit(xs, ys, 1)[0])


def complete(results: Mapping[str, Any], sizes: Sequence[int]) -> list[int]:
    """Sizes of which all phases are measured."""
    return [n for n in sorted(sizes) if all(phase in results.get(str(n), {}) for phase in PHASES)]


def table(results: Mapping[str, Any], sizes: Sequence[int]) -> str:
    """Tables with a row a size, and last the exponents."""
    there = complete(results, sizes)
    lines: list[str] = []
    for title, columns in TABLES.items():
        lines += [f"{title}:", "", "| documents | " + " | ".join(name.strip() for name in columns) + " |"]
        lines.append("| --- |" + " --- |" * len(columns))
        values = {name: [COLUMNS[name][0](results[str(n)], n) for n in there] for name in columns}
        for i, n in enumerate(there):
            cells = [shown(values[name][i], COLUMNS[name][1]) for name in columns]
            lines.append(f"| {n:,} | " + " | ".join(cells) + " |")
        slopes = [None if name.startswith("recall") else exponent(there, values[name]) for name in columns]
        lines += ["| *exponent* | " + " | ".join("–" if x is None else f"{x:+.2f}" for x in slopes) + " |", ""]
    one = results["encoder"]
    lines.append(
        f"The encoder ({one['runtime']}, threads: {one['threads']}), whatever the size: {one['document_ms']:.1f} ms a "
        f"document ({one['document_cpu_ms']:.1f} of the processor), {one['query_ms']:.1f} ms a query "
        f"({one['query_cpu_ms']:.1f})."
    )
    return "\n".join(lines)


def shown(value: float, how: str) -> str:
    return "–" if math.isnan(value) else format(value, how)


def draw(results: Mapping[str, Any], sizes: Sequence[int], path: Path) -> None:
    """Three plots side by side, both axes logarithmic."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    there = complete(results, sizes)
    figure = Canvas(figsize=(13, 4.6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    for plot, (title, lines) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for (name, column), ink, mark in zip(lines.items(), INKS, MARKS, strict=False):
            of_size, _ = COLUMNS[column]
            values = [of_size(results[str(n)], n) / (1000 if title == ADDING else 1) for n in there]  # µs to ms
            slope = exponent(there, values)
            label = name if slope is None else f"{name} (n^{slope:.2f})"
            plot.plot(there, values, marker=mark, color=ink, linewidth=1.8, label=label)
        if title in CONSTANT:
            plot.axhline(results["encoder"][CONSTANT[title]], color="#555555", linestyle="--", label="encoder")
        plot.set(xscale="log", yscale="log", xlabel="documents")
        plot.set_title(title, fontsize=13)
        plot.grid(which="major", color="#dddddd")
        low, high = plot.get_ylim()
        plot.set_ylim(low / 1.3, high * 6)  # room for the legend
        plot.legend(loc="upper left", fontsize=10, framealpha=0.95)
        plot.tick_params(labelsize=11)
    figure.savefig(path, format="png", dpi=90)
