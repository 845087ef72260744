"""Where and by what a model is run, told without importing torch."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Literal, TypeAlias

Runtime: TypeAlias = Literal["auto", "torch", "onnx", "onnx-int8"]
"""What runs a model: torch, or the light runtime, `onnx`, or that with queries in 8 bits, `onnx-int8`; `auto` takes
`onnx` where it gives the same vectors."""

_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, either of them under Windows' Linux


def on_cpu(device: str | None) -> bool:
    """Whether torch would run a model on the CPU, as far as can be told from outside."""
    return device == "cpu" or (device is None and not _accelerator())


def _accelerator() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return any(Path(file).exists() for file in _GPU_FILES) or shutil.which("nvidia-smi") is not None
