"""`xling align`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output
from xling.cli.progress import Bar


def align(
    model: Model,
    out: Output,
    source: Annotated[Path, typer.Argument(help="Text file, also .gz.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="Its translation.", show_default=False)],
    source_lang: Annotated[str | None, typer.Option("--source-lang", help="(default: told from the text)")] = None,
    target_lang: Annotated[str | None, typer.Option("--target-lang", help="(default: told from the text)")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Each line is a sentence: nothing is split.")] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File: .tmx, .xlf, .po, .csv, .tsv, .json or .html.", show_default=False),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", help="Links below are left out of files of units; 0 to 1.")
    ] = 0.0,
) -> None:
    """Align two translations of one document, sentence by sentence.

    One link a line: how many sentences of each side, confidence, source, target, with tabs between. With --json one
    object a link.
    """
    from xling.translate import align as find
    from xling.translate.links import check_form
    from xling.translate.sides import lines_of

    if to is not None:
        check_form(to)
    with Bar(None) as bar:
        found = find(
            list(lines_of(source)) if lines else source,
            list(lines_of(target)) if lines else target,
            source_lang=source_lang,
            target_lang=target_lang,
            model=model.model,
            device=model.device,
            progress=bar.on_progress,
        )
    if to is not None:
        found.write(to, min_confidence=min_confidence)
        output.note(f"{len(found.links):,} links of {source} and {target} to {to}")
    elif out.json:
        for link in found.links:
            output.json_line(link.to_dict())
    else:
        for row in found.to_tsv().splitlines():
            output.line("\t".join(output.printable(cell) for cell in row.split("\t")))
