"""`xling eval`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from xling.cli import output
from xling.cli.options import Model, Output, split_list
from xling.cli.progress import Bar
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.evaluate import Comparison, RetrievalSet, TatoebaComparison


class Kind(str, Enum):
    """What is measured."""

    PAIRS = "pairs"
    XQUAD_R = "xquad-r"
    NTREX = "ntrex"
    TATOEBA = "tatoeba"


def evaluate(
    model: Model,
    out: Output,
    kind: Annotated[Kind, typer.Argument(help="pairs: your own labelled queries; or a benchmark set.")],
    paths: Annotated[
        list[Path],
        typer.Argument(help="QUERIES.jsonl [DOCUMENTS.jsonl], or the folder of the benchmark's files."),
    ],
    lang: Annotated[
        list[str] | None,
        typer.Option("--lang", "-l", help="Languages of a benchmark, as in its file names; all if not given."),
    ] = None,
    lines: Annotated[int, typer.Option("--lines", min=1, help="Lines of NTREX that are taken.")] = 200,
    every: Annotated[int, typer.Option("--every", min=1, help="Ask only every n-th query, for a quick look.")] = 1,
    heatmap: Annotated[
        Path | None, typer.Option("--heatmap", help="Write a heat map, raw and neutral: FILE.html or FILE.png.")
    ] = None,
) -> None:
    """Measure retrieval and its language bias, with the model as it is and language-neutral.

    Lines of QUERIES.jsonl have the keys query, relevant (a list of ids, or an object of ids and grades) and lang;
    those of DOCUMENTS.jsonl id, text and lang. Without DOCUMENTS.jsonl a line has query and document. With --json one
    object, with the keys raw and neutral.

    For tatoeba: accuracy to and from English by language, and the averages over all that were measured and over the
    36 of XTREME.
    """
    from xling.evaluate import compare, compare_tatoeba
    from xling.space import SharedSpace
    from xling.space.reference import load_reference
    from xling.space.resolve import load_encoder

    if heatmap is not None and heatmap.suffix not in {".html", ".png"}:
        raise InvalidInput(f"--heatmap writes .html or .png, not {heatmap.name}")
    if len(paths) > (2 if kind is Kind.PAIRS else 1):
        raise InvalidInput("give QUERIES.jsonl and DOCUMENTS.jsonl, or one folder of a benchmark")
    if kind is Kind.TATOEBA and (heatmap is not None or every > 1):
        raise InvalidInput("tatoeba is measured by accuracy alone: it takes no --heatmap and no --every")
    languages = split_list(lang)
    asked = None if kind is Kind.TATOEBA else _set(kind, paths, languages, lines, every)
    encoder = load_encoder(model.model, device=model.device)
    with Bar(None) as bar:
        reference = load_reference(encoder, progress=bar.on_progress)
        space = SharedSpace(encoder)
        found: Comparison | TatoebaComparison
        if asked is None:
            found = compare_tatoeba(space, reference, paths[0], languages, progress=bar.on_progress)
        else:
            found = compare(space, reference, asked, progress=bar.on_progress)
    if out.json:
        output.json_line(found.to_dict())
    else:
        output.line(found.table())
    if heatmap is not None:
        _draw(cast("Comparison", found), heatmap)


def _set(kind: Kind, paths: list[Path], languages: list[str] | None, lines: int, every: int) -> RetrievalSet:
    from xling.evaluate import ntrex, read_pairs, xquad_r

    if kind is Kind.PAIRS:
        found = read_pairs(*paths)
    elif kind is Kind.XQUAD_R:
        found = xquad_r(paths[0], languages)
    else:
        found = ntrex(paths[0], languages, range(lines))
    return found.take(range(0, len(found.queries), every)) if every > 1 else found


def _draw(found: Comparison, file: Path) -> None:
    from xling.evaluate import heatmap_html, heatmap_png

    title = f"{found.raw.name}: mAP by language of query (row) and document (column)"
    matrices = [found.raw.in_pool.titled("raw"), found.neutral.in_pool.titled("neutral")]
    draw = heatmap_png if file.suffix == ".png" else heatmap_html
    draw(matrices, file, title=title)
    output.note(f"heat map written to {file}")
