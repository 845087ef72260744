"""Which collections keep terms beside their vectors, and in which form of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xling.errors import InvalidInput
from xling.space.sparse import encode_document
from xling.store.base import LEXICAL, Point, Record, SparseVector

VERSION = 1
"""Of the terms. Raise it when texts get other terms: then those of old collections are to be made anew."""


def lexical_record() -> dict[str, Any]:
    """What a collection says of its terms, once all of its points have them."""
    return {"version": VERSION}


def has_terms(own: Mapping[str, Any]) -> bool:
    """Whether all points of a collection have terms of this form, by what it says (xling's part of its metadata)."""
    record = own.get(LEXICAL)
    return isinstance(record, Mapping) and record.get("version") == VERSION


def check_lexical(own: Mapping[str, Any], asked: bool | None, *, collection: str) -> bool:
    """Whether a collection has terms.

    Raises:
        InvalidInput: That is not what is asked of it.
    """
    there = has_terms(own)
    if asked is not None and asked != there:
        way_out = (
            "add_lexical(), or `xling add-lexical`, adds them in place"
            if asked
            else "open it without lexical=; search(mode='dense'), the default, does not use them"
        )
        raise InvalidInput(f"the collection {collection!r} keeps {'' if there else 'no '}terms of its texts: {way_out}")
    return there


def terms_of(record: Record) -> SparseVector:
    """The terms of a stored piece of text."""
    return encode_document(str(record.payload.get("text", "")))


def with_terms(points: Sequence[Point]) -> list[Point]:
    """The points with the terms of their texts."""
    return [replace(point, terms=encode_document(str(point.payload.get("text", "")))) for point in points]
