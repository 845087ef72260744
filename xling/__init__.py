"""Cross-lingual retrieval on Qdrant: write texts of any language, find them from any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from xling.aio import AsyncCollection as AsyncCollection
    from xling.aio import aopen as aopen
    from xling.collection import Collection as Collection
    from xling.errors import AccessDenied as AccessDenied
    from xling.errors import CacheWarning as CacheWarning
    from xling.errors import CollectionClosed as CollectionClosed
    from xling.errors import CollectionLocked as CollectionLocked
    from xling.errors import CollectionNotFound as CollectionNotFound
    from xling.errors import FontWarning as FontWarning
    from xling.errors import InsecureKeyWarning as InsecureKeyWarning
    from xling.errors import InvalidInput as InvalidInput
    from xling.errors import MissingExtra as MissingExtra
    from xling.errors import ModelError as ModelError
    from xling.errors import ModelUnavailable as ModelUnavailable
    from xling.errors import NotDeletedWarning as NotDeletedWarning
    from xling.errors import PlainModelWarning as PlainModelWarning
    from xling.errors import SkippedLinesWarning as SkippedLinesWarning
    from xling.errors import SpaceMismatch as SpaceMismatch
    from xling.errors import StoreError as StoreError
    from xling.errors import StoreUnavailable as StoreUnavailable
    from xling.errors import TruncationWarning as TruncationWarning
    from xling.errors import UnfinishedWarning as UnfinishedWarning
    from xling.errors import UnknownFieldWarning as UnknownFieldWarning
    from xling.errors import XlingError as XlingError
    from xling.errors import XlingWarning as XlingWarning
    from xling.opening import open as open
    from xling.search.rerank import Reranker as Reranker
    from xling.space.cache import EmbeddingCache as EmbeddingCache
    from xling.space.encoders.distil import distil as distil
    from xling.space.encoders.fastembed_encoder import FastembedEncoder as FastembedEncoder
    from xling.space.encoders.openai_encoder import OpenAIEncoder as OpenAIEncoder
    from xling.space.encoders.space_building import map_vectors as map_vectors
    from xling.space.encoders.static_model import StaticEncoder as StaticEncoder
    from xling.space.encoders.word_vectors import WordVectorEncoder as WordVectorEncoder
    from xling.space.protocols import Encoder as Encoder
    from xling.text.sentences import SentenceSplitter as SentenceSplitter
    from xling.text.sentences import Splitter as Splitter
    from xling.transfer.copying import import_collection as import_collection
    from xling.transfer.reembed import reembed as reembed
    from xling.translate.memories import open_memory as open_memory
    from xling.types import Chunk as Chunk
    from xling.types import Document as Document
    from xling.types import DocumentPage as DocumentPage
    from xling.types import Hit as Hit
    from xling.types import Info as Info
    from xling.types import Passage as Passage
    from xling.types import Progress as Progress
    from xling.types import Report as Report
    from xling.types import Retrieval as Retrieval
    from xling.types import Skipped as Skipped
    from xling.types import Snapshot as Snapshot
    from xling.types import Transfer as Transfer
    from xling.types import Unreadable as Unreadable
    from xling.types import Word as Word
    from xling.types import WordLink as WordLink

_HOMES = {
    "xling.aio": ("AsyncCollection", "aopen"),
    "xling.collection": ("Collection",),
    "xling.opening": ("open",),
    "xling.errors": (
        "AccessDenied",
        "CacheWarning",
        "CollectionClosed",
        "CollectionLocked",
        "CollectionNotFound",
        "FontWarning",
        "InsecureKeyWarning",
        "InvalidInput",
        "MissingExtra",
        "ModelError",
        "ModelUnavailable",
        "NotDeletedWarning",
        "PlainModelWarning",
        "SkippedLinesWarning",
        "SpaceMismatch",
        "StoreError",
        "StoreUnavailable",
        "TruncationWarning",
        "UnfinishedWarning",
        "UnknownFieldWarning",
        "XlingError",
        "XlingWarning",
    ),
    "xling.search.rerank": ("Reranker",),
    "xling.space.cache": ("EmbeddingCache",),
    "xling.space.encoders.fastembed_encoder": ("FastembedEncoder",),
    "xling.space.encoders.openai_encoder": ("OpenAIEncoder",),
    "xling.space.encoders.distil": ("distil",),
    "xling.space.encoders.static_model": ("StaticEncoder",),
    "xling.space.encoders.space_building": ("map_vectors",),
    "xling.space.encoders.word_vectors": ("WordVectorEncoder",),
    "xling.space.protocols": ("Encoder",),
    "xling.transfer.copying": ("import_collection",),
    "xling.translate.memories": ("open_memory",),
    "xling.transfer.reembed": ("reembed",),
    "xling.text.sentences": ("SentenceSplitter", "Splitter"),
    "xling.types": (
        "Chunk",
        "Document",
        "DocumentPage",
        "Hit",
        "Info",
        "Passage",
        "Progress",
        "Report",
        "Retrieval",
        "Skipped",
        "Snapshot",
        "Transfer",
        "Unreadable",
        "Word",
        "WordLink",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used, so that `import xling` costs nothing."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'xling' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
