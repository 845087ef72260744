"""What is asked of searches and what they answer. Where the library has a model for it, that is used."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from xling.explore.results import Prediction
from xling.serve.fields import Asked, Code, Id, Languages, Name, Number, Selecting, Share, Text
from xling.types import Hit, Passage

_COMPARED_MOST = 21


class Searching(Selecting):
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


class Similar(Selecting):
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


class Recommending(Selecting):
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


class Retrieving(Selecting):
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
