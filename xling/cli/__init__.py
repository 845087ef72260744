"""`xling …`, the command line: one short function per command, each calls `Collection`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_EXTRA = ("typer", "rich", "click", "shellingham")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code: 0 done, 1 failed, 2 misused, 130 interrupted.

    Args:
        argv: The arguments, without the program's name; those of the process by default.
    """
    try:
        from xling.cli.app import run
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] not in _EXTRA:
            raise
        from xling.errors import MissingExtra

        sys.stderr.write(f"error: {MissingExtra('The command line', 'cli', exc.name)}\n")
        return 1
    return run(sys.argv[1:] if argv is None else argv)
