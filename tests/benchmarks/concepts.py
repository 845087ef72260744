"""The pictures of docs/concepts.md, from the bundled model's own vectors.

    python tests/benchmarks/concepts.py                 # encodes 4,000 texts once (some 4 minutes on 2 cores)
    python tests/benchmarks/concepts.py --pictures DIR  # elsewhere than docs/

The ranking of 「ありがとう」 raw and neutral; sentences of NTREX in six languages on their principal components, raw
and neutral; and scores of random pairs and of translations, with what confidence makes of them. What the
pictures show in figures is printed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hybrid import NTREX_CODES
from neutral import DATA, Floats, Vectors, encoder, stats_of

import xling
from xling.cache_dir import cache_dir
from xling.evaluate.sets import ntrex
from xling.explore.colouring import palette
from xling.explore.fonts import families_for
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.reference import load_reference

DOCS = Path(__file__).resolve().parents[2] / "docs"
QUERY = "ありがとう"
PHRASES = {
    "thanks": ["Thank you", "Merci", "Danke schön", "謝謝"],
    "greetings": ["おはよう", "こんにちは", "おやすみなさい", "さようなら", "Good morning"],
    "others": ["Where is the station?", "駅はどこですか？", "The cat is asleep.", "明日は雨です。"],
}
COLOURS = {"thanks": "#1a7f4b", "greetings": "#c2571a", "others": "#8b929c"}
SHOWN = {"en": "English", "ja": "Japanese", "ko": "Korean", "de": "German", "ru": "Russian", "ar": "Arabic"}
JOINED = (17, 61, 140)
"""Lines whose translations are joined."""

INK, PALE = "#1b1d21", "#c3c7ce"


@contextmanager
def picture(file: Path, size: tuple[float, float], panels: int, written: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """A figure of several panels, written to `file` at the end."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.family": families_for(written), "text.parse_math": False}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure, figure.subplots(1, panels, squeeze=False)[0]
        figure.savefig(file, dpi=110)
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


def ranking(file: Path) -> None:
    """Ranks of the phrases for one query, as the model is and neutral."""
    kinds = {text: kind for kind, texts in PHRASES.items() for text in texts}
    with tempfile.TemporaryDirectory() as directory, xling.open("p", path=directory, model=encoder()) as phrases:
        phrases.add(list(kinds))
        raw, neutral = ([h.text for h in phrases.search(QUERY, limit=len(kinds), neutral=a)] for a in (0, 1))
    print(f"raw: {', '.join(raw)}\nneutral: {', '.join(neutral)}")
    with picture(file, (7.2, 4.6), 1, [*kinds, QUERY]) as (_, (plot,)):
        for text, kind in kinds.items():
            ends = [raw.index(text), neutral.index(text)]
            plot.plot([0, 1], ends, color=COLOURS[kind], linewidth=2, marker="o", markersize=5)
            for side, rank in enumerate(ends):
                label = f"{rank + 1}.  {text}" if side else f"{text}  {rank + 1}."
                x, align = (1.03, "left") if side else (-0.03, "right")
                plot.text(x, rank, label, ha=align, va="center", color=COLOURS[kind], fontsize=11)
        for x, title in ((0, "as the model is"), (1, "neutral")):
            plot.text(x, -1.1, title, ha="center", va="bottom", color=INK, fontsize=12, weight="bold")
        plot.set(xlim=(-1.0, 2.0), ylim=(len(kinds) - 0.4, -1.9))
        plot.axis("off")


def sentences(vectors: Vectors) -> tuple[list[str], Floats, Floats]:
    """Languages, query and document vectors of 200 lines in ten languages."""
    part = ntrex(DATA / "ntrex", NTREX_CODES, range(200))
    q, p = (vectors(side, "ntrex_10langs_0-200", list(part.queries)) for side in "qp")
    return [str(lang).partition("-")[0] for lang in part.document_langs], q, p


