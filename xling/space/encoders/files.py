"""Which encoder reads what lies at a path, where that is no model of sentence-transformers."""

from __future__ import annotations

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
    if is_word_space(place):
        facts = (place / MANIFEST).stat()
        return str(place.absolute()), facts.st_mtime_ns, facts.st_size
    if place.suffix in _SUFFIXES and not place.is_dir():
        raise ModelError(f"there is no file {name!r}")
    return None


def is_word_space(directory: Path) -> bool:
    """Whether it is a directory that `map_vectors` has written."""
    return (directory / MANIFEST).is_file()


def encoder_of_files(name: str, **choices: Any) -> Encoder:
    """The encoder for what lies there, see `files_key`.

    Raises:
        ModelError: It cannot be read.
    """
    from xling.space.encoders.word_space import WordSpaceEncoder
    from xling.space.encoders.word_vectors import WordVectorEncoder

    if Path(name).expanduser().is_dir():
        return WordSpaceEncoder(name)
    return WordVectorEncoder(name, **choices)


def recorded_file_choices(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer of a collection chose of what cannot be told from the files."""
    most = recorded.get("max_words")
    return {"max_words": most} if isinstance(most, int) else {}
