"""Those who run in `race.py`: xling, and what users would take instead, each as its own documentation shows it."""

from __future__ import annotations

import importlib

from contestants.base import Contestant

NAMES = {
    "xling": "xling_:Xling",
    "xling-torch": "xling_:XlingTorch",
    "xling-onnx": "xling_:XlingOnnx",
    "plain": "plain:Plain",
    "langchain": "langchain:LangChain",
    "llama-index": "llama_index:LlamaIndex",
    "haystack": "haystack:Haystack",
    "txtai": "txtai:Txtai",
    "fastembed": "fastembed:FastEmbed",
}
"""Module and class of each."""

DEFAULT = tuple(name for name in NAMES if name not in ("xling-torch", "xling-onnx"))


def contestant(name: str) -> type[Contestant]:
    """The class of a contestant; what it is made of is imported by its methods."""
    module, _, attribute = NAMES[name].partition(":")
    found: type[Contestant] = getattr(importlib.import_module(f"contestants.{module}"), attribute)
    return found
