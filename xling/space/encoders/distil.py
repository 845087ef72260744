"""A static model out of a sentence-transformers model: fast, without torch, and worse by an amount that is measured.

The method is that of Model2Vec (Tulkens and van Dongen, 2024, MinishLab): each token of the vocabulary goes through the
model alone, the results are reduced by PCA, and each is weighted by smooth inverse frequency; texts are means of what
comes out. What is written is in model2vec's own form, so that model2vec and sentence-transformers load it too.
model2vec's `distill` itself is not used: it holds transformers to versions before 5.4.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space.encoders.files import static_config
from xling.space.encoders.static_model import StaticEncoder
from xling.space.protocols import Encoder, Vectors
from xling.space.publish import building
from xling.space.reference import reference_sample
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.types import Progress

DIMENSION: Final = 256
SIF_A: Final = 1e-4
"""As in model2vec."""

_BATCH: Final = 256
_PAIRS: Final = 300
_KNOWN: Final = 0.9


@dataclass(frozen=True)
class Distilled:
    """A static model, and what it keeps of the model it was made of.

    Attributes:
        directory: Where it lies, for `model=`.
        tokens: Tokens that have a vector.
        dimension: Columns of the vectors.
        bytes: Size of its files.
        pairs: Sentences of the reference sample that were asked for their translation, its languages mixed; with
            `vocabulary_from` only those whose tokens nearly all have a vector. 0 if there are no such.
        accuracy: Share of them that find it first with the static model, by cosine alone.
        whole_accuracy: Share of them that find it with the model it was made of.
        texts_per_second: How many of these sentences it encodes in a second.
        whole_texts_per_second: How many the other does.
    """

    directory: Path
    tokens: int
    dimension: int
    bytes: int
    pairs: int
    accuracy: float
    whole_accuracy: float
    texts_per_second: float
    whole_texts_per_second: float


def distil(
    model: str | Path | SentenceTransformerEncoder,
    output: str | Path,
    *,
    dimension: int | None = DIMENSION,
    vocabulary_from: Iterable[str] | None = None,
    device: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Distilled:
    """Make a static model, and measure it beside the one it was made of.

    Args:
        model: A sentence-transformers model: `bundled`, a directory, a name on the hub, or an encoder.
        output: The directory to write; it must not be there, or be a static model, which is replaced.
        dimension: Numbers of a vector, by PCA; None for as many as the model has.
        vocabulary_from: Texts like those it will be used for. Only tokens that occur in them get a vector, which takes
            a fraction of the time and space, and they are weighted by how often they do. Other tokens are then passed
            over. Without it, all of the vocabulary, weighted by its order (Zipf's law).
        device: As in torch.
        progress: Called as tokens are done.

    Raises:
        InvalidInput: An argument makes no sense.
        MissingExtra: model2vec is not installed (extra `static`).
        ModelError: The model cannot be had, or has no tokenizer of its own.
    """
    try:
        from model2vec.persistence import save_pretrained
    except ImportError as exc:
        raise MissingExtra("distilling", "static", "model2vec") from exc
    target = Path(output).expanduser().absolute()
    if target.exists() and static_config(target) is None and not (target.is_dir() and not any(target.iterdir())):
        raise InvalidInput(f"{target} is there already, and is no static model: name another directory")
    encoder = (
        model if isinstance(model, SentenceTransformerEncoder) else SentenceTransformerEncoder(model, device=device)
    )
    if dimension is not None and not 1 < dimension <= encoder.dimension:
        raise InvalidInput(f"dimension= is 2 to the {encoder.dimension} that {encoder.name!r} has, not {dimension}")
    tokenizer = encoder.tokenizer()
    if tokenizer is None:
        raise ModelError(f"the tokenizer of {encoder.name!r} is not of the package tokenizers: it cannot be distilled")
    counts = _counts(tokenizer, vocabulary_from)
    kept = np.flatnonzero(counts > 0)
    if len(kept) < 10:
        raise InvalidInput(f"the texts of vocabulary_from= have {len(kept)} different tokens: too few")
    states = _token_vectors(encoder, tokenizer, kept.tolist(), progress)
    reduced = _principal(states, dimension or states.shape[1])
    probability = counts[kept] / counts.sum()
    vectors = (reduced * (SIF_A / (SIF_A + probability))[:, None]).astype(np.float16)
    mapping: NDArray[np.int32] | None = None
    if len(kept) < len(counts):  # row 0 is of the tokens that are passed over
        mapping = np.zeros(len(counts), np.int32)
        mapping[kept] = np.arange(1, len(kept) + 1)
        vectors = np.concatenate([np.zeros((1, vectors.shape[1]), np.float16), vectors])
    with building(target) as directory:
        config: dict[str, Any] = {
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "tokenizer_name": encoder.name,
            "apply_pca": dimension,
            "sif_coefficient": SIF_A,
            "hidden_dim": int(vectors.shape[1]),
            "seq_length": 1_000_000,
            "normalize": True,
            "pooling": "mean",
        }
        save_pretrained(directory, vectors, tokenizer, config, create_model_card=False, mapping=mapping)  # type: ignore[arg-type]
    return _measured(target, encoder, len(kept), lambda text: _share(tokenizer, text, counts) >= _KNOWN)


def _counts(tokenizer: Any, texts: Iterable[str] | None) -> NDArray[np.float64]:
    """How often each token occurs, by its id, shape (vocabulary,): counted, or by Zipf's law; 0 of special ones."""
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    special = [i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special]
    if texts is None:
        counts = 1.0 / np.arange(2, size + 2)
    else:
        if isinstance(texts, str):
            raise InvalidInput("vocabulary_from= takes texts, got one string; put it into a list")
        counts = np.zeros(size)
        batch: list[str] = []
        for text in texts:
            batch.append(text)
            if len(batch) == _BATCH:
                _add(tokenizer, batch, counts)
                batch = []
        _add(tokenizer, batch, counts)
    counts[special] = 0
    return counts


def _add(tokenizer: Any, texts: Sequence[str], counts: NDArray[np.float64]) -> None:
    for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False):
        np.add.at(counts, found.ids, 1)


