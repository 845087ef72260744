"""`xling doctor`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import KEY_VARIABLE, URL_VARIABLE, Model, Output, read_api_key

_MARKS = {"ok": "ok", "warning": "look", "failed": "FAILED"}
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(
    model: Model,
    out: Output,
    url: Annotated[
        str | None, typer.Option("--url", help=f"Look at this Qdrant server too. (or the variable {URL_VARIABLE})")
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option("--api-key-file", help=f"File with its API key. (or the key itself in {KEY_VARIABLE})"),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="Directory of embedded collections. (default: the user's data directory)"),
    ] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Leave out what takes long: trying the model.")] = False,
) -> None:
    """Check the installation, the machine, the model, the stores; say what to do about what is wrong.

    Writes nothing that stays, but a model that was not converted yet is. Exit code 1 if something failed. With --json a
    list of objects with the keys name, state (ok, warning, failed), found and advice.
    """
    from xling.doctor import examine

    url = url or os.environ.get(URL_VARIABLE) or None
    key = read_api_key(api_key_file, url)
    checks = []
    for check in examine(
        model.model,
        url=url,
        api_key=key,
        path=path,
        runtime=model.runtime,
        device=model.device,
        try_model=not no_model,
    ):
        checks.append(check)
        if not out.json:
            _show(check.name, check.state, check.found, check.advice)
    if out.json:
        output.json_line([check.to_dict() for check in checks])
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)


def _show(name: str, state: str, found: str, advice: str) -> None:
    if not output.is_terminal():
        output.line("\t".join(output.printable(value) for value in (name, state, found, advice)))
        return
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 2))
    row.add_column(width=6)
    row.add_column(width=11, style="bold")
    row.add_column(overflow="fold")
    row.add_row(Text(_MARKS[state], style=_STYLES[state]), name, Text(output.printable(found)))
    if advice:
        row.add_row("", "", Text(f"→ {output.printable(advice)}", style=_STYLES[state]))
    output.console().print(row)
