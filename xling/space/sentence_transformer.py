"""Any sentence-transformers model as an encoder that gives the right prompts unasked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.space.batching import batches
from xling.space.devices import Runtime, check_runtime, is_light, on_cpu
from xling.space.prompts import prompts_are_text, role_prompts
from xling.space.protocols import TokenVectors, Vectors
from xling.space.sources import Source, dimension_of, find_source, limit_tokens, max_tokens_of, source_of
from xling.space.token_counts import PythonCounter, TokenCounter
from xling.space.token_vectors import States, tokens_of, torch_states
from xling.text.normalise import without_surrogates

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from xling.space.light import LightModel
    from xling.space.light.pieces import Fitted

_TINY = 1e-12
_TOKENS_OF_A_TEXT = 64
_CPU_BATCH, _GPU_BATCH = 32, 256
_SHORT = 8192  # characters: tokenised by pieces in some 10 ms, where loading a large tokenizer takes a second


class SentenceTransformerEncoder:
    """Text → unit-length float32 vectors by a sentence-transformers model.

    The model is found when the encoder is made, and loaded when the first text is encoded: until then nothing
    heavy is imported. One encoder may be used from many threads.

    The prompts are those of the model's own configuration under `query` and `document` (or `passage`, `corpus`),
    else those of its model card (`xling.space.cards`), else none.

    Args:
        model: `bundled`, a directory, the name of a model on the Hugging Face hub, or a loaded
            `SentenceTransformer`. The hub's cache on this machine comes before the hub.
        device: As in torch, e.g. `cpu` or `cuda:0`; the best one where not given.
        prompts: Instead of the model's own: `{"query": …, "document": …}`, or one of them.
        batch_size: How much is encoded at once, in texts of 64 tokens (of shorter ones it is more); 32 on a CPU and
            256 elsewhere where not given.
        trust_remote_code: Run code that the model brings. Only for publishers that you trust.
        revision: Branch, tag or commit on the hub.
        name: What to call the model instead of what it was found by.
        local_files_only: Never ask the hub.
        max_tokens: Read at most so many tokens of a text; not more than the model can.
        runtime: `torch`, or the light runtime, without torch, on the CPU: `onnx` is ONNX Runtime, `openvino` OpenVINO
            (the extras of these names). The model is exported for it once, and the vectors are compared; `auto` takes
            it where it is installed, knows the model and gives the same vectors (see `xling.space.light`), and no GPU
            is there or asked for: `openvino` where the processor multiplies bfloat16, else `onnx`. `onnx-int8` is
            `onnx` with queries computed in 8 bits: faster, their cosine to the others above 0.998.
        pooling: Of a transformer that has no pooling of its own, such as BERT: `mean`, `cls` or `max`.

    Raises:
        InvalidInput: An argument makes no sense.
        MissingExtra: The bundled model was asked for and is not installed.
        ModelError: There is no such model here, nor can it be had from the hub.
    """

    def __init__(
        self,
        model: str | Path | SentenceTransformer,
        *,
        device: str | None = None,
        prompts: Mapping[str, str] | None = None,
        batch_size: int | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        name: str | None = None,
        local_files_only: bool = False,
        max_tokens: int | None = None,
        runtime: Runtime = "auto",
        pooling: str | None = None,
    ) -> None:
        check_runtime(runtime, model, device)
        if batch_size is not None and batch_size < 1:
            raise InvalidInput(f"batch_size must be at least 1, got {batch_size}")
        if max_tokens is not None and max_tokens < 16:
            raise InvalidInput(f"max_tokens must leave room for text: at least 16, got {max_tokens}")
        self._own = isinstance(model, (str, Path))
        self._source: Source = (
            find_source(
                model,
                device=device,
                revision=revision,
                trust_remote_code=trust_remote_code,
                local_files_only=local_files_only,
                pooling=pooling,
            )
            if isinstance(model, (str, Path))
            else source_of(model, name)
        )
        self._name = name or self._source.name
        self.plain = self._source.facts.plain  # no sentence model: see xling.space.plain
        self._batch_size = batch_size
        self._lock = threading.RLock()
        self._model: SentenceTransformer | None = None
        self._light: LightModel | None = None
        self._eight_bits = runtime == "onnx-int8"
        self._light_wanted = is_light(runtime) or (runtime == "auto" and self._own and on_cpu(device))
        self._light_required = is_light(runtime)
        self._light_runtime = runtime.removesuffix("-int8")
        self._tokenizer: Tokenizer | None = None
        self._tokenizer_known = False
        self._counter: TokenCounter | PythonCounter | None = None
        self._overhead: int | None = None
        self._prompts = role_prompts(self._source, prompts)
        self._limit = max_tokens

    @property
    def name(self) -> str:
        """The model's name as its publisher writes it; of a directory, its absolute path."""
        return self._name

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""
        known = self._source.facts.dimension
        return known if known is not None else dimension_of(self._load())

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text, special tokens and prompt included."""
        limits = [self._source.facts.max_tokens, self._limit]
        if limits[0] is None:
            limits[0] = max_tokens_of(self._load())
        return min(x for x in limits if x is not None)

    @property
    def query_prompt(self) -> str:
        """What is put before each query."""
        return self._prompts[0]

    @property
    def document_prompt(self) -> str:
        """What is put before each document."""
        return self._prompts[1]

    @property
    def running(self) -> str:
        """What runs it: `onnx`, `openvino` or `torch`; empty before the first text is encoded."""
        return self._light.runtime if self._light is not None else "torch" if self._model is not None else ""

    @property
    def identity(self) -> dict[str, str | int]:
        """What makes the vectors. The name is left out: the same weights are the same space wherever they lie."""
        return {
            "weights": self._source.facts.weights,
            "dimension": self.dimension,
            "query_prompt": self.query_prompt,
            "document_prompt": self.document_prompt,
            "max_tokens": self.max_tokens,
            "pooling": self._source.facts.pooling or "own",
        }

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit-length document vectors, float32, shape (len(texts), dimension), with the document prompt."""
        return self._encode(texts, "document", self.document_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit-length query vectors, float32, shape (len(texts), dimension), with the query prompt."""
        return self._encode(texts, "query", self.query_prompt)

    def encode_both(self, queries: Sequence[str], documents: Sequence[str]) -> tuple[Vectors, Vectors]:
        """Query vectors and document vectors, in one batch where the model takes the prompt as part of the text."""
        if not (queries and documents and (self._find_light() or prompts_are_text(self._load()))):
            return self.encode_queries(queries), self.encode_documents(documents)
        texts = [self.query_prompt + without_surrogates(text) for text in queries]
        texts += [self.document_prompt + without_surrogates(text) for text in documents]
        light = self._find_light()
        if light is None:
            vectors = self._vectors(texts, self._load().encode, "")
        else:
            vectors = self._light_vectors(light, texts, True)
        return vectors[: len(queries)], vectors[len(queries) :]

    def encode_tokens(self, texts: Sequence[str], *, query: bool = False) -> list[TokenVectors]:
        """The tokens of each text in its context, with the document prompt or the query prompt.

        Raises:
            ModelError: The model's tokenizer does not say where its tokens lie.
        """
        return self._tokens(texts, self.query_prompt if query else self.document_prompt, midway=False)

    def encode_tokens_midway(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The same about the middle of the model, with the document prompt: see `EncodesTokensMidway`."""
        return self._tokens(texts, self.document_prompt, midway=True)

    def states(self, *, midway: bool = False) -> States:
        """What turns token ids, special ones included, into the states of each token."""
        light = self._find_light()
        return torch_states(self._load(), halfway=midway) if light is None else partial(light.states, midway=midway)

    def tokenizer(self) -> Tokenizer | None:
        """The model's tokenizer without truncation and padding, which is not to be changed; None if there is none."""
        return self._offsets(self._find_light())

    def _tokens(self, texts: Sequence[str], prompt: str, *, midway: bool) -> list[TokenVectors]:
        from xling.space.light.model import token_ids

        tokenizer = self.tokenizer()
        if tokenizer is None:
            raise ModelError(f"the tokenizer of {self.name!r} does not say where in a text its tokens lie")
        states = self.states(midway=midway)
        encodings = tokenizer.encode_batch([prompt + without_surrogates(text) for text in texts])
        ids = [token_ids(encoding, self.max_tokens) for encoding in encodings]
        found: dict[int, TokenVectors] = {}
        for batch in batches([len(x) for x in ids], (self._batch_size or _CPU_BATCH) * _TOKENS_OF_A_TEXT):
            for i, of_text in zip(batch, states([ids[i] for i in batch]), strict=True):
                found[i] = tokens_of(encodings[i], ids[i], of_text, len(prompt))
        return [found[i] for i in range(len(texts))]

    @property
    def document_overhead(self) -> int:
        """Tokens that the document prompt and the special tokens take of `max_tokens`, at most."""
        if self._overhead is None:
            self._overhead = self._measured_overhead()
        return self._overhead

    def _measured_overhead(self) -> int:
        prompt = self.document_prompt
        fitted = self._fitted(self._find_light(), [prompt + "a"])
        tokenizer = self._offsets() if fitted is None else fitted[0]
        if tokenizer is None:
            return 4 + self.count_tokens([prompt])[0]
        alone = len(tokenizer.encode("a", add_special_tokens=False))
        with_text = len(tokenizer.encode(prompt + "a")) - alone
        # Some tokenizers join the end of the prompt to the text: count what is more.
        return max(with_text, len(tokenizer.encode(prompt)) if prompt else 0)

    def token_ends(self, text: str) -> list[int]:
        """End offset in characters of each token of `text`, ascending; a bound where the model cannot tell."""
        tokenizer = self._offsets()
        if tokenizer is None:
            return PythonCounter(self._load().tokenizer).ends(text)
        ends: list[int] = []
        last = 0
        for _, end in tokenizer.encode(without_surrogates(text), add_special_tokens=False).offsets:
            last = max(last, end)  # bytes of one character, and characters in several tokens, share an end
            ends.append(last)
        return ends

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prompt and special tokens left out."""
        return self._counting().count([without_surrogates(text) for text in texts])

    def _counting(self) -> TokenCounter | PythonCounter:
        if self._counter is None:
            tokenizer = self._offsets()
            self._counter = PythonCounter(self._load().tokenizer) if tokenizer is None else TokenCounter(tokenizer)
        return self._counter

    def _encode(self, texts: Sequence[str], role: str, prompt: str) -> Vectors:
        if isinstance(texts, str):
            raise InvalidInput("texts must be a list of strings, got one string; put it into a list")
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        light = self._find_light()
        if light is not None:
            return self._light_vectors(light, [prompt + without_surrogates(text) for text in texts], role == "query")
        model = self._load()
        method = model.encode_query if role == "query" else model.encode_document
        return self._vectors([without_surrogates(text) for text in texts], method, prompt)

    def _vectors(self, texts: Sequence[str], method: Callable[..., Any], prompt: str) -> Vectors:
        batch_size = self._batch_size or (_CPU_BATCH if self._load().device.type == "cpu" else _GPU_BATCH)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        try:
            for batch in batches(self._token_counts(texts, prompt), batch_size * _TOKENS_OF_A_TEXT):
                with self._lock:  # tokenizers keep their truncation and padding as state
                    vectors[batch] = method(
                        [texts[i] for i in batch], prompt=prompt, batch_size=len(batch), show_progress_bar=False
                    )
        except RuntimeError as exc:
            raise ModelError(
                f"The model {self.name!r} failed on a batch of texts: {(str(exc) or 'no reason').splitlines()[0]}. "
                f"If memory ran out, use a smaller batch_size (now {batch_size})."
            ) from exc
        return _unit(vectors)

    def _find_light(self) -> LightModel | None:
        """The model of the light runtime, if that is to be used. Where it is not to be had, torch is, from then on."""
        if not self._light_wanted:
            return None
        with self._lock:
            if self._light is None and self._light_wanted:
                from xling.space.light import open_light

                self._light = open_light(
                    self._source,
                    self._light_vectors,
                    required=self._light_required,
                    runtime=self._light_runtime,
                    query_prompt=self.query_prompt,
                    tokens=self._light_tokens if self._eight_bits else None,
                )
                self._light_wanted = self._light is not None
            return self._light

    def _light_vectors(self, light: LightModel, texts: Sequence[str], queries: bool = False) -> Vectors:
        places = {text: i for i, text in enumerate(dict.fromkeys(texts))}  # what is there twice is encoded once
        ids = self._light_tokens(light, list(places))
        model = (light.for_queries if queries else None) or light
        vectors = np.empty((len(ids), self.dimension), np.float32)
        for batch in batches([len(x) for x in ids], (self._batch_size or _CPU_BATCH) * _TOKENS_OF_A_TEXT):
            vectors[batch] = model.encode([ids[i] for i in batch])
        _unit(vectors)
        return vectors if len(places) == len(texts) else vectors[[places[text] for text in texts]]

    def _light_tokens(self, light: LightModel, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, special ones included, as many as the model reads."""
        from xling.space.light.model import token_ids

        limit = self.max_tokens
        fitted = self._fitted(light, texts)
        if fitted is not None:
            tokenizer, table = fitted
            return [table[token_ids(encoding, limit)].tolist() for encoding in map(tokenizer.encode, texts)]
        whole = self._offsets(light)
        assert whole is not None
        return [token_ids(encoding, limit) for encoding in whole.encode_batch_fast(list(texts))]

    def _fitted(self, light: LightModel | None, texts: Sequence[str]) -> Fitted | None:
        """A tokenizer of what these texts need, where they are short and the whole one is not loaded."""
        if self._tokenizer_known or light is None or light.pieces is None or sum(map(len, texts)) > _SHORT:
            return None
        return light.pieces.fitted(texts)

    def _token_counts(self, texts: Sequence[str], prompt: str) -> list[int]:
        tokenizer = self._offsets() if len(texts) > 1 else None
        if tokenizer is None:  # UTF-8 bytes go with tokens better than characters do, across scripts
            return [len(prompt) + len(text.encode("utf-8")) for text in texts]
        limit = self.max_tokens
        return [min(len(x), limit) for x in tokenizer.encode_batch_fast([prompt + text for text in texts])]

    def _load(self) -> SentenceTransformer:
        with self._lock:
            if self._model is None:
                model = self._source.load()
                limit = self._source.facts.max_tokens or max_tokens_of(model)
                limit = min(limit, self._limit or limit)
                # Beyond its positions a model crashes; a model that the caller brought is else left as it is.
                if self._own or (model.max_seq_length or limit + 1) > limit:
                    limit_tokens(model, limit)
                self._model = model
            return self._model

    def _offsets(self, light: LightModel | None = None) -> Tokenizer | None:
        """A tokenizer of our own, whose state nobody changes: it may be used without the lock."""
        with self._lock:
            if not self._tokenizer_known:
                file = self._source.tokenizer_file()
                if file is None:
                    light = light or self._find_light()
                    file = light.tokenizer_file if light is not None else None
                self._tokenizer = _tokenizer_for_offsets(file, self._load)
                self._tokenizer_known = True
            return self._tokenizer

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _unit(vectors: Vectors) -> Vectors:
    """The same array, its rows made unit-length."""
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
    return vectors


def _tokenizer_for_offsets(file: Path | None, load: Any) -> Tokenizer | None:
    from tokenizers import Tokenizer

    if file is not None:
        tokenizer = Tokenizer.from_file(str(file))
    else:
        backend = getattr(load().tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            return None
        tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