def _token_vectors(
    encoder: SentenceTransformerEncoder,
    tokenizer: Any,
    ids: Sequence[int],
    progress: Callable[[Progress], None] | None,
) -> Vectors:
    """What the model makes of each token alone: the mean of its states and of the special tokens around it."""
    alone = tokenizer.encode("a", add_special_tokens=False).ids
    framed = tokenizer.encode("a").ids
    start = next(i for i in range(len(framed)) if framed[i : i + len(alone)] == alone)
    before, after = framed[:start], framed[start + len(alone) :]
    states = encoder.states()
    rows: Vectors | None = None
    for done in range(0, len(ids), _BATCH):
        found = states([[*before, i, *after] for i in ids[done : done + _BATCH]])
        means = np.array([of_text.mean(axis=0) for of_text in found], np.float32)
        if rows is None:
            rows = np.empty((len(ids), means.shape[1]), np.float32)
        rows[done : done + len(means)] = means
        if progress is not None:
            progress(Progress(done=done + len(means), total=len(ids)))
    assert rows is not None
    return np.nan_to_num(rows)


def _principal(vectors: Vectors, dimension: int) -> Vectors:
    """The first principal components, centred, shape (n, dimension)."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    return np.asarray(centred @ axes[:, ::-1][:, :dimension].astype(np.float32), np.float32)


def _share(tokenizer: Any, text: str, counts: NDArray[np.float64]) -> float:
    """Which share of a text's tokens have a vector."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    return float(np.mean(counts[ids] > 0)) if ids else 0.0


def _measured(directory: Path, whole: Encoder, tokens: int, known: Callable[[str], bool]) -> Distilled:
    groups: dict[str, list[str]] = {}
    for sentence in reference_sample():
        if sentence.key and known(sentence.text):
            groups.setdefault(sentence.key, []).append(sentence.text)
    chosen = [texts for texts in groups.values() if len(texts) > 1]
    chosen = [chosen[i] for i in np.random.default_rng(0).permutation(len(chosen))[:_PAIRS]]
    small = StaticEncoder(directory)
    accuracy, speed = _found(small, chosen)
    whole_accuracy, whole_speed = _found(whole, chosen)
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return Distilled(
        directory, tokens, small.dimension, size, len(chosen), accuracy, whole_accuracy, speed, whole_speed
    )


def _found(encoder: Encoder, groups: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Share of first sentences that find the last of their group among all, and texts encoded in a second."""
    if not groups:
        return 0.0, 0.0
    encoder.encode_documents([groups[0][0]])  # loads it
    began = time.perf_counter()
    documents = encoder.encode_documents([texts[-1] for texts in groups])
    seconds = time.perf_counter() - began
    queries = encoder.encode_queries([texts[0] for texts in groups])
    right = (queries @ documents.T).argmax(axis=1) == np.arange(len(groups))
    return float(right.mean()), len(groups) / max(seconds, 1e-9)
