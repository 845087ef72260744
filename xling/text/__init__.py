"""Texts before they become vectors: what can be stored, what the encoder sees, sentences, and chunks of long texts."""

from xling.text.chunking import chunk_many, estimate_token_ends
from xling.text.cutting import Span
from xling.text.normalise import normalise, problem_of
from xling.text.sentences import SentenceSplitter, Splitter

__all__ = ["SentenceSplitter", "Span", "Splitter", "chunk_many", "estimate_token_ends", "normalise", "problem_of"]
