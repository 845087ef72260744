"""`xling tm …`: a translation memory from the shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target

if TYPE_CHECKING:
    from xling.translate import Match, Memory, Unit

_SHOWN = 5
"""Broken units that are told of, the first ones."""


def import_(
    target: Target,
    model: Model,
    out: Output,
    files: Annotated[list[Path], typer.Argument(help="TMX files, also .gz.", show_default=False)],
) -> None:
    """Add the units of TMX files to a memory, which is made if it is not there.

    Units that cannot be read are left out, and told of with their line and the reason. With --json one object a file,
    with the keys file, added, updated, skipped and broken.
    """
    with _open(target, model, create=True) as memory:
        for file in files:
            with output.working(f"reading {file}"):
                report, broken = memory.import_tmx(file)
            if out.json:
                told = [{"line": one.line, "reason": one.reason} for one in broken]
                skipped = [skip.to_dict() for skip in report.skipped]
                counts = {"added": report.added, "updated": report.updated}
                output.json_line({"file": str(file), **counts, "skipped": skipped, "broken": told})
                continue
            lost = len(broken) + len(report.skipped)
            output.line(f"{file}: {report.added:,} added, {report.updated:,} updated, {lost:,} left out")
            for one in broken[:_SHOWN]:
                output.note(f"line {one.line}: {one.reason}")


def export(
    target: Target,
    model: Model,
    out: Output,
    file: Annotated[Path, typer.Argument(help="TMX file to write.", show_default=False)],
) -> None:
    """Write all units of a memory to a TMX file. With --json one object with the keys file and units."""
    with _open(target, model) as memory:
        units = memory.export_tmx(file)
    if out.json:
        output.json_line({"file": str(file), "units": units})
    else:
        output.line(f"{units:,} units of {target.collection} to {file}")


def lookup(
    target: Target,
    model: Model,
    out: Output,
    text: Annotated[str, typer.Argument(help="What is to be translated, in any language.", show_default=False)],
    to: Annotated[str, typer.Option("--to", "-t", help="Language of the translation.", show_default=False)],
    source: Annotated[str | None, typer.Option("--from", "-f", help="Language of the text.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most matches.")] = 5,
    min_percent: Annotated[int, typer.Option("--min-percent", help="Fuzzy matches are at least so alike.")] = 70,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", help="Matches by meaning alone are at least so sure, 0 to 1.")
    ] = 0.5,
    context: Annotated[str | None, typer.Option("--context", help="Equal texts of this context are 101 %.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Equal texts only.")] = False,
) -> None:
    """Find translations of a text, or of what is like it.

    One match a line, best first: percentage (or "meaning" and how sure), language, source, translation, and what
    differs, with tabs between. With --json one object a match, with the keys target, source, source_lang, target_lang,
    kind, percent, confidence, flags, context and memory.
    """
    with _open(target, model) as memory, output.working("looking it up"):
        matches = memory.lookup(
            text,
            target=to,
            source=source,
            limit=limit,
            min_percent=min_percent,
            min_confidence=min_confidence,
            context=context,
            exact=exact,
        )
    for match in matches:
        if out.json:
            output.json_line(_match(match))
            continue
        how = f"meaning {match.confidence:.2f}" if match.percent is None else f"{match.percent} %"
        differs = f"differs: {', '.join(match.flags)}" if match.flags else ""
        output.line("\t".join([how, match.source_lang, match.source, match.target, differs]))
    if not matches:
        output.note("no match")


def concordance(
    target: Target,
    model: Model,
    out: Output,
    text: Annotated[str, typer.Argument(help="A piece of text, parts of words too.", show_default=False)],
    lang: Annotated[str | None, typer.Option("--lang", "-l", help="Only in texts of this language.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most units.")] = 50,
) -> None:
    """Find the units in which a piece of text occurs, in any of their languages.

    One unit a line, its texts with their languages and tabs between. With --json one object a unit, from language to
    text.
    """
    with _open(target, model) as memory:
        units = memory.concordance(text, language=lang, limit=limit)
    for unit in units:
        if out.json:
            output.json_line(_texts(unit))
        else:
            output.line("\t".join(f"{code}: {text}" for code, text in _texts(unit).items()))
    if not units:
        output.note("not found")


def _open(target: Target, model: Model, *, create: bool = False) -> Memory:
    from xling.translate import open_memory

    return open_memory(
        target.collection,
        **target.place(),
        model=model.model,
        device=model.device,
        runtime=model.runtime,
        create=create,
    )


def _match(match: Match) -> dict[str, Any]:
    keys = (
        "target",
        "source",
        "source_lang",
        "target_lang",
        "kind",
        "percent",
        "confidence",
        "flags",
        "context",
        "memory",
    )
    return {key: getattr(match, key) for key in keys}


def _texts(unit: Unit) -> dict[str, str]:
    return {segment.lang: segment.text for segment in unit.segments}


COMMANDS: dict[str, Callable[..., None]] = {
    "import": import_,
    "export": export,
    "lookup": lookup,
    "concordance": concordance,
}
