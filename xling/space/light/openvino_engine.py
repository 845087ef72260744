"""OpenVINO: the same graph, multiplied in bfloat16 where the processor has instructions for that.

A bfloat16 is the upper half of a float32. Products of it are summed in float32, several times as fast (AMX, AVX-512).
What it rounds off is measured like everything else of the light runtime.
"""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from xling.errors import ModelError
from xling.space.devices import multiplies_bfloat16
from xling.space.light.engines import GRAPH, Engine, Inputs, require, thread_count
from xling.space.light.weights import FloatArray

COMPILED = "transformer.blob"
_TOOLS = "openvino.tools.ovc"
_importing = threading.Lock()

Precision: TypeAlias = Literal["bf16", "f32"]


def precisions() -> tuple[Precision, ...]:
    """What to multiply in, the better first."""
    return ("bf16", "f32") if multiplies_bfloat16() else ("f32",)


class OpenVino:
    """OpenVINO, in one precision. Its graph is compiled when it is exported: loading it takes a quarter of that."""

    # A shape that is new costs tens of milliseconds, and AMX multiplies 16 rows at once in any case.
    runtime, step = "openvino", 16

    def __init__(self, precision: Precision) -> None:
        require("openvino", "openvino")
        self._precision = precision

    @property
    def key(self) -> dict[str, Any]:
        """Another version computes in another way, and a graph that was compiled is for processors of one kind."""
        return {
            "openvino": importlib.metadata.version("openvino"),
            "precision": self._precision,
            "processor": sorted(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        }

    def finish(self, directory: Path) -> None:
        """Compile the graph, whose file is then needed no more."""
        try:
            compiled = _core().compile_model(str(directory / GRAPH), "CPU", self._options())
            (directory / COMPILED).write_bytes(compiled.export_model().getvalue())
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot compile the model: {_first_line(exc)}") from exc
        (directory / GRAPH).unlink()

    def load(self, directory: Path) -> Engine:
        """See `Form`."""
        file = directory / COMPILED
        try:
            # The precision has to be the one of compiling: OpenVINO crashes on a graph of the other.
            return _OpenVinoEngine(_core().import_model(file.read_bytes(), "CPU", self._options()))
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot load {file}: {_first_line(exc)}") from exc

    def _options(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": self._precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # else it rounds what weights of 4 bits are multiplied with to 8
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": thread_count(),
            "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same processors
        }


class _OpenVinoEngine:
    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: list[Any] = []  # requests, which hold inputs and outputs: no two threads use one at once

    def run(self, inputs: Inputs, output: int) -> FloatArray:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            request.infer(dict(inputs), share_inputs=True, share_outputs=True)
            place = output % len(self._compiled.outputs)
            found = np.array(request.get_output_tensor(place).data, np.float32)
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO failed on a batch of texts: {_first_line(exc)}") from exc
        self._idle.append(request)
        return found


def _core() -> Any:
    try:
        return _imported().Core()
    except ImportError as exc:
        raise ModelError(f"OpenVINO is installed and cannot be imported: {_first_line(exc)}") from exc


def _imported() -> Any:
    """The package `openvino`, without the tools that report to their maker as soon as they are imported.

    They convert models, and `openvino` does without them where they cannot be imported. So one that wants
    `openvino.convert_model` in the same process imports it from `openvino.tools.ovc`.
    """
    with _importing:
        if "openvino" in sys.modules or _TOOLS in sys.modules:
            import openvino

            return openvino
        sys.modules[_TOOLS] = None  # type: ignore[assignment]  # as if there were none
        try:
            import openvino
        finally:
            del sys.modules[_TOOLS]
        return openvino


def _first_line(exc: Exception) -> str:
    return (str(exc).strip() or type(exc).__name__).splitlines()[0]
