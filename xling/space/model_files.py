"""What a sentence-transformers directory says about its model, read from its files without loading anything heavy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

MANIFEST = "xling-model.json"
"""Written by xling into directories it converts: name, digest of the weights, sizes of the files."""

_MAX_SANE_TOKENS = 1_000_000
# RoBERTa's relatives count positions from padding_idx + 1 = 2.
_POSITION_OFFSET = {"roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2}
_BLOCK = 4096
_BLOCKS = 64
_WEIGHTS = ("*.safetensors", "*.bin")
_TOKENIZERS = (
    "tokenizer.json",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spiece.model",
    "vocab.txt",
    "vocab.json",
)
_VERBATIM_TOKENIZERS = {"PreTrainedTokenizerFast", "TokenizersBackend"}


@dataclass(frozen=True)
class ModelFacts:
    """What the files say. None where they do not say it; then the model has to be loaded to know.

    Attributes:
        name: Name the files give for their model, if reliable.
        weights: Digest of weights and tokenizer: equal files give equal digests wherever they lie.
        dimension: Columns of the vectors.
        max_tokens: Tokens read, special tokens included.
        pooling: Modules after the transformer in short, e.g. `mean+normalize`.
        prompts: Prompts by name, as configured; `default` is the one that applies to all texts.
        tokenizer: The `tokenizers` file, where it is used exactly as it is.
        plain: It is a transformer alone, which was not trained to make vectors of sentences.
    """

    name: str | None
    weights: str
    dimension: int | None = None
    max_tokens: int | None = None
    pooling: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    tokenizer: Path | None = None
    plain: bool = False


def read_facts(directory: Path) -> ModelFacts:
    """Facts of a directory that `SentenceTransformer(directory)` could load.

    Raises:
        ValueError: It holds no model: neither `modules.json` nor `config.json`, or one that is not JSON.
    """
    modules = modules_of(directory)
    manifest = _mapping(directory / MANIFEST)
    own = _mapping(directory / "config_sentence_transformers.json")
    transformer = directory / (modules[0][1] if modules else "")
    config = _mapping(transformer / "config.json")
    if not modules and not config:
        raise ValueError(f"{directory} has neither modules.json nor config.json")
    dimension, pooling = _dimension_and_pooling(directory, modules, config)
    truncated = own.get("truncate_dim")
    if dimension is not None and isinstance(truncated, int):
        dimension = min(dimension, truncated)
    return ModelFacts(
        name=_string(manifest.get("name")) or _string(config.get("_name_or_path")),
        weights=_string(manifest.get("weights")) or digest(directory),
        dimension=dimension,
        max_tokens=_max_tokens(transformer, config),
        pooling=f"{pooling}, cut to {truncated}" if pooling and isinstance(truncated, int) else pooling,
        prompts=configured_prompts(own.get("prompts"), own.get("default_prompt_name")),
        tokenizer=_verbatim_tokenizer(transformer),
        plain=not modules,
    )


def configured_prompts(prompts: Any, default_name: Any) -> dict[str, str]:
    """Prompts by name, with the one that applies to all texts, if there is one, as `default`."""
    named = {str(k): v for k, v in (prompts or {}).items() if isinstance(v, str)}
    if isinstance(default_name, str) and default_name in named:
        named.setdefault("default", named[default_name])
    return named


def sane_max_tokens(*limits: Any) -> int | None:
    """The smallest limit that is a limit: some configurations say 10^30 or -1 for none."""
    known = [int(x) for x in limits if isinstance(x, (int, float)) and 0 < x < _MAX_SANE_TOKENS]
    return min(known, default=None)


def digest(directory: Path) -> str:
    """Digest of a model's weights and tokenizer, from samples, in well under a second for gigabytes.

    Read are each file's size, its ends and 64 blocks between them, and of safetensors files also the list of tensors
    and a piece of every tensor. Training changes every tensor that it touches, so trained weights do not pass for
    the weights they started from; it is no protection against somebody who forges a model.
    """
    state = blake2b(digest_size=16)
    for path in _files_that_matter(directory):
        size = path.stat().st_size
        state.update(f"{path.relative_to(directory).as_posix()}\0{size}\0".encode())
        _sample(path, size, state.update)
    return f"blake2b:{state.hexdigest()}"


def file_digest(path: Path) -> str:
    """Digest of a single file, from samples as in `digest`."""
    size = path.stat().st_size
    state = blake2b(f"{size}\0".encode(), digest_size=16)
    _sample(path, size, state.update)
    return f"blake2b:{state.hexdigest()}"


def _sample(path: Path, size: int, take: Callable[[bytes], None]) -> None:
    with path.open("rb") as file:
        offsets = {0, max(size - _BLOCK, 0), *(size * i // _BLOCKS for i in range(1, _BLOCKS))}
        if path.suffix == ".safetensors":
            offsets |= _tensor_offsets(file.read(8), file, size)
        for offset in sorted(offsets):
            file.seek(offset)
            take(file.read(_BLOCK))


def _tensor_offsets(length: bytes, file: Any, size: int) -> set[int]:
    header_size = int.from_bytes(length, "little")
    if header_size > size:
        return set()
    try:
        header = json.loads(file.read(header_size))
        return {8 + header_size + entry["data_offsets"][0] for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _files_that_matter(directory: Path) -> Iterator[Path]:
    """Weights of each module, safetensors before their older twins, and one form of the tokenizer of each."""
    modules = modules_of(directory)
    for folder in sorted({directory, *(directory / path for _, path in modules)}):
        for patterns in (_WEIGHTS, _TOKENIZERS):
            for pattern in patterns:
                found = sorted(path for path in folder.glob(pattern) if path.is_file())
                if found:
                    yield from found
                    break


def modules_of(directory: Path) -> list[tuple[str, str]]:
    """(class name, path) of each module in order."""
    entries = _json(directory / "modules.json")
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ValueError(f"{directory / 'modules.json'} is not a list")
    return [(str(entry["type"]).rsplit(".", 1)[-1], str(entry["path"])) for entry in entries]


def _dimension_and_pooling(
    directory: Path, modules: list[tuple[str, str]], config: Mapping[str, Any]
) -> tuple[int | None, str | None]:
    hidden = config.get("hidden_size") or config.get("dim") or config.get("d_model")
    dimension = hidden if isinstance(hidden, int) else None
    if not modules:  # a plain transformers directory, to which sentence-transformers adds mean pooling
        return dimension, "mean"
    steps = []
    for kind, path in modules:
        settings = _mapping(directory / path / "config.json")
        if kind == "Pooling":
            width = settings.get("embedding_dimension") or settings.get("word_embedding_dimension")
            dimension = width * len(pooling_modes(settings)) if isinstance(width, int) else None
        elif kind == "Dense":
            width = settings.get("out_features")
            dimension = width if isinstance(width, int) else None
        elif kind not in ("Transformer", "Normalize", "Dropout"):
            return None, None
        steps.append((kind, settings))
    return dimension, pooling_of_modules(steps)


def pooling_of_modules(steps: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """What modules (class name, configuration) do after the transformer, e.g. `mean+dense(512, tanh)+normalize`."""
    words = []
    for kind, settings in steps:
        if kind == "Pooling":
            prompt = "" if settings.get("include_prompt", True) else " without prompt"
            words.append("/".join(pooling_modes(settings)) + prompt)
        elif kind == "Dense":
            activation = str(settings.get("activation_function", "Tanh")).rsplit(".", 1)[-1].lower()
            words.append(f"dense({settings.get('out_features')}, {activation})")
        elif kind != "Transformer":
            words.append(kind.lower())
    return "+".join(words or ["none"])


def pooling_modes(settings: Mapping[str, Any]) -> list[str]:
    mode = settings.get("pooling_mode")
    if isinstance(mode, str):
        return [mode]
    if isinstance(mode, (list, tuple)):
        return [str(m) for m in mode]
    short = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max", "weightedmean_tokens": "weightedmean"}
    modes = [k.removeprefix("pooling_mode_") for k, v in settings.items() if k.startswith("pooling_mode_") and v]
    return [short.get(m, m) for m in modes] or ["mean"]


def _max_tokens(transformer: Path, config: Mapping[str, Any]) -> int | None:
    own = next((_mapping(path) for path in sorted(transformer.glob("sentence_*_config.json"))), {})
    extra = own.get("processor_kwargs") or own.get("tokenizer_args") or {}
    tokenizer = _mapping(transformer / "tokenizer_config.json")
    text_config = config.get("text_config") if isinstance(config.get("text_config"), Mapping) else config
    positions = text_config.get("max_position_embeddings") if text_config else None
    if isinstance(positions, int):
        positions -= _POSITION_OFFSET.get(str(config.get("model_type")), 0)
    stated = sane_max_tokens(own.get("max_seq_length")) or sane_max_tokens(
        extra.get("model_max_length") if isinstance(extra, Mapping) else None, tokenizer.get("model_max_length")
    )
    return sane_max_tokens(stated, positions)


def _verbatim_tokenizer(transformer: Path) -> Path | None:
    path = transformer / "tokenizer.json"
    settings = _mapping(transformer / "tokenizer_config.json")
    own = _mapping(transformer / "sentence_bert_config.json")
    verbatim = settings.get("tokenizer_class") in _VERBATIM_TOKENIZERS and not own.get("do_lower_case")
    return path if verbatim and path.is_file() else None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None


def _mapping(path: Path) -> Mapping[str, Any]:
    value = _json(path)
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and re.search(r"\S", value) else None
