"""Arguments that say something of queries and something of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xling.errors import InvalidInput

ROLES = ("query", "document")


def by_role(name: str, given: Mapping[str, Any] | None, kind: type) -> dict[str, Any]:
    """The values by role.

    Raises:
        InvalidInput: Another key, or a value that is not of that kind.
    """
    for role, value in (given or {}).items():
        if role not in ROLES or not isinstance(value, kind):
            raise InvalidInput(f"{name}= has the keys 'query' and 'document', got {role!r}: {value!r}")
    return dict(given or {})
