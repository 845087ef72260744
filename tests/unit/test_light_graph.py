"""Weights of 4 bits stay what they are, and others are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from xling.space.light.graph import BLOCK, four_bits


def weights_of_four_bits(rows: int, blocks: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    steps = random.integers(-8, 8, (rows, blocks, BLOCK)).astype(np.float32)
    steps[..., 5] = -8  # the furthest of a block is always that
    scales = random.normal(0, 0.1, (rows, blocks, 1)).astype(np.float16).astype(np.float32)
    return (steps * scales).reshape(rows, -1)


@pytest.mark.parametrize("seed", range(5))
def test_they_are_kept_exactly(seed):
    weights = weights_of_four_bits(7, 3, seed)
    weights[2, :BLOCK] = 0
    packed, scales = four_bits(weights)
    steps = np.stack([packed & 15, packed >> 4], axis=-1).reshape(7, 3, BLOCK).astype(np.float32) - 8
    assert np.array_equal((steps * scales[..., None]).reshape(7, -1), weights)


def test_onnx_runtime_multiplies_by_the_numbers_that_they_stand_for():
    onnxruntime, helper = pytest.importorskip("onnxruntime"), pytest.importorskip("onnx.helper")
    from onnx import TensorProto, numpy_helper

    weights = weights_of_four_bits(48, 2)
    packed, scales = four_bits(weights)
    given = np.random.default_rng(1).normal(size=(3, 5, 2 * BLOCK)).astype(np.float32)
    node = helper.make_node(
        "MatMulNBits", ["a", "b", "s"], ["y"], domain="com.microsoft", K=2 * BLOCK, N=48, bits=4, block_size=BLOCK
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, given.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(packed, "b"), numpy_helper.from_array(scales.reshape(-1), "s")],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    found = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"a": given})[0]
    assert np.allclose(found, given @ weights.T, atol=1e-5)


def test_other_weights_are_left_alone():
    weights = weights_of_four_bits(4, 2)
    assert four_bits(weights[:, :40]) is None  # no whole blocks
    changed = weights.copy()
    changed[3, 7] += np.abs(weights).max() / 100
    assert four_bits(changed) is None
    assert four_bits(np.random.default_rng(0).normal(size=(4, 64)).astype(np.float32)) is None
