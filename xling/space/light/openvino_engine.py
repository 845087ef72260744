"""OpenVINO: the same graph, multiplied in bfloat16 where the processor has instructions for that.

A bfloat16 is the upper half of a float32. Products of it are summed in float32, several times as fast (AMX, AVX-512).
What it rounds off is measured like everything else of the light runtime.
"""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from xling.errors import ModelError
from xling.space.devices import multiplies_bfloat16
from xling.space.light.engines import GRAPH, Engine, Inputs, require, thread_count
from xling.space.light.weights import FloatArray

COMPILED = "transformer.blob"

SHAPES = ((1, 16), (2, 16), (2, 24), (1, 32), (2, 32))
"""Texts and tokens that are compiled for by themselves: a query, with one prompt and with both."""

_TILE = 16
"""AMX multiplies so many rows at once, of all texts together."""

_SMALL = 32 << 20  # bytes: a graph for each shape takes as much again, on the disk and in memory
_TOOLS = "openvino.tools.ovc"
_importing = threading.Lock()

Precision: TypeAlias = Literal["bf16", "f32"]


def precisions() -> tuple[Precision, ...]:
    """What to multiply in, the better first."""
    return ("bf16", "f32") if multiplies_bfloat16() else ("f32",)


class OpenVino:
    """OpenVINO, in one precision. Its graph is compiled when it is exported: loading it takes a quarter of that.

    A graph that is compiled for one shape runs a query in five sixths of the time: its additions are fused, and nothing
    is asked about shapes. So where the weights are few, there is one for each of `SHAPES`, loaded when it is needed.
    """

    runtime = "openvino"

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
            "shapes": [list(shape) for shape in SHAPES],
        }

    def padded(self, texts: int, tokens: int) -> int:
        """To a shape that is compiled for, or else to full tiles; a shape that is new costs tens of milliseconds."""
        compiled_for = [n for of, n in SHAPES if of == texts and n >= tokens]
        return min(compiled_for, default=-(-tokens // _TILE) * _TILE)

    def finish(self, directory: Path) -> None:
        """Compile the graph, whose file is then needed no more."""
        core, graph = _core(), directory / GRAPH
        try:
            self._compile(core.read_model(str(graph)), directory / COMPILED)
            for texts, tokens in SHAPES if (directory / COMPILED).stat().st_size < _SMALL else ():
                model = core.read_model(str(graph))
                try:
                    width = model.input("words").get_partial_shape()[2]
                    model.reshape({"words": [texts, tokens, width], "mask": [texts, tokens]})
                except RuntimeError:
                    continue  # it has fewer positions
                self._compile(model, directory / _compiled_for(texts, tokens))
        except RuntimeError as exc:
            raise ModelError(f"OpenVINO cannot compile the model: {_first_line(exc)}") from exc
        graph.unlink()

    def load(self, directory: Path) -> Engine:
        """See `Form`. The graphs are loaded when they are needed."""
        _core()
        return _OpenVinoEngine(directory, self._import)

    def _compile(self, model: Any, file: Path) -> None:
        file.write_bytes(_core().compile_model(model, "CPU", self._options()).export_model().getvalue())

    def _import(self, file: Path) -> Any:
        try:
            # The precision has to be the one of compiling: OpenVINO crashes on a graph of the other.
            return _core().import_model(file.read_bytes(), "CPU", self._options())
        except (RuntimeError, OSError) as exc:
            raise ModelError(
                f"OpenVINO cannot load {file}: {_first_line(exc)}. Delete the directory, and it is made again."
            ) from exc

    def _options(self) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": self._precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # else it rounds what weights of 4 bits are multiplied with to 8
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": thread_count(),
            "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same processors
        }


class _OpenVinoEngine:
    """The graphs of one export, by their files."""

    def __init__(self, directory: Path, load: Callable[[Path], Any]) -> None:
        self._directory, self._load = directory, load
        self._of_one_shape = {shape for shape in SHAPES if (directory / _compiled_for(*shape)).is_file()}
        self._loading = threading.Lock()
        self._graphs: dict[str, _Graph] = {}

    def run(self, inputs: Inputs, output: int) -> FloatArray:
        texts, tokens = inputs["mask"].shape
        name = _compiled_for(texts, tokens) if (texts, tokens) in self._of_one_shape else COMPILED
        with self._loading:
            graph = self._graphs.get(name)
            if graph is None:
                graph = self._graphs[name] = _Graph(self._load(self._directory / name))
        return graph.run(inputs, output)


class _Graph:
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


def _compiled_for(texts: int, tokens: int) -> str:
    return f"transformer-{texts}x{tokens}.blob"


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
