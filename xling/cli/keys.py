"""`xling keys …`: the keys of the HTTP service."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from xling.cli import output
from xling.cli.options import Output, split_list

if TYPE_CHECKING:
    from xling.serve.keys import Key, KeyFile

_File = Annotated[
    Path | None, typer.Option("--keys", help="File of keys. (default: keys.json in the user's data directory)")
]


def create(
    out: Output,
    name: Annotated[str, typer.Argument(help="What to call it, to know it by.", show_default=False)],
    role: Annotated[
        Literal["read", "write", "admin"],
        typer.Option("--role", help="write reads too; admin makes and deletes collections too."),
    ] = "read",
    collections: Annotated[
        list[str] | None, typer.Option("--collections", help="The only ones it is for: a,b. (default: all)")
    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="How long it is good. (default: until revoked)")] = None,
    keys: _File = None,
) -> None:
    """Make a key, and print it: it cannot be shown again, since only its hash is kept.

    With --json one object with the keys id, name, role, collections, created, expires and key.
    """
    key, text = _open(keys).create(name, role=role, collections=split_list(collections) or ["*"], days=days)
    if out.json:
        output.json_line({**key.told(), "key": text})
    else:
        output.line(text)


def list_(out: Output, keys: _File = None) -> None:
    """List the keys, without what they are. With --json one list of objects."""
    found = _open(keys).all()
    if out.json:
        output.json_line([key.told() for key in found])
    elif not found:
        output.note("there are no keys")
    for key in found if not out.json else []:
        output.line("\t".join(_cells(key)))


def revoke(
    out: Output,
    id: Annotated[str, typer.Argument(help="The key's id: see `xling keys list`.", show_default=False)],
    keys: _File = None,
) -> None:
    """Take a key away: a running service refuses it within a second. With --json one object."""
    gone = _open(keys).revoke(id)
    if out.json:
        output.json_line(gone.told())
    else:
        output.line(f"{gone.id} ({output.printable(gone.name)}) is revoked")


def _open(file: Path | None) -> KeyFile:
    from xling.serve import KeyFile, load_settings

    return KeyFile(load_settings(keys_file=file).keys_file)


def _cells(key: Key) -> list[str]:
    expires = "" if key.expires is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(key.expires))
    return [key.id, key.role, ",".join(key.collections), expires, output.printable(key.name)]


COMMANDS: dict[str, Callable[..., Any]] = {"create": create, "list": list_, "revoke": revoke}
