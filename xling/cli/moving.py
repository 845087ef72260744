"""`xling export`, `xling import`, `xling reembed`, `xling add-lexical`, `xling optimize` and `xling snapshot`."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.delete import confirm
from xling.cli.options import Keeping, Model, Output, Target
from xling.cli.progress import Bar
from xling.errors import InvalidInput

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
    keeping: Keeping,
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
            file,
            target.collection if given else None,
            merge=merge,
            progress=bar.on_progress,
            **target.place(),
            **dataclasses.asdict(keeping),
        )
    _show(done, f"from {done.file}", time.monotonic() - started, out.json)


def reembed(
    target: Target,
    model: Model,
    out: Output,
    into: Annotated[str | None, typer.Option("--into", help="Name of the new collection. (default: NAME@…)")] = None,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Instead: delete what the collection held under its old model.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Change a collection's model to --model: encode its documents anew beside it, then switch over.

    Until the switch nothing changes for those who search; afterwards the collection's name leads to the new one. An
    interrupted run is gone on with by the same command. The old documents stay until --drop-old. With --json one object
    with the keys documents, points, collection, file, bytes and seconds; with --drop-old the key deleted.
    """
    if drop_old:
        with target.open(Model(device=model.device)) as collection:
            confirm(f"Delete the documents of {collection.name!r} under its old model?", yes)
            deleted = collection.drop_previous().deleted
        if out.json:
            output.json_line({"deleted": deleted})
        else:
            output.line(f"{deleted:,} deleted")
        return
    if model.model is None:
        raise InvalidInput("name the new model: --model NAME")
    from xling.transfer.reembed import reembed as change

    started = time.monotonic()
    with Bar(None) as bar:
        done = change(
            target.collection,
            model=model.model,
            device=model.device,
            into=into,
            progress=bar.on_progress,
            **target.place(),
        )
    _show(done, f"encoded by {model.model}", time.monotonic() - started, out.json)


def add_lexical(target: Target, model: Model, out: Output) -> None:
    """Add the words of its texts to a collection that was made without, for `search --mode lexical` and hybrid.

    They are written in place, and nothing is encoded; an interrupted run is begun again by the same command. With
    --json one object with the key updated.
    """
    with target.open(model) as collection, Bar(None) as bar:
        updated = collection.add_lexical(progress=bar.on_progress).updated
    if out.json:
        output.json_line({"updated": updated})
    else:
        output.line(f"{updated:,} documents of {target.collection} can be found by their words")


def optimize(target: Target, model: Model, out: Output) -> None:
    """Build the index that makes searching a large embedded collection fast; servers do so by themselves.

    Worth it from some 20,000 documents on. With --json one object with the keys collection and seconds.
    """
    started = time.monotonic()
    with target.open(model) as collection, output.working("building the index"):
        collection.optimize()
    seconds = time.monotonic() - started
    if out.json:
        output.json_line({"collection": target.collection, "seconds": round(seconds, 3)})
    else:
        output.line(f"{target.collection} is optimised ({seconds:.1f} s)")


def snapshot(
    target: Target,
    model: Model,
    out: Output,
    shown: Annotated[bool, typer.Option("--list", help="Make none: show those that are there.")] = False,
    restore: Annotated[
        str | None,
        typer.Option("--restore", help="Replace the collection by this one: its name, or a URL for the server."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Have a Qdrant server write a snapshot of a collection, or restore one.

    With --json a list of objects with the keys name, bytes and created.
    """
    if shown and restore is not None:
        raise InvalidInput("give --list or --restore, not both")
    with target.open(model) as collection:
        if restore is not None:
            confirm(f"Replace the collection {target.collection!r} by the snapshot {restore!r}?", yes)
            collection.restore(restore)
            output.note(f"{target.collection} is as it was in {restore}")
            return
        found = collection.snapshots() if shown else [collection.snapshot()]
    if out.json:
        output.json_line([one.to_dict() for one in found])
        return
    for one in found:
        output.line("\t".join([one.name, f"{one.bytes / 1e6:,.1f} MB", one.created or ""]))


def _show(done: Transfer, where: str, seconds: float, as_json: bool) -> None:
    if as_json:
        output.json_line({**done.to_dict(), "seconds": round(seconds, 3)})
        return
    size = f", {done.bytes / 1e6:,.1f} MB" if done.bytes is not None else ""
    output.line(
        f"{done.documents:,} documents of {done.collection} {where} ({done.points:,} points{size}, {seconds:.1f} s)"
    )
