"""What runs the graph of a light model: ONNX Runtime, or OpenVINO in the precision that the processor is good at."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from xling.errors import MissingExtra, ModelError
from xling.space.devices import available_processors
from xling.space.light.weights import FloatArray

GRAPH = "transformer.onnx"

Inputs = Mapping[str, NDArray[Any]]


class Engine(Protocol):
    """A graph that is loaded. For many threads."""

    def run(self, inputs: Inputs, output: int) -> FloatArray:
        """The output of that place (-1 is the last), float32, in an array of the caller's own."""
        ...


class Form(Protocol):
    """A way to run a model: what is written of it, and what reads that.

    Attributes:
        runtime: Its name, and that of the extra that brings it.
        key: What its vectors depend on beside the model: they are measured again where that changes.
    """

    @property
    def runtime(self) -> str: ...

    @property
    def key(self) -> dict[str, Any]: ...

    def padded(self, texts: int, tokens: int) -> int:
        """To how many tokens so many texts are padded, the longest having `tokens`, where the model takes more."""
        ...

    def finish(self, directory: Path) -> None:
        """Make what `load` reads of the graph that lies in the directory."""
        ...

    def load(self, directory: Path) -> Engine:
        """Load what lies in the directory.

        Raises:
            ModelError: It cannot be loaded.
        """
        ...


class Onnx:
    """ONNX Runtime, in float32."""

    runtime = "onnx"

    def __init__(self) -> None:
        require("onnxruntime", "onnx")

    @property
    def key(self) -> dict[str, Any]:
        """Another version of ONNX Runtime computes in another way."""
        return {"onnxruntime": importlib.metadata.version("onnxruntime")}

    def padded(self, texts: int, tokens: int) -> int:
        """None is needed."""
        return tokens

    def finish(self, directory: Path) -> None:
        """The graph is read as it is."""

    def load(self, directory: Path) -> Engine:
        """See `Form`."""
        return _OnnxEngine(directory / GRAPH)


class _OnnxEngine:
    def __init__(self, graph: Path) -> None:
        # Its builds since 1.32 keep a device's id in the user's cache and report to Microsoft unless this is set.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # ONNX Runtime's errors have no common class
            raise ModelError(f"ONNX Runtime cannot load {graph}: {str(exc).splitlines()[0]}") from exc
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Inputs, output: int) -> FloatArray:
        return np.asarray(self._session.run([self._outputs[output]], dict(inputs))[0], np.float32)


def require(package: str, extra: str) -> None:
    """Raise `MissingExtra` where a package is not installed."""
    if importlib.util.find_spec(package) is None:
        raise MissingExtra(f"runtime={extra!r}", extra, package)


def thread_count() -> int:
    """Threads for one encoder: what `OMP_NUM_THREADS` says, as in torch, else the processors granted to it."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    return available_processors()
