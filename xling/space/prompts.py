"""Which prompts a model wants before queries and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xling.errors import InvalidInput
from xling.space.cards import ModelCard, card_for
from xling.space.sources import Source

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def role_prompts(source: Source, override: Mapping[str, str] | None = None) -> tuple[str, str]:
    """What is put before a query and before a document.

    The model's own configuration comes first (`query`; `document`, `passage` or `corpus`), then its model card,
    then the prompt that its configuration gives for all texts, then none. `override` replaces one or both.

    Raises:
        InvalidInput: `override` has other keys than `query` and `document`, or values that are no strings.
    """
    own = source.facts.prompts
    query = own.get("query")
    document = next((own[key] for key in ("document", "passage", "corpus") if key in own), None)
    default = own.get("default", "")
    # sentence-transformers saves empty prompts for models that never had any: that says nothing.
    card = None if query or document else _card_of(source)
    if card is not None:
        query, document = card.query_prompt, card.document_prompt
    chosen = {
        "query": query if query is not None else default,
        "document": document if document is not None else default,
    }
    for role, prompt in (override or {}).items():
        if role not in chosen or not isinstance(prompt, str):
            raise InvalidInput(f"prompts= takes strings under 'query' and 'document', got {role!r}: {prompt!r}")
        chosen[role] = prompt
    return chosen["query"], chosen["document"]


def prompts_are_text(model: SentenceTransformer) -> bool:
    """Whether a text with the prompt written before it is to the model what the text and its `prompt=` are.

    Not so where prompts are left out of the pooling or become a message of a chat, or where queries and documents go
    through modules of their own.
    """
    for module in model:
        kind = type(module).__name__
        if kind == "Transformer":
            if not {"text"}.issuperset(getattr(module, "modalities", ["text"])):
                return False
        elif kind == "Pooling":
            if not getattr(module, "include_prompt", True):
                return False
        elif kind not in {"Normalize", "Dense", "Dropout", "LayerNorm"}:
            return False
    return True


def _card_of(source: Source) -> ModelCard | None:
    return card_for(source.name) or (card_for(source.facts.name) if source.facts.name else None)
