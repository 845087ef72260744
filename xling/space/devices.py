"""Where and by what a model is run, told without importing torch."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from xling.errors import InvalidInput

Runtime: TypeAlias = Literal["auto", "torch", "onnx", "onnx-int8", "openvino"]
"""What runs a model: torch, or the light runtime: `onnx`, that with queries in 8 bits, `onnx-int8`, or `openvino`.
`auto` takes the light one where it gives the same vectors: `openvino` where the processor multiplies bfloat16, else
`onnx`."""

_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, either of them under Windows' Linux


def on_cpu(device: str | None) -> bool:
    """Whether torch would run a model on the CPU, as far as can be told from outside."""
    return device == "cpu" or (device is None and not _accelerator())


def _accelerator() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return any(Path(file).exists() for file in _GPU_FILES) or shutil.which("nvidia-smi") is not None


@lru_cache
def multiplies_bfloat16(file: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor has instructions for that. Only Linux tells."""
    try:
        text = file.read_text("ascii", "replace")
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in text.splitlines() if line.startswith("flags")), [])
    return "avx512_bf16" in flags or "amx_bf16" in flags


def is_light(runtime: str) -> bool:
    """Whether the light runtime is asked for by name."""
    return runtime not in ("auto", "torch")


def check_runtime(runtime: str, model: Any, device: str | None) -> None:
    """Raise `InvalidInput` where there is no such runtime, or it cannot run that model, or not there."""
    names = get_args(Runtime)
    if runtime not in names:
        raise InvalidInput(f"runtime= is {', '.join(map(repr, names[:-1]))} or {names[-1]!r}, got {runtime!r}")
    if is_light(runtime) and not isinstance(model, (str, Path)):
        raise InvalidInput(
            f"runtime={runtime!r} takes a model's name or directory; this one is loaded in torch already"
        )
    if is_light(runtime) and device not in (None, "cpu"):
        raise InvalidInput(f"runtime={runtime!r} runs on the CPU; for device={device!r} use runtime='torch'")


def available_processors() -> int:
    """Processors that this process may use: of those it is bound to, what a container is granted."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = processor_share()
    return usable if share is None else max(1, min(usable, int(share)))


def processor_share(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> float | None:
    """How many processors a container may use, which the number of processors does not tell."""
    try:
        quota, period = file.read_text("ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # not Linux, no such limit ("max")
        return None
