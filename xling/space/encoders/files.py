"""Which encoder reads what lies at a path, where that is no model of sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xling.errors import ModelError
from xling.space.protocols import Encoder

MANIFEST = "xling-words.json"
"""What a directory that `map_vectors` has written holds."""

_SUFFIXES = (".vec", ".bin", ".txt", ".gz")


def files_key(name: str) -> tuple[str, int, int] | None:
    """What says that the files under a name are still the same; None if they are for sentence-transformers.

    Raises:
        ModelError: The name is that of a file of word vectors, which is not there.
    """
    place = Path(name).expanduser()
    if place.is_file():
        facts = place.stat()
        return str(place.absolute()), facts.st_mtime_ns, facts.st_size
    for own in (MANIFEST,) if is_word_space(place) else ("model.safetensors",) if is_static(place) else ():
        facts = (place / own).stat()
        return str(place.absolute()), facts.st_mtime_ns, facts.st_size
    if place.suffix in _SUFFIXES and not place.is_dir():
        raise ModelError(f"there is no file {name!r}")
    return None


def is_word_space(directory: Path) -> bool:
    """Whether it is a directory that `map_vectors` has written."""
    return (directory / MANIFEST).is_file()


def static_config(directory: Path) -> Mapping[str, Any] | None:
    """The configuration of a model of model2vec; None of any other directory."""
    try:
        config = json.loads((directory / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) and config.get("model_type") == "model2vec" else None


def is_static(directory: Path) -> bool:
    """Whether it holds a model of model2vec."""
    return (directory / "model.safetensors").is_file() and static_config(directory) is not None


def encoder_of_files(name: str, **choices: Any) -> Encoder:
    """The encoder for what lies there, see `files_key`.

    Raises:
        ModelError: It cannot be read.
    """
    from xling.space.encoders.word_space import WordSpaceEncoder
    from xling.space.encoders.word_vectors import WordVectorEncoder

    place = Path(name).expanduser()
    if is_word_space(place):
        return WordSpaceEncoder(place)
    if is_static(place):
        from xling.space.encoders.static_model import StaticEncoder

        return StaticEncoder(place)
    return WordVectorEncoder(name, **choices)


def recorded_file_choices(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer of a collection chose of what cannot be told from the files."""
    most = recorded.get("max_words")
    return {"max_words": most} if isinstance(most, int) else {}
