"""Models of fastembed, for users who have them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.errors import InvalidInput, MissingExtra, ModelError, XlingError
from xling.space.cards import card_for
from xling.space.encoders.roles import ROLES, by_role
from xling.space.model_files import file_digest
from xling.space.protocols import Vectors
from xling.space.token_counts import TokenCounter
from xling.text.normalise import without_surrogates

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PREFIX = "fastembed:"
_FILES = ("*.onnx", "*.onnx_data", "*.safetensors", "tokenizer.json")
_TINY = 1e-12


class FastembedEncoder:
    """Text → unit-length float32 vectors by a model of fastembed (extra `fastembed`).

    The model is downloaded, or found in fastembed's cache, when something of it is first asked for. fastembed adds no
    prompts to most models: those of the model's card are put before texts.

    Args:
        model: The name by which fastembed lists it, or of a model that was registered by `add_custom_model`.
        path: Directory with the model's files, instead of fastembed's cache or a download.
        prompts: Instead of those of the card: `{"query": …, "document": …}`, or one of them.
        batch_size: Texts encoded at once.
        threads: Of ONNX Runtime.
        options: Further arguments of `fastembed.TextEmbedding`, e.g. `{"cache_dir": …, "local_files_only": True}`.

    Raises:
        InvalidInput: An argument makes no sense.
    """

    def __init__(
        self,
        model: str,
        *,
        path: str | Path | None = None,
        prompts: Mapping[str, str] | None = None,
        batch_size: int = 32,
        threads: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        model = model.removeprefix(PREFIX).strip() if isinstance(model, str) else ""
        if not model:
            raise InvalidInput("a model of fastembed needs its name, e.g. 'fastembed:BAAI/bge-small-en-v1.5'")
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InvalidInput(f"batch_size= is a whole number above 0, not {batch_size!r}")
        self._model, self._batch_size = model, batch_size
        self._options: dict[str, Any] = {"threads": threads, **(options or {})}
        if path is not None:
            self._options["specific_model_path"] = str(path)
        card = card_for(model)
        self._prompts = {role: getattr(card, f"{role}_prompt", "") for role in ROLES}
        self._prompts.update(by_role("prompts", prompts, str))
        self._lock = threading.RLock()
        self._engine: Any = None
        self._ready = False
        self._tokenizer: Tokenizer | None = None
        self._counter: TokenCounter | None = None
        self._identity: dict[str, str | int] | None = None

    @property
    def name(self) -> str:
        """`fastembed:` and the model's name."""
        return PREFIX + self._model

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""
        return int(self.identity["dimension"])

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text, special tokens and prompt included."""
        return int(self.identity["max_tokens"])

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors: the files of the model, and prompts."""
        with self._lock:
            if self._identity is None:
                engine = self._loaded()
                self._identity = {
                    "runtime": "fastembed",
                    "model": self._model,
                    "weights": self._digest(engine),
                    "dimension": int(engine.get_embedding_size(self._model)),
                    "query_prompt": self._prompts["query"],
                    "document_prompt": self._prompts["document"],
                    "max_tokens": self._limit(engine),
                }
            return dict(self._identity)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length document vectors, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "document", lambda engine: engine.passage_embed)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length query vectors, float32, shape (len(texts), dimension)."""
        return self._encode(texts, "query", lambda engine: engine.query_embed)

    @property
    def document_overhead(self) -> int:
        """Tokens that the document prompt and the special tokens take of `max_tokens`."""
        tokenizer = self._own_tokenizer()
        prompt = len(tokenizer.encode(self._prompts["document"], add_special_tokens=False))
        return prompt + int(tokenizer.num_special_tokens_to_add(False)) + 1  # the text may join the prompt's end

    def token_ends(self, text: str) -> list[int]:
        """End offset in characters of each token of `text`, ascending."""
        ends: list[int] = []
        last = 0
        for _, end in self._own_tokenizer().encode(without_surrogates(text), add_special_tokens=False).offsets:
            last = max(last, end)
            ends.append(last)
        return ends

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prompt and special tokens left out."""
        with self._lock:
            if self._counter is None:
                self._counter = TokenCounter(self._own_tokenizer())
        return self._counter.count([without_surrogates(text) for text in texts])

    def _encode(
        self, texts: Sequence[str], role: str, method: Callable[[Any], Callable[..., Iterable[Any]]]
    ) -> Vectors:
        if isinstance(texts, str):
            raise InvalidInput("texts must be a list of strings, got one string; put it into a list")
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Batches are padded to their longest: texts of like length share one.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        prompted = [self._prompts[role] + without_surrogates(texts[i]) for i in order]
        if prompted:
            try:
                found = list(method(self._running())(prompted, batch_size=self._batch_size))
                vectors[order] = np.stack(found)
            except XlingError:
                raise
            except Exception as exc:  # ONNX Runtime's errors are of no common kind
                raise ModelError(f"the model {self.name!r} failed on a batch of texts: {_first_line(exc)}") from exc
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        return vectors

    def _loaded(self) -> Any:
        """The engine, its files at hand; the graph is loaded with the first text."""
        with self._lock:
            if self._engine is None:
                try:
                    from fastembed import TextEmbedding
                except ModuleNotFoundError as exc:
                    raise MissingExtra("Encoding by fastembed", "fastembed", "fastembed") from exc
                try:
                    self._engine = TextEmbedding(self._model, lazy_load=True, **self._options)
                except Exception as exc:  # of fastembed, of the hub, of the network
                    raise ModelError(
                        f"fastembed cannot load {self._model!r}: {_first_line(exc)} "
                        f"fastembed.TextEmbedding.list_supported_models() lists what it knows; a model of your own is "
                        f"registered by TextEmbedding.add_custom_model, and its files are given by path="
                    ) from exc
            return self._engine

    def _running(self) -> Any:
        """The engine with the graph loaded, by one thread."""
        with self._lock:
            engine = self._loaded()
            if not self._ready:
                list(engine.embed(["a"]))
                self._ready = True
            return engine

    def _own_tokenizer(self) -> Tokenizer:
        """A copy of the engine's, which neither cuts nor pads."""
        from tokenizers import Tokenizer

        with self._lock:
            if self._tokenizer is None:
                copy = Tokenizer.from_str(_tokenizer_of(self._loaded()).to_str())
                copy.no_truncation()
                copy.no_padding()
                self._tokenizer = copy
            return self._tokenizer

    def _limit(self, engine: Any) -> int:
        truncation = _tokenizer_of(engine).truncation
        card = card_for(self._model)
        return int(truncation["max_length"]) if truncation else card.max_tokens if card is not None else 512

    def _digest(self, engine: Any) -> str:
        directory = getattr(engine.model, "_model_dir", None)
        files = [] if directory is None else sorted(f for pattern in _FILES for f in Path(directory).rglob(pattern))
        if not files:
            raise ModelError(f"the files of {self.name!r} were not found, so nothing says whether they are the same")
        digests = "".join(file_digest(file) for file in files)
        return f"blake2b:{blake2b(digests.encode(), digest_size=16).hexdigest()}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._model!r})"


def _tokenizer_of(engine: Any) -> Any:
    engine.token_count(["a"])  # loads the tokenizer, and not the graph
    tokenizer = getattr(engine.model, "tokenizer", None)
    if tokenizer is None:
        raise ModelError("this model of fastembed has no tokenizer that could be asked")
    return tokenizer


def _first_line(exc: BaseException) -> str:
    text = (str(exc).strip() or type(exc).__name__).splitlines()[0]
    return text if text.endswith(".") else f"{text}."
