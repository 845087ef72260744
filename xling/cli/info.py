"""`xling info` and `xling list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target

if TYPE_CHECKING:
    from xling.types import Info


def info(target: Target, model: Model, out: Output) -> None:
    """Show what a collection is and holds.

    With --json one object with the keys name, location, documents, points, languages, model, dimension, vector_name,
    made_by_xling, space, indexes, storage, lexical, store and usage (of a model behind an API).
    """
    with target.open(model) as collection:
        found = collection.info()
    if out.json:
        output.json_line(found.to_dict())
    else:
        _show(found)


def _show(found: Info) -> None:
    from rich.table import Table
    from rich.text import Text

    languages = ", ".join(f"{lang} {number:,}" for lang, number in found.languages.items())
    rows = {
        "collection": found.name,
        "location": found.location,
        "documents": f"{found.documents:,}"
        + (f" in {found.points:,} points" if found.points != found.documents else ""),
        "languages": languages or "unknown",
        "model": f"{found.model}, {found.dimension} dimensions",
        "vector": found.vector_name or "(unnamed)",
        "made by": "xling" if found.made_by_xling else "another tool (xling searches it, but does not write into it)",
        "space": _pairs(found.space, leave_out=("name", "dimension")),
        "indexes": _pairs(found.indexes),
        "storage": _pairs(found.storage),
        "words": "kept" if found.lexical else "not kept (`xling add-lexical` adds them)" if found.made_by_xling else "",
        "store": _pairs(found.store),
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(output.printable(value)))
    output.console().print(table)


def _pairs(values: dict[str, Any], leave_out: tuple[str, ...] = ()) -> str:
    return ", ".join(f"{key} {value!r}" for key, value in values.items() if key not in leave_out) or "none"


def list_collections(
    out: Output,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="Directory of embedded collections. (default: the user's data directory)"),
    ] = None,
) -> None:
    """List the embedded collections on this machine.

    With --json one list of objects with the keys name, documents, model and state ("ok", "in use" or an error).
    """
    from xling.attach import brief, collection_names
    from xling.cache_dir import data_dir

    directory = path if path is not None else data_dir() / "collections"
    names = collection_names(path=directory)
    briefs = [one for name in names if (one := brief(name, path=directory)) is not None]
    found = [{key: one[key] for key in ("name", "documents", "model", "state")} for one in briefs]
    for entry in found:
        entry["state"] = output.printable(str(entry["state"]))
    if out.json:
        output.json_line(found)
    elif not found:
        output.note(f"no collections in {directory}")
    elif output.is_terminal():
        _show_list(found)
    else:
        for entry in found:
            output.line("\t".join("" if value is None else str(value) for value in entry.values()))


def _show_list(found: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("collection", overflow="fold")
    table.add_column("documents", justify="right")
    table.add_column("model", overflow="fold")
    table.add_column("state", overflow="fold")
    for entry in found:
        number = "" if entry["documents"] is None else f"{entry['documents']:,}"
        table.add_row(*(Text(str(v or "")) for v in (entry["name"], number, entry["model"], entry["state"])))
    output.console().print(table)
