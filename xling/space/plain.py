"""Transformers without a sentence head, such as BERT: their tokens' vectors pooled into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

POOLINGS: Final = ("mean", "cls", "max")


def pooled(model: SentenceTransformer, pooling: str) -> SentenceTransformer:
    """A plain transformer that sentence-transformers has loaded, with this pooling instead of the mean it gives it."""
    old: Any = model[1]
    settings = old.get_config_dict()
    size = settings.get("embedding_dimension") or settings["word_embedding_dimension"]
    model[1] = type(old)(int(size), pooling_mode=pooling)
    return model
