"""A map as a picture (PNG or SVG), by matplotlib; what is written on it in any script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.errors import MissingExtra
from xling.explore.colouring import LANGUAGE, NOTHING, OTHER, RAMP, Colouring
from xling.explore.results import Placed
from xling.space import Vectors

if TYPE_CHECKING:
    from xling.explore.maps import Map

_SIDE = 6.0
_DPI = 150
_LISTED = 24
"""Of more names the rarer ones are not in the legend."""

_WRITTEN = 60
_LONGEST = 28
_VECTOR_POINTS = 2000
"""More points than these are an image inside of an SVG."""


def draw(made: Map, file: Path, colouring: Colouring, title: str, marks: Sequence[Placed]) -> None:
    """Draw the map's layers side by side.

    Args:
        made: The map.
        file: PNG or SVG.
        colouring: What points are coloured by.
        title: Heading; none where it is blank.
        marks: Texts that are marked on the last layer.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise MissingExtra("A map as a picture", "explore", "matplotlib") from exc
    from xling.explore.fonts import families_for

    names = [_short(name) for name in colouring.names if name is not None]
    fonts = families_for([title, colouring.name, *names, *(_short(mark.text) for mark in marks)])
    # What is written is no formula: a dollar sign is one.
    with mpl.rc_context({"font.family": fonts, "text.parse_math": False, "svg.fonttype": "path"}):
        width = _SIDE * len(made.layers) + (0 if colouring.numeric else 2.2)
        figure = Figure(figsize=(width, _SIDE + 0.6), layout="constrained")
        FigureCanvasAgg(figure)
        plots = figure.subplots(1, len(made.layers), squeeze=False)[0]
        colours = _colours(colouring)
        for plot, layer in zip(plots, made.layers, strict=True):
            shown = _scatter(plot, layer.places, colours, colouring)
            plot.set_title(layer.title if len(made.layers) > 1 else "", fontsize=11)
        last = plots[-1]
        for mark in marks:
            last.plot(mark.x, mark.y, marker="+", color="black", markersize=12, markeredgewidth=2)
            _write(last, mark.x, mark.y + 0.012, _short(mark.text), weight="bold", size=8)
        if colouring.numeric:
            figure.colorbar(shown, ax=list(plots), fraction=0.03, label=colouring.name)
        else:
            _legend(figure, colouring)
            if colouring.name != LANGUAGE:
                figure.draw_without_rendering()
                _names(last, made.places, colouring)
        if title.strip():
            figure.suptitle(title)
        figure.savefig(file, dpi=_DPI)


def _colours(colouring: Colouring) -> list[Any]:
    places = colouring.places()
    if colouring.numeric:
        return [np.nan if place is None else colouring.values[i] for i, place in enumerate(places)]
    colours = colouring.colours
    return [colours[place] for place in places if place is not None]


def _scatter(plot: Any, places: Vectors, colours: Sequence[Any], colouring: Colouring) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    # In random order: else the language that is drawn last would seem to be everywhere.
    order = np.random.default_rng(0).permutation(len(places))
    options: dict[str, Any] = {}
    if colouring.numeric:
        ramp = LinearSegmentedColormap.from_list("ramp", RAMP).with_extremes(bad=NOTHING)
        options = {"cmap": ramp, "plotnonfinite": True}
    size = float(np.clip(60_000 / max(len(places), 1), 2, 40))
    shown = plot.scatter(
        places[order, 0],
        places[order, 1],
        c=[colours[i] for i in order],
        s=size,
        linewidths=0,
        alpha=0.8,
        rasterized=len(places) > _VECTOR_POINTS,
        **options,
    )
    plot.set_aspect("equal")
    plot.set_xlim(-0.02, 1.02)
    plot.set_ylim(-0.02, 1.02)
    plot.set_xticks([])
    plot.set_yticks([])
    for spine in plot.spines.values():
        spine.set_color("#c3c7ce")
    return shown


def _legend(figure: Any, colouring: Colouring) -> None:
    from matplotlib.lines import Line2D

    counts = Counter(colouring.places())
    handles = []
    for i, (name, colour) in enumerate(zip(colouring.names, colouring.colours, strict=True)):
        label = f"{'–' if name is None else _short(name)} ({counts[i]:,})"
        handles.append(Line2D([], [], marker="o", linestyle="", color=colour, markersize=6, label=label))
    more = len(handles) - _LISTED
    if more > 0:
        handles = handles[:_LISTED]
        handles.append(Line2D([], [], linestyle="", label=f"and {more} more"))
    figure.legend(handles=handles, loc="outside right upper", title=_short(colouring.name), fontsize=8, frameon=False)


def _names(plot: Any, places: Vectors, colouring: Colouring) -> None:
    """Write names where most of what bears them lies; one that would cover another is left out."""
    of = np.array(colouring.places())
    taken: list[Any] = []
    for i, name in enumerate(colouring.names[:_WRITTEN]):
        if name is None or name == OTHER:
            continue
        x, y = np.median(places[of == i], axis=0)
        written = _write(plot, x, y, _short(name), size=7)
        box = written.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            written.remove()
        else:
            taken.append(box)


def _write(plot: Any, x: float, y: float, text: str, *, size: int, weight: str = "normal") -> Any:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
    return plot.text(
        x, y, text, fontsize=size, weight=weight, ha="center", va="center", path_effects=halo, color="#1b1d21"
    )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1].rstrip()}…"
