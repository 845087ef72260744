"""`where=`, `languages=`, `source=` → Qdrant's REST filter as plain JSON, the one form that both stores take.

Pure, and without importing qdrant_client: embedded collections start fast.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xling._json import to_jsonable
from xling.errors import InvalidInput
from xling.store.base import FilterJson

_CLAUSES = frozenset({"must", "should", "must_not", "min_should"})
_RANGE = ("gt", "gte", "lt", "lte")
_PLAIN_PART = re.compile(r"[A-Za-z0-9_\-]+(?:\[\d*\])*")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
EXAMPLE = 'for example {"genre": ["drama", "comedy"], "year": {"gte": 1990, "lt": 2000}}'


def where_to_filter(
    where: Any = None,
    *,
    languages: Sequence[str] | None = None,
    source: str | None = None,
    prefix: str = "metadata.",
    lang_key: str = "langs",
) -> FilterJson | None:
    """The filter for all the conditions together, or None where there is none.

    Args:
        where: A mapping of metadata fields to conditions, or a Qdrant filter (a `qdrant_client.models.Filter`, or
            its JSON), whose keys are payload paths and are taken as they are. A field's condition is a value
            (equality), a list (any of), `{"gt"|"gte"|"lt"|"lte": number or date}` (range), `{"not": value or list}`
            or `{"exists": bool}`; None means that the field is empty. `{"and": [...]}`, `{"or": [...]}` and
            `{"not": {...}}` combine. Dots in a field go into nested objects.
        languages: BCP 47 codes in their normal form, any of which will do.
        source: The source.
        prefix: Put before metadata fields.
        lang_key: Payload path of the languages.

    Raises:
        InvalidInput: A condition makes no sense; the message shows what does.
    """
    filters: list[FilterJson | None] = []
    if languages is not None:
        if isinstance(languages, str):
            raise InvalidInput(f'languages= is a list of codes, e.g. ["{languages}"], not the string {languages!r}')
        if not languages:
            raise InvalidInput("languages= is empty; leave it out to search all languages")
        filters.append({"must": [{"key": lang_key, "match": {"any": list(dict.fromkeys(languages))}}]})
    if source is not None:
        filters.append({"must": [{"key": "source", "match": {"value": source}}]})
    if where is not None:
        filters.append(_where(where, prefix))
    return and_filters(*filters)


def and_filters(*filters: FilterJson | None) -> FilterJson | None:
    """One filter that asks for all of these; None stands for no condition."""
    given = [f for f in filters if f]
    if not given:
        return None
    if len(given) == 1:
        return given[0]
    if all(set(f) <= {"must"} for f in given):
        return {"must": [condition for f in given for condition in _as_list(f["must"])]}
    return {"must": [condition for f in given for condition in ([f] if set(f) > {"must"} or "must" not in f else f["must"])]}


def field_names(filter: FilterJson) -> list[str]:
    """Every payload path that the filter has a condition on, in order, each once."""
    return list(dict.fromkeys(_field_names(filter)))


def quote_path(path: str) -> str:
    """A dotted path as Qdrant parses it: parts with spaces, other scripts or signs in them are quoted.

    Raises:
        InvalidInput: A part is empty or has a double quote, for which Qdrant's paths have no form.
    """
    parts = path.split(".")
    if not all(parts) or '"' in path:
        raise InvalidInput(f"{path!r} cannot be filtered on: field names are parts joined by dots, without quotes")
    return ".".join(part if _PLAIN_PART.fullmatch(part) else f'"{part}"' for part in parts)


def _where(where: Any, prefix: str) -> FilterJson | None:
    if hasattr(where, "model_dump") and type(where).__module__.startswith("qdrant_client"):
        return _checked(where.model_dump(mode="json", exclude_none=True))
    if not isinstance(where, Mapping):
        raise InvalidInput(f"where= is a mapping of fields to conditions, {EXAMPLE}; not {where!r}")
    if where and set(where) <= _CLAUSES and all(isinstance(v, (list, Mapping)) for v in where.values()):
        return _checked(dict(where))
    conditions = [_condition(key, value, prefix) for key, value in where.items()]
    return {"must": conditions} if conditions else None


def _checked(filter: FilterJson) -> FilterJson | None:
    """A Qdrant filter as it was given, clauses as lists; conditions are checked by Qdrant itself."""
    unknown = set(filter) - _CLAUSES
    if unknown:
        raise InvalidInput(f"a Qdrant filter has the clauses {sorted(_CLAUSES)}, not {sorted(unknown)}")
    return {k: v if k == "min_should" else _as_list(v) for k, v in filter.items() if v or v == 0} or None


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _condition(key: Any, value: Any, prefix: str) -> FilterJson:
    if not isinstance(key, str):
        raise InvalidInput(f"fields are named by strings, not {key!r}; {EXAMPLE}")
    if key in {"and", "or"}:
        if not isinstance(value, (list, tuple)) or not value or not all(isinstance(v, Mapping) and v for v in value):
            raise InvalidInput(f'{key!r} takes a list of conditions: {{"{key}": [{{"year": 1954}}, {{"genre": "drama"}}]}}')
        return {"must" if key == "and" else "should": [_group(v, prefix) for v in value]}
    if key == "not":
        if not isinstance(value, Mapping) or not value:
            raise InvalidInput('\'not\' takes a condition: {"not": {"genre": "drama"}}')
        return {"must_not": [_group(value, prefix)]}
    return _field(quote_path(prefix + key), value)


def _group(where: Mapping[str, Any], prefix: str) -> FilterJson:
    conditions = [_condition(key, value, prefix) for key, value in where.items()]
    return conditions[0] if len(conditions) == 1 else {"must": conditions}


def _field(path: str, value: Any) -> FilterJson:
    if value is None:
        return {"is_empty": {"key": path}}
    if isinstance(value, Mapping):
        return _operators(path, value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _any_of(path, list(value))
    return _equals(path, value)


def _equals(path: str, value: Any) -> FilterJson:
    plain = to_jsonable(value)
    if isinstance(plain, float):  # Qdrant matches no floats: a range of one point does
        return {"key": path, "range": {"gte": plain, "lte": plain}}
    if isinstance(plain, (str, int, bool)):
        return {"key": path, "match": {"value": plain}}
    raise InvalidInput(f"{path!r} cannot be compared with {value!r}; {EXAMPLE}")


def _any_of(path: str, values: list[Any]) -> FilterJson:
    if not values:
        raise InvalidInput(f"the list for {path!r} is empty, so nothing could match; leave the field out")
    plain = [to_jsonable(value) for value in values]
    if all(isinstance(v, str) for v in plain) or all(type(v) is int for v in plain):
        return {"key": path, "match": {"any": plain}}
    return {"should": [_equals(path, value) for value in values]}


def _operators(path: str, operators: Mapping[str, Any]) -> FilterJson:
    unknown = [op for op in operators if op not in {*_RANGE, "not", "exists", "in"}]
    if unknown or not operators:
        raise InvalidInput(
            f"{path!r} has the unknown condition {unknown}: use a value, a list, {', '.join(_RANGE)}, in, not or exists; "
            f"{EXAMPLE}"
        )
    conditions: list[FilterJson] = []
    bounds = {op: operators[op] for op in _RANGE if op in operators}
    if bounds:
        conditions.append({"key": path, "range": {op: _bound(path, value) for op, value in bounds.items()}})
        if len({type(v) for v in conditions[0]["range"].values()} & {str}) and not all(
            isinstance(v, str) for v in conditions[0]["range"].values()
        ):
            raise InvalidInput(f"the bounds of {path!r} mix numbers and dates")
    if "in" in operators:
        conditions.append(_any_of(path, _as_list(operators["in"])))
    if "not" in operators:
        conditions.append({"must_not": [_field(path, operators["not"])]})
    if "exists" in operators:
        if not isinstance(operators["exists"], bool):
            raise InvalidInput(f"'exists' of {path!r} takes True or False, not {operators['exists']!r}")
        empty: FilterJson = {"is_empty": {"key": path}}
        conditions.append({"must_not": [empty]} if operators["exists"] else empty)
    return conditions[0] if len(conditions) == 1 else {"must": conditions}


def _bound(path: str, value: Any) -> float | int | str:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, str) and _ISO.fullmatch(value):
        return value
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(float(value)):
        return to_jsonable(value)  # type: ignore[no-any-return]
    raise InvalidInput(f"a bound of {path!r} is a number, a date or an ISO 8601 string, not {value!r}")


def _field_names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "key" and isinstance(value, str):
                yield value
            elif key != "match":
                yield from _field_names(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _field_names(item)
