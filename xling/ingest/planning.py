"""What is to be done with documents, given what is stored of them. Pure: nothing here talks to a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from xling.store.base import Record
from xling.store.points import StoredDocument
from xling.types import Skipped

Change = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a document, or about to be. Not `whole`: an earlier run was killed while adding it."""

    text_hash: str
    rest_hash: str
    chunks: int
    lang: str
    whole: bool = True

    @classmethod
    def of(cls, document: StoredDocument, chunks: int) -> Known:
        """What will be stored of a document."""
        return cls(document.text_hash, document.rest_hash, chunks, document.lang)

    @classmethod
    def read(cls, head: Record) -> Known:
        """What the point of a document's first chunk says."""
        payload = head.payload
        return cls(
            str(payload.get("text_hash")),
            str(payload.get("rest_hash")),
            int(payload.get("chunks", 1)),
            str(payload.get("lang")),
            int(payload.get("chunk", 0)) == 0,
        )


@dataclass(slots=True)
class Plan:
    """What a batch leads to. Documents are keyed by their UUID, so a later one replaces an earlier one.

    Attributes:
        encode: Documents whose text is new.
        payload_only: Documents whose text is stored, but other things beside it.
        was: What is stored of the documents.
        counts: What becomes of the rows.
        skipped: Rows that cannot be stored.
        rows: Number of rows.
        indexes: Which row a document is; the last one, if it comes twice.
    """

    encode: dict[str, StoredDocument] = field(default_factory=dict)
    payload_only: dict[str, StoredDocument] = field(default_factory=dict)
    was: dict[str, Known] = field(default_factory=dict)
    counts: dict[Change, int] = field(default_factory=lambda: {"added": 0, "updated": 0, "unchanged": 0})
    skipped: list[Skipped] = field(default_factory=list)
    rows: int = 0
    indexes: dict[str, int] = field(default_factory=dict)

    def outcome(self, chunks: Mapping[str, int]) -> dict[str, Known]:
        """What will be stored of the documents that change, given the numbers of chunks of those encoded."""
        encoded = {uuid: Known.of(document, chunks.get(uuid, 1)) for uuid, document in self.encode.items()}
        return encoded | {u: Known.of(document, self.was[u].chunks) for u, document in self.payload_only.items()}

    def drop(self, uuid: str, skipped: Skipped) -> None:
        """Leave a document out after all."""
        del self.encode[uuid]
        known = self.was.get(uuid)
        self.counts["updated" if known is not None and known.whole else "added"] -= 1
        self.skipped.append(skipped)


def make_plan(documents: Sequence[StoredDocument], stored: Mapping[str, Known]) -> Plan:
    """Compare documents with what is stored of them, by text and by everything else."""
    # A document that comes twice in the batch is compared with itself, then with what is stored.
    latest = dict(stored)
    plan = Plan(was=dict(stored))
    for document in documents:
        uuid, now = document.uuid, Known.of(document, 0)
        known, before = latest.get(uuid), plan.was.get(uuid)
        latest[uuid] = now
        if known is not None and known.whole and (known.text_hash, known.rest_hash) == (now.text_hash, now.rest_hash):
            plan.counts["unchanged"] += 1
            continue
        plan.counts["added" if known is None or not known.whole else "updated"] += 1
        same_text = before is not None and before.whole and before.text_hash == now.text_hash
        (plan.encode if same_text else plan.payload_only).pop(uuid, None)
        (plan.payload_only if same_text else plan.encode)[uuid] = document
    return plan
