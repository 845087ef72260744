"""A model of the light runtime: token ids → vectors, by an engine and numpy."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xling.space.light.engines import Engine, Form
from xling.space.light.graph import positions, word_table
from xling.space.light.pieces import FRAME, Pieces
from xling.space.light.recipe import Dense, Recipe
from xling.space.light.weights import FloatArray, read_tensors

if TYPE_CHECKING:
    from tokenizers import Encoding

TOKENIZER = "tokenizer.json"
_TINY = 1e-9


class LightModel:
    """The transformer's graph, and around it the word embeddings before and the pooling after. For many threads.

    Args:
        directory: What `xling.space.light.export` wrote.
        recipe: The model's recipe.
        form: What runs it.
        lazily: Load the graph when the first text is encoded.

    Attributes:
        directory: Where it lies.
        runtime: What runs it: `onnx` or `openvino`.
        tokenizer_file: The model's tokenizer where the exporter had to write it down.
        pieces: The tokenizer piece by piece, for short texts, where it is of a form that allows it.
        for_queries: The model in 8 bits, where that is asked for.
    """

    def __init__(self, directory: Path, recipe: Recipe, form: Form, *, lazily: bool = False) -> None:
        self.directory, self.recipe, self.runtime = directory, recipe, form.runtime
        self._form = form
        self.for_queries: LightModel | None = None
        self._lock = threading.Lock()
        tensors = read_tensors(recipe.transformer)
        self._words, self._positions = word_table(tensors), positions(tensors) - recipe.first_position
        self._poolings = recipe.poolings
        self._dense = [_read_dense(dense) for dense in recipe.dense]
        self._engine: Engine | None = None if lazily else form.load(directory)
        tokenizer = directory / TOKENIZER
        self.tokenizer_file: Path | None = tokenizer if tokenizer.is_file() else None
        self.pieces = Pieces(directory) if (directory / FRAME).is_file() else None

    def encode(self, ids: Sequence[Sequence[int]]) -> FloatArray:
        """Vectors of texts given by their tokens, special ones included; float32, shape (len(ids), dimension).

        They are as long as the model makes them, not of unit length.
        """
        states, mask = self._run(ids)
        pooled = np.concatenate([_pooled(states, mask, pooling) for pooling in self._poolings], axis=1)
        for weight, bias, activation in self._dense:
            pooled = _ACTIVATIONS[activation](pooled @ weight.T + bias)
        return np.asarray(pooled, dtype=np.float32)

    def states(self, ids: Sequence[Sequence[int]], *, midway: bool = False) -> list[FloatArray]:
        """The last hidden states of each text's tokens, or those midway, shape (tokens, width)."""
        states, _ = self._run(ids, -1 if midway else 0)
        return [states[row, : len(of_text)] for row, of_text in enumerate(ids)]

    def inputs(self, ids: Sequence[Sequence[int]]) -> dict[str, NDArray[Any]]:
        """What the graph takes for texts given by their tokens."""
        tokens, mask = _padded(ids, self._form, self._positions)
        return {"words": self._words.rows(tokens), "mask": mask}

    def _run(self, ids: Sequence[Sequence[int]], output: int = 0) -> tuple[FloatArray, NDArray[np.int32]]:
        inputs = self.inputs(ids)
        return self._loaded().run(inputs, output), inputs["mask"]

    def _loaded(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = self._form.load(self.directory)
            return self._engine


def token_ids(encoding: Encoding, limit: int) -> list[int]:
    """The tokens of a text, at most `limit`: what is too much goes, special tokens at the end stay."""
    ids: list[int] = encoding.ids
    if len(ids) <= limit:
        return ids
    special = encoding.special_tokens_mask
    kept = next((n for n, mark in enumerate(reversed(special)) if not mark), 0)
    return ids[: limit - kept] + ids[len(ids) - kept :]


def _padded(ids: Sequence[Sequence[int]], form: Form, most: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    longest = max(map(len, ids))
    longest = max(longest, min(form.padded(len(ids), longest), most))
    tokens = np.zeros((len(ids), longest), np.int64)
    mask = np.zeros((len(ids), longest), np.int32)
    for row, of_text in enumerate(ids):
        tokens[row, : len(of_text)] = of_text
        mask[row, : len(of_text)] = 1
    return tokens, mask


def _pooled(states: FloatArray, mask: NDArray[np.int32], pooling: str) -> FloatArray:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        highest: FloatArray = np.where(mask[..., None] == 1, states, -np.inf).max(axis=1)
        return highest
    weights = mask.astype(np.float32)
    summed: FloatArray = np.matmul(weights[:, None, :], states)[:, 0]
    mean: FloatArray = summed / np.maximum(weights.sum(axis=1, keepdims=True), _TINY)
    return mean


def _read_dense(dense: Dense) -> tuple[FloatArray, FloatArray, str]:
    tensors = read_tensors(dense.directory)
    weight = tensors["linear.weight"].whole()
    bias = tensors["linear.bias"].whole() if "linear.bias" in tensors else np.zeros(len(weight), np.float32)
    return weight, bias, dense.activation


def _identity(values: FloatArray) -> FloatArray:
    return values


def _relu(values: FloatArray) -> FloatArray:
    return np.maximum(values, 0)


_ACTIVATIONS: dict[str, Any] = {"tanh": np.tanh, "identity": _identity, "relu": _relu}
