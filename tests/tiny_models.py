"""Small real sentence-transformers models with random weights, of the kinds that users bring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WORDS = ["hello", "world", "good", "morning", "thank", "you", "query", "passage", "##s", ":", ",", "."]


def make_model(
    directory: Path,
    *,
    pooling: str | tuple[str, ...] = "mean",
    dense: int | None = None,
    normalize: bool = False,
    prompts: Mapping[str, str] | None = None,
    max_seq_length: int | None = 24,
    positions: int = 32,
    seed: int = 0,
) -> Path:
    """Write a BERT of 16 dimensions and 2 layers, with the given modules after it, as sentence-transformers does."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(seed)
    characters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("日本語")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *characters, *(f"##{c}" for c in characters)]
    bare = directory.with_name(directory.name + "-bare")
    bare.mkdir(parents=True)
    (bare / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    BertTokenizerFast(vocab=str(bare / "vocab.txt")).save_pretrained(bare)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=positions,
    )
    BertModel(config).save_pretrained(bare)
    transformer = models.Transformer(str(bare), max_seq_length=max_seq_length)
    modes = (pooling,) if isinstance(pooling, str) else pooling
    modules: list[Any] = [transformer, models.Pooling(16, pooling_mode=pooling)]
    if dense is not None:
        modules.append(models.Dense(16 * len(modes), dense))
    if normalize:
        modules.append(models.Normalize())
    model = SentenceTransformer(modules=modules, prompts=dict(prompts or {}), device="cpu")
    model.save(str(directory))
    return directory


def edit_json(path: Path, **changes: Any) -> None:
    """Set or, where None, remove keys of a JSON file."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    content.update(changes)
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}), encoding="utf-8")


def put_into_hub_cache(directory: Path, hf_home: Path, name: str, commit: str = "0" * 40) -> Path:
    """Lay a model out as the Hugging Face cache would after a download, and give the snapshot's directory."""
    import shutil

    repository = hf_home / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    shutil.copytree(directory, snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    return snapshot


def make_cross_encoder(directory: Path, bare: Path, labels: int = 1) -> Path:
    """Write a cross-encoder with random weights, with the tokenizer of a model that `make_model` has made."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(1)
    config = BertConfig.from_pretrained(bare, num_labels=labels)
    BertForSequenceClassification(config).save_pretrained(directory)
    BertTokenizerFast.from_pretrained(bare).save_pretrained(directory)
    return directory
