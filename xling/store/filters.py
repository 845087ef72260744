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
_CONDITIONS = _CLAUSES | {"key", "is_empty", "is_null", "has_id", "has_vector", "nested"}
_PART = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<name>[^".]+?))(?P<array>(?:\[\d*\])*)(?:\.|$)')
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_\-]+")
_EXACT = 2**53
"""Integers up to here are exact as the floats that Qdrant's ranges hold."""
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
            or `{"exists": bool}`; None means that the field is null, an empty list or not there. A field that
            holds a list meets a condition if one of its elements does. Dates without a time are midnight, times
            without a zone UTC. `{"and": [...]}`, `{"or": [...]}` and
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
    conditions: list[Any] = []
    for filter in given:
        conditions += _as_list(filter["must"]) if set(filter) == {"must"} else [filter]
    return {"must": conditions}


def field_names(filter: FilterJson) -> list[str]:
    """Every payload path that the filter has a condition on, in order, each once."""
    return list(dict.fromkeys(_field_names(filter)))


def quote_path(path: str) -> str:
    """A dotted path as Qdrant parses it: parts with spaces, other scripts or signs in them are quoted.

    A part that is quoted already stays so, which is the way to a name with a dot in it: `"file.name".size`. `[]` after
    a part goes into each element of a list, `[0]` into one.

    Raises:
        InvalidInput: A part is empty or has a double quote, for which Qdrant's paths have no form.
    """
    parts: list[str] = []
    end = 0
    while end < len(path) and (part := _PART.match(path, end)):
        name = part["quoted"] or part["name"]
        quoted = part["quoted"] is not None or not _PLAIN_NAME.fullmatch(name)
        parts.append((f'"{name}"' if quoted else name) + part["array"])
        end = part.end()
    if not path or end < len(path) or path.endswith("."):
        raise InvalidInput(
            f"{path!r} cannot be filtered on: a field is parts joined by dots, with double quotes only around a part"
        )
    return ".".join(parts)


def _where(where: Any, prefix: str) -> FilterJson | None:
    if hasattr(where, "model_dump") and type(where).__module__.startswith("qdrant_client"):
        return _checked(where.model_dump(mode="json", exclude_none=True, by_alias=True))
    if not isinstance(where, Mapping):
        raise InvalidInput(f"where= is a mapping of fields to conditions, {EXAMPLE}; not {where!r}")
    if where and set(where) <= _CLAUSES and all(map(_is_clause, where.values())):
        return _checked(dict(where))
    conditions = [_condition(key, value, prefix) for key, value in where.items()]
    return {"must": conditions} if conditions else None


def _is_clause(value: Any) -> bool:
    """Whether this is conditions of Qdrant's, and not a condition of ours on a field that is named like a clause."""
    if isinstance(value, Mapping):
        return "conditions" in value or bool(set(value) & _CONDITIONS)
    return isinstance(value, list) and all(isinstance(v, Mapping) and set(v) & _CONDITIONS for v in value)


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
            raise InvalidInput(
                f'{key!r} takes a list of conditions: {{"{key}": [{{"year": 1954}}, {{"genre": "drama"}}]}}'
            )
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
    # Qdrant matches no floats, and takes 1990 and 1990.0 (what a table with a gap makes of a year) for different
    # values: a range of one point finds both.
    if isinstance(plain, float) or (type(plain) is int and abs(plain) <= _EXACT):
        return {"key": path, "range": {"gte": plain, "lte": plain}}
    if isinstance(plain, (str, int, bool)):
        return {"key": path, "match": {"value": plain}}
    raise InvalidInput(f"{path!r} cannot be compared with {value!r}; {EXAMPLE}")


def _any_of(path: str, values: list[Any]) -> FilterJson:
    if not values:
        raise InvalidInput(f"the list for {path!r} is empty, so nothing could match; leave the field out")
    plain = [to_jsonable(value) for value in values]
    kinds = {"number" if type(v) in (int, float) else type(v).__name__ for v in plain}
    if len(kinds) > 1:
        raise InvalidInput(f"the list for {path!r} mixes {' and '.join(sorted(kinds))}; use {{'or': [...]}} for that")
    if kinds == {"str"}:
        return {"key": path, "match": {"any": plain}}
    return {"should": [_equals(path, value) for value in values]}


def _operators(path: str, operators: Mapping[str, Any]) -> FilterJson:
    unknown = [op for op in operators if op not in {*_RANGE, "not", "exists", "in"}]
    if unknown or not operators:
        raise InvalidInput(
            f"{path!r} has the unknown condition {unknown}: use a value, a list, {', '.join(_RANGE)}, in, not or "
            f"exists; {EXAMPLE}"
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
            elif key == "nested" and isinstance(value, Mapping):
                yield from (f"{value.get('key')}[].{name}" for name in _field_names(value.get("filter")))
            elif key != "match":
                yield from _field_names(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _field_names(item)
