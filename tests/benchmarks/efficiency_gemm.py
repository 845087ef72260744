"""How fast this machine multiplies: the products of the model's own sizes, by each library that is installed.

For `efficiency.py`. A product is (tokens of a batch × inputs) by (inputs × outputs); the rate is that of one layer's
products together, in GFLOP/s, the best of several runs: what an encoder could reach that did nothing else.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[], object]


@dataclass(frozen=True)
class Sizes:
    """What of a transformer's configuration decides how much it multiplies."""

    layers: int
    width: int
    inner: int

    @classmethod
    def of(cls, transformer: Path) -> Sizes:
        config = json.loads((transformer / "config.json").read_text("utf-8"))
        return cls(config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"])

    @property
    def products(self) -> list[tuple[int, int]]:
        """Inputs and outputs of one layer's weights: query, key and value; the attention's output; feed-forward."""
        return [
            (self.width, 3 * self.width),
            (self.width, self.width),
            (self.width, self.inner),
            (self.inner, self.width),
        ]

    @property
    def flop_a_token(self) -> int:
        """Of the products with weights; a multiplication and an addition count as two."""
        return 2 * self.layers * sum(inputs * outputs for inputs, outputs in self.products)

    def attention_flop(self, lengths: list[int]) -> int:
        """Of the products within attention: each token of a text with each, twice."""
        return sum(4 * self.layers * self.width * length**2 for length in lengths)


def ceilings(sizes: Sizes, tokens: int, threads: int, runs: int) -> dict[tuple[str, str], tuple[float, float]]:
    """Library and type of number → GFLOP/s, and GFLOP per second of the processor."""
    rng = np.random.default_rng(0)
    found = {}
    work = 2 * tokens * sum(inputs * outputs for inputs, outputs in sizes.products) / 1e9
    for name, make in _LIBRARIES.items():
        for kind, prepare in make(threads):
            products = [
                prepare(
                    rng.standard_normal((tokens, inputs), np.float32),
                    rng.standard_normal((inputs, outputs), np.float32),
                )
                for inputs, outputs in sizes.products
            ]
            found[name, kind] = _rate(products, work, runs)
    return found


def _rate(products: list[Run], work: float, runs: int) -> tuple[float, float]:
    for product in products:
        product()
    best, cheapest = np.inf, np.inf
    for _ in range(runs):
        start, processor = time.perf_counter(), time.process_time()
        for product in products:
            product()
        best = min(best, time.perf_counter() - start)
        cheapest = min(cheapest, time.process_time() - processor)
    return work / best, work / cheapest


Prepare = Callable[[np.ndarray, np.ndarray], Run]


def _numpy(threads: int) -> Iterator[tuple[str, Prepare]]:
    yield "float32", lambda a, b: lambda: a @ b


def _torch(threads: int) -> Iterator[tuple[str, Prepare]]:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    torch.set_num_threads(threads)

    def prepare(kind: torch.dtype) -> Prepare:
        def of(a: np.ndarray, b: np.ndarray) -> Run:
            left, right = torch.from_numpy(a).to(kind), torch.from_numpy(b.T.copy()).to(kind)
            return lambda: torch.nn.functional.linear(left, right)

        return of

    yield "float32", prepare(torch.float32)
    yield "bfloat16", prepare(torch.bfloat16)


def _onnxruntime(threads: int) -> Iterator[tuple[str, Prepare]]:
    if importlib.util.find_spec("onnxruntime") is None:
        return
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads

    def prepare(a: np.ndarray, b: np.ndarray) -> Run:
        session = onnxruntime.InferenceSession(_graph(b), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"a": a})

    yield "float32", prepare


def _openvino(threads: int) -> Iterator[tuple[str, Prepare]]:
    if importlib.util.find_spec("openvino") is None:
        return
    import openvino

    core = openvino.Core()
    capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    def prepare(hint: str) -> Prepare:
        def of(a: np.ndarray, b: np.ndarray) -> Run:
            options = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads}
            options |= {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
            request = core.compile_model(core.read_model(_graph(b), b""), "CPU", options).create_infer_request()
            return lambda: request.infer({"a": a}, share_inputs=True, share_outputs=True)

        return of

    yield "float32", prepare("f32")
    if "BF16" in capabilities:
        yield "bfloat16", prepare("bf16")


def _graph(weights: np.ndarray) -> bytes:
    """An ONNX graph of one product."""
    from onnx import TensorProto, helper, numpy_helper

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "product",
        [value("a", TensorProto.FLOAT, ["tokens", weights.shape[0]])],
        [value("c", TensorProto.FLOAT, ["tokens", weights.shape[1]])],
        [numpy_helper.from_array(weights, "b")],
    )
    made: Any = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(made.SerializeToString())


_LIBRARIES: dict[str, Callable[[int], Iterator[tuple[str, Prepare]]]] = {
    "numpy": _numpy,
    "torch": _torch,
    "ONNX Runtime": _onnxruntime,
    "OpenVINO": _openvino,
}
