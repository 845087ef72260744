"""`xling tm …`: a translation memory from the shell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from xling.cli import output
from xling.cli.convert import Alternatives, Columns, SubFlows, UnitEncoding, pairs_of
from xling.cli.options import Model, Output, Target, split_list

if TYPE_CHECKING:
    from xling.translate import Match, Memory, Unit

_SHOWN = 5
"""Broken units that are told of, the first ones."""


_Format: TypeAlias = Annotated[
    str | None, typer.Option("--format", help="tmx, xliff, xliff2, po, csv, tsv or moses. (default: by its name)")
]
_Languages: TypeAlias = Annotated[
    list[str] | None, typer.Option("--languages", "-l", help="Of PO, tables and Moses, XLIFF when written: en,ja.")
]


def import_(
    target: Target,
    model: Model,
    out: Output,
    files: Annotated[
        list[Path], typer.Argument(help="Files of units, also .gz: TMX, XLIFF, PO, CSV, TSV.", show_default=False)
    ],
    format: _Format = None,
    languages: _Languages = None,
    columns: Columns = None,
    encoding: UnitEncoding = None,
    alternatives: Alternatives = False,
    sub_flows: SubFlows = False,
) -> None:
    """Add the units of files to a memory, which is made if it is not there.

    Units that cannot be read are left out, and told of with their line and the reason. With --json one object a file,
    with the keys file, added, updated, unchanged, skipped and broken.
    """
    from xling.translate import read_units

    options: dict[str, Any] = {"format": format, "languages": split_list(languages) or ()}
    options |= {"columns": pairs_of(columns), "encoding": encoding}
    for file in files:
        next(iter(read_units(file, **options)), None)  # no memory is made for a file that cannot be read
    with _open(target, model, create=True) as memory:
        for file in files:
            with output.working(f"reading {file}"):
                report, broken = memory.import_file(file, **options, **_also(file, format, alternatives, sub_flows))
            counts = {name: getattr(report, name) for name in ("added", "updated", "unchanged")}
            if out.json:
                told = [{"line": one.line, "reason": one.reason} for one in broken]
                skipped = [skip.to_dict() for skip in report.skipped]
                output.json_line({"file": str(file), **counts, "skipped": skipped, "broken": told})
                continue
            lost = len(broken) + len(report.skipped)
            shown = ", ".join(f"{number:,} {name}" for name, number in counts.items())
            output.line(f"{file}: {shown}, {lost:,} left out")
            for one in broken[:_SHOWN]:
                output.note(f"line {one.line}: {one.reason}")


def export(
    target: Target,
    model: Model,
    out: Output,
    file: Annotated[Path, typer.Argument(help="File to write: TMX, XLIFF, PO, CSV, TSV.", show_default=False)],
    format: _Format = None,
    languages: _Languages = None,
) -> None:
    """Write all units of a memory to a file.

    Units that the format cannot keep, such as one without a text in XLIFF's source language, are left out and told of.
    With --json one object with the keys file, units and refused.
    """
    refused: list[str] = []

    def refuse(number: int, unit: Unit, reason: str) -> None:
        refused.append(reason)

    with _open(target, model) as memory:
        units = memory.export_file(file, format=format, languages=split_list(languages) or (), on_refused=refuse)
    if out.json:
        output.json_line({"file": str(file), "units": units, "refused": len(refused)})
        return
    output.line(f"{units:,} units of {target.collection} to {file}")
    if refused:
        output.note(f"{len(refused):,} units cannot be kept in it; the first: {refused[0]}")


def info(target: Target, model: Model, out: Output) -> None:
    """Show what a memory holds: units, languages, contexts, dates.

    With --json one object with the keys name, location, model, units, languages, in_context, unreviewed, oldest, newest
    and penalty.
    """
    with _open(target, model) as memory, output.working("reading the memory"):
        found = memory.info()
    if out.json:
        output.json_line(found.to_dict())
        return
    rows = {
        "memory": found.name,
        "location": found.location,
        "model": found.model,
        "units": f"{found.units:,}",
        "languages": ", ".join(f"{lang} {number:,}" for lang, number in found.languages.items()) or "none",
        "in a context": f"{found.in_context:,}",
        "unreviewed": f"{found.unreviewed:,}",
        "changed": " to ".join(_day(time) for time in (found.oldest, found.newest) if time is not None) or "never",
    }
    for name, value in rows.items():
        output.line(f"{name:<14}{output.printable(value)}")


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


def _also(file: Path, format: str | None, alternatives: bool, sub_flows: bool) -> dict[str, Any]:
    """What is asked for beside the units; only XLIFF has any of it."""
    from xling.translate.formats import format_of

    return {"alternatives": alternatives, "sub_flows": sub_flows} if format_of(file, format).startswith("xliff") else {}


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


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).date().isoformat()


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
    "info": info,
}
