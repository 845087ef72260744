"""Documents ↔ points. Pure: nothing here talks to a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from xling.store.base import Record
from xling.store.ids import chunk_uuid, id_from_payload, id_to_payload
from xling.store.layout import Layout, value_at
from xling.types import Chunk, Document, DocumentId, Hit

NOT_WHOLE = -1
"""Number of the first chunk, instead of 0, while a document of several is being added: it does not count yet."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A checked document, ready to become points. `metadata` holds plain JSON values only."""

    uuid: str
    text: str
    id: DocumentId | None
    lang: str
    metadata: dict[str, Any]
    source: str | None

    @property
    def text_hash(self) -> str:
        """Equal for equal texts: what decides whether a document must be encoded again."""
        return _digest(self.text)

    @property
    def rest_hash(self) -> str:
        """Equal where everything beside the text is equal."""
        rest = [self.lang, self.metadata, self.source, None if self.id is None else id_to_payload(self.id)]
        return _digest(json.dumps(rest, sort_keys=True, ensure_ascii=True))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def primary_subtag(lang: str) -> str:
    """`pt-BR` → `pt`."""
    return lang.partition("-")[0]


def payload_of(document: StoredDocument, index: int, count: int, start: int, end: int) -> dict[str, Any]:
    """The payload of one chunk. `text` is the chunk's own piece, see `joined_text`."""
    lang = document.lang
    payload: dict[str, Any] = {
        "text": document.text[start:end],
        "doc": document.uuid,
        "lang": lang,
        "langs": sorted({lang, primary_subtag(lang)}, key=len, reverse=True),
        "metadata": document.metadata,
        "text_hash": document.text_hash,
        "rest_hash": document.rest_hash,
        "chunk": index,
        "chunks": count,
    }
    if count > 1:
        payload |= {"start": start, "end": end}
    if document.id is not None:
        payload |= id_to_payload(document.id)
    if document.source is not None:
        payload["source"] = document.source
    return payload


def chunk_ids(document_uuid: str, count: int) -> list[str]:
    """Point ids of all chunks of a document."""
    return [chunk_uuid(document_uuid, index) for index in range(count)]


def document_from_records(records: Sequence[Record], layout: Layout) -> Document:
    """The document that these records (all chunks of it, in any order) hold."""
    if not layout.own:
        return _foreign_document(records[0], layout)
    parts = sorted(records, key=lambda r: int(r.payload.get("chunk", 0)))
    payload = parts[0].payload
    return Document(
        text=joined_text(parts),
        id=_id_of(parts[0], layout),
        lang=payload.get("lang"),
        metadata=payload.get("metadata") or {},
        source=payload.get("source"),
    )


def joined_text(parts: Sequence[Record]) -> str:
    """The text of a document from its chunks in order; what two of them have in common is taken once."""
    text, done = "", 0
    for part in parts:
        piece = str(part.payload.get("text", ""))
        start = part.payload.get("start", done)
        text += piece[max(done - start, 0) :]
        done = start + len(piece)
    return text


def language_of(record: Record, layout: Layout) -> str:
    """The language that the payload names, else `und`."""
    value = value_at(record.payload, "lang" if layout.own else layout.lang_key)
    return value if isinstance(value, str) and value else "und"


def hit_from_record(record: Record, layout: Layout, confidence: float | None = None) -> Hit:
    """A search result as users see it."""
    payload, score = record.payload, float(record.score or 0.0)
    if not layout.own:
        document = _foreign_document(record, layout)
        return Hit(
            text=document.text,
            score=score,
            confidence=confidence,
            lang=document.lang or "und",
            id=document.id,
            metadata=document.metadata,
            source=document.source,
        )
    chunk = None
    if payload.get("chunks", 1) > 1:
        chunk = Chunk(
            index=max(payload["chunk"], 0), count=payload["chunks"], start=payload["start"], end=payload["end"]
        )
    return Hit(
        text=str(payload.get("text", "")),
        score=score,
        confidence=confidence,
        lang=payload.get("lang") or "und",
        id=_id_of(record, layout),
        metadata=payload.get("metadata") or {},
        source=payload.get("source"),
        chunk=chunk,
    )


def document_key(record: Record, layout: Layout) -> str | int:
    """What tells documents apart: chunks of one document share it."""
    return str(record.payload.get("doc", record.id)) if layout.own else record.id


def _id_of(record: Record, layout: Layout) -> DocumentId:
    given = id_from_payload(record.payload) if layout.own else None
    return record.payload.get("doc", record.id) if given is None else given


def _foreign_document(record: Record, layout: Layout) -> Document:
    text, lang = value_at(record.payload, layout.text_key), value_at(record.payload, layout.lang_key)
    source = record.payload.get("source")
    return Document(
        text=text if isinstance(text, str) else "",
        id=record.id,
        lang=lang if isinstance(lang, str) else None,
        metadata={k: v for k, v in record.payload.items() if k != layout.text_key},
        source=source if isinstance(source, str) else None,
    )
