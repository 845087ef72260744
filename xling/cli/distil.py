"""`xling distil`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.options import Output
from xling.cli.progress import Bar

if TYPE_CHECKING:
    from xling.space.encoders.distil import Distilled


def distil(
    out: Output,
    model: Annotated[str, typer.Argument(help="A sentence-transformers model: a name or a directory.")],
    to: Annotated[Path, typer.Option("--out", "-o", help="Directory to write, for --model.", show_default=False)],
    dimension: Annotated[int, typer.Option("--dimension", help="Numbers of a vector; 0 for the model's own.")] = 256,
    vocabulary_from: Annotated[
        list[Path] | None,
        typer.Option(
            "--vocabulary-from", help="Text file, also .gz: only its tokens, by how often they occur. Repeatable."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="Where the model runs, e.g. cpu or cuda.")] = None,
) -> None:
    """Make a static model out of a sentence-transformers model: a hundred times as fast, and worse.

    How much worse is measured on the reference sample, sentences that look for their translation. With --json one
    object with the keys directory, tokens, dimension, bytes, pairs, accuracy, whole_accuracy, texts_per_second and
    whole_texts_per_second.
    """
    from xling.space.encoders.distil import distil as make

    texts = _lines(vocabulary_from) if vocabulary_from else None
    with Bar(None) as bar:
        made = make(
            model, to, dimension=dimension or None, vocabulary_from=texts, device=device, progress=bar.on_progress
        )
    if out.json:
        output.json_line({**asdict(made), "directory": str(made.directory)})
    else:
        _show(made)


def _lines(paths: list[Path]) -> Iterator[str]:
    from xling.translate.sides import lines_of

    for path in paths:
        yield from lines_of(path)


def _show(made: Distilled) -> None:
    output.line(f"{made.tokens:,} tokens, {made.dimension} dimensions, {made.bytes / 1e6:,.0f} MB")
    if made.pairs:
        output.line(
            f"of {made.pairs} sentences {made.accuracy:.0%} find their translation first; {made.whole_accuracy:.0%} "
            f"with the model itself"
        )
        output.line(f"{made.texts_per_second:,.0f} texts/s; {made.whole_texts_per_second:,.0f} with the model itself")
    else:
        output.line("not measured: no two sentences of the reference sample are made of these tokens")
    output.note(f"use it with: --model {made.directory}")
