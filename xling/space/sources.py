"""Where a model is: in the wheel, in a directory, in the hub's cache, on the hub, or already in memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xling.errors import InvalidInput, ModelError
from xling.space import bundled
from xling.space.model_files import ModelFacts, configured_prompts, read_facts, sane_max_tokens
from xling.space.plain import POOLINGS, pooled

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED_NAMES = ("bundled", bundled.NAME)


@dataclass(frozen=True)
class Source:
    """A model that has been found, and how to get it into memory.

    Attributes:
        name: What it was asked for by; a directory by its absolute path, so that it can be found again.
        facts: What is known before it is loaded.
        load: Brings it into memory.
        tokenizer_file: A `tokenizers` file that gives the model's own tokens, if there is one; may convert.
        directory: Its sentence-transformers directory; may convert. None of a model that is in memory already, or
            that brings code of its own.
    """

    name: str
    facts: ModelFacts
    load: Callable[[], SentenceTransformer]
    tokenizer_file: Callable[[], Path | None]
    directory: Callable[[], Path] | None = None


def find_source(
    model: str | Path,
    *,
    device: str | None = None,
    revision: str | None = None,
    trust_remote_code: bool = False,
    local_files_only: bool = False,
    pooling: str | None = None,
) -> Source:
    """Find a model by name or path. Reads files only; nothing heavy is imported unless it has to be downloaded.

    Raises:
        InvalidInput: The name is empty.
        MissingExtra: The bundled model was asked for and is not installed.
        ModelError: There is no such model here, nor can it be had from the hub.
    """
    name = os.fspath(model).strip() if isinstance(model, (str, Path)) else ""
    if not name:
        raise InvalidInput(f"model= needs a model's name, a directory or an encoder, got {model!r}")
    if name.lower() in BUNDLED_NAMES:
        facts = bundled.bundled_facts()
        return Source(
            bundled.NAME,
            facts,
            lambda: load_directory(bundled.bundled_model_path(), device),
            lambda: bundled.bundled_model_path() / "tokenizer.json",
            bundled.bundled_model_path,
        )
    directory = Path(name).expanduser()
    if directory.is_dir():
        return pooled_by(_from_directory(directory.absolute(), None, device, trust_remote_code), pooling)
    if isinstance(model, Path) or _looks_like_path(name):
        raise ModelError(
            f"There is no directory {name!r}. Give the path of a sentence-transformers model, the name of one "
            f"on the Hugging Face hub, e.g. 'intfloat/multilingual-e5-small', or 'bundled'."
        )
    from xling.space.hub import find_on_hub

    found = find_on_hub(name, revision=revision, local_files_only=local_files_only)
    # The code that such a model brings may lie in another repository.
    offline = local_files_only or not trust_remote_code
    return pooled_by(_from_directory(found, name, device, trust_remote_code, offline), pooling)


def pooled_by(source: Source, pooling: str | None) -> Source:
    """The source with another pooling: of a plain transformer `mean`, `cls` or `max`, of others their own.

    Raises:
        InvalidInput: It is none of these, or the model comes with another.
    """
    if pooling is None or pooling == source.facts.pooling:
        return source
    if pooling not in POOLINGS or not source.facts.plain:
        raise InvalidInput(
            f"pooling= is one of {', '.join(POOLINGS)}, for transformers that have none of their own; {source.name!r} "
            f"has {source.facts.pooling or 'its own'!r}, and {pooling!r} was asked for"
        )
    # Without the directory, from which the light runtime would be made: that says nothing of the pooling.
    facts = replace(source.facts, pooling=pooling)
    return replace(source, facts=facts, load=lambda: pooled(source.load(), pooling), directory=None)


def source_of(model: SentenceTransformer, name: str | None) -> Source:
    """A model that the caller has loaded.

    Raises:
        InvalidInput: It is no `SentenceTransformer`.
    """
    if not callable(getattr(model, "encode_query", None)) or not callable(getattr(model, "state_dict", None)):
        raise InvalidInput(f"model= needs a name, a directory or a SentenceTransformer, got a {type(model).__name__}")
    facts = _facts_of(model)
    return Source(name or facts.name or "sentence-transformers", facts, lambda: model, lambda: None)


def load_directory(
    directory: Path, device: str | None, trust_remote_code: bool = False, offline: bool = True
) -> SentenceTransformer:
    """Load from files alone, with no progress bar; no look at the network unless `offline` is false.

    Raises:
        ModelError: sentence-transformers cannot load it.
    """
    from sentence_transformers import SentenceTransformer

    try:
        with _no_progress_bars():
            return SentenceTransformer(
                str(directory), device=device, local_files_only=offline, trust_remote_code=trust_remote_code
            )
    except Exception as exc:
        hint = (
            " It brings code of its own: if you trust its publisher, pass trust_remote_code=True."
            if "trust_remote_code" in str(exc)
            else " Check that the directory is a whole sentence-transformers model."
        )
        first_line = (str(exc).strip() or type(exc).__name__).splitlines()[0]
        raise ModelError(f"The model in {directory} cannot be loaded: {first_line}.{hint}") from exc


def _from_directory(
    directory: Path, name: str | None, device: str | None, trust_remote_code: bool, offline: bool = True
) -> Source:
    try:
        facts = read_facts(directory)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(
            f"{directory} is not a sentence-transformers model: {exc}. Give the directory that holds its "
            f"config.json and, if it has one, its modules.json."
        ) from exc
    if name is None and facts.name == bundled.NAME:
        name = bundled.NAME
    return Source(
        name or directory.as_posix(),
        facts,
        lambda: load_directory(directory, device, trust_remote_code, offline),
        lambda: facts.tokenizer,
        None if trust_remote_code else lambda: directory,
    )


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", os.sep)) or name.count("/") > 1 or "\\" in name or Path(name).is_absolute()


def _facts_of(model: SentenceTransformer) -> ModelFacts:
    from xling.space.model_state import digest_of_state, facts_on_disk, pooling_of, source_name

    stored = facts_on_disk(model)
    return ModelFacts(
        name=(stored.name if stored is not None else None) or source_name(model),
        weights=stored.weights if stored is not None else digest_of_state(model),
        dimension=dimension_of(model),
        max_tokens=max_tokens_of(model),
        pooling=pooling_of(model),
        prompts=configured_prompts(model.prompts, model.default_prompt_name),
    )


def dimension_of(model: SentenceTransformer) -> int:
    """Columns of the vectors of a loaded model."""
    ask = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
    return int(ask() or model.encode(["a"]).shape[1])


def max_tokens_of(model: SentenceTransformer) -> int:
    """Tokens that a loaded model reads; 512 where it knows no limit."""
    return sane_max_tokens(model.max_seq_length) or 512


def limit_tokens(model: SentenceTransformer, limit: int) -> None:
    """Let a loaded model read no more tokens than so many; static models read any number, and cannot be told."""
    with contextlib.suppress(AttributeError):
        model.max_seq_length = limit


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
