"""Text → vectors of one shared space."""

from xling.space.devices import Runtime
from xling.space.protocols import Encoder, EncodesBoth, TokenOffsets, Vectors
from xling.space.shared import SharedSpace, check_same_space, fingerprint

__all__ = [
    "Encoder",
    "EncodesBoth",
    "Runtime",
    "SharedSpace",
    "TokenOffsets",
    "Vectors",
    "check_same_space",
    "fingerprint",
]
