"""Language matrices as heat maps: an image, and a page that asks nothing of the network.

Several matrices, such as before and after, are drawn side by side on one colour scale, so that the eye compares
like with like. The colours are viridis: ordered by lightness, and legible without colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from xling.errors import InvalidInput, MissingExtra
from xling.evaluate.report import LanguageMatrix

# Viridis at tenths (matplotlib, CC0).
_VIRIDIS = (
    (68, 1, 84),
    (72, 36, 117),
    (65, 68, 135),
    (53, 95, 141),
    (42, 120, 142),
    (33, 145, 140),
    (34, 168, 132),
    (68, 191, 112),
    (122, 209, 81),
    (189, 223, 38),
    (253, 231, 37),
)


def heatmap_html(
    matrices: LanguageMatrix | Sequence[LanguageMatrix],
    path: str | Path | None = None,
    *,
    title: str = "Query language × document language",
    low: float | None = None,
    high: float | None = None,
    digits: int = 2,
) -> str:
    """One self-contained HTML page with a coloured table a matrix: no scripts, no fonts, no outside requests.

    Args:
        matrices: One or more; all share one colour scale.
        path: Where to write the page; nothing is written if not given.
        title: Heading of the page.
        low: Value of the darkest colour; the smallest value if not given.
        high: Value of the brightest colour; the largest value if not given.
        digits: Decimals in the cells.

    Returns:
        The page.
    """
    items = _as_list(matrices)
    low, high = _scale(items, low, high)
    tables = "\n".join(_html_table(m, low, high, digits) for m in items)
    stops = ", ".join(f"rgb{c}" for c in _VIRIDIS)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
:root {{ color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }}
main {{ display: flex; flex-wrap: wrap; gap: 2rem; }}
table {{ border-collapse: collapse; }}
caption {{ font-weight: 600; padding-bottom: .5rem; text-align: left; }}
th {{ font-weight: 600; padding: .25rem .4rem; }}
td {{ font-variant-numeric: tabular-nums; padding: .25rem .4rem; text-align: right; }}
.scale {{ background: linear-gradient(to right, {stops}); height: .75rem; max-width: 20rem; }}
.ends {{ display: flex; justify-content: space-between; max-width: 20rem; }}
</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>Rows: language of the query. Columns: language of the documents.</p>
<div class="scale" role="presentation"></div>
<div class="ends"><span>{low:.{digits}f}</span><span>{high:.{digits}f}</span></div>
<main>
{tables}
</main>
</body>
</html>
"""
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def heatmap_png(
    matrices: LanguageMatrix | Sequence[LanguageMatrix],
    path: str | Path,
    *,
    title: str | None = None,
    low: float | None = None,
    high: float | None = None,
    digits: int = 2,
    dpi: int = 150,
) -> None:
    """Draw the matrices side by side into one PNG image. Arguments as for `heatmap_html`.

    Raises:
        MissingExtra: matplotlib is not installed (extra `eval`).
    """
    items = _as_list(matrices)
    low, high = _scale(items, low, high)
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise MissingExtra("A heat map as PNG", "eval", "matplotlib") from exc

    wide, tall = max(len(m.columns) for m in items), max(len(m.rows) for m in items)
    # A figure of its own, never pyplot: no global state, no display, safe in threads.
    figure = Figure(figsize=(1.5 + len(items) * (1.0 + 0.46 * wide), 1.6 + 0.38 * tall), layout="constrained")
    FigureCanvasAgg(figure)
    plots = figure.subplots(1, len(items), squeeze=False)[0]
    for plot, matrix in zip(plots, items, strict=True):
        cells = [[float("nan") if v is None else v for v in row] for row in matrix.values]
        image = plot.imshow(cells, cmap="viridis", vmin=low, vmax=high, aspect="auto")
        plot.set_xticks(range(len(matrix.columns)), matrix.columns)
        plot.set_yticks(range(len(matrix.rows)), matrix.rows)
        plot.set_xlabel("document language")
        plot.set_ylabel("query language")
        plot.set_title(matrix.title)
        for y, row in enumerate(matrix.values):
            for x, value in enumerate(row):
                if value is not None:
                    ink = _ink(_colour(value, low, high))
                    plot.text(x, y, f"{value:.{digits}f}", ha="center", va="center", fontsize=7, color=ink)
    figure.colorbar(image, ax=list(plots), fraction=0.04)
    if title:
        figure.suptitle(title)
    figure.savefig(Path(path), format="png", dpi=dpi)


def _as_list(matrices: LanguageMatrix | Sequence[LanguageMatrix]) -> list[LanguageMatrix]:
    items = [matrices] if isinstance(matrices, LanguageMatrix) else list(matrices)
    if not items or not all(m.rows and m.columns for m in items):
        raise InvalidInput("a heat map needs at least one matrix, with rows and columns")
    return items


def _scale(items: Sequence[LanguageMatrix], low: float | None, high: float | None) -> tuple[float, float]:
    values = [v for m in items for row in m.values for v in row if v is not None]
    bottom = low if low is not None else min(values, default=0.0)
    top = high if high is not None else max(values, default=1.0)
    return (bottom, top) if top > bottom else (bottom, bottom + 1.0)


def _colour(value: float, low: float, high: float) -> tuple[int, int, int]:
    place = min(max((value - low) / (high - low), 0.0), 1.0) * (len(_VIRIDIS) - 1)
    at = min(int(place), len(_VIRIDIS) - 2)
    share = place - at
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_VIRIDIS[at], _VIRIDIS[at + 1], strict=True))
    return red, green, blue


def _ink(colour: tuple[int, int, int]) -> str:
    """Black or white, whichever has the greater contrast on the colour (WCAG 2 relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _html_table(matrix: LanguageMatrix, low: float, high: float, digits: int) -> str:
    heads = "".join(f'<th scope="col">{escape(c)}</th>' for c in matrix.columns)
    body = []
    for lang, row in zip(matrix.rows, matrix.values, strict=True):
        cells = "".join(_html_cell(value, low, high, digits) for value in row)
        body.append(f'<tr><th scope="row">{escape(lang)}</th>{cells}</tr>')
    return (
        f"<table>\n<caption>{escape(matrix.title)}</caption>\n<thead><tr><td></td>{heads}</tr></thead>\n"
        f"<tbody>\n{chr(10).join(body)}\n</tbody>\n</table>"
    )


def _html_cell(value: float | None, low: float, high: float, digits: int) -> str:
    if value is None:
        return "<td>–</td>"
    colour = _colour(value, low, high)
    style = f"background:rgb{colour};color:{_ink(colour)}"
    return f'<td style="{style}">{value:.{digits}f}</td>'
