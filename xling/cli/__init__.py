"""`xling …`, the command line: one short function per command, each calls `Collection`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence

_BROKEN_PIPE = 141  # as a shell reports it
_EXTRA = ("typer", "rich", "click", "shellingham")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code: 0 done, 1 failed, 2 misused, 130 interrupted.

    Args:
        argv: The arguments, without the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in ([], ["--help"], ["-h"]) and _complete():
        from xling.cli.commands import overview
        from xling.cli.output import discard_stdout, line, prepare_streams

        prepare_streams()
        try:
            line(overview())
            sys.stdout.flush()
        except BrokenPipeError:
            discard_stdout()
            return _BROKEN_PIPE
        return 0
    try:
        from xling.cli.app import run
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.partition(".")[0] not in _EXTRA:
            raise
        from xling.errors import MissingExtra

        sys.stderr.write(f"error: {MissingExtra('The command line', 'cli', exc.name)}\n")
        return 1
    return run(arguments)


def _complete() -> bool:
    """Whether the packages are there, and no shell asks for completion, which it does without arguments."""
    return "_XLING_COMPLETE" not in os.environ and all(importlib.util.find_spec(name) for name in ("typer", "rich"))
