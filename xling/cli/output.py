"""Standard output for results, standard error for all else; third parties kept quiet."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xling.errors import XlingWarning

if TYPE_CHECKING:
    from rich.console import Console

_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_secrets: set[str] = set()


def prepare_streams() -> None:
    """Nothing that is printed may fail for its characters; what is piped is UTF-8 unless the user chose otherwise."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            chosen = stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=stream.encoding if chosen else "utf-8", errors="backslashreplace")


@contextlib.contextmanager
def only_own_noise(debug: bool) -> Iterator[None]:
    """Show xling's warnings as lines; keep bars, logs and warnings of other packages away unless debugging."""
    if debug:
        yield
        return
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    silent = logging.NullHandler()
    logging.getLogger().addHandler(silent)  # with a handler on the root, Python's last resort prints nothing
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", XlingWarning)
            warnings.showwarning = _show_warning
            yield
    finally:
        logging.getLogger().removeHandler(silent)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, XlingWarning):
        note(f"warning: {message}")


def hide(secret: str) -> str:
    """Never show this, whatever an error says."""
    _secrets.add(secret)
    return secret


def printable(text: str) -> str:
    """On one line, and without control characters: stored texts must not steer the terminal."""
    return _CONTROLS.sub(" ", text).strip()


def line(text: str) -> None:
    """A line of results."""
    sys.stdout.write(f"{text}\n")


def json_line(value: Any) -> None:
    """One JSON value on one line."""
    line(json.dumps(value, ensure_ascii=False))


def note(text: str) -> None:
    """A line on standard error."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()


def error(text: str) -> None:
    """The one line that a failed command leaves on standard error."""
    note(f"error: {text}")


def is_terminal() -> bool:
    """Whether results are read by a person."""
    return sys.stdout.isatty()


def console() -> Console:
    """For tables on standard output. Texts are shown as they are: no markup, emoji codes or highlighting in them."""
    from rich.console import Console

    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


@contextlib.contextmanager
def working(text: str) -> Iterator[None]:
    """A spinner on a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def discard_stdout() -> None:
    """After the reader of a pipe has gone: what Python still flushes on exit goes nowhere, without a message."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
