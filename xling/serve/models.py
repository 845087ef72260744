"""What is sent and answered. Where the library has a model for it, that is used."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from xling.explore.results import Prediction
from xling.types import Document, Hit, Passage, Progress, Report

_LANGUAGES_MOST = 200
_COMPARED_MOST = 21


def _sendable(value: Any) -> Any:
    """Refuse lone surrogates, which are no text and which no store can keep."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it has a lone surrogate (half of a character), which is no text") from None
    return value


Text = Annotated[StrictStr, AfterValidator(_sendable)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(_sendable)]
Code = Annotated[StrictStr, Field(min_length=1, max_length=64), AfterValidator(_sendable)]
Id = StrictStr | StrictInt
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Where = Annotated[dict[str, Any], AfterValidator(_sendable)]
Languages = Annotated[list[Code], Field(max_length=_LANGUAGES_MOST)]


class Asked(BaseModel):
    """Base of what is asked: a field that is not known is refused, since it may be misspelt."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Selecting(Asked):
    languages: Languages | None = Field(None, description="only documents of these languages, as BCP 47 codes")
    where: Where | None = Field(
        None,
        description="only documents whose metadata meet this",
        examples=[{"year": {"gte": 1990}, "genre": ["drama", "action"]}],
    )
    source: Text | None = Field(None, description="only documents of this source")

    def selection(self) -> dict[str, Any]:
        """As arguments of the verbs."""
        return {"languages": self.languages, "where": self.where, "source": self.source}


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


class Deleting(_Selecting):
    """Documents by their ids, or all that meet a filter: one of the two."""

    ids: list[Id] | None = Field(None, examples=[["ja-1", 7]])


class Documents(BaseModel):
    """Documents in the order of the ids; null where there is none."""

    documents: list[Document | None]


class Searching(_Selecting):
    """A query in any language, and how to search."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"query": "ありがとう", "limit": 3, "compare": [0.0]}]},
    )

    query: Text | Annotated[list[Text], Field(min_length=1, max_length=16)] = Field(
        description="a text, or one query in several phrasings"
    )
    combine: Literal["average", "fuse"] = "average"
    limit: StrictInt = Field(10, ge=1)
    offset: StrictInt = Field(0, ge=0, le=10_000)
    neutral: Share = Field(1.0, description="1 ranks by meaning alone; 0 as the model is, own language first")
    compare: list[Share] = Field(
        default_factory=list,
        max_length=_COMPARED_MOST,
        description="further values of `neutral`, for which `rankings` has the hits; the query is encoded once",
    )
    balance: Share = Field(0.0, description="make scores of different languages comparable")
    prefer: Languages | None = Field(None, description="languages to put first among hits about as good")
    rescore: StrictBool = False
    distinct: Name | None = Field(None, description="metadata field: documents of equal value take one place")
    chunks: StrictBool = False
    min_score: Number | None = None
    min_confidence: Share | None = None
    exact: StrictBool = False
    mode: Literal["dense", "lexical", "hybrid"] = "dense"
    fusion: Literal["rrf", "dbsf"] = "rrf"
    lexical_weight: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    rerank: Literal["maxsim"] | None = Field(None, description="give the best another order, by the model's own tokens")
    candidates: Annotated[StrictInt, Field(ge=1)] | None = None

    @property
    def texts(self) -> list[str]:
        """The phrasings."""
        return [self.query] if isinstance(self.query, str) else self.query

    def options(self) -> dict[str, Any]:
        """As arguments of `Collection.search`, but for `neutral`."""
        return self.model_dump(exclude={"query", "neutral", "compare"})


class Detected(BaseModel):
    """The language of a text; `und` where it does not say."""

    lang: str
    confidence: float


class Ranking(BaseModel):
    """The hits for another value of `neutral`."""

    neutral: float
    hits: list[Hit]


class Answer(BaseModel):
    """Hits, best first."""

    hits: list[Hit]
    milliseconds: float = Field(description="from when the request was read to when the hits were found")
    warnings: list[str] = Field(default_factory=list)


class Found(Answer):
    """What a search found."""

    rankings: list[Ranking] = Field(default_factory=list)
    language: Detected = Field(description="of the query")


