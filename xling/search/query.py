"""A query's text → one vector, whatever its length, and the terms to look up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.search.plan import Plan
from xling.space import SharedSpace, Vectors
from xling.space.distinctive import distinctive_terms
from xling.space.neutral import blend_prompts
from xling.space.sparse import encode_query
from xling.store.base import SparseVector
from xling.text import normalise, problem_of

Asked: TypeAlias = tuple[SparseVector, float]
"""The terms of a query, and how much they count in a hybrid search."""


def check_queries(queries: Sequence[str]) -> None:
    """Raises `InvalidInput` if a query is blank, not a string, or has a lone surrogate."""
    for i, query in enumerate(queries):
        reason = problem_of(query)
        if reason:
            raise InvalidInput(f"query {i} cannot be searched: {reason.replace('the text', 'it')}")


def encode_terms(queries: Sequence[Sequence[str]], plan: Plan) -> list[Asked]:
    """The terms of queries, each given in one phrasing or more: all of them, or for a hybrid search those that tell.

    With a `lexical_weight` all of them count, and so much.
    """
    if plan.mode == "hybrid" and plan.lexical_weight is None:
        return [distinctive_terms(phrasings) for phrasings in queries]
    weight = 1.0 if plan.lexical_weight is None else plan.lexical_weight
    return [(encode_query("\n".join(phrasings)), weight) for phrasings in queries]


def encode_queries(space: SharedSpace, queries: Sequence[str], alpha: float = 0.0) -> Vectors:
    """Unit query vectors, shape (n, dimension), all in one batch; ready to be made neutral with `alpha`.

    A query longer than the model reads is split like a document, and stands for the mean of its pieces. For a
    neutral search of a model with two prompts the query is encoded with both (`blend_prompts`), in the same batch.

    Raises:
        InvalidInput: A query is blank, not a string, or has a lone surrogate.
        ModelError: The encoder gave no usable vector.
    """
    check_queries(queries)
    pieces = _pieces(space, queries)
    flat = [piece for group in pieces for piece in group]
    if alpha > 0.0 and space.two_prompts:
        as_queries, as_documents = (_means(rows, pieces, space.name) for rows in space.queries_both_ways(flat))
        return blend_prompts(as_queries, as_documents, alpha)
    return _means(space.queries(flat), pieces, space.name)


def encode_as_documents(space: SharedSpace, texts: Sequence[str]) -> Vectors:
    """Unit vectors of texts with the document prompt, shape (n, dimension), one for a text however long it is.

    Raises:
        InvalidInput: As `encode_queries`; so does `ModelError`.
    """
    return _encoded(space, texts, space.documents)


def encode_alike(space: SharedSpace, texts: Sequence[str]) -> Vectors:
    """The same for queries that look for what says the same, not for an answer: kept as vectors of queries are.

    Raises:
        InvalidInput: As `encode_queries`; so does `ModelError`.
    """
    return _encoded(space, texts, space.queries_as_documents)


def _encoded(space: SharedSpace, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
    check_queries(texts)
    pieces = _pieces(space, texts)
    return _means(encode([piece for group in pieces for piece in group]), pieces, space.name)


def _pieces(space: SharedSpace, texts: Sequence[str]) -> list[list[str]]:
    spans = space.chunker.spans_many(texts, ["und"] * len(texts))
    return [[normalise(text[start:end]) for start, end in found] for text, found in zip(texts, spans, strict=True)]


def _means(vectors: Vectors, pieces: Sequence[Sequence[str]], model: str) -> Vectors:
    if len(vectors) > len(pieces):
        ends = np.cumsum([len(group) for group in pieces])[:-1]
        vectors = np.stack([part.mean(axis=0) for part in np.split(vectors, ends)])
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and norms.all()):
        raise ModelError(f"the encoder {model!r} gave no usable vector for a query (NaN, infinite or zero)")
    return np.asarray(vectors / norms, dtype=np.float32)
