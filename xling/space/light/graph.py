"""The ONNX graph of a BERT-like transformer, written from its weights with ONNX Runtime's fused operators.

Devlin et al., 2019, BERT. Its inputs are the word embeddings of the tokens, float32 (texts, tokens, width), and `mask`,
int32 (texts, tokens), 1 for tokens and 0 for padding; its outputs are the last hidden states and, where that is another
layer, those of `midway`. Looking the words up stays outside: the table is most of a multilingual model, and a query
needs a few rows of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.space.light.eight_bits import Largest, rounded, smoothing
from xling.space.light.recipe import NotLight, Recipe
from xling.space.light.weights import FloatArray, Tensor
from xling.space.token_vectors import midway

OPSET = 18
BLOCK = 32
_FUSED = "com.microsoft"
_WORDS = "embeddings.word_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_LARGEST = 1_900_000_000  # a file of protobuf ends at 2 GiB


def prefix_of(tensors: Mapping[str, Tensor]) -> str:
    """What the names of the transformer's tensors begin with, e.g. `` or `bert.`.

    Raises:
        NotLight: There is no table of word embeddings.
    """
    for name in tensors:
        if name.endswith(_WORDS):
            return name.removesuffix(_WORDS)
    raise NotLight("its weights hold no word embeddings")


def word_table(tensors: Mapping[str, Tensor]) -> Tensor:
    """The word embeddings, one row a token."""
    return tensors[prefix_of(tensors) + _WORDS]


def positions(tensors: Mapping[str, Tensor]) -> int:
    """Rows of the position embeddings."""
    found = tensors.get(prefix_of(tensors) + _POSITIONS)
    return 0 if found is None else found.shape[0]


def write_graph(path: Path, recipe: Recipe, tensors: Mapping[str, Tensor], largest: Largest | None = None) -> None:
    """Write the transformer as an ONNX file.

    Args:
        path: The file.
        recipe: The model's recipe.
        tensors: Its weights.
        largest: Multiply in 8 bits; see `xling.space.light.eight_bits`.

    Raises:
        NotLight: A tensor is missing, or the graph would be larger than a file of this form may be.
        OSError: The file cannot be written.
    """
    import onnx

    graph = _Graph(tensors, prefix_of(tensors), largest)
    states = [graph.embedded(recipe)]
    for layer in range(recipe.layers):
        states.append(graph.layer(f"encoder.layer.{layer}", states[-1], recipe))
    if graph.nbytes > _LARGEST:
        raise NotLight("its weights do not fit into one file of ONNX")
    outputs = dict.fromkeys([states[-1], states[midway(recipe.layers)]])
    onnx.save(graph.model(list(outputs), word_table(tensors).shape[1]), str(path))


def four_bits(weights: FloatArray) -> tuple[NDArray[np.uint8], FloatArray] | None:
    """Weights that are of 4 bits already, as they are kept: two in a byte, and a scale for each block of 32 of a row.

    So are those of the bundled model. They are multiplied as the float32 numbers that they stand for, and take a
    seventh of the file. llama.cpp calls the form Q4_0: a block's weight of the largest magnitude is -8 times its scale.

    Returns:
        Bytes of shape (rows, blocks, 16) and scales of shape (rows, blocks); None where a weight would be changed.
    """
    rows, columns = weights.shape
    if columns % BLOCK:
        return None
    blocks = weights.reshape(rows, columns // BLOCK, BLOCK)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=-1)[..., None], axis=-1)
    scales = furthest / np.float32(-8)
    scales[scales == 0] = 1
    steps = np.rint(blocks / scales)
    if not np.array_equal(steps * scales, blocks) or steps.min() < -8 or steps.max() > 7:
        return None
    nibbles = (steps + 8).astype(np.uint8)
    return nibbles[..., 0::2] | (nibbles[..., 1::2] << 4), np.asarray(scales[..., 0], np.float32)


class _Graph:
    """Nodes and weights, gathered layer by layer. Methods give the name of what their nodes compute."""

    def __init__(self, tensors: Mapping[str, Tensor], prefix: str, largest: Largest | None) -> None:
        self._tensors, self._prefix, self._largest = tensors, prefix, largest
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self.nbytes = 0

    def embedded(self, recipe: Recipe) -> str:
        """Words, positions and token types, normalised. All tokens are of the first type."""
        positions = self._read(_POSITIONS)[recipe.first_position :]
        types = self._read("embeddings.token_type_embeddings.weight")
        self._weight("positions", positions + types[0])
        self._weight("zero", np.array([0], np.int64))
        length = self._node("Shape", ["words"], "length", start=1, end=2)
        used = self._node("Slice", ["positions", "zero", length, "zero"], "used_positions")
        added = self._node("Add", ["words", used], "embeddings")
        names = [added, *self._named("embeddings.LayerNorm", "weight", "bias")]
        return self._node("LayerNormalization", names, "embeddings.out", axis=-1, epsilon=recipe.epsilon)

    def layer(self, name: str, hidden: str, recipe: Recipe) -> str:
        """Attention and feed-forward of one layer, each added to its input and normalised."""
        attended = self._attention(f"{name}.attention.self", hidden, recipe)
        projected = self._linear(f"{name}.attention.output.dense", attended)
        hidden = self._add_norm(f"{name}.attention.output", projected, hidden, recipe)
        widened = self._linear(f"{name}.intermediate.dense", hidden)
        bias = self._named(f"{name}.intermediate.dense", "bias")
        activated = self._node("BiasGelu", [widened, *bias], f"{name}.gelu", domain=_FUSED)
        narrowed = self._matmul(f"{name}.output.dense", activated, self._read(f"{name}.output.dense.weight"))
        return self._add_norm(f"{name}.output", narrowed, hidden, recipe)

    def model(self, outputs: list[str], width: int) -> Any:
        from onnx import TensorProto, helper

        states: list[str | int | None] = ["texts", "tokens", width]
        graph = helper.make_graph(
            self._nodes,
            "transformer",
            [
                helper.make_tensor_value_info("words", TensorProto.FLOAT, states),
                helper.make_tensor_value_info("mask", TensorProto.INT32, states[:2]),
            ],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, states) for output in outputs],
            self._weights,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    def _attention(self, name: str, hidden: str, recipe: Recipe) -> str:
        parts = [f"{name}.{role}" for role in ("query", "key", "value")]
        weights = np.concatenate([self._read(f"{part}.weight") for part in parts])
        self._weight(f"{name}.bias", np.concatenate([self._read(f"{part}.bias") for part in parts]))
        together = self._quick_matmul(f"{name}.together", hidden, weights)
        self._nodes.append(_make("Split", [together], parts, axis=2, num_outputs=len(parts)))
        inputs = [*parts, f"{name}.bias", "mask"]
        return self._node("MultiHeadAttention", inputs, f"{name}.out", domain=_FUSED, num_heads=recipe.heads)

    def _add_norm(self, name: str, value: str, skipped: str, recipe: Recipe) -> str:
        inputs = [value, skipped, *self._named(f"{name}.LayerNorm", "weight", "bias")]
        inputs += self._named(f"{name}.dense", "bias")
        return self._node("SkipLayerNormalization", inputs, f"{name}.out", domain=_FUSED, epsilon=recipe.epsilon)

    def _linear(self, name: str, value: str) -> str:
        """A multiplication; the bias is left to the node that follows, which adds it in passing."""
        return self._quick_matmul(name, value, self._read(f"{name}.weight"))

    def _quick_matmul(self, name: str, value: str, weights: FloatArray) -> str:
        """A multiplication that is in 8 bits where that is asked for."""
        if self._largest is None:
            return self._matmul(name, value, weights)
        factors = smoothing(self._largest[value], weights)
        whole, scales = rounded(weights * factors)
        smoothed = self._node("Mul", [value, self._weight(f"{name}.smoothing", 1 / factors)], f"{name}.smoothed")
        inputs = [
            smoothed,
            self._weight(f"{name}.whole", whole.T),
            self._weight(f"{name}.scales", scales),
            self._weight(f"{name}.zeros", np.zeros(len(scales), np.int8)),
        ]
        return self._node("DynamicQuantizeMatMul", inputs, f"{name}.product", domain=_FUSED)

    def _matmul(self, name: str, value: str, weights: FloatArray) -> str:
        in_four_bits = four_bits(weights)
        if in_four_bits is not None:
            return self._matmul_of_four_bits(name, value, *in_four_bits)
        return self._node("MatMul", [value, self._weight(f"{name}.transposed", weights.T)], f"{name}.product")

    def _matmul_of_four_bits(self, name: str, value: str, packed: NDArray[np.uint8], scales: FloatArray) -> str:
        rows, blocks, _ = packed.shape
        inputs = [value, self._weight(f"{name}.packed", packed), self._weight(f"{name}.scales", scales.reshape(-1))]
        sizes = {"K": blocks * BLOCK, "N": rows, "bits": 4, "block_size": BLOCK}
        return self._node("MatMulNBits", inputs, f"{name}.product", domain=_FUSED, **sizes)

    def _named(self, name: str, *parts: str) -> list[str]:
        return [self._weight(f"{name}.{part}", self._read(f"{name}.{part}")) for part in parts]

    def _read(self, name: str) -> FloatArray:
        tensor = self._tensors.get(self._prefix + name)
        if tensor is None:
            raise NotLight(f"the tensor {name!r} is missing")
        return tensor.whole()

    def _weight(self, name: str, values: np.ndarray[Any, Any]) -> str:
        from onnx import numpy_helper

        self.nbytes += values.nbytes
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(_make(kind, inputs, [output], **attributes))
        return output


def _make(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs, outputs, **attributes)
