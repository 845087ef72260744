"""Structured logs, one line an event: what was asked of what and how it ended, never a text, a query or a key."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

LOGGER = "xling.serve"


class _Lines(logging.Formatter):
    def _told(self, record: logging.LogRecord) -> dict[str, Any]:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        told.update(getattr(record, "told", {}))
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__  # its message may quote a text
        return told


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self._told(record), ensure_ascii=True, default=str)


class TextLines(_Lines):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        told = self._told(record)
        head = f"{told.pop('time')} {told.pop('level'):7} {told.pop('event')}"
        # `ascii` keeps control characters, which could steer a terminal, in their escaped form.
        rest = (f"{key}={value if isinstance(value, (int, float)) else ascii(value)}" for key, value in told.items())
        return " ".join([head.encode("unicode_escape").decode("ascii"), *rest])


def configure(level: str, style: str) -> None:
    """Log to standard error, uvicorn's own events included; what uvicorn says of each request is left out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    for name in (LOGGER, "xling", "uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler] if name in ("xling", "uvicorn") else []
        logger.propagate = name in (LOGGER, "uvicorn.error")
        logger.setLevel(level.upper())
    access = logging.getLogger("uvicorn.access")
    access.handlers[:], access.propagate = [], False
