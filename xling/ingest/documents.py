"""What users hand to `add` → checked documents, each on its own: one bad text never costs its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from xling._json import to_jsonable
from xling.errors import InvalidInput
from xling.language import normalise_code
from xling.store.ids import document_uuid, problem_of_id
from xling.store.points import StoredDocument
from xling.text import problem_of
from xling.types import Document, DocumentId, Skipped, Unreadable

Input: TypeAlias = str | Document | Mapping[str, Any] | Unreadable | None
"""One document as `add` takes it: a text, a `Document`, or a mapping with a `Document`'s fields."""

Row: TypeAlias = Mapping[str, Any] | Unreadable
"""The fields of one document, or what stands for one that could not be read."""

_FIELDS = ("text", "id", "lang", "metadata", "source")


def rows(
    documents: Input | Iterable[Input],
    *,
    ids: Sequence[DocumentId | None] | None = None,
    langs: str | Sequence[str | None] | None = None,
    metadata: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None,
    source: str | None = None,
) -> Iterator[Row]:
    """Pair each document with its own id, language and metadata, as dictionaries of `Document`'s fields.

    Raises:
        InvalidInput: `ids`, `langs` or `metadata` are of another length than `documents`. This is found before
            the first row is given, so before anything is written.
    """
    if isinstance(documents, (str, Document, Mapping, Unreadable)) or documents is None:
        documents = [documents]
    columns: dict[str, Sequence[Any]] = {}
    constants: dict[str, Any] = {} if source is None else {"source": source}
    if ids is not None:
        columns["id"] = _column("ids", ids)
    for key, name, value, single in (
        ("lang", "langs", langs, str),
        ("metadata", "metadata", metadata, Mapping),
    ):
        if isinstance(value, single):
            constants[key] = value
        elif value is not None:
            columns[key] = _column(name, value)
    if columns:
        documents = list(documents)
        for key, column in columns.items():
            if len(column) != len(documents):
                raise InvalidInput(
                    f"{len(documents)} documents but {len(column)} values of {key!r}: give one for each document "
                    f"(None where there is none). Nothing was written."
                )
    return _rows(documents, columns, constants)


def _column(name: str, values: Any) -> Sequence[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidInput(f"{name} must be a sequence with one value for each document, not {values!r}")
    return list(values)


def _rows(
    documents: Iterable[Input], columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any]
) -> Iterator[Row]:
    for i, document in enumerate(documents):
        if isinstance(document, Unreadable):
            yield document
            continue
        row: dict[str, Any] = dict(constants)
        row |= {key: column[i] for key, column in columns.items() if column[i] is not None}
        if isinstance(document, Document):
            row |= {k: v for k in _FIELDS if (v := getattr(document, k)) is not None and v != {}}
        elif isinstance(document, Mapping):
            row |= {k: v for k, v in document.items() if v is not None or k == "text"}
            row.setdefault("text", None)
        else:
            row["text"] = document
        yield row


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be stored.

    Attributes:
        skipped: What is reported.
        uuid: The document that it would have been, None where it would have been none.
        known: False if it might have been any document.
    """

    skipped: Skipped
    uuid: str | None = None
    known: bool = True


def prepare(index: int, row: Row, namespace: UUID, *, source: str | None = None) -> StoredDocument | Refused:
    """A checked document, its language empty where it is still to be detected; or why it cannot be stored.

    Args:
        index: Its number.
        row: Its fields.
        namespace: Of the collection's ids.
        source: The only source that it may have, None for any.
    """
    if isinstance(row, Unreadable):
        return _refused(index, row.reason, namespace, row.id, None, None, known=row.id is not None)
    id, text = row.get("id"), row.get("text")
    reason = _problem_of_row(row)
    lang = ""
    plain: Any = {}
    if reason is None and source is not None and row.get("source") != source:
        reason = f"its source is {row.get('source')!r}, but what is synchronised is {source!r}"
    if reason is None:
        try:
            lang = normalise_code(row["lang"]) if row.get("lang") else ""
            plain = to_jsonable(row.get("metadata") or {})
        except InvalidInput as error:
            reason = str(error)
        except RecursionError:
            reason = "the metadata is nested without end, or too deeply"
    if reason is not None:
        return _refused(index, reason, namespace, id, row.get("source"), text)
    assert isinstance(text, str)
    return StoredDocument(
        uuid=document_uuid(namespace, id, source=row.get("source"), text=text),
        text=text,
        id=id,
        lang=lang,
        metadata=plain,
        source=row.get("source"),
    )


def _refused(
    index: int, reason: str, namespace: UUID, id: Any, source: Any, text: Any, *, known: bool = True
) -> Refused:
    if id is not None and problem_of_id(id) is not None:
        return Refused(Skipped(index=index, reason=reason), known=False)
    skipped = Skipped(index=index, id=id, reason=reason)
    if id is None and (problem_of(text) is not None or not isinstance(source, str | None)):
        return Refused(skipped, known=known)  # a document without an id is known by its text: this one has none
    return Refused(skipped, document_uuid(namespace, id, source=source, text=text), known)


def _problem_of_row(row: Mapping[str, Any]) -> str | None:
    unknown = [key for key in row if key not in _FIELDS]
    if unknown:
        return f"unknown fields {unknown}; a document has {list(_FIELDS)}, anything else belongs under 'metadata'"
    reason = problem_of(row.get("text"))
    if reason is None and row.get("id") is not None:
        reason = problem_of_id(row["id"])
    if reason is None and not isinstance(row.get("metadata", {}), Mapping):
        reason = f"the metadata is of type {type(row['metadata']).__name__}, not a mapping"
    if reason is None and not isinstance(row.get("lang", ""), str):
        reason = f"the language is of type {type(row['lang']).__name__}, not a BCP 47 code"
    if reason is None and not isinstance(row.get("source", ""), str):
        reason = f"the source is of type {type(row['source']).__name__}, not str"
    return reason
