"""Models behind an embeddings API as OpenAI defined it: OpenAI's own, and any server that speaks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.space.cards import card_for
from xling.space.encoders.api_client import EmbeddingsApi, TooMuchError
from xling.space.encoders.api_tokens import rule_for
from xling.space.encoders.roles import ROLES, by_role
from xling.space.encoders.usage import Usage, UsageMeter
from xling.space.protocols import Vectors
from xling.text.normalise import without_surrogates

PREFIX = "openai:"
_UNKNOWN_MAX_TOKENS = 512
_OVERHEAD = 16
_TINY = 1e-12


class OpenAIEncoder:
    """Text → unit-length float32 vectors by a server with OpenAI's embeddings API (extra `openai`).

    The key is read from the environment and is in no attribute, message or record. The address is in no record
    either: a collection is read wherever its model is served, and nobody's key goes to an address that stands in a
    collection. Requests that fail for the time being are made again, with growing pauses and by `Retry-After`.

    Args:
        model: The model's name at the server, e.g. `text-embedding-3-small`.
        dimensions: Ask for vectors of so many numbers; for models that can (OpenAI's text-embedding-3).
        base_url: The server's address, which ends in /v1 as a rule. By default what `OPENAI_BASE_URL` says, else
            OpenAI's own.
        max_tokens: Tokens that the model reads of a text; what is longer is split. Known of OpenAI's models and of
            those of the hub that have a card; else 512.
        prompts: What is put before texts: `{"query": …, "document": …}`, or one of them. By default what the card of a
            model says that is named as on the hub, and nothing before others.
        extra: Fields added to the requests, for servers that tell queries and documents apart by one:
            `{"query": {"input_type": "query"}, "document": {"input_type": "passage"}}`. No prompt is added then.
        batch_size: Texts of a request, at most.
        batch_tokens: Tokens of a request, at most, as they are counted here.
        parallel: Requests under way at once.
        timeout: Seconds for a request.
        retries: Further tries of a request.
        price: What a million tokens cost, for `usage.cost`.
        key_variable: The environment variable that holds the key.

    Raises:
        InvalidInput: An argument makes no sense.
    """

    reference_sentences = 25
    """Sentences of each language that are enough to measure the language space, since each is paid for."""

    def __init__(
        self,
        model: str,
        *,
        dimensions: int | None = None,
        base_url: str | None = None,
        max_tokens: int | None = None,
        prompts: Mapping[str, str] | None = None,
        extra: Mapping[str, Mapping[str, Any]] | None = None,
        batch_size: int = 128,
        batch_tokens: int = 50_000,
        parallel: int = 4,
        timeout: float = 120.0,
        retries: int = 5,
        price: float | None = None,
        key_variable: str = "OPENAI_API_KEY",
    ) -> None:
        model = model.removeprefix(PREFIX).strip() if isinstance(model, str) else ""
        if not model:
            raise InvalidInput("an encoder behind an API needs the model's name, e.g. 'openai:text-embedding-3-small'")
        counts = {"dimensions": dimensions, "max_tokens": max_tokens, "batch_size": batch_size, "parallel": parallel}
        for name, value in {**counts, "batch_tokens": batch_tokens}.items():
            if value is not None and not (isinstance(value, int) and value > 0 and not isinstance(value, bool)):
                raise InvalidInput(f"{name}= is a whole number above 0, not {value!r}")
        self._arguments: dict[str, Any] = {
            "base_url": base_url,
            "max_tokens": max_tokens,
            "prompts": prompts,
            "extra": extra,
            "batch_size": batch_size,
            "batch_tokens": batch_tokens,
            "parallel": parallel,
            "timeout": timeout,
            "retries": retries,
            "price": price,
            "key_variable": key_variable,
        }
        own, hub = (None, card_for(model)) if "/" in model else (card_for(f"openai/{model}"), None)
        self._card = own or hub
        self._shortens = own is not None and own.least_dimension is not None
        self._dimensions = dimensions if own is None or dimensions != own.dimension else None
        self._size = self._dimensions or (self._card.dimension if self._card is not None else None)
        known = self._card.max_tokens if self._card is not None else _UNKNOWN_MAX_TOKENS
        self._max_tokens = max_tokens or known
        if any({"input", "model", "dimensions", "encoding_format"} & {*values} for values in (extra or {}).values()):
            raise InvalidInput("extra= adds fields to requests, and cannot replace the model, the input or their form")
        self._extra = {role: dict(values) for role, values in by_role("extra", extra, Mapping).items()}
        prompted = hub is not None and not self._extra
        self._prompts = {role: getattr(hub, f"{role}_prompt") if prompted else "" for role in ROLES}
        self._prompts.update(by_role("prompts", prompts, str))
        self._ends = rule_for(model, openai=own is not None, known=hub is not None and not hub.byte_level)
        self._exact = own is not None
        self._api = EmbeddingsApi(model, base_url, key_variable, timeout, retries)
        self._batch_size, self._batch_tokens, self._parallel = batch_size, batch_tokens, parallel
        self._meter, self._lock = UsageMeter(price), threading.Lock()

    @property
    def name(self) -> str:
        """`openai:` and the model's name at the server."""
        return PREFIX + self._api.model

    @property
    def dimension(self) -> int:
        """Columns of the vectors. Of a model that is not known a short text is encoded to learn it."""
        with self._lock:
            if self._size is None:
                self._size = self._request(["a"], "document").shape[1]
            return self._size

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text, prompt included."""
        return self._max_tokens

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors. Where the model is served is left out."""
        identity: dict[str, str | int] = {
            "api": "openai",
            "model": self._api.model,
            "dimension": self.dimension,
            "query_prompt": self._prompts["query"],
            "document_prompt": self._prompts["document"],
            "max_tokens": self.max_tokens,
        }
        if self._dimensions is not None:
            identity["dimensions"] = self._dimensions
        for role, values in self._extra.items():
            identity[f"{role}_extra"] = json.dumps(values, sort_keys=True)
        return identity

    @property
    def usage(self) -> Usage:
        """What was sent, and its cost, since the encoder was made."""
        return self._meter.read()

    @property
    def address(self) -> str:
        """Where texts are sent, without credentials."""
        return self._api.address

    def expect_dimension(self, dimension: int) -> None:
        """Take it as known, so that nothing is sent to learn it; vectors of another size are an error then."""
        if self._size is None:
            self._size = dimension

    def with_dimensions(self, dimensions: int) -> OpenAIEncoder | None:
        """The same model asked for shorter vectors; None of a model that is not known to give them."""
        if not self._shortens:
            return None
        return type(self)(self._api.model, dimensions=dimensions, **self._arguments)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length document vectors, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "document")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length query vectors, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "query")

    def encode_both(self, queries: Sequence[str], documents: Sequence[str]) -> tuple[Vectors, Vectors]:
        """Query vectors and document vectors, in one request where only a prompt tells them apart."""
        if self._extra:
            return self.encode_queries(queries), self.encode_documents(documents)
        texts = [self._prompts["query"] + text for text in queries]
        texts += [self._prompts["document"] + text for text in documents]
        vectors = self._sent(texts, "document")
        return vectors[: len(queries)], vectors[len(queries) :]

    @property
    def document_overhead(self) -> int:
        """Tokens that the document prompt, and what the server may add, take of `max_tokens`, at most."""
        return len(self._ends(self._prompts["document"])) + (0 if self._exact else _OVERHEAD)

    def token_ends(self, text: str) -> list[int]:
        """End offset in characters of each token of `text`, ascending; a bound where the tokenizer is not known."""
        return self._ends(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, at most."""
        return [len(self._ends(text)) for text in texts]

    def _encode(self, texts: Sequence[str], role: str) -> Vectors:
        if isinstance(texts, str):
            raise InvalidInput("texts must be a list of strings, got one string; put it into a list")
        prompt = self._prompts[role]
        return self._sent([prompt + text for text in texts], role)

    def _sent(self, texts: list[str], role: str) -> Vectors:
        """Each text once, in batches, several at once."""
        places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        batches = _batches(list(places), self._ends, self._batch_size, self._batch_tokens)
        if not batches:
            return np.zeros((0, self.dimension), np.float32)
        if len(batches) == 1 or self._parallel == 1:
            parts = [self._in_parts(batch, role) for batch in batches]
        else:
            with ThreadPoolExecutor(min(self._parallel, len(batches)), thread_name_prefix="xling-api") as pool:
                jobs = [pool.submit(self._in_parts, batch, role) for batch in batches]
                try:
                    parts = [job.result() for job in jobs]
                except BaseException:
                    for job in jobs:
                        job.cancel()
                    raise
        vectors = np.concatenate(parts)
        with self._lock:
            self._size = self._size or vectors.shape[1]
        if vectors.shape[1] != self.dimension:
            raise ModelError(
                f"{self.address} gives vectors of {vectors.shape[1]} numbers for {self._api.model!r}, and "
                f"{self.dimension} were expected: it is another model, or has another dimensions=, than it was"
            )
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        return vectors if len(places) == len(texts) else vectors[[places[text] for text in texts]]

    def _in_parts(self, texts: Sequence[str], role: str) -> Vectors:
        """Halved where the server takes fewer at once: what it takes is not to be learned from the API."""
        if len(texts) > self._batch_size:
            half = self._batch_size
        else:
            try:
                return self._request(texts, role)
            except TooMuchError:
                half = (len(texts) + 1) // 2
        vectors = np.concatenate([self._in_parts(texts[:half], role), self._in_parts(texts[half:], role)])
        self._batch_size = min(self._batch_size, half)
        return vectors

    def _request(self, texts: Sequence[str], role: str) -> Vectors:
        sent = [without_surrogates(text) or " " for text in texts]
        vectors, tokens = self._api.embed(sent, self._dimensions, self._extra.get(role, {}))
        self._meter.add(len(texts), tokens)
        return vectors

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.model!r}, base_url={self.address!r})"


def _batches(texts: list[str], ends: Callable[[str], list[int]], most: int, most_tokens: int) -> list[list[str]]:
    batches: list[list[str]] = []
    room = 0
    for text in texts:
        # A token is a byte at least, or two ASCII letters: short texts need not be counted.
        size = len(ends(text)) if len(text) > 400 else len(text.encode("utf-8", "surrogatepass"))
        if not batches or len(batches[-1]) == most or size > room:
            batches.append([])
            room = most_tokens
        batches[-1].append(text)
        room -= size
    return batches
