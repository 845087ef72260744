"""Token ids → hidden states → the tokens of a text, whichever runtime computes the states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xling.space.protocols import TokenVectors, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding

_TINY = 1e-12

_MIDWAY = 0.6

States = Callable[[Sequence[Sequence[int]]], Sequence[Vectors]]
"""Token ids of texts, special tokens included → the states of each text's tokens, shape (tokens, width)."""


def midway(layers: int) -> int:
    """The layer, counted from 1, after which words of equal meaning lie nearest to each other.

    Jalili Sabet et al., 2020 (SimAlign) take the 8th of 12 of models that were trained on words. Models of sentences
    have blended the sentence into each word at the end; the 7th of 12 is best there (`tests/benchmarks/word_links.py`).
    """
    return max(round(_MIDWAY * layers), min(layers, 1))


def tokens_of(encoding: Encoding, ids: Sequence[int], states: Vectors, prompt: int) -> TokenVectors:
    """The tokens of a text, from the states of all that was encoded.

    Args:
        encoding: Of prompt and text together.
        ids: The tokens that were encoded; where those are too many for the model, some at the end are missing.
        states: Theirs.
        prompt: Length of the prompt in characters.
    """
    kept: list[int] = []
    spans: list[tuple[int, int]] = []
    # What was cut is before the special tokens at the end, which are left out anyway.
    for i in range(len(ids)):
        first, end = encoding.offsets[i]
        if not encoding.special_tokens_mask[i] and end > max(first, prompt) and ids[i] == encoding.ids[i]:
            kept.append(i)
            spans.append((max(first - prompt, 0), end - prompt))
    vectors = np.asarray(states[kept], dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
    return TokenVectors(vectors, np.array(spans, np.int64).reshape(-1, 2))


def torch_states(model: SentenceTransformer, *, halfway: bool = False) -> States:
    """States by torch: what the model's first module gives, or its transformer midway if it lets one see that."""

    def states(ids: Sequence[Sequence[int]]) -> Sequence[Vectors]:
        import torch

        longest = max(map(len, ids))
        tokens, mask = np.zeros((2, len(ids), longest), np.int64)
        for row, of_text in enumerate(ids):
            tokens[row, : len(of_text)] = of_text
            mask[row, : len(of_text)] = 1
        features: dict[str, Any] = {
            "input_ids": torch.from_numpy(tokens).to(model.device),
            "attention_mask": torch.from_numpy(mask).to(model.device),
        }
        with torch.inference_mode():
            layers = _layers(model, features) if halfway else ()
            chosen = layers[midway(len(layers) - 1)] if layers else model[0](features)["token_embeddings"]
            found: NDArray[Any] = chosen.float().cpu().numpy()
        return [found[row, : len(of_text)] for row, of_text in enumerate(ids)]

    return states


def _layers(model: SentenceTransformer, features: dict[str, Any]) -> Sequence[Any]:
    """The states before the first layer and after each; none of a model that does not give them."""
    transformer = getattr(model[0], "auto_model", None)
    if transformer is None:
        return ()
    return getattr(transformer(**features, output_hidden_states=True), "hidden_states", None) or ()
