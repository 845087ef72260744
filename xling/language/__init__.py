"""In which language a text is: BCP 47 codes and detectors."""

from __future__ import annotations

from xling.language.codes import UND, normalise_code, primary
from xling.language.detector import Detection, Detector, DetectorKind, detect, detector

__all__ = ["UND", "Detection", "Detector", "DetectorKind", "detect", "detector", "normalise_code", "primary"]
