"""The shared space: an encoder with its identity, as it is recorded in a collection and checked on opening."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from xling.errors import ModelError, SpaceMismatch
from xling.space.cache import RecentVectors, Role, VectorCache, encode_both_through, encode_through
from xling.space.chunker import Chunker
from xling.space.protocols import Encoder, EncodesBoth, Vectors


def fingerprint(identity: Mapping[str, Any]) -> str:
    """A short hash of an encoder's identity: equal exactly where the vectors belong to one space."""
    plain = json.dumps(dict(identity), sort_keys=True, ensure_ascii=True)
    return blake2b(plain.encode(), digest_size=8).hexdigest()


class SharedSpace:
    """Text → unit vectors of one space, checked.

    Attributes:
        encoder: What makes the vectors.
        identity: The encoder's identity as plain JSON values.
        fingerprint: Its hash.
        cache: Where document vectors are kept between runs, if anywhere.
        query_prompt_alone: Encode queries of neutral searches once, with the query prompt, also where a model with two
            prompts would see them with both: half the work, and ranks a little less well (docs/neutral.md).
    """

    def __init__(self, encoder: Encoder, cache: VectorCache | None = None) -> None:
        self.encoder = encoder
        self.cache = cache
        self.query_prompt_alone = False
        self._recent = RecentVectors()
        self.identity: dict[str, str | int] = dict(encoder.identity)
        self.fingerprint = fingerprint(self.identity)

    @property
    def dimension(self) -> int:
        return self.encoder.dimension

    @property
    def name(self) -> str:
        return self.encoder.name

    def record(self) -> dict[str, Any]:
        """What is written into a collection's metadata."""
        return {
            **self.identity,
            "name": self.name,
            "dimension": self.dimension,
            "fingerprint": self.fingerprint,
        }

    @functools.cached_property
    def chunker(self) -> Chunker:
        """What splits texts that the encoder does not read whole, queries among them."""
        return Chunker(self.encoder)

    @property
    def two_prompts(self) -> bool:
        """Whether neutral queries are encoded in both ways; taken so where the encoder does not name its prompts."""
        if self.query_prompt_alone:
            return False
        prompts = [self.identity.get(key, key) for key in ("query_prompt", "document_prompt")]
        return prompts[0] != prompts[1] or self.identity.get("query_extra") != self.identity.get("document_extra")

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Document vectors, shape (n, dimension). Rows may be NaN where the encoder failed on a text."""
        return self._encoded(texts, "document", self.cache)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Query vectors, shape (n, dimension). The latest are kept in memory, never on disk."""
        return self._encoded(texts, "query", self._recent)

    def queries_as_documents(self, texts: Sequence[str]) -> Vectors:
        """Queries encoded as documents, shape (n, dimension); the latest are kept as those of `queries` are."""
        return self._encoded(texts, "document", self._recent)

    def queries_both_ways(self, texts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """Queries encoded as queries and as documents, each of shape (n, dimension), in one batch if that can be."""
        encoder = self.encoder
        if not isinstance(encoder, EncodesBoth):
            return self.queries(texts), self._encoded(texts, "document", self._recent)

        def encode_both(queries: Sequence[str], documents: Sequence[str]) -> tuple[Vectors, Vectors]:
            first, second = encoder.encode_both(queries, documents)
            return self._checked(first, len(queries)), self._checked(second, len(documents))

        return encode_both_through(self._recent, encode_both, texts, space=self.fingerprint, dimension=self.dimension)

    def keep_queries_with(self, other: SharedSpace) -> None:
        """Keep the latest query vectors where another object of the same space keeps its own."""
        if other.fingerprint == self.fingerprint:
            self._recent = other._recent

    def _encoded(self, texts: Sequence[str], role: Role, cache: VectorCache | None) -> Vectors:
        def encode(missing: Sequence[str]) -> Vectors:
            encoder = self.encoder.encode_documents if role == "document" else self.encoder.encode_queries
            return self._checked(encoder(missing), len(missing))

        if cache is None:
            return encode(texts)
        return encode_through(cache, encode, texts, space=self.fingerprint, role=role, dimension=self.dimension)

    def _checked(self, vectors: Any, n: int) -> Vectors:
        array = np.ascontiguousarray(vectors, dtype=np.float32)
        if array.shape != (n, self.dimension):
            raise ModelError(
                f"the encoder {self.name!r} gave an array of shape {array.shape} for {n} texts; "
                f"({n}, {self.dimension}) was expected. Its `dimension` and what it returns must agree."
            )
        return array


def check_same_space(space: SharedSpace, recorded: Mapping[str, Any], *, collection: str) -> None:
    """Refuse a space that is not the one the collection was written with.

    Raises:
        SpaceMismatch: Names both models, what differs, and the ways out.
    """
    if recorded.get("fingerprint") == space.fingerprint:
        return
    mine = space.record()
    differing = sorted(key for key in {*mine, *recorded} - {"fingerprint"} if mine.get(key) != recorded.get(key))
    details = ", ".join(f"{key}: {recorded.get(key)!r} there, {mine.get(key)!r} here" for key in differing)
    raise SpaceMismatch(
        f"the collection {collection!r} was written with the model {recorded.get('name')!r} "
        f"(space {recorded.get('fingerprint')}), but is opened with {space.name!r} (space {space.fingerprint}); "
        f"vectors of different spaces cannot be compared ({details}). Ways out: open it without model=, so that its "
        f"own model is used; or open a collection of another name for the new model and add the documents to that. "
        f"Nothing was changed."
    )
