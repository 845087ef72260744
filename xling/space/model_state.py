"""What a loaded SentenceTransformer is: its weights and what it does after the transformer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.space.model_files import ModelFacts, pooling_of_modules, read_facts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_VALUES = 32


def facts_on_disk(model: SentenceTransformer) -> ModelFacts | None:
    """Facts of the directory the model came from, if its weights in memory still are those of the files.

    A model that was opened by name and one that its caller loaded by the same name are then known as the same.
    """
    directory = _directory_of(model)
    if directory is None:
        return None
    try:
        facts = read_facts(directory)
        return facts if _weights_match(model, directory) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def digest_of_state(model: SentenceTransformer) -> str:
    """Digest of the weights in memory: names, shapes, types and 32 values of each tensor."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name}\0{tuple(tensor.shape)}\0{tensor.dtype}\0".encode())
        digest.update(_sample(tensor).tobytes())
    return f"state:{digest.hexdigest()}"


def pooling_of(model: SentenceTransformer) -> str:
    """Modules after the transformer in short, as `read_facts` puts it."""
    steps = []
    for module in model.children():
        describe = getattr(module, "get_config_dict", None)
        settings: dict[str, Any] = describe() if describe is not None else {}
        steps.append((type(module).__name__, settings))
    cut = f", cut to {model.truncate_dim}" if model.truncate_dim is not None else ""
    return pooling_of_modules(steps) + cut


def source_name(model: SentenceTransformer) -> str | None:
    """The name or path that the transformer was loaded by."""
    config = getattr(_transformer(model), "config", None)
    name = getattr(config, "_name_or_path", None)
    return name if isinstance(name, str) and name else None


def _transformer(model: SentenceTransformer) -> Any:
    return getattr(next(iter(model.children()), None), "auto_model", None)


def _directory_of(model: SentenceTransformer) -> Path | None:
    name = source_name(model)
    if name is None:
        return None
    if Path(name).is_dir():
        return Path(name).absolute()
    from xling.errors import XlingError
    from xling.space.hub import find_on_hub

    try:
        return find_on_hub(name, local_files_only=True)
    except XlingError:
        return None


def _weights_match(model: SentenceTransformer, directory: Path) -> bool:
    from safetensors import safe_open

    state = model.state_dict()
    compared = 0
    for folder in {directory, *(path.parent for path in directory.glob("*/*.safetensors"))}:
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as tensors:
                for key in tensors.keys():  # noqa: SIM118 — not a mapping
                    name = next((n for n in state if n == key or n.endswith(f".{key}")), None)
                    if name is None:
                        continue
                    stored = tensors.get_tensor(key)
                    if stored.shape != state[name].shape or stored.dtype != state[name].dtype:
                        return False
                    if not np.array_equal(_sample(stored), _sample(state[name])):
                        return False
                    compared += 1
    return compared >= len(list(model.parameters())) * 0.9


def _sample(tensor: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    flat = tensor.detach().flatten()
    step = max(len(flat) // _VALUES, 1)
    sample: np.ndarray[Any, np.dtype[np.float64]] = flat[::step][: _VALUES + 1].double().cpu().numpy()
    return sample
