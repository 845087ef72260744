"""The table of the race, from what the phases gave."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from contestants import contestant
from contestants.base import Row

Measured = Mapping[str, Any]
"""Phase → what it gave, of one contestant."""
AGAINST = "langchain"
"""Ratios are to this one."""


def figures(measured: Measured, rows: Sequence[Row]) -> dict[str, float | None]:
    """The figures of one contestant."""
    parts = [measured[key] for key in sorted(measured) if key.startswith("index")]
    query = measured["query"]
    return {
        "texts/s": sum(part["texts"] for part in parts) / sum(part["s"] for part in parts),
        "peak, MB": max((part["peak_mb"] for part in parts if part["peak_mb"]), default=None),
        "query p50, ms": statistics.median(query["ms"]),
        "query p99, ms": statistics.quantiles(query["ms"], n=100, method="inclusive")[98],
        "filtered p50, ms": statistics.median(query["filtered_ms"]),
        "cold, s": statistics.median(part["s"] for key, part in measured.items() if key.startswith("cold")),
        "mAP": mean_average_precision(query["found"], rows),
    }


def processor(measured: Measured) -> dict[str, float | None]:
    """Its figures in seconds of the processor."""
    parts = [measured[key] for key in sorted(measured) if key.startswith("index")]
    return {
        "a text, ms": 1000 * sum(part["cpu_s"] for part in parts) / sum(part["texts"] for part in parts),
        "a query, ms": measured["query"]["cpu_ms"],
        "cold, s": statistics.median(part["cpu_s"] for key, part in measured.items() if key.startswith("cold")),
    }


def mean_average_precision(found: Mapping[str, Sequence[int]], rows: Sequence[Row]) -> float:
    """Of queries by their number: relevant are the same line's other languages; the query itself does not count."""
    width = len({row.lang for row in rows})
    precisions = []
    for key, numbers in found.items():
        query, right, total = int(key), 0, 0.0
        for rank, number in enumerate((n for n in numbers if n != query), 1):
            if number // width == query // width:
                right += 1
                total += right / rank
        precisions.append(total / (width - 1))
    return statistics.fmean(precisions)


def markdown(results: Mapping[str, Measured], rows: Sequence[Row], missing: Mapping[str, str]) -> str:
    """A row a contestant, and the same of the processor; what there is of ratios to `AGAINST` stands in brackets.

    Those that failed or are not all measured yet have a row that says so.
    """
    without = dict(missing)
    for name, measured in results.items():
        if "failed" in measured:
            without[name] = f"failed, {measured['failed']['phase']}: {measured['failed']['why']}"
        elif not {"query", "cold 1"} <= measured.keys():
            without[name] = "not measured to the end"
    whole = {name: measured for name, measured in results.items() if name not in without}
    lines = _table({name: figures(measured, rows) for name, measured in whole.items()}, without)
    lines += ["", "Processor:", "", *_table({name: processor(measured) for name, measured in whole.items()}, {})]
    lines += ["", "Versions: " + ", ".join(versions(whole)) + "."]
    lines += [
        f"{contestant(name).title} ran on {one['index 1']['runs_on']}."
        for name, one in whole.items()
        if one["index 1"].get("runs_on")
    ]
    return "\n".join(lines)


def _table(by_name: Mapping[str, Mapping[str, float | None]], without: Mapping[str, str]) -> list[str]:
    columns = list(next(iter(by_name.values()), {}))
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for name, mine in by_name.items():
        cells = [cell(column, value, by_name.get(AGAINST, {}).get(column)) for column, value in mine.items()]
        lines.append(f"| {contestant(name).title} | " + " | ".join(cells) + " |")
    for name, reason in without.items():
        said = reason.replace("|", "\\|")
        lines.append(f"| {contestant(name).title} | {said} |" + " |" * (len(columns) - 1))
    return lines


def cell(column: str, value: float | None, other: float | None) -> str:
    if value is None:
        return "–"
    shown = f"{value:.3f}" if column == "mAP" else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    if not other or column == "mAP":
        return shown
    ratio = value / other if column == "texts/s" else other / value
    return f"{shown} ({ratio:.1f} ×)"


def versions(results: Mapping[str, Measured]) -> list[str]:
    every = {
        name: version
        for measured in results.values()
        for key, part in measured.items()
        if key.startswith("index")
        for name, version in part["versions"].items()
    }
    return [f"{name} {version}" for name, version in sorted(every.items())]
