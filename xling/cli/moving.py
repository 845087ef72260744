"""`xling export` and `xling import`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target
from xling.cli.progress import Bar

if TYPE_CHECKING:
    from xling.types import Transfer


def export(
    target: Target,
    model: Model,
    out: Output,
    file: Annotated[Path, typer.Argument(help="Parquet file to write.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a whole collection to a Parquet file: texts, ids, metadata, vectors and what they are of.

    `xling import` makes a collection of it elsewhere, embedded or on a server, without encoding anything. With --json
    one object with the keys documents, points, collection, file, bytes and seconds.
    """
    started = time.monotonic()
    with target.open(model) as collection, Bar(None) as bar:
        done = collection.export(file, overwrite=force, progress=bar.on_progress)
    _show(done, f"to {done.file}", time.monotonic() - started, out.json)


def import_(
    target: Target,
    out: Output,
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Parquet file that `xling export` wrote.", show_default=False)],
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Into a collection that exists: replace documents of the same id, add others."),
    ] = False,
) -> None:
    """Make a collection of a file that `xling export` wrote, under the name it had or that of --collection.

    No model is needed. An interrupted import is gone on with by the same command. With --json one object with the keys
    documents, points, collection, file, bytes and seconds.
    """
    from xling.transfer.copying import import_collection

    given = getattr(context.get_parameter_source("collection"), "name", "") not in ("DEFAULT", "DEFAULT_MAP")
    started = time.monotonic()
    with Bar(None) as bar:
        done = import_collection(
            file, target.collection if given else None, merge=merge, progress=bar.on_progress, **target.place()
        )
    _show(done, f"from {done.file}", time.monotonic() - started, out.json)


def _show(done: Transfer, where: str, seconds: float, as_json: bool) -> None:
    if as_json:
        output.json_line({**done.to_dict(), "seconds": round(seconds, 3)})
        return
    size = f", {done.bytes / 1e6:,.1f} MB" if done.bytes is not None else ""
    output.line(
        f"{done.documents:,} documents of {done.collection} {where} ({done.points:,} points{size}, {seconds:.1f} s)"
    )
