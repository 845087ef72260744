"""`xling mine`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli import output
from xling.cli.options import Model, Output
from xling.cli.progress import Bar
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.translate import Mined


def mine(
    model: Model,
    out: Output,
    source: Annotated[Path, typer.Argument(help="Text file with one sentence a line, also .gz.", show_default=False)],
    target: Annotated[Path | None, typer.Argument(help="The other side.", show_default=False)] = None,
    source_lang: Annotated[str | None, typer.Option("--source-lang", help="(default: told from the sentences)")] = None,
    target_lang: Annotated[str | None, typer.Option("--target-lang", help="(default: told from the sentences)")] = None,
    min_score: Annotated[
        float, typer.Option("--min-score", help="Fewer and surer pairs with a higher one; clear pairs have about 1.")
    ] = 0.24,
    every: Annotated[bool, typer.Option("--all", help="Every candidate, not the best of both sides only.")] = False,
    score: Annotated[
        bool, typer.Option("--score", help="Line i of both belongs together: score these pairs, for cleaning a corpus.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write the pairs to: .tmx, .xlf, .po, .csv or .tsv.", show_default=False
        ),
    ] = None,
) -> None:
    """Find the sentences of two files that are translations of each other.

    One pair a line, best first: score, source, target, with tabs between. With --json one object a pair, with line
    numbers from 1. With --score the pairs of the files in their order, with what speaks against them; a file of
    translation units (TMX, XLIFF, PO, CSV) can be scored alone, without TARGET.
    """
    from xling.translate import mine as find
    from xling.translate.formats import format_of
    from xling.translate.sides import lines_of

    if to is not None:
        format_of(to)  # now, not after an hour of work
    if score:
        if to is not None:
            raise InvalidInput("--out belongs to mining, not to --score")
        _score(source, target, model, out, source_lang, target_lang)
        return
    if target is None:
        raise InvalidInput("mining needs two files; one of translation units can be scored: --score")
    for side in (source, target):
        next(lines_of(side), None)  # what cannot be read is told now, not after the other side was encoded
    with Bar(None) as bar:
        found = find(
            source,
            target,
            source_lang=source_lang,
            target_lang=target_lang,
            model=model.model,
            device=model.device,
            min_score=min_score,
            mutual=not every,
            progress=bar.on_progress,
        )
    if to is not None:
        output.line(f"{found.write(to):,} pairs to {to}")
    for pair in found.pairs if to is None else ():
        if out.json:
            places = {key: int(getattr(pair, key)) + 1 for key in ("source_place", "target_place")}
            output.json_line({**pair.to_dict(), **places})
        else:
            _row(pair.score, pair.source, pair.target)
    output.note(_summary(found))


def _score(
    source: Path, target: Path | None, model: Model, out: Output, source_lang: str | None, target_lang: str | None
) -> None:
    from xling.translate import score_pairs
    from xling.translate.sides import lines_of

    if target is None:
        sides, (source_lang, target_lang) = _sides_of_units(source, source_lang, target_lang)
    else:
        sides = [list(lines_of(path)) for path in (source, target)]
        if len(sides[0]) != len(sides[1]):
            raise InvalidInput(
                f"{source} has {len(sides[0]):,} lines, {target} {len(sides[1]):,}: they are not parallel"
            )
    with Bar(None) as bar:
        found = score_pairs(
            zip(*sides, strict=True),
            source_lang=source_lang,
            target_lang=target_lang,
            model=model.model,
            device=model.device,
            progress=bar.on_progress,
        )
    for pair in found:
        if out.json:
            output.json_line(pair.to_dict())
        else:
            _row(pair.score, pair.source, pair.target, pair.problem or "")


def _sides_of_units(file: Path, source_lang: str | None, target_lang: str | None) -> tuple[list[list[str]], list[str]]:
    """The texts of a file of units that has both languages, and the languages."""
    from xling.translate import read_units
    from xling.translate.converting import languages_of

    languages = [lang for lang in (source_lang, target_lang) if lang]
    reader = read_units(file)
    sides: list[list[str]] = [[], []]
    for unit in reader:
        if len(languages) < 2 and len(unit.segments) > 1:
            languages = list(languages_of([unit], reader)[:2])
        found = [unit.segment(lang) for lang in languages]
        if len(found) == 2 and found[0] is not None and found[1] is not None:
            sides[0].append(found[0].text)
            sides[1].append(found[1].text)
    if not sides[0]:
        raise InvalidInput(f"{file} has no unit in two languages")
    if reader.broken_count:
        output.note(f"{reader.broken_count:,} units of {file} could not be read")
    return sides, languages


def _row(score: float | None, *texts: str) -> None:
    cells: list[Any] = ["" if score is None else f"{score:.3f}", *(output.printable(text) for text in texts)]
    output.line("\t".join(cells))


def _summary(found: Mined) -> str:
    left = {"duplicates": found.duplicates, "blank": found.blank, "copies": found.copies}
    more = "".join(f", {number:,} {name}" for name, number in left.items() if number)
    return f"{len(found.pairs):,} pairs of {found.source_sentences:,} and {found.target_sentences:,} sentences{more}"
