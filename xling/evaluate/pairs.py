"""A user's own labelled data as a retrieval set, from jsonl files.

Queries with the ids of their right documents, and the documents:

    {"query": "ありがとう", "query_lang": "ja", "relevant": ["en-1", "fr-1"]}
    {"id": "en-1", "text": "Thank you", "lang": "en"}

`relevant` may give grades: `{"en-1": 2, "fr-1": 1}`. Or pairs alone, in one file; the pool is then all their
documents, each text of a language once:

    {"query": "ありがとう", "query_lang": "ja", "document": "Thank you", "document_lang": "en"}

Languages may be left out (`und`); the language bias then tells nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from xling.errors import InvalidInput
from xling.evaluate.sets import Indices, RetrievalSet


def read_pairs(queries: str | Path, documents: str | Path | None = None, *, name: str | None = None) -> RetrievalSet:
    """Read labelled queries, and the documents that they name, from jsonl files (UTF-8, one object a line).

    Ids may be strings or numbers and are compared as text, so that 7 and "7" are one. A grade of 0 means not
    relevant.

    Args:
        queries: Lines with `query` and `relevant`; or, without `documents`, with `query` and `document`.
        documents: Lines with `id` and `text`.
        name: What the set is called in reports; the file's name if not given.

    Raises:
        InvalidInput: A line cannot be used, an id comes twice or is not among the documents; the message names file
            and line.
    """
    path = Path(queries)
    title = name or path.stem
    return _from_pairs(path, title) if documents is None else _from_ids(path, Path(documents), title)


def _from_ids(queries: Path, documents: Path, name: str) -> RetrievalSet:
    texts: list[str] = []
    langs: list[str] = []
    place: dict[str, int] = {}
    for where, row in _objects(documents):
        key = _id(where, row.get("id"))
        if key in place:
            raise InvalidInput(f"{where}: the id {key!r} was already given to another document")
        place[key] = len(texts)
        texts.append(_text(where, row, "text"))
        langs.append(_lang(where, row, "lang"))
    asked: list[str] = []
    query_langs: list[str] = []
    query_ids: list[str] = []
    relevant: list[Indices] = []
    gains: list[Any] = []
    for where, row in _objects(queries):
        asked.append(_text(where, row, "query"))
        query_langs.append(_lang(where, row, "query_lang"))
        query_ids.append(_id(where, row.get("id", len(query_ids))))
        grades = _grades(where, row.get("relevant"))
        missing = [key for key in grades if key not in place]
        if missing:
            raise InvalidInput(f"{where}: no document in {documents} has the id {missing[0]!r}")
        relevant.append(np.array([place[key] for key in grades], dtype=np.int64))
        gains.append(np.array(list(grades.values()), dtype=np.float64))
    _not_empty(queries, asked)
    return RetrievalSet(
        name,
        asked,
        query_langs,
        texts,
        langs,
        relevant,
        gains=gains,
        query_ids=query_ids,
        document_ids=list(place),
    )


def _from_pairs(path: Path, name: str) -> RetrievalSet:
    asked: dict[tuple[str, str], set[int]] = {}
    pool: dict[tuple[str, str], int] = {}
    for where, row in _objects(path):
        if "relevant" in row:
            raise InvalidInput(f"{where} names its documents by id; give the file of documents too")
        query = (_text(where, row, "query"), _lang(where, row, "query_lang"))
        document = (_text(where, row, "document"), _lang(where, row, "document_lang"))
        asked.setdefault(query, set()).add(pool.setdefault(document, len(pool)))
    _not_empty(path, asked)
    return RetrievalSet(
        name,
        [text for text, _ in asked],
        [lang for _, lang in asked],
        [text for text, _ in pool],
        [lang for _, lang in pool],
        [np.array(sorted(right), dtype=np.int64) for right in asked.values()],
    )


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if not path.is_file():
        raise InvalidInput(f"no file {path}")
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(_decoded(lines, path), start=1):
            where = f"{path} line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as exc:
                raise InvalidInput(f"{where} is not JSON: {exc}") from exc
            if not isinstance(row, dict):
                raise InvalidInput(f'{where} must be a JSON object, such as {{"query": …}}')
            yield where, row


def _decoded(lines: Iterator[str], path: Path) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{path} is not UTF-8 text: {exc}") from exc


def _text(where: str, row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{where}: {key!r} must be a text that is not blank")
    return value


def _lang(where: str, row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return "und"
    if not isinstance(value, str) or not value:
        raise InvalidInput(f'{where}: {key!r} must be a language code such as "ja"')
    return value


def _id(where: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInput(f"{where}: an id must be a text or a whole number, not {value!r}")
    return str(value)


def _grades(where: str, value: Any) -> dict[str, float]:
    if isinstance(value, list):
        return {_id(where, item): 1.0 for item in value}
    if not isinstance(value, dict):
        raise InvalidInput(f"{where}: 'relevant' must be a list of document ids, or an object of id to grade")
    for grade in value.values():
        if isinstance(grade, bool) or not isinstance(grade, (int, float)) or not 0 <= grade < math.inf:
            raise InvalidInput(f"{where}: a grade must be a number of 0 or more, not {grade!r}")
    return {key: float(grade) for key, grade in value.items() if grade > 0}


def _not_empty(path: Path, asked: Any) -> None:
    if not asked:
        raise InvalidInput(f"{path} holds no queries")
