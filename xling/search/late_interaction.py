"""Late interaction: each token of the query is compared with each of the document (MaxSim).

Khattab & Zaharia, 2020, "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
BERT". The tokens are those of the collection's own encoder, so no second model is needed. Token vectors carry their
language as sentence vectors do, and raw they rank worse than the search itself; they are made neutral by the same
basis, since the mean of a text's tokens is what its sentence vector is made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xling.errors import InvalidInput
from xling.space.neutral import NeutralBasis
from xling.space.protocols import Encoder, EncodesTokens, TokenVectors, Vectors


class MaxSim:
    """A `Reranker` by late interaction with an encoder's own tokens.

    Args:
        encoder: The collection's encoder.
        basis: Its neutral basis; None leaves the tokens as they are.
        alpha: How neutral they are made, 0 to 1.

    Raises:
        InvalidInput: The encoder gives no vectors of tokens.
    """

    def __init__(self, encoder: Encoder, basis: NeutralBasis | None = None, alpha: float = 1.0) -> None:
        if not isinstance(encoder, EncodesTokens):
            raise InvalidInput(
                f"rerank='maxsim' needs an encoder that gives vectors of its tokens, and {encoder.name!r} does not: "
                f"name a cross-encoder, or pass a function"
            )
        self._encoder: EncodesTokens = encoder
        self._basis, self._alpha = basis, alpha

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
        """The mean, over the query's tokens, of the cosine to the nearest token of each text: -1 to 1."""
        (asked,) = self._encoder.encode_tokens([query], query=True)
        wanted = self._neutral(asked)
        return [_maxsim(wanted, self._neutral(tokens)) for tokens in self._encoder.encode_tokens(texts)]

    def _neutral(self, tokens: TokenVectors) -> Vectors:
        vectors = tokens.vectors
        if self._basis is None or vectors.shape[1] != self._basis.dimension:
            return vectors
        return self._basis.centre(vectors, self._alpha)


def _maxsim(query: Vectors, document: Vectors) -> float:
    if not len(query) or not len(document):
        return -1.0
    return float(np.mean((query @ document.T).max(axis=1)))
