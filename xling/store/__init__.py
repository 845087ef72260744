"""Vectors ↔ Qdrant. The stores themselves are imported where they are used: each costs its own engine's import."""

from xling.store.base import FilterJson, IndexKind, Point, PointId, Record, Schema, Storage, Store, VectorSpec

__all__ = ["FilterJson", "IndexKind", "Point", "PointId", "Record", "Schema", "Storage", "Store", "VectorSpec"]
