"""The commands together, and the one place where their errors become a line and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import rich  # noqa: F401  # used by all commands later: if it is missing, that is to be found now
import typer
from typer.main import get_command

from xling.cli import keys, output, tm
from xling.cli.add import add
from xling.cli.align import align
from xling.cli.calibrate import calibrate
from xling.cli.classify import classify
from xling.cli.clusters import clusters, coverage
from xling.cli.delete import delete
from xling.cli.demo import demo
from xling.cli.doctor import doctor
from xling.cli.eval import evaluate
from xling.cli.info import info, list_collections
from xling.cli.map_vectors import map_vectors
from xling.cli.mcp import mcp
from xling.cli.mine import mine
from xling.cli.models import models
from xling.cli.moving import add_lexical, export, import_, reembed, snapshot
from xling.cli.options import with_shared_options
from xling.cli.search import search
from xling.cli.serve import serve
from xling.cli.suggest import recommend, similar
from xling.cli.sync import sync
from xling.errors import InvalidInput, XlingError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="xling",
    help="Write texts of any language into Qdrant, and find them from any other.",
    epilog="Exit codes: 0 done, 1 failed, 2 misused, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _xling(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show xling's version and those of its parts, and exit.")
    ] = False,
) -> None:
    if version:
        from xling.doctor import versions

        for name, number in versions().items():
            output.line(f"{name} {number}")
    elif context.invoked_subcommand is None:
        output.line(context.get_help())


_COMMANDS: dict[str, Callable[..., None]] = {
    "add": add,
    "sync": sync,
    "search": search,
    "similar": similar,
    "recommend": recommend,
    "classify": classify,
    "clusters": clusters,
    "coverage": coverage,
    "info": info,
    "list": list_collections,
    "delete": delete,
    "export": export,
    "import": import_,
    "reembed": reembed,
    "add-lexical": add_lexical,
    "snapshot": snapshot,
    "serve": serve,
    "mcp": mcp,
    "mine": mine,
    "align": align,
    "models": models,
    "map-vectors": map_vectors,
    "calibrate": calibrate,
    "eval": evaluate,
    "doctor": doctor,
    "demo": demo,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(with_shared_options(_command))

_tm = typer.Typer(help="A translation memory: TMX in and out, matches, concordance.", no_args_is_help=True)
for _name, _command in tm.COMMANDS.items():
    _tm.command(_name)(with_shared_options(_command))
app.add_typer(_tm, name="tm")

_keys = typer.Typer(help="Keys of the HTTP service: who may read, write, or do everything.", no_args_is_help=True)
for _name, _command in keys.COMMANDS.items():
    _keys.command(_name)(with_shared_options(_command))
app.add_typer(_keys, name="keys")


def run(argv: Sequence[str]) -> int:
    """Run one command. Whatever happens becomes one line on standard error; `--debug` shows where."""
    debug = "--debug" in argv
    output.prepare_streams()
    with output.only_own_noise(debug):
        try:
            code = get_command(app).main(args=list(argv), prog_name="xling", standalone_mode=False)
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
        return str(exc), MISUSED
    if isinstance(exc, XlingError):
        return str(exc), FAILED
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
