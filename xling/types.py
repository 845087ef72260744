"""What users hand in and get back. All frozen, all serialisable to JSON whatever the metadata holds."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from xling._json import to_jsonable

DocumentId = str | int | UUID


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def to_dict(self) -> dict[str, Any]:
        """This object as plain JSON values: numpy, datetime, UUID, set, … are converted, never refused."""
        return self.model_dump(mode="json")


class Document(_Frozen):
    """A text to store, or a stored one.

    Attributes:
        text: The text as given; only the encoder sees a normalised form.
        id: Any string, integer or UUID; it comes back as given. Without one, the document is known by its text
            and source: adding it again leaves one.
        lang: BCP 47 code, e.g. `ja` or `pt-BR`. Detected where not given; `und` is unknown.
        metadata: Any JSON-like values; numpy values, dates and UUIDs are converted.
        source: Where it comes from (a file, a feed). The same text of two sources is two documents.
    """

    text: str
    id: DocumentId | None = None
    lang: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    source: str | None = None

    @field_serializer("metadata")
    def _plain_metadata(self, value: dict[str, Any]) -> Any:
        return to_jsonable(value)


class Chunk(_Frozen):
    """Which piece of a long document a hit is: piece `index` of `count`, characters `start` to `end` of it."""

    index: int
    count: int
    start: int
    end: int


class Hit(_Frozen):
    """One document found.

    Attributes:
        text: The text of the document, or of its best piece where it was split (see `chunk`).
        score: As Qdrant gives it: cosine similarity for collections that xling made, or what the terms in common, or
            the fusion of both, come to (`mode=`). Comparable within one collection, model and mode only.
        confidence: What the score means, 0 to 1, on a scale that is the same for every model: 0 is no nearer than
            random texts of different languages, 1 as near as a translation, and at 0.5 both errors are equally
            likely. None where the model has no calibration, and where it was not asked (`mode="lexical"`).
        lang: BCP 47 code, `und` if unknown.
        id: The document's id as it was given, or the id it was stored under.
        metadata: As stored.
        source: As stored.
        chunk: Set where the document was split because it is longer than the model reads.
        others: With `distinct=`, the further documents of the same item, best first. A reranker does not see them: they
            keep the scores and the order of the search.
    """

    text: str
    score: float
    confidence: float | None = None
    lang: str = "und"
    id: DocumentId | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    source: str | None = None
    chunk: Chunk | None = None
    others: tuple[Hit, ...] = ()

    @field_serializer("metadata")
    def _plain_metadata(self, value: dict[str, Any]) -> Any:
        return to_jsonable(value)


class Word(_Frozen):
    """A word of a text: characters `start` to `end` (exclusive) of it."""

    text: str
    start: int
    end: int


class WordLink(_Frozen):
    """Two words that answer each other.

    Attributes:
        source: A word of the first text, or of the query.
        target: A word of the second text, or of the hit.
        weight: How sure the link is, 0 to 1: the cosine of the two, what their texts have in common taken out.
    """

    source: Word
    target: Word
    weight: float


class Passage(_Frozen):
    """A part of a document that may hold the answer: chunks that were found, and their neighbours, in one piece.

    Attributes:
        text: Characters `start` to `end` of the document.
        id: The document's id.
        title: Of the document: its metadata's `title`, else its first heading.
        lang: BCP 47 code, `und` if unknown.
        start: Where the passage begins in the document, in characters.
        end: Where it ends.
        score: The best of its chunks, as in `Hit`; so is `confidence`.
        source: As stored.
        metadata: As stored.
        others: Passages that say the same: copies, translations, and those of equal value of `distinct=`.
    """

    text: str
    id: DocumentId
    title: str | None = None
    lang: str = "und"
    start: int = 0
    end: int = 0
    score: float = 0.0
    confidence: float | None = None
    source: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    others: tuple[Passage, ...] = ()

    @field_serializer("metadata")
    def _plain_metadata(self, value: dict[str, Any]) -> Any:
        return to_jsonable(value)

    @property
    def citation(self) -> str:
        """Title, id, language and characters, in one line."""
        label = " ".join(str(self.title if self.title is not None else self.id).split())
        parts = [] if self.title is None else [" ".join(str(self.id).split())]
        return f"{label} ({', '.join([*parts, self.lang, f'characters {self.start}-{self.end}'])})"


class Retrieval(_Frozen):
    """Passages for a question, best first.

    Attributes:
        questions: The question in the phrasings it was asked in.
        passages: What was found, as far as the budget goes.
        tokens: Tokens of `as_context()`, as the collection's model counts them.
    """

    questions: tuple[str, ...]
    passages: tuple[Passage, ...] = ()
    tokens: int = 0

    def as_context(self) -> str:
        """The passages for a prompt, each under its number and citation: `[1] Title (id, ja, characters 0-250)`."""
        return "\n\n".join(
            f"[{number}] {passage.citation}\n{passage.text.strip()}" for number, passage in enumerate(self.passages, 1)
        )


class Skipped(_Frozen):
    """A document that was not stored: its position in what was given, its id if it had one, and why."""

    index: int
    id: DocumentId | None = None
    reason: str


class Unreadable(_Frozen):
    """Stands among documents for one that could not be read: it is reported as skipped, and nothing is lost by it.

    `sync` leaves what is stored under its id. Without an id it cannot be known which document that is, so `sync` then
    deletes nothing at all.
    """

    reason: str
    id: DocumentId | None = None


class Report(_Frozen):
    """What `add`, `sync` or `delete` did, in numbers of documents; of a dry run, what it would do.

    Attributes:
        added: New documents.
        updated: Documents whose text or metadata changed.
        unchanged: Documents that were there already.
        deleted: Documents that are gone.
        kept: Documents that `sync` found in the collection but not in the source, and did not delete, since some of
            what it read could not be told apart from them.
        skipped: What was not stored, each with its reason.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    kept: int = 0
    skipped: tuple[Skipped, ...] = ()

    @property
    def total(self) -> int:
        """Documents looked at, skipped ones included."""
        return self.added + self.updated + self.unchanged + self.deleted + self.kept + len(self.skipped)

    def __str__(self) -> str:
        counts = {k: getattr(self, k) for k in ("added", "updated", "unchanged", "deleted", "kept")}
        counts["skipped"] = len(self.skipped)
        return ", ".join(f"{v} {k}" for k, v in counts.items() if v) or "nothing to do"


