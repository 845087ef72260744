"""Warnings of the library go with the answer to the request that caused them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import TextIO

from xling.errors import XlingWarning
from xling.serve.problems import printable

_log = logging.getLogger("xling.serve")
_MOST = 20
_found: ContextVar[list[str] | None] = ContextVar("xling_serve_warnings", default=None)


def listen() -> list[str]:
    """From now on in this context, threads it starts included, warnings are put into this list."""
    found: list[str] = []
    _found.set(found)
    return found


def told() -> list[str]:
    """What was warned of in this context."""
    return list(dict.fromkeys(_found.get() or ()))


def install() -> Callable[[], None]:
    """Hear all warnings of the library in this process; call what is given back to hear them no more."""
    catcher = warnings.catch_warnings()
    catcher.__enter__()
    show = warnings.showwarning

    def showwarning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        found = _found.get()
        if not issubclass(category, XlingWarning):
            show(message, category, filename, lineno, file, line)
        elif found is None:
            _log.warning("warning", extra={"told": {"kind": category.__name__}})
        elif len(found) < _MOST:
            found.append(printable(str(message)))

    warnings.showwarning = showwarning
    warnings.simplefilter("always", XlingWarning)
    return lambda: catcher.__exit__(None, None, None)
