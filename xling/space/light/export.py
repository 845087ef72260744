"""Exports models for the light runtime, once, into the cache, and measures that their vectors are the same.

A collection may be written with torch and searched with the light runtime: both are one space only if they agree. So
each export is measured against torch on sentences of 66 languages, what was measured is written down with it, and where
the lowest cosine is below `EQUIVALENT`, it is not used.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from xling.cache_dir import cache_dir
from xling.errors import MissingExtra, ModelError
from xling.space.light.eight_bits import largest_inputs
from xling.space.light.engines import GRAPH, Form, Onnx, require
from xling.space.light.graph import write_graph
from xling.space.light.model import TOKENIZER, LightModel
from xling.space.light.openvino_engine import OpenVino, precisions
from xling.space.light.pieces import FILES, Pieces, same_tokens, write_pieces
from xling.space.light.recipe import NotLight, Recipe, read_recipe
from xling.space.light.weights import FloatArray, read_tensors
from xling.space.publish import building, read_manifest, remove_stale, write_manifest
from xling.space.sources import Source

EQUIVALENT = 0.9999
"""The lowest cosine between the two vectors of any text above which both runtimes are one space."""

NEAR = 0.998
"""The lowest cosine between the two vectors of any query above which 8 bits may be used for queries."""

FORMAT = 5
"""Raise it when what is written changes."""

EIGHT_BITS = 1
"""Raise it when the models in 8 bits change."""

_STEP = 50
"""Every 50th sentence of the reference sample is compared: two of each language."""

_FEW = 8  # every 8th of those is encoded alone and with its neighbour too

_log = logging.getLogger(__name__)

Encode = Callable[[LightModel, Sequence[str]], FloatArray]
Tokens = Callable[[LightModel, Sequence[str]], list[list[int]]]


def open_light(
    source: Source,
    encode: Encode,
    *,
    required: bool,
    runtime: str = "auto",
    query_prompt: str | None = None,
    tokens: Tokens | None = None,
) -> LightModel | None:
    """The model for the light runtime, exported now if it was not before.

    Args:
        source: The model.
        encode: Texts → unit vectors by a light model, with the encoder's own tokenizer and limits.
        required: Whether to say why, instead of giving None, where the model cannot be run so.
        runtime: `onnx` or `openvino`; `auto` takes `openvino` where that multiplies in bfloat16, else `onnx`.
        query_prompt: Open the model in 8 bits for queries too, which have this prompt.
        tokens: Texts → their tokens, for that.

    Raises:
        MissingExtra: It is required, and a package is missing.
        ModelError: It is required, and the model is of another form, its vectors differ, or the cache cannot be
            written.
    """
    for make in _forms(runtime):
        light, failure = _tried(source, encode, make, tokens, query_prompt or "")
        if light is not None:
            return light
        if required and not isinstance(failure, NotLight):
            break  # what is broken is told; another precision is for vectors that differ
    if not required:
        return None
    if isinstance(failure, (MissingExtra, ModelError)):
        raise failure
    raise ModelError(
        f"The model {source.name!r} cannot be run by the light runtime: {failure}. Use runtime='torch'."
    ) from failure


def _tried(
    source: Source, encode: Encode, make: Callable[[], Form], tokens: Tokens | None, query_prompt: str
) -> tuple[LightModel | None, Exception | None]:
    """The model, or why not."""
    try:
        light = _open(source, encode, make(), lazily=tokens is not None)
        if tokens is not None:
            light.for_queries = _open_eight_bits(source, light, tokens, query_prompt)
        return light, None
    except (MissingExtra, ModelError, NotLight, OSError, ValueError, KeyError, TypeError) as exc:
        _log.info("the model %r is run in another way: %s", source.name, exc)
        return None, exc


def _forms(runtime: str) -> list[Callable[[], Form]]:
    """What to try, in that order. Without bfloat16, OpenVINO is no faster than ONNX Runtime."""
    found: list[Callable[[], Form]] = []
    if runtime != "onnx":
        wanted = [p for p in precisions() if runtime == "openvino" or p == "bf16"]
        found += [partial(OpenVino, precision) for precision in wanted]
    return found if runtime == "openvino" else [*found, Onnx]


def _open(source: Source, encode: Encode, form: Form, *, lazily: bool) -> LightModel:
    if source.directory is None:
        raise NotLight("it is in memory already")
    directory = source.directory()
    recipe = read_recipe(directory)
    target = _target(source, recipe, form)
    manifest = read_manifest(target)
    if manifest is None:
        remove_stale(target.parent)
        _export(source, recipe, form, target, encode)
        manifest = read_manifest(target)
    cosine = float(manifest["lowest_cosine"]) if manifest is not None else 0.0
    if not cosine >= EQUIVALENT:  # which not-a-number is not either
        raise NotLight(f"its vectors differ from those of torch (lowest cosine {cosine:.6f}, bound {EQUIVALENT})")
    return LightModel(target, recipe, form, lazily=lazily)


def _target(source: Source, recipe: Recipe, form: Form, **more: Any) -> Path:
    """Where the export lies."""
    made_of = {
        **more,
        "format": FORMAT,
        "weights": source.facts.weights,
        "pooling": source.facts.pooling,
        "config": (recipe.transformer / "config.json").read_text(encoding="utf-8"),
        **form.key,
    }
    key = blake2b(json.dumps(made_of, sort_keys=True).encode(), digest_size=12).hexdigest()
    return cache_dir() / "models" / f"light-{key}"


def _export(source: Source, recipe: Recipe, form: Form, target: Path, encode: Encode) -> None:
    require("onnx", form.runtime)
    with building(target) as directory:
        write_graph(directory / GRAPH, recipe, read_tensors(recipe.transformer))
        form.finish(directory)
        texts = _compared(source)
        cosines = _measure(source, recipe, form, directory, encode, texts)
        _write_pieces(directory, source.tokenizer_file() or directory / TOKENIZER, texts)
        write_manifest(
            directory,
            name=source.name,
            runtime=form.key,
            weights=source.facts.weights,
            lowest_cosine=float(cosines.min()),
            mean_cosine=float(cosines.mean()),
            texts=len(cosines),
        )


def _open_eight_bits(source: Source, light: LightModel, tokens: Tokens, prompt: str) -> LightModel:
    """The model in 8 bits for queries, made and compared with the light one now if it was not before."""
    form = Onnx()
    target = _target(source, light.recipe, form, eight_bits=EIGHT_BITS, prompt=prompt)
    manifest = read_manifest(target)
    if manifest is None:
        from xling.space.reference import reference_sample

        sample = [prompt + sentence.text for sentence in reference_sample()]
        told_from, compared = tokens(light, sample[_STEP // 2 :: _STEP]), tokens(light, sample[::_STEP])
        require("onnx", form.runtime)
        with building(target) as directory:
            largest = largest_inputs(light.directory / GRAPH, (light.inputs(batch) for batch in _in_tens(told_from)))
            write_graph(directory / GRAPH, light.recipe, read_tensors(light.recipe.transformer), largest)
            quick = LightModel(directory, light.recipe, form)
            cosines = np.concatenate([_cosines(quick.encode(b), light.encode(b)) for b in _in_tens(compared)])
            write_manifest(
                directory, lowest_cosine=float(cosines.min()), mean_cosine=float(cosines.mean()), texts=len(cosines)
            )
        manifest = read_manifest(target)
    cosine = float(manifest["lowest_cosine"]) if manifest is not None else 0.0
    if not cosine >= NEAR:
        raise ModelError(
            f"8 bits change the queries of the model {source.name!r} too much (lowest cosine {cosine:.4f}, bound "
            f"{NEAR}). Use runtime='onnx'."
        )
    return LightModel(target, light.recipe, form)


def _in_tens(ids: list[list[int]]) -> list[list[list[int]]]:
    by_length = sorted(ids, key=len)
    return [by_length[start : start + 10] for start in range(0, len(by_length), 10)]


def _cosines(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return np.asarray((ours * theirs).sum(axis=1) / np.maximum(lengths, 1e-12), np.float32)


def _compared(source: Source) -> list[str]:
    from xling.space.reference import reference_sample

    texts = [sentence.text for sentence in reference_sample()[::_STEP]]
    return [*texts, " two  spaces ", "", "word " * 2 * (source.facts.max_tokens or 512)]


def _measure(
    source: Source, recipe: Recipe, form: Form, directory: Path, encode: Encode, texts: Sequence[str]
) -> FloatArray:
    """Cosine between the vectors of torch and of the export, of each text compared.

    Some are encoded alone too, and in twos, as queries are: engines may compute these in another way. The lower counts.
    """
    model = source.load()
    if source.tokenizer_file() is None:
        backend = model.tokenizer.backend_tokenizer
        (directory / TOKENIZER).write_text(backend.to_str(), encoding="utf-8")
    model.max_seq_length = source.facts.max_tokens
    theirs = np.asarray(model.encode(list(texts), prompt="", show_progress_bar=False), dtype=np.float32)
    theirs /= np.maximum(np.linalg.norm(theirs, axis=1, keepdims=True), 1e-12)
    light = LightModel(directory, recipe, form)
    cosines: FloatArray = (encode(light, texts) * theirs).sum(axis=1)
    for start in range(0, len(texts), _FEW):
        for few in (slice(start, start + 1), slice(start, start + 2)):
            cosines[few] = np.minimum(cosines[few], (encode(light, texts[few]) * theirs[few]).sum(axis=1))
    return cosines


def _write_pieces(directory: Path, tokenizer_file: Path, texts: Sequence[str]) -> None:
    """Write the pieces of the tokenizer, if it is of their form and gives the same tokens by them."""
    try:
        if write_pieces(directory, tokenizer_file) and same_tokens(Pieces(directory), tokenizer_file, texts):
            return
    except (ValueError, KeyError, TypeError) as exc:
        _log.info("the tokenizer is always loaded whole: %s", exc)
    for name in FILES:
        (directory / name).unlink(missing_ok=True)