class Transfer(_Frozen):
    """What an export, an import or a change of the model moved.

    Attributes:
        documents: Documents moved.
        points: Points moved: a long document is several.
        collection: The collection's name; of a change of the model, the new one's.
        file: The file written or read, None where there is none.
        bytes: Its size.
    """

    documents: int
    points: int
    collection: str
    file: str | None = None
    bytes: int | None = None


class Snapshot(_Frozen):
    """A snapshot of a collection on a Qdrant server.

    Attributes:
        name: Its file's name, by which it is restored.
        bytes: Its size.
        created: When, as the server says it.
    """

    name: str
    bytes: int
    created: str | None = None


class DocumentPage(_Frozen):
    """Some documents of a collection, and where to go on.

    Attributes:
        documents: Whole documents, in no order that means something, but always in the same.
        cursor: Give it to `documents_page` for those that follow; None where these are the last.
    """

    documents: tuple[Document, ...]
    cursor: str | None = None


class Progress(_Frozen):
    """How far a long operation is.

    Attributes:
        done: Documents that are done: stored, found unchanged, or skipped.
        total: Documents in all, None where the input has no known length.
        per_second: Documents done per second so far.
        waiting_for: What most of the time went into since the last call, where several things go on at once: waiting
            for documents to be read, for the encoder, or for Qdrant to write.
    """

    done: int
    total: int | None = None
    per_second: float = 0.0
    waiting_for: Literal["reading", "encoding", "writing", "deleting"] | None = None


class Info(_Frozen):
    """What a collection is and holds.

    `lexical` is whether it keeps terms, for `search(mode="lexical")` and `"hybrid"`. Of its `storage` (quantization,
    on_disk, tenant, shards, replicas, write_consistency) it has what is not as Qdrant does it by itself; `store` are
    the store's own figures. `usage` is what the encoder has sent and used in this process, if it is behind an API:
    requests, texts, tokens, and cost where its price is known.
    """

    name: str
    location: str
    documents: int
    points: int
    languages: dict[str, int]
    model: str
    dimension: int
    vector_name: str
    made_by_xling: bool
    space: dict[str, Any]
    indexes: dict[str, str]
    storage: dict[str, Any]
    lexical: bool
    store: dict[str, Any]
    usage: dict[str, Any] = Field(default_factory=dict)
