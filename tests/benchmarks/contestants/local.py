"""qdrant-client's local mode on disk, which peers on Qdrant share."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from contestants.base import COLLECTION

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models


def open_client(directory: Path, dimension: int | None = None) -> QdrantClient:
    """A client, and with a dimension the collection too, made if it is not there."""
    from qdrant_client import QdrantClient, models

    warnings.filterwarnings("ignore", message=".*[Ll]ocal mode.*")  # it advises against more than 20,000 points
    client = QdrantClient(path=str(directory))
    if dimension is not None and not client.collection_exists(COLLECTION):
        client.create_collection(
            COLLECTION, vectors_config=models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        )
    return client


def language_filter(key: str, lang: str | None) -> models.Filter | None:
    from qdrant_client import models

    if lang is None:
        return None
    return models.Filter(must=[models.FieldCondition(key=key, match=models.MatchValue(value=lang))])
