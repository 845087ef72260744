"""The `Store`: one Qdrant collection, embedded or on a server, behind the same few operations.

Filters cross this boundary in one canonical form, the JSON of Qdrant's own REST filter (`FilterJson`), which
`xling.store.filters` builds from `where=`, `languages=` and `qdrant_client.models.Filter`. Vectors cross it as
float32 matrices, point ids as UUID strings or unsigned integers. All errors are of `xling.errors`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.types import Snapshot

PointId: TypeAlias = str | int
"""A UUID as a string, or an unsigned 64-bit integer: the two forms Qdrant knows."""

FilterJson: TypeAlias = dict[str, Any]
"""Qdrant's REST filter: `{"must": [...], "should": [...], "must_not": [...], "min_should": {...}}`."""

IndexKind: TypeAlias = Literal["keyword", "integer", "float", "bool", "datetime", "uuid", "text"]
Distance: TypeAlias = Literal["Cosine", "Dot", "Euclid", "Manhattan"]
Quantization: TypeAlias = Literal["scalar", "binary", "turbo"]

Strategy: TypeAlias = Literal["best_score", "sum_scores"]
"""How Qdrant compares points with several examples."""

SEARCH_WIDTH = 1024
"""Candidates of a search by the approximate index (Qdrant's `hnsw_ef`), four times as many as a raw query needs.

The index is made of the vectors as they are. A query without its language lies elsewhere than they do, and is not led
to its neighbours as well.
"""

LEXICAL = "lexical"
"""Name of the sparse vector of a text's terms, where a collection has one. Qdrant weighs them by their rarity."""


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """One dense vector of a collection. `name` is "" for Qdrant's unnamed default vector."""

    name: str
    size: int
    distance: Distance = "Cosine"


