"""The light runtime: sentence-transformers models run by ONNX Runtime or OpenVINO, and `tokenizers`, without torch."""

from __future__ import annotations

from xling.space.light.export import EQUIVALENT, open_light
from xling.space.light.model import LightModel

__all__ = ["EQUIVALENT", "LightModel", "open_light"]
