"""How a Qdrant server is told to keep a collection, and what it says of how it keeps one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xling.store.base import LEXICAL, SEARCH_WIDTH, IndexKind, Schema, Storage

if TYPE_CHECKING:
    from qdrant_client import models


TURBO_SINCE = 'quantization="turbo" needs Qdrant 1.18 or newer: upgrade the server, or take "scalar"'


def creation_arguments(schema: Schema) -> dict[str, Any]:
    """Arguments of `create_collection` for the vectors and how they are kept.

    Small copies of vectors always stay in memory: they are what is searched.
    """
    from qdrant_client import models

    kept = schema.storage
    params = {
        v.name: models.VectorParams(
            size=v.size, distance=models.Distance(v.distance), on_disk=True if kept.on_disk else None
        )
        for v in schema.vectors
    }
    quantization: Any = None
    if kept.quantization == "scalar":
        scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
        quantization = models.ScalarQuantization(scalar=scalar)
    elif kept.quantization == "binary":
        quantization = models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
    elif kept.quantization == "turbo":
        turbo = models.TurboQuantQuantizationConfig(always_ram=True, bits=models.TurboQuantBitSize.BITS4)
        quantization = models.TurboQuantization(turbo=turbo)
    given = {
        "sparse_vectors_config": {LEXICAL: terms_config(kept)} if schema.lexical else None,
        "quantization_config": quantization,
        "shard_number": kept.shards,
        "replication_factor": kept.replicas,
        "write_consistency_factor": kept.write_consistency,
    }
    vectors: Any = params[""] if set(params) == {""} else params
    return {"vectors_config": vectors, **{key: value for key, value in given.items() if value is not None}}


def terms_config(kept: Storage) -> models.SparseVectorParams:
    """How terms are kept: weighed by their rarity, on disk if the vectors are."""
    from qdrant_client import models

    index = models.SparseIndexParams(on_disk=True) if kept.on_disk else None
    return models.SparseVectorParams(modifier=models.Modifier.IDF, index=index)


def index_schema(key: str, kind: IndexKind, tenant: str | None) -> Any:
    """The `field_schema` of an index."""
    from qdrant_client import models

    if key == tenant:
        return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    return models.PayloadSchemaType(kind)


def search_params(*, exact: bool, quantized: bool) -> models.SearchParams:
    """How a query searches. Among quantised vectors twice as many are looked up, and ordered by the vectors."""
    from qdrant_client import models

    again = models.QuantizationSearchParams(rescore=True, oversampling=2.0) if quantized else None
    return models.SearchParams(exact=True if exact else None, hnsw_ef=SEARCH_WIDTH, quantization=again)


def storage_of(info: models.CollectionInfo) -> Storage:
    """What the server's description of a collection says of how it is kept."""
    params = info.config.params
    vectors = list(params.vectors.values()) if isinstance(params.vectors, dict) else [params.vectors]
    own = next((v.quantization_config for v in vectors if v is not None and v.quantization_config), None)
    quantization = own or info.config.quantization_config
    return Storage(
        quantization=next((kind for kind in ("scalar", "binary", "turbo") if hasattr(quantization, kind)), None),
        on_disk=any(v is not None and v.on_disk for v in vectors) or None,
        tenant=_tenant(info.payload_schema or {}),
        shards=params.shard_number,
        replicas=params.replication_factor,
        write_consistency=params.write_consistency_factor,
    )


def _tenant(fields: Mapping[str, Any]) -> str | None:
    return next((key for key, index in fields.items() if getattr(index.params, "is_tenant", None)), None)