def plane(file: Path, langs: list[str], raw: Floats, neutral: Floats) -> None:
    """The same sentences on their two principal components, raw and neutral; three of them joined."""
    chosen = np.array([lang in SHOWN for lang in langs])
    of = np.array(langs)[chosen]
    lines = np.arange(len(of)) % (len(of) // len(SHOWN))
    with picture(file, (9.6, 4.9), 2, list(SHOWN.values())) as (figure, plots):
        for plot, title, matrix in zip(plots, ("as the model is", "neutral"), (raw, neutral), strict=True):
            rows = matrix[chosen]
            means = np.stack([rows[of == lang].mean(0) for lang in SHOWN])
            between = ((means - rows.mean(0)) ** 2).sum(1).mean() / ((rows - rows.mean(0)) ** 2).sum(1).mean()
            print(f"{title}: {between:.1%} of the variance lies between languages")
            places = (rows - rows.mean(0)) @ np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2][:2].T
            for i, (lang, name) in enumerate(SHOWN.items()):
                plot.scatter(*places[of == lang].T, s=9, color=palette(i), alpha=0.75, linewidths=0, label=name)
            for line, marker in zip(JOINED, "os^", strict=True):
                corners = places[lines == line]
                middle = corners.mean(0)
                for corner in corners:
                    plot.plot(*np.stack([middle, corner]).T, color=INK, linewidth=0.8)
                plot.plot(*corners.T, marker, color="white", markeredgecolor=INK, markersize=6, linestyle="")
            plot.set_title(title, fontsize=12, color=INK, weight="bold")
            plot.set(xticks=[], yticks=[])
            for spine in plot.spines.values():
                spine.set_color(PALE)
        figure.legend(
            *plots[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(SHOWN), frameon=False,
            markerscale=2.5,
        )  # fmt: skip


def confidence(file: Path, langs: list[str], asked: Floats, documents: Floats, scale: Any) -> None:
    """Scores of random pairs and of translations of different languages, and the scale of confidence above them."""
    each = len(langs) // len(set(langs))
    number, of = np.arange(len(langs)) % each, np.array(langs)
    scores = asked @ documents.T
    other = of[:, None] != of[None, :]
    same = number[:, None] == number[None, :]
    random, translations = scores[other & ~same], scores[other & same]
    grid = np.linspace(scores.min(), scores.max(), 2000)
    of_grid = np.array([scale.confidence(float(x)) for x in grid])
    border = float(grid[np.searchsorted(of_grid, 0.5)])
    print(f"score at confidence 0.5: {border:.3f}; random pairs above it {np.mean(random > border):.1%}, "
          f"translations below it {np.mean(translations < border):.1%}")  # fmt: skip
    with picture(file, (7.2, 3.4), 1, []) as (_, (plot,)):
        bins = np.linspace(min(random.min(), translations.min()), max(random.max(), translations.max()), 90)
        for values, name, colour in ((random, "any two texts", "#8b929c"), (translations, "translations", "#1a7f4b")):
            plot.hist(values, bins, density=True, color=colour, alpha=0.75, label=name)
        plot.set(yticks=[], xlabel="score (cosine of a neutral query)")
        plot.legend(frameon=False, loc="upper left")
        above = plot.secondary_xaxis("top")
        steps = [0.01, 0.25, 0.5, 0.75, 0.99]
        at = [float(grid[np.searchsorted(of_grid, step)]) for step in steps]
        above.set_xticks(at, ["0", "0.25", "0.5", "0.75", "1"])
        above.set_xlabel("confidence")
        plot.axvline(border, color=INK, linewidth=1, linestyle="--")
        for side in ("left", "right"):
            plot.spines[side].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, default=cache_dir() / "benchmarks")
    parser.add_argument("--pictures", type=Path, default=DOCS)
    given = parser.parse_args()
    reference = load_reference(encoder())
    langs, q, p = sentences(Vectors(given.vectors))
    basis = estimate_basis(stats_of(langs, p), reference.stats)
    ranking(given.pictures / "concepts-ranking.png")
    plane(given.pictures / "concepts-languages.png", langs, p, basis.centre(p))
    if reference.calibration is None:
        raise SystemExit("the bundled model has no calibration")
    asked = basis.project(blend_prompts(q, p))
    confidence(given.pictures / "concepts-confidence.png", langs, asked, p, reference.calibration.scale(1.0))


if __name__ == "__main__":
    main()
