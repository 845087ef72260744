"""What has to be computed for the vectors of a model, where that is of a form that the light runtime knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xling.space.model_files import modules_of, pooling_modes

MODEL_TYPES = ("bert", "xlm-roberta", "roberta", "camembert")
"""Transformers whose graph is known."""

POOLINGS = ("mean", "cls", "max")
ACTIVATIONS = ("tanh", "identity", "relu")


class NotLight(Exception):
    """The model is not of a form that the light runtime knows; the message says why."""


@dataclass(frozen=True)
class Dense:
    """A dense layer after the pooling: its directory and its activation."""

    directory: Path
    activation: str


@dataclass(frozen=True)
class Recipe:
    """How text becomes a vector.

    Attributes:
        transformer: Directory of the transformer's weights.
        layers: Number of layers.
        heads: Attention heads of each.
        epsilon: Of the layer normalisations.
        first_position: Row of the position embeddings that the first token takes.
        poolings: `mean`, `cls` or `max`; of several, the vectors are put behind one another.
        dense: Layers after that.
    """

    transformer: Path
    layers: int
    heads: int
    epsilon: float
    first_position: int
    poolings: tuple[str, ...]
    dense: tuple[Dense, ...]


def read_recipe(directory: Path) -> Recipe:
    """The recipe of a sentence-transformers directory, from its configuration files.

    Raises:
        NotLight: It is of a form that is not known.
        OSError: A file cannot be read.
        ValueError: A file is not JSON.
    """
    modules = modules_of(directory) or [("Transformer", "")]
    if modules[0][0] != "Transformer":
        raise NotLight(f"its first module is a {modules[0][0]}")
    transformer = directory / modules[0][1]
    config = _settings(transformer / "config.json")
    _check_transformer(transformer, config)
    if _settings(directory / "config_sentence_transformers.json").get("truncate_dim") is not None:
        raise NotLight("its vectors are cut")
    poolings: tuple[str, ...] = () if len(modules) > 1 else ("mean",)
    dense = []
    for kind, path in modules[1:]:
        settings = _settings(directory / path / "config.json")
        if kind == "Pooling" and not poolings:
            poolings = _poolings(settings)
        elif kind == "Dense" and poolings:
            dense.append(Dense(directory / path, _activation(settings)))
        elif kind not in ("Normalize", "Dropout") or not poolings:
            raise NotLight(f"it has a module {kind} that is not known there")
    # A normalisation before a dense layer would have to be done there; at the end it is done anyway.
    kinds = [kind for kind, _ in modules]
    if "Normalize" in kinds and "Dense" in kinds[kinds.index("Normalize") :]:
        raise NotLight("it normalises before a dense layer")
    return Recipe(
        transformer=transformer,
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
        # RoBERTa and its relatives count from the row after the one of padding.
        first_position=0 if config["model_type"] == "bert" else int(config.get("pad_token_id", 1)) + 1,
        poolings=poolings,
        dense=tuple(dense),
    )


def _check_transformer(directory: Path, config: Mapping[str, Any]) -> None:
    if config.get("model_type") not in MODEL_TYPES:
        raise NotLight(f"its transformer is of the type {config.get('model_type')!r}")
    if config.get("hidden_act", "gelu") != "gelu":
        raise NotLight(f"its activation is {config['hidden_act']!r}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise NotLight(f"its positions are {config['position_embedding_type']!r}")
    if config.get("is_decoder"):
        raise NotLight("its transformer is a decoder")
    if config.get("adapters") or (directory / "adapter_config.json").is_file():
        raise NotLight("it has adapters")
    if _settings(directory / "sentence_bert_config.json").get("do_lower_case"):
        raise NotLight("its texts are lower-cased before the tokenizer")
    if not any(directory.glob("*.safetensors")):
        raise NotLight("its weights are not in the form safetensors")


def _poolings(settings: Mapping[str, Any]) -> tuple[str, ...]:
    modes = tuple(pooling_modes(settings))
    unknown = [mode for mode in modes if mode not in POOLINGS]
    if unknown:
        raise NotLight(f"its pooling is {'/'.join(unknown)}")
    if not settings.get("include_prompt", True):
        raise NotLight("its pooling leaves out the prompt")
    return modes


def _activation(settings: Mapping[str, Any]) -> str:
    name = str(settings.get("activation_function", "Tanh")).rsplit(".", 1)[-1].lower()
    if name not in ACTIVATIONS:
        raise NotLight(f"the activation of its dense layer is {name!r}")
    return name


def _settings(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return value if isinstance(value, Mapping) else {}
