"""User ids ↔ point ids. The user's id of any form is kept in the payload; the point id is computed from it."""

from __future__ import annotations

import re
import uuid
from typing import Any
from uuid import UUID

from xling._json import MAX_INT
from xling.types import DocumentId

_ROOT = UUID("6d0b3c63-6a0f-5c0b-9f43-3c8c7a1d2e57")
_UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def collection_namespace(collection: str) -> UUID:
    """The namespace of a new collection's ids. It is stored with the collection, and kept when that is copied."""
    return uuid.uuid5(_ROOT, collection)


def problem_of_id(value: object) -> str | None:
    """Why a value cannot be a document's id, or None if it can."""
    if isinstance(value, bool) or not isinstance(value, (str, int, UUID)):
        return f"the id is of type {type(value).__name__}; ids are strings, integers or UUIDs"
    if isinstance(value, str):
        if not value:
            return "the id is an empty string"
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "the id has a lone surrogate"
    return None


def document_uuid(namespace: UUID, id: DocumentId | None, *, source: str | None, text: str) -> str:
    """The document's UUID, which is the point id of its first chunk.

    A UUID, as an object or in its 36-character form, stands for itself. Any other id is hashed with its type, so
    that 1 and "1" are two documents. Without an id, source and text make it.
    """
    if id is None:
        return str(uuid.uuid5(namespace, f"t:{'' if source is None else len(source)}:{source or ''}:{text}"))
    if isinstance(id, UUID):
        return str(id)
    if isinstance(id, int):
        return str(uuid.uuid5(namespace, f"i:{int(id)}"))
    if _UUID_FORM.fullmatch(id):
        return id.lower()
    return str(uuid.uuid5(namespace, f"s:{id}"))


def chunk_uuid(document: str, index: int) -> str:
    """The point id of one chunk; chunk 0 is the document itself."""
    return document if index == 0 else str(uuid.uuid5(UUID(document), str(index)))


def id_to_payload(id: DocumentId) -> dict[str, Any]:
    """Payload fields that bring the id back as it was given, type included."""
    if isinstance(id, UUID):
        return {"id": str(id), "id_type": "uuid"}
    if isinstance(id, int) and not -MAX_INT - 1 <= id <= MAX_INT:
        return {"id": str(id), "id_type": "int"}
    return {"id": int(id) if isinstance(id, int) else str(id)}


def id_from_payload(payload: dict[str, Any]) -> DocumentId | None:
    """The id as it was given, or None where the document was stored without one."""
    value = payload.get("id")
    match payload.get("id_type"):
        case "uuid":
            return UUID(value)
        case "int":
            return int(str(value))
    return value if isinstance(value, (str, int)) else None
