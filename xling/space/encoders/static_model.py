"""Static sentence models: a vector for each token, whatever stands around it, and their mean (Model2Vec, MinishLab).

They are hundreds of times as fast as transformers, start without torch, and know no word order.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space.encoders.files import static_config
from xling.space.encoders.sif import unit_rows
from xling.space.model_files import digest, sane_max_tokens
from xling.space.protocols import Vectors
from xling.text.normalise import without_surrogates

if TYPE_CHECKING:
    from model2vec import StaticModel
    from tokenizers import Tokenizer

_MAX_TOKENS: Final = 512
"""Of models that know no limit: a mean of more tokens says little about any of them."""

_BATCH: Final = 1024


class StaticEncoder:
    """Text → unit vectors by a model of model2vec (extra `static`).

    The model is loaded when the first text is encoded.

    Args:
        directory: What `StaticModel.save_pretrained` or `xling distil` wrote.
        name: What to call it; its absolute path where not given.

    Raises:
        MissingExtra: model2vec is not installed.
        ModelError: It is no such directory.
    """

    document_overhead = 0

    def __init__(self, directory: str | Path, *, name: str | None = None) -> None:
        self.path = Path(directory).expanduser().absolute()
        self.name = name or self.path.as_posix()
        try:
            import model2vec  # noqa: F401
        except ImportError as exc:
            raise MissingExtra("a static model", "static", "model2vec") from exc
        config = static_config(self.path)
        if config is None:
            raise ModelError(f"{self.path} is no model of model2vec: it has no config.json that says so")
        self.dimension = _dimension(self.path)
        self.max_tokens = sane_max_tokens(config.get("max_length"), _MAX_TOKENS) or _MAX_TOKENS
        self._weights = digest(self.path)
        self._lock = threading.Lock()
        self._model: StaticModel | None = None
        self._tokenizer: Tokenizer | None = None

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors; not where the files lie."""
        return {
            "kind": "static",
            "weights": self._weights,
            "dimension": self.dimension,
            "query_prompt": "",
            "document_prompt": "",
            "max_tokens": self.max_tokens,
            "pooling": "mean of static tokens",
        }

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length vectors, float32, shape (len(texts), dimension)."""
        if isinstance(texts, str):
            raise InvalidInput("texts must be a list of strings, got one string; put it into a list")
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        model = self._load()
        shown = [without_surrogates(text) for text in texts]
        with self._lock:  # it sets its tokenizer's truncation anew at each call
            vectors = model.encode(shown, max_length=None, batch_size=_BATCH, use_multiprocessing=False)
        return unit_rows(np.array(vectors, np.float32), texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same as `encode_documents`."""
        return self.encode_documents(texts)

    def token_ends(self, text: str) -> list[int]:
        """End of each token in `text`, in characters, ascending."""
        ends: list[int] = []
        last = 0
        for _, end in self._offsets().encode(without_surrogates(text), add_special_tokens=False).offsets:
            last = max(last, end)
            ends.append(last)
        return ends

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        shown = [without_surrogates(text) for text in texts]
        return [len(found) for found in self._offsets().encode_batch_fast(shown, add_special_tokens=False)]

    def _load(self) -> StaticModel:
        from model2vec import StaticModel

        with self._lock:
            if self._model is None:
                try:
                    self._model = StaticModel.from_pretrained(self.path, force_download=False)
                except Exception as exc:  # damaged files raise whatever their readers do
                    raise ModelError(f"{self.path}: model2vec cannot load this model: {exc}") from exc
            return self._model

    def _offsets(self) -> Tokenizer:
        """A tokenizer of our own, whose state nobody changes."""
        from tokenizers import Tokenizer

        if self._tokenizer is None:
            tokenizer = Tokenizer.from_file(str(self.path / "tokenizer.json"))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            self._tokenizer = tokenizer
        return self._tokenizer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _dimension(directory: Path) -> int:
    """Columns of the vectors, from the head of the weights."""
    path = directory / "model.safetensors"
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return int(head["embeddings"]["shape"][1])
    except (OSError, ValueError, KeyError, TypeError, IndexError, MemoryError) as exc:
        raise ModelError(f"{path} holds no vectors of tokens ({type(exc).__name__}: {exc})") from exc
