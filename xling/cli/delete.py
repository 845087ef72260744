"""`xling delete`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.collection import Collection
    from xling.types import DocumentId


def delete(
    target: Target,
    model: Model,
    out: Output,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of documents.", show_default=False)] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="""Those whose metadata meet this JSON: '{"genre": "drama"}'.""")
    ] = None,
    lang: Annotated[list[str] | None, typer.Option("--lang", "-l", help="Those of these languages.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Those of this source, as a rule a file name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole collection, with all its documents.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete documents: by ids, by a condition, or all of them.

    What is more than named ids is confirmed on a terminal; elsewhere --yes is needed. With --json one object with the
    keys deleted, not_found and dropped.
    """
    given = {"where": parse_where(where), "languages": split_list(lang), "source": source}
    condition: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if (bool(ids), bool(condition), everything).count(True) != 1:
        raise InvalidInput("name what to delete, in one way: ids, or --where/--lang/--source, or --all")
    deleted, missing = 0, list[str]()
    with target.open(model) as collection:
        if ids:
            deleted, missing = _delete_ids(collection, ids)
        else:
            documents = collection.count(**condition)
            if everything:
                confirm(f"Delete the whole collection {target.collection!r} with {documents:,} documents?", yes)
                collection.drop()
                deleted = documents
            elif documents:
                confirm(f"Delete {documents:,} documents of {target.collection!r}?", yes)
                deleted = collection.delete(**condition).deleted
    if out.json:
        output.json_line({"deleted": deleted, "not_found": missing, "dropped": everything})
        return
    for id in missing:
        output.note(f"not found: {id}")
    output.line(f"{deleted:,} deleted" + (f", the collection {target.collection} with them" if everything else ""))


def _delete_ids(collection: Collection, ids: Sequence[str]) -> tuple[int, list[str]]:
    """A number may be the id "42" or the id 42: the string comes first, as most files give strings."""
    own = collection.info().made_by_xling
    found: list[DocumentId] = []
    missing: list[str] = []
    for id in dict.fromkeys(ids):
        forms: list[Any] = [id] if own or not id.isdecimal() else []
        forms += [int(id)] if id.removeprefix("-").isdecimal() else []
        match = next((form for form in forms if collection.get(form) is not None), None)
        if match is None:
            missing.append(id)
        else:
            found.append(match)
    return (collection.delete(found).deleted if found else 0), missing


def confirm(question: str, yes: bool) -> None:
    """Ask on a terminal before something is lost; elsewhere `--yes` is needed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(f"{question} Give --yes to do so without being asked")
    if not typer.confirm(question, err=True):
        raise typer.Abort()
