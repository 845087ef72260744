"""A file of word vectors as an encoder."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.space.encoders.segmenting import Segmenter
from xling.space.encoders.sif import (
    SIF_A,
    SentenceComposer,
    common_component,
    unit_rows,
    without_component,
)
from xling.space.encoders.vector_files import dimension_of, read_word_vectors
from xling.space.encoders.word_lists import read_counts
from xling.space.model_files import file_digest
from xling.space.protocols import Vectors
from xling.space.reference import reference_sample

MAX_WORDS_OF_A_TEXT: Final = 256
"""Longer texts are split: a mean of more words is near the mean of all."""

_WELL_KNOWN: Final = 0.7


class WordsEncoder:
    """What the encoders made of word vectors share: texts in, unit vectors out, words as tokens."""

    name: str
    max_tokens = MAX_WORDS_OF_A_TEXT
    document_overhead = 0

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, float32, shape (len(texts), dimension)."""
        if isinstance(texts, str):
            raise InvalidInput("texts must be a list of strings, got one string; put it into a list")
        return unit_rows(self._composed(texts), texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same as `encode_documents`."""
        return self.encode_documents(texts)

    def token_ends(self, text: str) -> list[int]:
        """End of each word in `text`, in characters, ascending."""
        return [token.end for token in self._segmenter_for(text).tokens(text)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [len(self._segmenter_for(text).tokens(text)) for text in texts]

    def _composed(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError

    def _segmenter_for(self, text: str) -> Segmenter:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class WordVectorEncoder(WordsEncoder):
    """Text → unit vectors by a file of word vectors: word2vec, GloVe or fastText (`read_word_vectors`).

    Sentences are means of their words' vectors by smooth inverse frequency (`xling.space.encoders.sif`); what
    sentences have in common is found with those of the reference sample whose words are known. Words are what the file
    says (`Segmenter`). The file is read when the first text is encoded. A space of several languages is made of several
    files by `xling map-vectors`.

    Args:
        path: The file.
        max_words: Read only so many words, the first ones.
        counts: How often words occur: a mapping, or a text file with a word and its count a line. Without it, Zipf's
            law over the order of the file, or what a fastText `.bin` says.
        a: SIF's a.

    Raises:
        InvalidInput: An argument makes no sense.
        ModelError: The file is not there, or holds no word vectors.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        max_words: int | None = None,
        counts: Mapping[str, float] | str | Path | None = None,
        a: float = SIF_A,
    ) -> None:
        place = Path(path).expanduser().absolute()
        if not place.is_file():
            raise ModelError(f"there is no file {str(path)!r}")
        if max_words is not None and max_words < 1:
            raise InvalidInput(f"max_words is 1 or more, got {max_words}")
        self.path, self.name, self.dimension = place, place.as_posix(), dimension_of(place)
        self._max_words, self._a = max_words, a
        self._counts = read_counts(counts) if isinstance(counts, (str, Path)) else counts
        self._weights = file_digest(place)
        self._lock = threading.Lock()
        self._loaded: tuple[SentenceComposer, Vectors] | None = None

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors; not where the file lies."""
        identity: dict[str, str | int] = {
            "kind": "word vectors",
            "weights": self._weights,
            "dimension": self.dimension,
            "query_prompt": "",
            "document_prompt": "",
            "pooling": f"sif({self._a:g})+common",
        }
        if self._max_words is not None:
            identity["max_words"] = self._max_words
        if self._counts is not None:
            identity["counts"] = _digest(self._counts)
        return identity

    def _load(self) -> tuple[SentenceComposer, Vectors]:
        with self._lock:
            if self._loaded is None:
                table = read_word_vectors(self.path, max_words=self._max_words)
                composer = SentenceComposer(table, counts=self._counts, a=self._a)
                self._loaded = composer, reference_component(composer)
            return self._loaded

    def _composed(self, texts: Sequence[str]) -> Vectors:
        composer, component = self._load()
        sums = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            sums[i] = composer.compose(text).total
        return without_component(sums, component)

    def _segmenter_for(self, text: str) -> Segmenter:
        return self._load()[0].segmenter


def reference_component(composer: SentenceComposer) -> Vectors:
    """What sentences have in common, by those of the reference sample that the table knows, shape (0 or 1, dimension).

    A table of one language knows the sentences of that one.
    """
    found = [composer.compose(sentence.text) for sentence in reference_sample()]
    known = [composed.total for composed in found if composed.share >= _WELL_KNOWN and composed.known > 1]
    return common_component(np.array(known, np.float32).reshape(-1, composer.table.dimension))


def _digest(counts: Mapping[str, Any]) -> str:
    lines = "".join(f"{word}\t{count!r}\n" for word, count in sorted(counts.items()))
    return f"blake2b:{blake2b(lines.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