class Similar(_Selecting):
    """A stored document by its id, or a text: one of the two."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [{"id": "ja-1"}]})

    id: Id | None = None
    text: Text | None = None
    limit: StrictInt = Field(10, ge=1)
    other_languages: StrictBool = False
    translations: StrictBool = False
    neutral: Share = 1.0
    balance: Share = 0.0
    distinct: Name | None = None
    min_score: Number | None = None
    min_confidence: Share | None = None
    exact: StrictBool = False

    def options(self) -> dict[str, Any]:
        """As arguments of `Collection.similar`."""
        return self.model_dump(exclude={"id", "text"})


class Recommending(_Selecting):
    """What somebody liked, disliked and saw: ids, or texts that are no id. The newest last."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [{"liked": ["ja-1"]}]}
    )

    liked: list[Id] = Field(default_factory=list)
    disliked: list[Id] = Field(default_factory=list)
    history: list[Id] = Field(default_factory=list)
    limit: StrictInt = Field(10, ge=1)
    strategy: Literal["average", "best_score", "sum_scores"] = "average"
    half_life: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = 10.0
    neutral: Share = 1.0
    balance: Share | None = None
    distinct: Name | None = None
    exact: StrictBool = False


class Retrieving(_Selecting):
    """A question, for passages that help to answer it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": "雷のときは？", "token_budget": 1000}]}
    )

    question: Text | Annotated[list[Text], Field(min_length=1, max_length=16)]
    token_budget: Annotated[StrictInt, Field(ge=16, le=1_000_000)] | None = 2048
    limit: StrictInt = Field(20, ge=1)
    expand: StrictInt = Field(1, ge=0, le=20)
    group: StrictBool = True
    neutral: Share = 1.0
    balance: Share = 0.0
    prefer: Languages | None = None
    rescore: StrictBool = False
    distinct: Name | None = None
    min_score: Number | None = None
    min_confidence: Share | None = None
    mode: Literal["dense", "lexical", "hybrid"] = "dense"

    @property
    def texts(self) -> list[str]:
        """The phrasings."""
        return [self.question] if isinstance(self.question, str) else self.question


class Retrieved(BaseModel):
    """Passages, best first, and the same as text for a prompt."""

    questions: tuple[str, ...]
    passages: tuple[Passage, ...]
    tokens: int
    context: str
    milliseconds: float
    warnings: list[str] = Field(default_factory=list)


class Classifying(Asked):
    """Texts, and examples of each label, in any languages."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"texts": ["雷です。"], "examples": {"weather": ["It rains"], "tickets": ["One way, please"]}}]
        },
    )

    texts: list[Text] = Field(min_length=1)
    examples: dict[Name, Annotated[list[Id], Field(min_length=1)]] = Field(min_length=2, max_length=200)
    method: Literal["logistic", "nearest"] = "nearest"
    threshold: Share | None = None
    neutral: Share = 1.0


class Classified(BaseModel):
    """One prediction a text."""

    predictions: list[Prediction]
    milliseconds: float
    warnings: list[str] = Field(default_factory=list)


class Looking(Asked):
    """A text to translate, and the language wanted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Thank you for your help.", "target": "ja"}]}
    )

    text: Text
    target: Code
    source: Code | None = None
    limit: StrictInt = Field(5, ge=1, le=100)
    min_percent: StrictInt = Field(70, ge=0, le=100)
    min_confidence: Share = 0.5
    context: Text | None = None
    exact: StrictBool = False


class MemoryMatch(BaseModel):
    """A translation that the memory has for the text, or for one like it."""

    target: str
    source: str
    source_lang: str
    target_lang: str
    kind: Literal["context", "exact", "fuzzy", "meaning"]
    percent: int | None
    confidence: float | None
    flags: list[str] = Field(description="what differs: `numbers`, `placeables`, `negation`")
    context: str | None
    changed: float
    key: str
    memory: str


class Matches(BaseModel):
    """Matches, best first."""

    matches: list[MemoryMatch]
    milliseconds: float
    warnings: list[str] = Field(default_factory=list)


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
