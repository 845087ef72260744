"""What users hand in and get back. All frozen, all serialisable to JSON whatever the metadata holds."""

from __future__ import annotations

from typing import Any
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
        score: As Qdrant gives it: cosine similarity for collections that xling made. Comparable within one
            collection and model only.
        confidence: What the score means, 0 to 1, on a scale that is the same for every model: 0 is no nearer than
            random texts of different languages, 1 as near as a translation, and at 0.5 both errors are equally
            likely. None where the model has no calibration.
        lang: BCP 47 code, `und` if unknown.
        id: The document's id as it was given, or the id it was stored under.
        metadata: As stored.
        source: As stored.
        chunk: Set where the document was split because it is longer than the model reads.
        others: With `distinct=`, the further documents of the same item, best first.
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


class Report(_Frozen):
    """What `add` or `delete` did, in numbers of documents."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: tuple[Skipped, ...] = ()

    @property
    def total(self) -> int:
        """Documents looked at, skipped ones included."""
        return self.added + self.updated + self.unchanged + self.deleted + len(self.skipped)

    def __str__(self) -> str:
        counts = {k: getattr(self, k) for k in ("added", "updated", "unchanged", "deleted")}
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


class Progress(_Frozen):
    """How far a long operation is. `total` is None where the input has no known length."""

    done: int
    total: int | None = None
    per_second: float = 0.0


class Info(_Frozen):
    """What a collection is and holds."""

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
    store: dict[str, Any]
