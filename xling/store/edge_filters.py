"""Qdrant's REST filter as JSON → the classes of qdrant_edge. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import qdrant_edge as qe

from xling.errors import InvalidInput
from xling.store.base import FilterJson


def to_edge_filter(filter: FilterJson | None) -> qe.Filter | None:
    """Convert a filter.

    Raises:
        InvalidInput: A condition that Qdrant Edge does not know, or an ill-formed path.
    """
    if not filter:
        return None
    try:
        return _filter(filter)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InvalidInput(f"the filter {filter!r} is not one that Qdrant knows: {exc}") from exc


def _filter(filter: Mapping[str, Any]) -> qe.Filter:
    clauses: dict[str, Any] = {
        name: [_condition(c) for c in (value if isinstance(value, (list, tuple)) else [value])]
        for name, value in filter.items()
        if name in {"must", "should", "must_not"} and value is not None
    }
    least = filter.get("min_should")
    if least is not None:
        clauses["min_should"] = qe.MinShould(
            conditions=[_condition(c) for c in least["conditions"]], min_count=least["min_count"]
        )
    if not clauses or set(filter) - {"must", "should", "must_not", "min_should"}:
        raise ValueError(f"unknown clauses in {sorted(filter)}")
    return qe.Filter(**clauses)


def _condition(condition: Mapping[str, Any]) -> Any:
    match condition:
        case {"is_empty": {"key": key}}:
            return qe.IsEmptyCondition(key)
        case {"is_null": {"key": key}}:
            return qe.IsNullCondition(key)
        case {"has_id": ids}:
            return qe.HasIdCondition(set(ids))
        case {"has_vector": name}:
            return qe.HasVectorCondition(name)
        case {"nested": {"key": key, "filter": inner}}:
            return qe.NestedCondition(key, _filter(inner))
        case {"key": key}:
            return _field(key, {k: v for k, v in condition.items() if k != "key" and v is not None})
    return _filter(condition)


def _field(key: str, tests: Mapping[str, Any]) -> qe.FieldCondition:
    converted: dict[str, Any] = {}
    for name, value in tests.items():
        if name == "match":
            converted[name] = _match(value)
        elif name == "range":
            converted[name] = _range(value)
        elif name == "values_count":
            converted[name] = qe.ValuesCount(**value)
        elif name == "geo_bounding_box":
            converted[name] = qe.GeoBoundingBox(
                top_left=_geo(value["top_left"]), bottom_right=_geo(value["bottom_right"])
            )
        elif name == "geo_radius":
            converted[name] = qe.GeoRadius(center=_geo(value["center"]), radius=value["radius"])
        elif name == "geo_polygon":
            lines = [[_geo(p) for p in line["points"]] for line in [value["exterior"], *(value.get("interiors") or [])]]
            converted[name] = qe.GeoPolygon(exterior=lines[0], interiors=lines[1:])
        elif name in {"is_empty", "is_null"}:
            converted[name] = value
        else:
            raise ValueError(f"unknown condition {name!r}")
    if not converted:
        raise ValueError(f"no condition on {key!r}")
    return qe.FieldCondition(key, **converted)


def _match(match: Mapping[str, Any]) -> Any:
    kinds = {
        "value": qe.MatchValue,
        "any": qe.MatchAny,
        "except": qe.MatchExcept,
        "except_": qe.MatchExcept,
        "text": qe.MatchText,
        "text_any": qe.MatchTextAny,
        "phrase": qe.MatchPhrase,
        "prefix": qe.MatchPrefix,
        "substring": qe.MatchSubstring,
    }
    ((kind, value),) = match.items()
    if isinstance(value, bool):
        value = np.bool_(value)  # a Python bool is an int too, and the binding would take it for one
    return kinds[kind](value)


def _range(bounds: Mapping[str, Any]) -> Any:
    given = {k: v for k, v in bounds.items() if v is not None}
    if any(isinstance(v, str) for v in given.values()):
        return qe.RangeDateTime(**given)
    return qe.RangeFloat(**given)


def _geo(point: Mapping[str, float]) -> qe.GeoPoint:
    return qe.GeoPoint(lon=point["lon"], lat=point["lat"])
