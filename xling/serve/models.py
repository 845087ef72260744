"""What is sent and answered, but for searches. Where the library has a model for it, that is used."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from xling.serve.fields import Asked, Id, Name, Selecting, Text
from xling.serve.search_models import Detected
from xling.types import Document, Progress, Report


class Making(Asked):
    """How a new collection is made; what is not given is as the library does it by itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"indexes": {"year": "integer"}}]})

    chunk_tokens: Annotated[StrictInt, Field(ge=16, le=100_000)] | None = None
    chunk_overlap: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    lexical: StrictBool | None = None
    indexes: dict[Name, Literal["keyword", "integer", "float", "bool", "datetime", "text", "uuid", "geo"]] | None = None
    quantization: Literal["scalar", "turbo", "binary"] | None = None
    on_disk: StrictBool | None = None
    tenant_field: Name | None = None
    truncate_dim: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    shards: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    replicas: Annotated[StrictInt, Field(ge=1, le=100)] | None = None


class Brief(BaseModel):
    """A collection in a list."""

    name: str
    documents: int | None
    model: str | None
    made_by_xling: bool | None
    state: str = Field(description="`ok`, `in use` (by another process), or what is wrong")


class Briefs(BaseModel):
    """The collections that the key may read."""

    collections: list[Brief]


class Limits(BaseModel):
    """What one request may hold."""

    body_bytes: int
    upload_bytes: int
    documents: int
    text_characters: int
    query_characters: int
    limit: int
    depth: int


class About(BaseModel):
    """The service, as far as the key may know."""

    name: str = "xling"
    version: str
    keys_required: bool
    role: Literal["read", "write", "admin"] | None = Field(description="null where a key is needed and none is right")
    collections: list[str] = Field(description="the only ones that the key is for; `*` is all")
    model: str | None
    dimension: int | None
    limits: Limits | None


class Adding(Asked):
    """Documents to store."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"documents": ["Thank you", {"text": "おはよう", "id": "ja-1", "metadata": {"kind": "greeting"}}]}
            ]
        },
    )

    documents: list[StrictStr | Document] = Field(min_length=1)
    source: Text | None = Field(None, description="source of all that do not name their own")


class Written(Report):
    """What was written, in numbers of documents."""

    warnings: tuple[str, ...] = ()


class SyncEvent(BaseModel):
    """One line of the answer to a synchronisation that is followed: how far it is, and last what was done."""

    progress: Progress | None = None
    report: Written | None = None
    error: dict[str, Any] | None = None


class Ids(Asked):
    """Documents by their ids; `1` and `"1"` are two."""

    ids: list[Id] = Field(min_length=1, examples=[["ja-1", 7]])


class Deleting(Selecting):
    """Documents by their ids, or all that meet a filter: one of the two."""

    ids: list[Id] | None = Field(None, min_length=1, examples=[["ja-1", 7]])


class Documents(BaseModel):
    """Documents in the order of the ids; null where there is none."""

    documents: list[Document | None]


class Texts(Asked):
    """Texts whose languages are asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"texts": ["おはよう", "Merci"]}]})

    texts: list[Text] = Field(min_length=1)


class Detections(BaseModel):
    """One answer a text."""

    languages: list[Detected]


class Embedding(Asked):
    """As OpenAI's embeddings endpoint has it; `prompt` is xling's own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"model": "bundled/multilingual-e5-small-q4", "input": ["ありがとう", "Thanks"]}]
        },
    )

    input: Any = Field(description="a text, or a list of texts; tokens are refused, since they are another model's")
    model: StrictStr = Field("default", description="the service's model by its name, or `default`")
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[StrictInt, Field(ge=1)] | None = Field(None, description="keep so many numbers, the first")
    prompt: Literal["document", "query"] = Field("document", description="which of the model's two prompts")
    user: Any = Field(None, description="taken and not looked at")


class EmbeddingRow(BaseModel):
    """One vector, of unit length."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[StrictFloat] | str


class Usage(BaseModel):
    """Tokens, as the model counts them."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    """Vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[EmbeddingRow]
    model: str
    usage: Usage


class State(BaseModel):
    """How the service is."""

    status: Literal["ok", "ready", "starting", "stopping"]
