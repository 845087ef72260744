"""A space of several languages out of word vectors: a directory that `map_vectors` has written, as an encoder.

The directory holds `xling-words.json`, which says what belongs to it; for each language the direction that its
sentences have in common and, but for the pivot, the map into the pivot's space, as `.npy`; and the files of vectors
themselves, where they were copied.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xling.errors import ModelError
from xling.space.encoders.files import MANIFEST
from xling.space.encoders.segmenting import Segmenter
from xling.space.encoders.sif import Composed, SentenceComposer, without_component
from xling.space.encoders.vector_files import read_word_vectors
from xling.space.encoders.word_lists import read_counts
from xling.space.encoders.word_vectors import WordsEncoder
from xling.space.model_files import file_digest
from xling.space.protocols import Vectors

FORMAT: Final = 1


@dataclass(frozen=True)
class Part:
    """One language of a space.

    Attributes:
        lang: Its code.
        vectors: The file of word vectors: a name in the directory, or an absolute path.
        digest: Of that file.
        max_words: How many of its words are used; None is all.
        common: File of the direction that sentences have in common.
        map: File of the map into the pivot's space; None of the pivot.
        counts: File of word counts in the directory, if there is one.
    """

    lang: str
    vectors: str
    digest: str
    max_words: int | None
    common: str
    map: str | None
    counts: str | None = None


@dataclass(frozen=True, eq=False)
class Language:
    """One language of a space, loaded."""

    lang: str
    composer: SentenceComposer
    common: Vectors
    map: Vectors | None

    def placed(self, total: NDArray[np.float32]) -> NDArray[np.float32]:
        """A weighted sum of word vectors, shape (dimension,), in the space of all."""
        rest = without_component(total[None], self.common)
        placed: NDArray[np.float32] = (rest if self.map is None else rest @ self.map)[0]
        return placed


class WordSpaceEncoder(WordsEncoder):
    """Text → unit vectors, by word vectors of several languages that were brought into one space (`map_vectors`).

    A text is read with the table under which its words are most probable: that which has them all, and if several have,
    that where they are common. Words that it has not are looked up in the others, so that a text may mix languages.

    Args:
        directory: What `map_vectors` has written.

    Raises:
        ModelError: It is no such directory, or a file that belongs to it is gone or was changed.
    """

    def __init__(self, directory: str | Path) -> None:
        self.path = Path(directory).expanduser().absolute()
        self.name = self.path.as_posix()
        content = read_manifest(self.path)
        self.dimension = int(content["dimension"])
        self._a = float(content["a"])
        self._parts = [Part(**part) for part in content["languages"]]
        self._weights = self._checked()
        self._lock = threading.Lock()
        self._loaded: list[Language] = []

    @property
    def languages(self) -> list[str]:
        """The languages of the space."""
        return [part.lang for part in self._parts]

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors; not where the files lie."""
        return {
            "kind": "mapped word vectors",
            "weights": self._weights,
            "dimension": self.dimension,
            "query_prompt": "",
            "document_prompt": "",
            "pooling": f"sif({self._a:g})+common",
        }

    def language_of(self, text: str) -> str:
        """With which language's table a text is read."""
        return self._best(text)[0].lang

    def _composed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            language, composed = self._best(text)
            vectors[i] = language.placed(composed.total) if composed.known else 0
            for other in self._load():
                if composed.unknown and other is not language:
                    composed = other.composer.compose(" ".join(composed.unknown))
                    vectors[i] += other.placed(composed.total) if composed.known else 0
        return vectors

    def _best(self, text: str) -> tuple[Language, Composed]:
        seen = [(language, language.composer.compose(text)) for language in self._load()]
        return max(seen, key=lambda pair: (pair[1].known > 0, pair[1].log_probability))

    def _segmenter_for(self, text: str) -> Segmenter:
        return self._best(text)[0].composer.segmenter

    def _load(self) -> list[Language]:
        with self._lock:
            if not self._loaded:
                self._loaded = [self._language(part) for part in self._parts]
            return self._loaded

    def _language(self, part: Part) -> Language:
        table = read_word_vectors(self.path / part.vectors, max_words=part.max_words)
        counts = read_counts(self.path / part.counts) if part.counts else None
        composer = SentenceComposer(table, counts=counts, a=self._a)
        rotation = None if part.map is None else _array(self.path / part.map, (self.dimension, self.dimension))
        return Language(part.lang, composer, _array(self.path / part.common, (None, self.dimension)), rotation)

    def _checked(self) -> str:
        state = blake2b(digest_size=16)
        for part in self._parts:
            file = self.path / part.vectors
            if not file.is_file():
                raise ModelError(
                    f"{self.path}: the word vectors {file} are gone. Put them back, or map them again (xling "
                    f"map-vectors; with --copy the directory holds all it needs)"
                )
            if file_digest(file) != part.digest:
                raise ModelError(
                    f"{self.path}: the word vectors {file} were changed since they were mapped; map them again"
                )
            state.update(f"{part.lang}\0{part.digest}\0{part.max_words}\0".encode())
            for name in (part.common, part.map, part.counts):
                if name is not None:
                    if not (self.path / name).is_file():
                        raise ModelError(f"{self.path}: {name} is missing; map the vectors again (xling map-vectors)")
                    state.update((self.path / name).read_bytes())
        return f"blake2b:{state.hexdigest()}"


def read_manifest(directory: Path) -> Mapping[str, Any]:
    """What `xling-words.json` says.

    Raises:
        ModelError: It is not there, damaged, or of a newer version.
    """
    try:
        content = json.loads((directory / MANIFEST).read_text("utf-8"))
        if content["format"] > FORMAT:
            raise ModelError(f"{directory} was written by a newer xling; upgrade with: pip install -U xling")
        for part in content["languages"]:
            Part(**part)
        float(content["a"]), int(content["dimension"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ModelError(
            f"{directory} is no space of word vectors ({type(exc).__name__}: {exc}): xling map-vectors makes one"
        ) from exc
    found: Mapping[str, Any] = content
    return found


def write_manifest(directory: Path, parts: Sequence[Part], **entries: Any) -> None:
    """Write `xling-words.json`, last of all files."""
    content = {"format": FORMAT, **entries, "languages": [asdict(part) for part in parts]}
    (directory / MANIFEST).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _array(path: Path, shape: tuple[int | None, int]) -> Vectors:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as exc:
        raise ModelError(f"{path} is damaged ({exc}); map the vectors again (xling map-vectors)") from exc
    if array.ndim != 2 or array.shape[1] != shape[1] or shape[0] not in (None, array.shape[0]):
        raise ModelError(f"{path} has the shape {array.shape}; map the vectors again (xling map-vectors)")
    return np.asarray(array, np.float32)
