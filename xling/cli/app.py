"""The commands together, and the one place where their errors become a line and an exit code."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import rich  # noqa: F401  # used by all commands later: if it is missing, that is to be found now
import typer
from typer.main import get_command

from xling.cli import output
from xling.cli.commands import COMMANDS, DESCRIPTION, EPILOG, GROUPS, VERSION_HELP, chosen
from xling.cli.options import with_shared_options
from xling.cli.wording import for_shells
from xling.errors import CollectionNotFound, InvalidInput, XlingError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def application(only: str | None = None) -> typer.Typer:
    """The command line: all of it, or one command, which is all that is then imported and built."""
    app = typer.Typer(
        name="xling",
        help=DESCRIPTION,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"]},
        add_completion=True,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_xling)
    for name, (place, _) in COMMANDS.items():
        if only in (None, name):
            module, _, function = place.partition(":")
            app.command(name)(with_shared_options(getattr(importlib.import_module(module), function)))
    for name, (module, summary) in GROUPS.items():
        if only in (None, name):
            group = typer.Typer(help=summary, no_args_is_help=True)
            commands: dict[str, Callable[..., None]] = importlib.import_module(module).COMMANDS
            for part, command in commands.items():
                group.command(part)(with_shared_options(command))
            app.add_typer(group, name=name)
    return app


def _xling(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help=VERSION_HELP)] = False,
) -> None:
    if version:
        from xling.doctor import versions

        for name, number in versions().items():
            output.line(f"{name} {number}")
    elif context.invoked_subcommand is None:
        output.line(context.get_help())


def run(argv: Sequence[str]) -> int:
    """Run one command. Whatever happens becomes one line on standard error; `--debug` shows where."""
    debug = "--debug" in argv
    output.prepare_streams()
    with output.only_own_noise(debug):
        try:
            code = get_command(application(chosen(argv))).main(
                args=list(argv), prog_name="xling", standalone_mode=False
            )
            return code if isinstance(code, int) else 0
        except SystemExit as exc:  # shell completion ends so
            return exc.code if isinstance(exc.code, int) else 0
        except KeyboardInterrupt:
            output.error("interrupted")
            return INTERRUPTED
        except Exception as exc:
            if debug:
                traceback.print_exc(file=sys.stderr)
            message, code = explain(exc)
            output.error(message)
            return code


def explain(exc: Exception) -> tuple[str, int]:
    """What to say of an exception, and the exit code."""
    if isinstance(exc, InvalidInput):
        return for_shells(str(exc)), MISUSED
    if isinstance(exc, CollectionNotFound) and "://" not in str(exc):
        return f"{exc}; `xling list` shows those that are there, `xling add` makes one", FAILED
    if isinstance(exc, XlingError):
        return for_shells(str(exc)), FAILED
    if isinstance(exc, typer.Abort):
        return "aborted", FAILED
    if hasattr(exc, "format_message"):  # misuse that typer found; the class's home differs between its versions
        return _usage(exc), getattr(exc, "exit_code", MISUSED)
    if isinstance(exc, OSError) and exc.strerror:
        return f"{exc.filename}: {exc.strerror}" if exc.filename else exc.strerror, FAILED
    return f"unexpected {type(exc).__name__}: {exc} (--debug shows where; please report it)", FAILED


def _usage(exc: Any) -> str:
    command = getattr(getattr(exc, "ctx", None), "command_path", "xling")
    return f"{exc.format_message().rstrip('.')} (see {command} --help)"
