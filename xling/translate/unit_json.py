"""Translation units as JSON, whole, and back: how a memory keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xling.translate.units import Note, Property, Segment, Tag, Unit


def unit_to_json(unit: Unit) -> dict[str, Any]:
    """The unit in plain values; what is empty is left out."""
    return _without_empty(
        {
            "id": unit.id,
            "attributes": dict(unit.attributes),
            "properties": [_property_to_json(one) for one in unit.properties],
            "notes": [_note_to_json(one) for one in unit.notes],
            "segments": [_segment_to_json(one) for one in unit.segments],
        }
    )


def unit_from_json(data: Mapping[str, Any]) -> Unit:
    """The unit that `unit_to_json` was given."""
    return Unit(
        tuple(_segment_from_json(one) for one in data.get("segments", ())),
        data.get("id"),
        data.get("attributes", {}),
        tuple(Property(**one) for one in data.get("properties", ())),
        tuple(Note(**one) for one in data.get("notes", ())),
    )


def _segment_to_json(segment: Segment) -> dict[str, Any]:
    return _without_empty(
        {
            "lang": segment.lang,
            "content": [_content_to_json(part) for part in segment.content],
            "attributes": dict(segment.attributes),
            "properties": [_property_to_json(one) for one in segment.properties],
            "notes": [_note_to_json(one) for one in segment.notes],
        }
    )


def _segment_from_json(data: Mapping[str, Any]) -> Segment:
    return Segment(
        data["lang"],
        tuple(_content_from_json(part) for part in data.get("content", ())),
        data.get("attributes", {}),
        tuple(Property(**one) for one in data.get("properties", ())),
        tuple(Note(**one) for one in data.get("notes", ())),
    )


def _content_to_json(part: str | Tag) -> Any:
    if isinstance(part, str):
        return part
    content = [_content_to_json(inner) for inner in part.content]
    return _without_empty({"kind": part.kind, "content": content, "attributes": dict(part.attributes)})


def _content_from_json(data: Any) -> str | Tag:
    if isinstance(data, str):
        return data
    content = tuple(_content_from_json(inner) for inner in data.get("content", ()))
    return Tag(data["kind"], content, data.get("attributes", {}))


def _property_to_json(one: Property) -> dict[str, Any]:
    return _without_empty({"type": one.type, "value": one.value, "attributes": dict(one.attributes)}, "value")


def _note_to_json(one: Note) -> dict[str, Any]:
    return _without_empty({"text": one.text, "attributes": dict(one.attributes)}, "text")


def _without_empty(data: Mapping[str, Any], *kept: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value or key in kept}
