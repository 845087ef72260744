"""`xling convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from xling.cli import output
from xling.cli.options import Output, split_list
from xling.errors import InvalidInput

Columns: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--column", help="Of a table whose columns are not named after languages: source=en."),
]
UnitEncoding: TypeAlias = Annotated[
    str | None, typer.Option("--encoding", help="Of tables, Moses and PO. (default: told from the file)")
]
Alternatives: TypeAlias = Annotated[
    bool, typer.Option("--alternatives", help="Of XLIFF: translations from elsewhere (alt-trans, matches) too.")
]
SubFlows: TypeAlias = Annotated[bool, typer.Option("--sub-flows", help="Of XLIFF: texts within codes (sub) too.")]

_SHOWN = 5
"""Reasons that are told, the first ones."""


def convert(
    out: Output,
    source: Annotated[Path, typer.Argument(help="File of translation units, also .gz.", show_default=False)],
    target: Annotated[Path, typer.Argument(help="File to write.", show_default=False)],
    source_format: Annotated[
        str | None, typer.Option("--from", help="tmx, xliff, po, csv, tsv or moses. (default: by its name)")
    ] = None,
    target_format: Annotated[
        str | None, typer.Option("--to", help="The same, and xliff2. (default: by its name)")
    ] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option("--languages", "-l", help="Languages, source first: en,ja. (default: the first unit's)"),
    ] = None,
    columns: Columns = None,
    encoding: UnitEncoding = None,
    alternatives: Alternatives = False,
    sub_flows: SubFlows = False,
) -> None:
    """Convert translation units: TMX, XLIFF, gettext PO, CSV, TSV and the line-parallel files of Moses.

    Says how many units were written, how many could not be read or kept, and what the new format has no place for. With
    --json one object with the keys units, broken, refused, lost, languages and reasons.
    """
    from xling.translate import convert as run

    with output.working(f"converting {source}"):
        done = run(
            source,
            target,
            source_format=source_format,
            target_format=target_format,
            languages=split_list(languages) or (),
            columns=pairs_of(columns),
            encoding=encoding,
            alternatives=alternatives,
            sub_flows=sub_flows,
        )
    if out.json:
        output.json_line({"file": str(target), **done.to_dict()})
        return
    output.line(f"{done.units:,} units to {target}")
    for part, number in done.lost.items():
        output.note(f"not read: {part}, {number:,}" if part[:1] == "<" else f"not kept: {part} of {number:,} units")
    reasons = [f"line {one.line}: {one.reason}" for one in done.broken]
    reasons += [f"unit {number}: {reason}" for number, reason in done.refused]
    for count, what in ((done.broken_count, "could not be read"), (done.refused_count, "cannot be kept")):
        if count:
            output.note(f"{count:,} units {what}")
    for reason in reasons[:_SHOWN]:
        output.note(reason)


def pairs_of(values: list[str] | None) -> dict[str, str] | None:
    """Options of the form `name=value` as a mapping; None where there are none."""
    if not values:
        return None
    pairs = [value.partition("=") for value in values]
    wrong = next((value for value, (name, _, code) in zip(values, pairs, strict=True) if not name or not code), None)
    if wrong is not None:
        raise InvalidInput(f"--column is a column and its language, e.g. source=en, not {wrong!r}")
    return {name: code for name, _, code in pairs}
