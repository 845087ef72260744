"""Any Python value → plain JSON values, for metadata that users bring."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import math
import uuid
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

MAX_INT = 2**63 - 1
"""Qdrant keeps JSON integers as signed 64-bit; larger ones are kept as strings rather than rounded."""


def to_jsonable(value: Any) -> Any:
    """Convert numpy values, dates, UUIDs, sets, paths, enums, bytes, dataclasses and the like to JSON values.

    Mapping keys become strings. NaN and infinities become None, since JSON has neither. Integers beyond 64 bits
    become strings. What is none of these becomes `str(value)`.
    """
    if value is None or isinstance(value, (bool, str)):
        return _scrub(value) if isinstance(value, str) else value
    if isinstance(value, enum.Enum):
        return to_jsonable(value.value)
    if isinstance(value, int):
        return int(value) if -MAX_INT - 1 <= value <= MAX_INT else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_scrub(k if isinstance(k, str) else str(to_jsonable(k))): to_jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_jsonable(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((to_jsonable(v) for v in value), key=lambda v: (str(type(v)), str(v)))
    return _special(value)


def _special(value: Any) -> Any:
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (uuid.UUID, PurePath, decimal.Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if hasattr(value, "tolist"):  # numpy scalars and arrays, torch tensors, pandas series
        plain = value.tolist()
        return str(value) if plain is value else to_jsonable(plain)
    if hasattr(value, "model_dump"):  # pydantic
        return to_jsonable(value.model_dump())
    if hasattr(value, "__dataclass_fields__"):
        return {name: to_jsonable(getattr(value, name)) for name in value.__dataclass_fields__}
    return _scrub(str(value))


def _scrub(text: str) -> str:
    """Lone surrogates cannot be encoded as UTF-8; they are replaced, in metadata only (texts are refused)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
