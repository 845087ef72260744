"""Haystack filters → Qdrant filters. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from xling.errors import InvalidInput
from xling.store.base import FilterJson
from xling.store.filters import where_to_filter

_RANGES = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_LOGIC = {"AND": "must", "OR": "should"}


def filter_of(filters: dict[str, Any] | None, prefix: str = "metadata.") -> FilterJson | None:
    """The Qdrant filter of Haystack filters, None of none.

    Args:
        filters: `{"field": "meta.year", "operator": ">", "value": 1990}`, or `{"operator": "AND", "conditions": […]}`.
        prefix: Put before metadata fields.

    Raises:
        FilterError: A key is missing, or an operator or value makes no sense.
    """
    if not filters:
        return None
    comparison = "field" in filters and "conditions" not in filters
    return _comparison(filters, prefix) if comparison else _group(filters, prefix)


def _group(filters: dict[str, Any], prefix: str) -> FilterJson:
    operator, conditions = _key(filters, "operator"), _key(filters, "conditions")
    if operator not in (*_LOGIC, "NOT") or not isinstance(conditions, list) or not conditions:
        raise _error(f"{operator!r} with conditions {conditions!r}: it is AND, OR or NOT with a list of conditions")
    parts = [filter_of(condition, prefix) for condition in conditions]
    if operator == "NOT":
        return {"must_not": [{"must": parts}]}
    return {_LOGIC[operator]: parts}


def _comparison(condition: dict[str, Any], prefix: str) -> FilterJson:
    field, operator, value = (_key(condition, key) for key in ("field", "operator", "value"))
    if not isinstance(field, str):
        raise _error(f"a field is named by a string, not by {field!r}")
    if field == "id":
        return _id(operator, value)
    name = field.removeprefix("meta.")
    if name in ("content", "embedding", "score", "blob"):
        raise _error(f"xling cannot filter on {field!r}, only on id and on fields of meta")
    try:
        result = where_to_filter(_where(name, operator, value), prefix=prefix)
    except InvalidInput as error:
        raise _error(str(error)) from error
    assert result is not None
    return result


def _where(name: str, operator: Any, value: Any) -> dict[str, Any]:
    if operator == "==":
        return {name: value}
    if operator == "!=":
        return {"not": {name: None}} if value is None else {"not": {name: value}}
    if operator in ("in", "not in"):
        if not isinstance(value, list):
            raise _error(f"{operator!r} takes a list, not {value!r}")
        return {name: value if operator == "in" else {"not": value}}
    if operator in _RANGES:
        if value is None:  # nothing is more or less than nothing
            return {"and": [{name: None}, {"not": {name: None}}]}
        if isinstance(value, bool) or not (isinstance(value, (int, float, dt.date)) or _is_date(value)):
            raise _error(f"{operator!r} takes a number or a date, not {value!r}")
        return {name: {_RANGES[operator]: value}}
    raise _error(f"there is no operator {operator!r}; there are ==, !=, >, >=, <, <=, in and not in")


def _id(operator: Any, value: Any) -> FilterJson:
    ids = value if isinstance(value, list) else [value]
    condition = {"key": "id", "match": {"any": ids}}
    if operator in ("==", "in"):
        return {"must": [condition]}
    if operator in ("!=", "not in"):
        return {"must_not": [condition]}
    raise _error(f"ids are compared by ==, !=, in and not in, not by {operator!r}")


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _key(mapping: Any, key: str) -> Any:
    if not isinstance(mapping, dict) or key not in mapping:
        raise _error(f"{key!r} is missing in {mapping!r}")
    return mapping[key]


def _error(message: str) -> Exception:
    from haystack.errors import FilterError

    return FilterError(message)
