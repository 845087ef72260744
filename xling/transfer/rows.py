"""Points ↔ rows of a table. Pure: what a point's payload holds comes back exactly, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from xling.store.base import Point, Record
from xling.store.ids import id_from_payload, id_to_payload

_TEXTS = ("text", "lang", "source")
_NUMBERS = ("chunk", "chunks", "start", "end")
_OWN = ("metadata", "id", "id_type")

COLUMNS = ("point", "text", "id", "id_type", "lang", "source", "metadata", "chunk", "chunks", "start", "end", "rest")
"""Beside `vector`. All are strings but the four numbers of the chunk; `metadata` and `rest` are JSON."""

_ID_TYPES: dict[str, type] = {"str": str, "int": int, "uuid": UUID}
_INT32 = range(-(2**31), 2**31)


def row_of(record: Record) -> dict[str, Any]:
    """A row for people and other tools to read; what has no column of its own is in `rest`."""
    payload = dict(record.payload)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row["point"] = record.id if isinstance(record.id, str) else f"#{record.id}"
    for key in _TEXTS:
        if isinstance(payload.get(key), str):
            row[key] = payload.pop(key)
    for key in _NUMBERS:
        if type(payload.get(key)) is int and payload[key] in _INT32:
            row[key] = payload.pop(key)
    if isinstance(payload.get("metadata"), Mapping):
        row["metadata"] = _json(payload.pop("metadata"))
    id = id_from_payload(payload) if "id" in payload else None
    own = {key: payload[key] for key in ("id", "id_type") if key in payload}
    if id is not None and type(id).__name__.lower() in _ID_TYPES and id_to_payload(id) == own:
        row["id"], row["id_type"] = str(id), type(id).__name__.lower()
        for key in own:
            del payload[key]
    if payload:
        row["rest"] = _json(payload)
    return row


def point_of(row: Mapping[str, Any], vector: Any) -> Point:
    """The point that a row was made of.

    Raises:
        ValueError: The row is none that `row_of` makes.
    """
    payload: dict[str, Any] = json.loads(row["rest"]) if row["rest"] is not None else {}
    if not isinstance(payload, dict):
        raise ValueError("'rest' is not a JSON object")
    for key in (*_TEXTS, *_NUMBERS):
        if row[key] is not None:
            payload[key] = row[key]
    if row["metadata"] is not None:
        payload["metadata"] = json.loads(row["metadata"])
    if row["id"] is not None:
        payload |= id_to_payload(_id(row["id"], row["id_type"]))
    name = str(row["point"])
    return Point(
        id=int(name[1:]) if name.startswith("#") else name,
        vector=np.asarray(vector, dtype=np.float32),
        payload=payload,
    )


def _id(text: str, kind: str) -> Any:
    if kind not in _ID_TYPES:
        raise ValueError(f"there is no type of ids {kind!r}")
    return _ID_TYPES[kind](text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
