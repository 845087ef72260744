"""Texts before they become vectors: what can be stored, what the encoder sees, where long texts are split."""

from xling.text.chunking import Span, chunk_spans, estimate_token_ends
from xling.text.normalise import normalise, problem_of

__all__ = ["Span", "chunk_spans", "estimate_token_ends", "normalise", "problem_of"]
