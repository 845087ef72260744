"""A second opinion on the best hits: a cross-encoder, late interaction, or a function of the user's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Sequence
from os import PathLike
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, ModelError
from xling.search.plan import MAX_LIMIT
from xling.types import Hit

CANDIDATES = 50
"""Hits that are looked at again, or more where more are asked for."""

MAXSIM = "maxsim"
"""The name of late interaction with the collection's own encoder."""


@runtime_checkable
class Reranker(Protocol):
    """What `rerank=` takes: any function or object that can be called so."""

    def __call__(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """How well each text answers the query, one number a text; more is better, on a scale of its own."""
        ...


Rerank: TypeAlias = str | PathLike[str] | Reranker
"""`maxsim`, the name or directory of a cross-encoder, a loaded `CrossEncoder`, or a `Reranker`."""


def candidates_of(rerank: Rerank | None, candidates: int | None, wanted: int) -> int:
    """How many hits to fetch for `wanted`.

    Raises:
        InvalidInput: `candidates` is no number of hits, or given without `rerank`.
    """
    if rerank is None:
        if candidates is not None:
            raise InvalidInput("candidates= says how many hits rerank= looks at; give that too")
        return wanted
    if candidates is None:
        return min(max(CANDIDATES, wanted), MAX_LIMIT)
    if isinstance(candidates, bool) or not isinstance(candidates, int) or not 1 <= candidates <= MAX_LIMIT:
        raise InvalidInput(f"candidates= is a whole number from 1 to {MAX_LIMIT}, got {candidates!r}")
    return max(candidates, wanted)


def is_maxsim(rerank: object) -> bool:
    """Whether late interaction is meant."""
    return isinstance(rerank, str) and rerank == MAXSIM


def reranker_of(rerank: Rerank, maxsim: Callable[[], Reranker]) -> Reranker:
    """The reranker that is meant; `maxsim` makes that of the collection.

    Raises:
        InvalidInput: It is nothing that can rerank.
        ModelError: The cross-encoder cannot be had.
    """
    if is_maxsim(rerank):
        return maxsim()
    if isinstance(rerank, (str, PathLike)) and str(rerank).strip():
        return cross_encoder(str(rerank))
    if callable(getattr(rerank, "predict", None)):
        return CrossEncoderReranker(rerank, type(rerank).__name__)
    if callable(rerank) and not isinstance(rerank, type):
        return rerank
    raise InvalidInput(
        f"rerank= takes {MAXSIM!r}, a cross-encoder's name or directory, a CrossEncoder, or a function of a query and "
        f"texts that gives a number for each text; got {rerank!r}"
    )


def reranked(reranker: Reranker, phrasings: Sequence[str], hits: Sequence[Hit]) -> list[Hit]:
    """The hits in the reranker's order, with its scores; of several phrasings of a query the mean counts.

    Raises:
        ModelError: It did not give a number for each text.
    """
    if not hits:
        return []
    texts = [hit.text for hit in hits]
    scores = np.mean([_scores(reranker, query, texts) for query in phrasings], axis=0)
    order = np.argsort(-scores, kind="stable")
    return [hits[i].model_copy(update={"score": float(scores[i])}) for i in order]


class CrossEncoderReranker:
    """A `Reranker` by a model that reads query and text together (sentence-transformers' `CrossEncoder`).

    Nogueira & Cho, 2019, "Passage Re-ranking with BERT".

    Args:
        model: A loaded `CrossEncoder`.
        name: What to call it in errors.
    """

    def __init__(self, model: Any, name: str) -> None:
        self._model, self._name = model, name

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
        """One number a text: what the model's own last layer makes of it."""
        try:
            scores = np.asarray(self._model.predict([(query, text) for text in texts], show_progress_bar=False))
        except RuntimeError as exc:
            reason = (str(exc) or "no reason").splitlines()[0]
            raise ModelError(f"The cross-encoder {self._name!r} failed on {len(texts)} texts: {reason}") from exc
        if scores.ndim == 2 and scores.shape[1] > 1:
            raise ModelError(
                f"The cross-encoder {self._name!r} gives {scores.shape[1]} numbers for a text: it was trained to "
                f"classify, not to rank. Use one with a single label, e.g. 'BAAI/bge-reranker-v2-m3'."
            )
        found: list[float] = scores.reshape(len(texts), -1)[:, 0].astype(np.float64).tolist()
        return found


@functools.lru_cache(maxsize=2)
def cross_encoder(name: str) -> CrossEncoderReranker:
    """A cross-encoder by its name on the hub or its directory, loaded once a process.

    Raises:
        ModelError: It cannot be had, or loaded.
    """
    from sentence_transformers import CrossEncoder

    try:
        return CrossEncoderReranker(CrossEncoder(name), name)
    except Exception as exc:
        reason = (str(exc).strip() or type(exc).__name__).splitlines()[0]
        raise ModelError(
            f"The cross-encoder {name!r} cannot be loaded: {reason} Give the directory of one, or the name of one on "
            f"the Hugging Face hub, e.g. 'BAAI/bge-reranker-v2-m3', which has to be in its cache or within reach; or "
            f"{MAXSIM!r}, which needs no second model."
        ) from exc


def _scores(reranker: Reranker, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
    given = reranker(query, texts)
    try:
        scores = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        if isinstance(given, Coroutine):
            given.close()
        raise ModelError(_unusable(type(given).__name__, texts)) from exc
    if scores.shape != (len(texts),):
        raise ModelError(_unusable(f"the shape {scores.shape}", texts))
    if not np.isfinite(scores).all():
        raise ModelError(_unusable("NaN or infinite numbers", texts))
    return scores


def _unusable(given: str, texts: Sequence[str]) -> str:
    return f"the reranker gave {given} for {len(texts)} texts: it has to give one finite number for each, in a list"
