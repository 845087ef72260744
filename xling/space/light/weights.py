"""Tensors of safetensors files, read where they lie: a table of which a few rows are used costs those rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]

_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}  # numpy knows no bfloat16: its bits are taken as whole numbers


@dataclass(frozen=True)
class Tensor:
    """A tensor mapped from its file; `raw` holds its numbers as they are stored."""

    raw: NDArray[Any]
    kind: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.raw.shape

    def rows(self, index: NDArray[np.int64]) -> FloatArray:
        """Some rows as float32, shape (*index.shape, columns)."""
        return self._float32(self.raw[index])

    def whole(self) -> FloatArray:
        """All of it as float32."""
        return self._float32(self.raw)

    def _float32(self, raw: NDArray[Any]) -> FloatArray:
        if self.kind == "BF16":
            widened: FloatArray = (raw.astype(np.uint32) << 16).view(np.float32)
            return widened
        return np.asarray(raw, dtype=np.float32)


def read_tensors(directory: Path) -> dict[str, Tensor]:
    """The floating-point tensors of all safetensors files of a directory, by name. Nothing but headers is read.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is not of the format.
    """
    return {name: tensor for file in sorted(directory.glob("*.safetensors")) for name, tensor in _tensors(file)}


def _tensors(file: Path) -> Iterator[tuple[str, Tensor]]:
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > size:
            raise ValueError(f"{file} is cut short")
        header = json.loads(opened.read(length))
    content = np.memmap(file, np.uint8, "r")
    for name, entry in header.items():
        kind = entry.get("dtype")
        if name == "__metadata__" or kind not in _TYPES:
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if end > size:
            raise ValueError(f"{file} is cut short within {name}")
        yield name, Tensor(content[begin:end].view(_TYPES[kind]).reshape(entry["shape"]), kind)
