"""Requests to an embeddings API as OpenAI defined it, and what its failures mean."""

from __future__ import annotations

import base64
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from xling.errors import InsecureKeyWarning, InvalidInput, MissingExtra, ModelError, ModelUnavailable
from xling.space.protocols import Vectors
from xling.store.server_address import is_loopback, without_credentials

if TYPE_CHECKING:
    from openai import OpenAI

ADDRESS_VARIABLE = "OPENAI_BASE_URL"
OWN_ADDRESS = "https://api.openai.com/v1"
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key)[-_][\w*-]{6,}|(?i:bearer)\s+\S+")
_SPLIT_AT = frozenset({400, 413, 422})
_UNASKED = "none"


class TooMuchError(Exception):
    """The server sent a batch away that it may take in parts."""

    def __init__(self, error: ModelError) -> None:
        self.error = error


class EmbeddingsApi:
    """One model at one address. Nothing is sent before the first call; the key is read then, and not kept here.

    Args:
        model: Name of the model, as the server knows it.
        base_url: The server's address; None is what `OPENAI_BASE_URL` says, else OpenAI's own.
        key_variable: Environment variable with the key.
        timeout: Seconds for a request.
        retries: Further tries of a request that failed for the time being.

    Raises:
        InvalidInput: The address is none.
    """

    def __init__(self, model: str, base_url: str | None, key_variable: str, timeout: float, retries: int) -> None:
        self.model, self._key_variable, self._timeout, self._retries = model, key_variable, timeout, retries
        self._base_url = (base_url or os.environ.get(ADDRESS_VARIABLE, "").strip() or OWN_ADDRESS).rstrip("/")
        parts = urlsplit(self._base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInput(f"base_url= is an address like 'http://localhost:8000/v1', not {self.address!r}")
        self._client: OpenAI | None = None

    @property
    def address(self) -> str:
        """Where the server is, fit to be shown."""
        return without_credentials(self._base_url)

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own server."""
        return urlsplit(self._base_url).hostname == urlsplit(OWN_ADDRESS).hostname

    def embed(self, texts: Sequence[str], dimensions: int | None, extra: Mapping[str, Any]) -> tuple[Vectors, int]:
        """Vectors of texts, one row a text, as the server gives them; and the tokens it counted.

        Raises:
            MissingExtra: The client is not installed.
            TooMuchError: The server refuses several texts, which it may take one by one.
            ModelError: It refuses, or its answer is none.
            ModelUnavailable: It could not be reached, or is overloaded still after all tries.
        """
        client = self._connected()
        import openai

        asked: dict[str, Any] = {} if dimensions is None else {"dimensions": dimensions}
        try:
            # base64 takes a quarter of what numbers do, and no list is made of it; servers without it send numbers.
            answer = client.embeddings.create(
                input=list(texts), model=self.model, encoding_format="base64", extra_body=dict(extra) or None, **asked
            )
            return _vectors(answer, len(texts)), _tokens(answer)
        except openai.APIStatusError as exc:
            error = self._refusal(exc)
            if exc.status_code in _SPLIT_AT and len(texts) > 1:
                raise TooMuchError(error) from None
            raise error from None  # what it came from holds the request, key and all
        except openai.APIConnectionError as exc:
            late = "did not answer in time" if isinstance(exc, openai.APITimeoutError) else "could not be reached"
            raise ModelUnavailable(
                f"the server of the model {self.model!r} at {self.address} {late}, in {self._retries + 1} tries"
                f"{self._reason(exc.__cause__)}. What was stored stays; the same call goes on from there"
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError, openai.APIError) as exc:
            raise ModelError(
                f"what {self.address} answered are no embeddings{self._reason(exc)}. Is it the address of an "
                f"OpenAI-compatible API? It ends in /v1 as a rule"
            ) from None

    def _refusal(self, exc: Any) -> ModelError:
        status, words = exc.status_code, self._reason(exc)
        if status in (401, 403):
            return ModelError(
                f"{self.address} refused the API key (HTTP {status}): set the environment variable "
                f"{self._key_variable} to a key that may use the model {self.model!r}"
            )
        if status == 404:
            return ModelError(
                f"{self.address} has no model {self.model!r}, or no embeddings at that address (HTTP 404){words}. "
                f"The address ends in /v1 as a rule"
            )
        if status == 429:
            return ModelUnavailable(
                f"{self.address} still refuses after {self._retries + 1} tries: too many requests for now, or the "
                f"account's quota is used up (HTTP 429){words}. What was stored stays; the same call goes on from there"
            )
        if status >= 500:
            return ModelUnavailable(
                f"the server of the model {self.model!r} at {self.address} fails (HTTP {status}), in "
                f"{self._retries + 1} tries{words}. What was stored stays; the same call goes on from there"
            )
        return ModelError(f"{self.address} refused to encode with the model {self.model!r} (HTTP {status}){words}")

    def _reason(self, exc: BaseException | None) -> str:
        """The server's or the system's own words, without anything that may be a key."""
        body = getattr(exc, "body", None)
        said = body.get("message") if isinstance(body, dict) else None
        text = str(said or getattr(exc, "message", None) or exc or "").strip()
        key = os.environ.get(self._key_variable, "").strip()
        if key:
            text = text.replace(key, "***")
        text = _KEY_LIKE.sub("***", text)
        return f": {text.splitlines()[0][:200]}" if text else ""

    def _connected(self) -> OpenAI:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> OpenAI:
        try:
            import openai
        except ModuleNotFoundError as exc:
            raise MissingExtra("Encoding through an OpenAI-compatible API", "openai", "openai") from exc
        key = os.environ.get(self._key_variable, "").strip()
        if not key and self.is_openai:
            raise ModelError(
                f"the model {self.model!r} is OpenAI's, and wants a key: set the environment variable "
                f"{self._key_variable}. For another server set {ADDRESS_VARIABLE}, or give base_url="
            )
        if not (key.isascii() and key.isprintable()):
            raise ModelError(
                f"the key in {self._key_variable} has a character that no HTTP header can carry: a line break, maybe?"
            )
        parts = urlsplit(self._base_url)
        if key and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            warnings.warn(
                f"the API key for {self.address} travels unencrypted over http; use https",
                InsecureKeyWarning,
                stacklevel=2,
            )
        return openai.OpenAI(
            api_key=key or _UNASKED, base_url=self._base_url, timeout=self._timeout, max_retries=self._retries
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r}, {self.address!r})"


def _vectors(answer: Any, n: int) -> Vectors:
    rows = [(_get(item, "index"), _numbers(_get(item, "embedding"))) for item in answer.data]
    if len(rows) != n:
        raise ValueError(f"{len(rows)} vectors for {n} texts")
    if sorted(index for index, _ in rows if isinstance(index, int)) == list(range(n)):
        rows.sort(key=lambda row: row[0])
    sizes = {len(row) for _, row in rows}
    if len(sizes) != 1:
        raise ValueError(f"vectors of different sizes: {sorted(sizes)}")
    return np.stack([row for _, row in rows])


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)


def _numbers(embedding: Any) -> Vectors:
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4").astype(np.float32)
    row = np.asarray(embedding, dtype=np.float32)
    if row.ndim != 1 or not len(row):
        raise ValueError(f"an array of shape {row.shape} where a vector was expected")
    return row


def _tokens(answer: Any) -> int:
    usage = getattr(answer, "usage", None)
    tokens = _get(usage, "total_tokens") or _get(usage, "prompt_tokens") if usage is not None else 0
    return tokens if isinstance(tokens, int) else 0
