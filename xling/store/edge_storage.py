"""How Qdrant Edge is told to keep a collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qdrant_edge as qe

from xling.errors import InvalidInput
from xling.store.base import LEXICAL, IndexKind, Quantization, Schema

_INDEX_TYPES = {
    "keyword": qe.PayloadSchemaType.Keyword,
    "integer": qe.PayloadSchemaType.Integer,
    "float": qe.PayloadSchemaType.Float,
    "bool": qe.PayloadSchemaType.Bool,
    "datetime": qe.PayloadSchemaType.Datetime,
    "uuid": qe.PayloadSchemaType.Uuid,
    "text": qe.PayloadSchemaType.Text,
}
_QUANTIZATIONS: dict[Quantization, Callable[[], Any]] = {
    "scalar": lambda: qe.ScalarQuantizationConfig(qe.ScalarType.Int8, quantile=0.99, memory=qe.Memory.Pinned),
    "binary": lambda: qe.BinaryQuantizationConfig(memory=qe.Memory.Pinned),
    "turbo": lambda: qe.TurboQuantQuantizationConfig(bits=qe.TurboQuantBitSize.Bits4, memory=qe.Memory.Pinned),
}


def shard_config(schema: Schema) -> qe.EdgeConfig:
    """The configuration of a new shard. Small copies of vectors are pinned in memory: they are what is searched."""
    kept = schema.storage
    vectors = {
        spec.name: qe.EdgeVectorParams(
            size=spec.size,
            distance=getattr(qe.Distance, spec.distance),
            memory=qe.Memory.Cold if kept.on_disk else None,
        )
        for spec in schema.vectors
    }
    quantization = _QUANTIZATIONS[kept.quantization]() if kept.quantization else None
    terms = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf, on_disk=True if kept.on_disk else None)
    return qe.EdgeConfig(
        vectors=vectors,
        sparse_vectors={LEXICAL: terms} if schema.lexical else None,
        quantization_config=quantization,
    )


def index_type(key: str, kind: IndexKind, tenant: str | None) -> Any:
    """The engine's type of an index.

    Raises:
        InvalidInput: There is no such kind.
    """
    if kind not in _INDEX_TYPES:
        raise InvalidInput(f"{kind!r} is no kind of index; there are {sorted(_INDEX_TYPES)}")
    return qe.KeywordIndexParams(is_tenant=True) if key == tenant else _INDEX_TYPES[kind]
