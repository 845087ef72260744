"""Queries in 8 bits: what the fused operator needs to multiply whole numbers, and what keeps the vectors right.

Weights are rounded once, for each output by itself; what they are multiplied with is rounded as it comes, by one scale
for all of it. A few channels of a transformer are far larger than the others, and such a scale leaves the others few
steps. So each channel is divided by a number that its weights are multiplied by (Xiao et al., 2023, SmoothQuant), told
from texts of many languages. The feed-forward's second multiplication stays as it is: its inputs are large in single
places that no channel tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xling.space.light.weights import FloatArray

Largest: TypeAlias = Mapping[str, FloatArray]
"""Of each value that is multiplied by weights, by its name in the graph: how large each channel gets."""

TOP = 63
"""Of 8 bits 7 are used: processors without VNNI add two products in 16 bits, which more would not fit into."""

_STRENGTH = 0.5
_QUANTILE = 0.999
_TINY = 1e-5


def largest_inputs(graph: Path, inputs: Iterable[Mapping[str, Any]]) -> dict[str, FloatArray]:
    """How large the channels get that weights are multiplied with, by the graph's names, in batches of its inputs."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    model = onnx.load(str(graph))
    kinds = ("MatMul", "MatMulNBits")
    names = list(dict.fromkeys(node.input[0] for node in model.graph.node if node.op_type in kinds))
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found: dict[str, FloatArray] = {}
    for batch in inputs:
        of_tokens = batch["mask"] == 1
        for name, value in zip(names, session.run(names, dict(batch)), strict=True):
            largest = np.quantile(np.abs(value[of_tokens]), _QUANTILE, axis=0).astype(np.float32)
            found[name] = np.maximum(found[name], largest) if name in found else largest
    return found


def smoothing(largest: FloatArray, weights: FloatArray) -> FloatArray:
    """What each channel is divided by, its weights being multiplied by it; weights of shape (outputs, channels)."""
    of_weights = np.maximum(np.abs(weights).max(axis=0), _TINY)
    factors = np.maximum(largest, _TINY) ** _STRENGTH / of_weights ** (1 - _STRENGTH)
    return np.asarray(factors / np.exp(np.log(factors).mean()), np.float32)


def rounded(weights: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """Whole numbers, and for each output the scale that makes them the weights again, nearly."""
    scales = np.abs(weights).max(axis=1, keepdims=True) / TOP
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), np.asarray(scales[:, 0], np.float32)