@dataclass(frozen=True, slots=True)
class Storage:
    """How a collection is kept, chosen when it is made. None is what Qdrant does by itself.

    Attributes:
        quantization: Vectors are looked for among small copies of them that stay in memory (`scalar`: 8 bits a number,
            `turbo`: 4, `binary`: 1); the best ones are put in order by the vectors themselves.
        on_disk: The vectors themselves are read from disk when they are needed.
        tenant: Payload path of a keyword that each query is about one value of; such points lie together.
        shards: Parts that a cluster spreads over its nodes.
        replicas: Copies of each part.
        write_consistency: Copies that have to acknowledge a write.
    """

    quantization: Quantization | None = None
    on_disk: bool | None = None
    tenant: str | None = None
    shards: int | None = None
    replicas: int | None = None
    write_consistency: int | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """What a collection holds: its dense vectors, the payload fields that are indexed, and how it is kept.

    `lexical` is whether there is a sparse vector `LEXICAL` too.
    """

    vectors: tuple[VectorSpec, ...]
    indexes: Mapping[str, IndexKind] = field(default_factory=dict)
    storage: Storage = field(default_factory=Storage)
    lexical: bool = False


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids, ascending, without repetition, and the weight of each; both of shape (terms,)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class Fusion:
    """How Qdrant makes one list of what the dense and the lexical leg find.

    Attributes:
        kind: `rrf`: reciprocal ranks (Cormack, Clarke and Büttcher, 2009); `dbsf`: scores, as far as they lie from the
            mean of their leg.
        k: Of `rrf`: how little the first ranks stand out.
        weight: Of `rrf`: of the lexical leg, where the dense one has 1; it divides ranks:
            1 / (k + (rank + 1) / weight - 1).
    """

    kind: Literal["rrf", "dbsf"] = "rrf"
    k: int = 60
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """A point to write. `vector` has shape (dimension,) and belongs to the vector named in `Store.upsert`.

    `terms` are written into `LEXICAL`, which the collection must have if any are given.
    """

    id: PointId
    vector: NDArray[np.float32]
    payload: dict[str, Any]
    terms: SparseVector | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A stored point. `score` is set by queries, `vector` where it was asked for."""

    id: PointId
    payload: dict[str, Any]
    score: float | None = None
    vector: NDArray[np.float32] | None = None


class Store(ABC):
    """One collection. Safe to use from several threads at once."""

    name: str
    location: str
    """For people: the directory or the URL, never with a key."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether the collection exists."""

    @abstractmethod
    def create(self, schema: Schema, metadata: Mapping[str, Any]) -> None:
        """Create the collection, its payload indexes and its metadata.

        If another process creates it at the same moment, that one's collection is kept and no error is raised:
        the caller reads `schema()` and `metadata()` back. Nothing is ever dropped or recreated.

        Raises:
            InvalidInput: This kind of store cannot keep it as `schema.storage` says; nothing was made.
        """

    @abstractmethod
    def drop(self) -> None:
        """Delete the whole collection. Only ever called because a user asked for exactly that."""

    @abstractmethod
    def schema(self) -> Schema:
        """The collection's dense vectors and payload indexes. Raises `CollectionNotFound`."""

    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """The collection's metadata, `{}` if it has none. Raises `CollectionNotFound`."""

    @abstractmethod
    def update_metadata(self, changes: Mapping[str, Any]) -> None:
        """Merge top-level keys into the metadata."""

    @abstractmethod
    def ensure_indexes(self, indexes: Mapping[str, IndexKind], *, tenant: str | None = None) -> None:
        """Create the payload indexes that are missing, that of `tenant` as a tenant's (see `Storage`)."""

    @abstractmethod
    def upsert(self, points: Sequence[Point], *, vector_name: str) -> None:
        """Write points, replacing those of the same id; acknowledged (durable) when this returns.

        Raises:
            InvalidInput: A vector is zero, NaN, infinite or of the wrong size; nothing was written.
        """

    @abstractmethod
    def set_payloads(self, payloads: Mapping[PointId, dict[str, Any]]) -> None:
        """Replace the whole payload of existing points; their vectors stay."""

    @abstractmethod
    def retrieve(self, ids: Sequence[PointId], *, with_vector: str | None = None) -> list[Record]:
        """The points that exist among `ids`, in the order asked; with the named vector if given."""

    @abstractmethod
    def delete(self, *, ids: Sequence[PointId] | None = None, filter: FilterJson | None = None) -> None:
        """Delete by ids or by filter (exactly one of them)."""

    def create_snapshot(self) -> Snapshot:
        """Have the server write a snapshot. Raises `InvalidInput` where there is none."""
        raise self._no_snapshots()

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that lie on the server, oldest first. Raises `InvalidInput` where there is none."""
        raise self._no_snapshots()

    def recover(self, location: str) -> None:
        """Replace the collection by a snapshot: its name, or a URL (http, file) that the server can read.

        Raises:
            InvalidInput: It is no such snapshot, or there is no server.
        """
        raise self._no_snapshots()

    def _no_snapshots(self) -> InvalidInput:
        return InvalidInput(
            f"snapshots are made by Qdrant servers, and {self.name!r} lies in {self.location}: use export(), or copy "
            f"its directory while no process has it open"
        )

    @abstractmethod
    def count(self, filter: FilterJson | None = None) -> int:
        """Exact number of points that match."""

    @abstractmethod
    def scroll(
        self,
        *,
        filter: FilterJson | None = None,
        limit: int = 256,
        offset: PointId | None = None,
        with_vector: str | None = None,
        with_payload: bool = True,
    ) -> tuple[list[Record], PointId | None]:
        """One page of points in id order, and the offset of the next page or None."""

    @abstractmethod
    def query(
        self,
        vectors: NDArray[np.float32],
        *,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        limit: int,
        offset: int = 0,
        exact: bool = False,
        with_vector: bool = False,
    ) -> list[list[Record]]:
        """Nearest points of each row of `vectors` (shape (n, dimension)), best first, in one batch.

        `filters` has one entry a row. `exact` bypasses the approximate index. Ties are in id order on no
        promise. A score is what Qdrant gives for the vector's distance (cosine: higher is nearer).
        """

    @abstractmethod
    def recommend(
        self,
        liked: NDArray[np.float32],
        disliked: NDArray[np.float32],
        *,
        strategy: Strategy,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        limit: int,
        exact: bool = False,
    ) -> list[list[Record]]:
        """Points that are like some examples and unlike others, best first, for each filter, in one batch.

        Args:
            liked: Shape (n, dimension); n or m may be 0, not both.
            disliked: Shape (m, dimension).
            strategy: Qdrant's `best_score` (by the nearest example) or `sum_scores` (by all of them). Scores are those
                of the strategy.
            vector_name: Which vectors.
            filters: One for each list that is wanted.
            limit: Points of each list.
            exact: Bypass the approximate index.
        """

    @abstractmethod
    def add_lexical(self) -> None:
        """Make room for `LEXICAL` in a collection that was made without; nothing happens where it is there.

        Raises:
            StoreError: The server is too old for that.
        """

    @abstractmethod
    def set_terms(self, terms: Mapping[PointId, SparseVector]) -> None:
        """Write the terms of points that exist; all else of them stays."""

    @abstractmethod
    def query_lexical(
        self, terms: Sequence[SparseVector], *, filters: Sequence[FilterJson | None], limit: int
    ) -> list[list[Record]]:
        """The points that share terms with each query, best first, in one batch; none for a query without terms.

        A score is the sum, over the terms in common, of their weights times their inverse document frequency.
        """

    @abstractmethod
    def query_hybrid(
        self,
        vectors: NDArray[np.float32],
        terms: Sequence[SparseVector],
        *,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        fusions: Sequence[Fusion],
        depth: int,
        limit: int,
        exact: bool = False,
    ) -> list[list[Record]]:
        """What is near each vector and what shares terms with each query, fused, with vectors, in one batch.

        `depth` is how many of each leg are fused. A leg that finds nothing adds nothing. Scores are the fusion's.
        """

    @abstractmethod
    def facet(self, key: str, *, filter: FilterJson | None = None, limit: int = 1000) -> dict[str, int]:
        """Number of points for each value of an indexed keyword field, most frequent first."""

    @abstractmethod
    def stats(self) -> dict[str, Any]:
        """What `info` shows of the store: points, segments, indexed vectors, disk bytes where known, version."""

    @abstractmethod
    def sibling(self, name: str, *, take_over: bool = False) -> Store:
        """The collection of another name in the same place, which need not exist.

        A connection is shared: it lives as long as this object, or as the sibling with `take_over`.
        """

    def compact(self) -> None:  # noqa: B027  # a server does so by itself
        """Give the space of deleted points back, where that does not happen by itself."""

    def unindexed(self) -> int:
        """Points that a search compares with one by one, as no index has them; 0 where a server sees to that itself."""
        return 0

    @abstractmethod
    def close(self) -> None:
        """Release files and connections. Idempotent; a client handed in by the user is left open."""
