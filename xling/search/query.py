"""A query's text → one vector, whatever its length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xling.errors import InvalidInput, ModelError
from xling.space import SharedSpace, Vectors
from xling.space.chunker import Chunker
from xling.text import normalise, problem_of


def encode_queries(space: SharedSpace, queries: Sequence[str]) -> Vectors:
    """Unit query vectors, shape (n, dimension), in one batch.

    A query longer than the model reads is split like a document, and stands for the mean of its pieces.

    Raises:
        InvalidInput: A query is blank, not a string, or has a lone surrogate.
        ModelError: The encoder gave no usable vector.
    """
    for i, query in enumerate(queries):
        reason = problem_of(query)
        if reason:
            raise InvalidInput(f"query {i} cannot be searched: {reason.replace('the text', 'it')}")
    chunker = Chunker(space.encoder)
    pieces = [[normalise(query[start:end]) for start, end in chunker.spans(query)] for query in queries]
    vectors = space.queries([piece for group in pieces for piece in group])
    if all(len(group) == 1 for group in pieces):
        means = vectors
    else:
        ends = np.cumsum([len(group) for group in pieces])[:-1]
        means = np.stack([part.mean(axis=0) for part in np.split(vectors, ends)])
    norms = np.linalg.norm(means, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and norms.all()):
        raise ModelError(f"the encoder {space.name!r} gave no usable vector for a query (NaN, infinite or zero)")
    return np.asarray(means / norms, dtype=np.float32)
