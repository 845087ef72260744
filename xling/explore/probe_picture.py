"""The report on a space as a picture: what smaller vectors cost, variance by component, bias and distortion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.errors import MissingExtra

if TYPE_CHECKING:
    from xling.explore.probe import Probe

_RAW, _NEUTRAL = "#f28e2b", "#4e79d9"
_DPI = 130


def draw(found: Probe, file: Path) -> None:
    """Draw the report.

    Args:
        found: The report.
        file: PNG or SVG.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise MissingExtra("A picture of the report", "explore", "matplotlib") from exc
    from xling.explore.fonts import families_for

    with mpl.rc_context({"font.family": families_for([found.name, found.model]), "text.parse_math": False}):
        figure = Figure(figsize=(13, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        savings, variance, shares = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
        _savings(savings, found)
        _variance(variance, found)
        _shares(shares, found)
        figure.suptitle(f"{found.name}: {found.documents:,} documents, {found.model}, {found.dimension} dimensions")
        figure.savefig(file, dpi=_DPI)


def _savings(plot: Any, found: Probe) -> None:
    at = np.arange(len(found.savings))
    plot.barh(at - 0.2, [one.recall for one in found.savings], 0.4, color=_RAW, label="small vectors alone")
    plot.barh(at + 0.2, [one.rescored for one in found.savings], 0.4, color=_NEUTRAL, label="best ordered anew")
    plot.set_yticks(at, [f"{one.name} ({one.bytes:,} B)" for one in found.savings])
    plot.invert_yaxis()
    plot.set_xlim(0, 1)
    plot.set_xlabel(f"recall of the {found.neighbours} exact nearest")
    plot.set_title("What smaller vectors cost", fontsize=11)
    plot.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.15), ncols=2, frameon=False)


def _variance(plot: Any, found: Probe) -> None:
    for name, shape, colour in (("raw", found.raw, _RAW), ("neutral", found.neutral, _NEUTRAL)):
        label = f"{name}: effective dimension {shape.effective_dimension:.0f}"
        plot.plot(range(1, len(shape.variances) + 1), np.cumsum(shape.variances), color=colour, label=label)
    plot.set_ylim(0, 1.02)
    plot.set_xscale("log")
    ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000, 3000) if n <= len(found.raw.variances)]
    plot.set_xticks(ticks, [f"{n:,}" for n in ticks])  # matplotlib's own are formulas
    plot.set_xticks([], minor=True)
    plot.set_xlabel("principal components")
    plot.set_title("Share of the variance", fontsize=11)
    plot.legend(fontsize=8, loc="upper left")


def _shares(plot: Any, found: Probe) -> None:
    rows = [
        ("own language\namong the nearest", found.raw.own_share, found.neutral.own_share),
        ("variance between\nlanguages", found.raw.language_variance, found.neutral.language_variance),
        ("Robin Hood index\n(hubs)", found.raw.robin_hood, found.neutral.robin_hood),
        ("mean cosine", found.raw.mean_cosine, found.neutral.mean_cosine),
        ("IsoScore", found.raw.isoscore, found.neutral.isoscore),
    ]
    at = np.arange(len(rows))
    for shift, column, colour, name in ((-0.2, 1, _RAW, "raw"), (0.2, 2, _NEUTRAL, "neutral")):
        values = [0.0 if row[column] is None else float(str(row[column])) for row in rows]
        plot.barh(at + shift, values, 0.4, color=colour, label=name)
    if found.pool_share is not None:
        plot.plot([found.pool_share] * 2, [-0.45, 0.45], color="black", linewidth=1.5, label="without bias")
    plot.set_yticks(at, [row[0] for row in rows])
    plot.invert_yaxis()
    plot.set_title("Bias and distortion", fontsize=11)
    plot.legend(fontsize=8, loc="lower right")
