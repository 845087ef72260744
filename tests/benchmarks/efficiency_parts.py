"""What the time of encoding goes into, by the profilers of the runtimes. For `efficiency.py`."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Feeds = Sequence[Mapping[str, Any]]

GROUPS = ("products with weights", "attention", "GELU", "layer norms", "other nodes")
_WORDS = {
    # part of the name of a node or operator → its group; the first that fits
    "attention": "attention",
    "sdpa": "attention",
    "mha": "attention",
    "matmul": "products with weights",
    "fullyconnected": "products with weights",
    "fully_connected": "products with weights",
    "inner_product": "products with weights",
    "addmm": "products with weights",
    "aten::mm": "products with weights",
    "linear": "products with weights",
    "gelu": "GELU",
    "norm": "layer norms",
    "mvn": "layer norms",
}


def group_of(name: str) -> str:
    return next((group for word, group in _WORDS.items() if word in name.lower()), "other nodes")


def onnx_nodes(graph: Path, feeds: Feeds, threads: int) -> Counter[str]:
    """Seconds of each group of nodes in ONNX Runtime."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        first = session.get_outputs()[0].name
        session.run([first], dict(feeds[0]))
        options.enable_profiling, options.profile_file_prefix = True, f"{folder}/profile"
        profiled = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        for feed in feeds:
            profiled.run([first], dict(feed))
        events = json.loads(Path(profiled.end_profiling()).read_text("utf-8"))
    found: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            found[group_of(event["args"]["op_name"])] += event["dur"] / 1e6
    return found


def openvino_nodes(graph: Path, feeds: Feeds, threads: int, precision: str) -> Counter[str]:
    """Seconds of each group of nodes in OpenVINO. It adds biases and activations to the products they follow."""
    import openvino

    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERF_COUNT": True}
    options |= {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False, "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
    request = openvino.Core().compile_model(str(graph), "CPU", options).create_infer_request()
    request.infer(dict(feeds[0]))
    found: Counter[str] = Counter()
    for feed in feeds:
        request.infer(dict(feed))
        for node in request.profiling_info:
            # A product of two values that are computed is one of attention; those with weights are FullyConnected.
            within = node.node_type in ("MatMul", "Softmax")
            name = node.node_name if node.node_type == "Subgraph" else node.node_type
            found["attention" if within else group_of(name)] += node.real_time.total_seconds()
    return found


def torch_operators(encode: Callable[[], object]) -> Counter[str]:
    """Seconds of each group of operators in torch, without those that they call."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        encode()
    found: Counter[str] = Counter()
    for one in profiled.key_averages():
        found[group_of(one.key)] += one.self_cpu_time_total / 1e6
    return found


class Clock:
    """Replaces a method by itself with a clock around it, and takes down what it was called with."""

    def __init__(self, owner: Any, attribute: str) -> None:
        self.seconds, self.calls = 0.0, []
        self._owner, self._attribute, self._work = owner, attribute, getattr(owner, attribute)
        work, clock = self._work, self

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                clock.seconds += time.perf_counter() - start
                clock.calls.append(args)

        setattr(owner, attribute, timed)

    def off(self) -> None:
        setattr(self._owner, self._attribute, self._work)
