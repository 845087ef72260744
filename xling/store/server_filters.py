"""Canonical filters → qdrant-client's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xling.errors import InvalidInput
from xling.store.base import FilterJson

if TYPE_CHECKING:
    from qdrant_client import models


def client_filter(filter: FilterJson | None) -> models.Filter | None:
    """The filter as qdrant-client takes it; None where it has no condition.

    Raises:
        InvalidInput: Qdrant knows no such filter.
    """
    from pydantic import ValidationError
    from qdrant_client import models

    if not filter:
        return None
    try:
        return models.Filter.model_validate(filter)
    except ValidationError as exc:
        problem = exc.errors()[0]
        raise InvalidInput(f"the filter {filter!r} is not one that Qdrant knows: {problem['msg']}") from exc
