"""How the payloads of a collection are read: xling's own form, or whatever another tool wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xling.store.base import FilterJson, IndexKind, Record

OWN_INDEXES: dict[str, IndexKind] = {
    "doc": "keyword",
    "lang": "keyword",
    "langs": "keyword",
    "source": "keyword",
    "chunk": "integer",
}
"""Payload indexes that xling's own filters and facets need; made at creation."""

HEADS: FilterJson = {"must": [{"key": "chunk", "match": {"value": 0}}]}
"""Selects the first chunk of each document: one point a document."""

# Where the tools in use keep the text: LangChain, Haystack, qdrant-client's own `add`, LlamaIndex, txtai, …
_TEXT_KEYS = ("text", "page_content", "content", "document", "chunk", "body", "passage", "sentence", "title")
_LANG_KEYS = ("lang", "language", "metadata.lang", "metadata.language", "meta.lang", "meta.language")


@dataclass(frozen=True, slots=True)
class Layout:
    """Payload keys of a collection.

    Attributes:
        text_key: Path of the text, None where payloads carry none.
        lang_key: Path that `languages=` filters on, None where there is none.
        metadata_prefix: Put before the keys of `where=`: `metadata.` in xling's own form, nothing elsewhere.
        own: Whether xling made the collection.
    """

    text_key: str | None = "text"
    lang_key: str | None = "langs"
    metadata_prefix: str = "metadata."
    own: bool = True


OWN_LAYOUT = Layout()


def detect_layout(sample: Sequence[Record], *, text_key: str | None = None, lang_key: str | None = None) -> Layout:
    """The layout of a collection that another tool made, from some of its points; given keys are taken as they are.

    The text is looked for under the names the common tools use, else it is the string field with the longest
    values on average.
    """
    payloads = [record.payload for record in sample]
    return Layout(
        text_key=text_key or _find_text_key(payloads),
        lang_key=lang_key or _first_key(payloads, _LANG_KEYS),
        metadata_prefix="",
        own=False,
    )


def _find_text_key(payloads: Sequence[dict[str, Any]]) -> str | None:
    known = _first_key(payloads, _TEXT_KEYS)
    if known:
        return known
    lengths: Counter[str] = Counter()
    for payload in payloads:
        for key, value in payload.items():
            if isinstance(value, str) and " " in value.strip():
                lengths[key] += len(value)
    return lengths.most_common(1)[0][0] if lengths else None


def _first_key(payloads: Sequence[dict[str, Any]], keys: Sequence[str]) -> str | None:
    for key in keys:
        if any(isinstance(value_at(payload, key), str) for payload in payloads):
            return key
    return None


def value_at(payload: dict[str, Any], path: str | None) -> Any:
    """The value at a dotted path, None if any part is missing. A literal key with dots in it wins."""
    if path is None:
        return None
    if path in payload:
        return payload[path]
    value: Any = payload
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value
