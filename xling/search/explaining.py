"""The verb of a collection that shows why a hit was found: the words that answer the query's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias, overload

from xling.errors import InvalidInput
from xling.space import SharedSpace
from xling.space.word_links import MIN_WEIGHT, link_words, read_words
from xling.store.steps import Steps, stepwise, work
from xling.types import Document, Hit, Passage, WordLink

Explained: TypeAlias = str | Hit | Passage | Document
"""What can be explained: a hit, or any text."""


class ExplainingVerbs(ABC):
    """What `Collection` offers to a user interface that shows hits."""

    space: SharedSpace

    @abstractmethod
    def _check_open(self) -> None: ...

    @overload
    def explain(self, query: str, hits: Explained, *, min_weight: float = MIN_WEIGHT) -> list[WordLink]: ...  # type: ignore[overload-overlap]  # a str is a Sequence
    @overload
    def explain(
        self, query: str, hits: Sequence[Explained], *, min_weight: float = MIN_WEIGHT
    ) -> list[list[WordLink]]: ...

    @stepwise("store")
    def explain(
        self, query: str, hits: Explained | Sequence[Explained], *, min_weight: float = MIN_WEIGHT
    ) -> Steps[list[WordLink] | list[list[WordLink]]]:
        """Which words of a hit answer which of the query, whatever the languages, to be underlined.

        The model's own tokens tell; nothing is read from the store. A word may have several links, or none.

        Args:
            query: The query, or any text.
            hits: A hit, or several, which are read in one batch; documents, passages and texts are taken too.
            min_weight: Links of less weight are left out, 0 to 1.

        Returns:
            Links in the order of the query, with characters of `query` and of the hit's `text`; for several hits a list
            of such lists.

        Raises:
            InvalidInput: A text is blank, or the model gives no vectors of tokens.
            ModelError: The encoder failed.
        """
        self._check_open()
        if not isinstance(query, str):
            raise InvalidInput(f"explain takes the query as a text, not {type(query).__name__}")
        one = isinstance(hits, (str, Hit, Passage, Document))
        texts = [_text_of(hit) for hit in ([hits] if isinstance(hits, (str, Hit, Passage, Document)) else hits)]
        if not texts:
            return []
        asked, *found = yield from work(read_words, self.space.encoder, [query, *texts])
        links = [link_words(asked, words, min_weight) for words in found]
        return links[0] if one else links


def _text_of(hit: Explained) -> str:
    if isinstance(hit, str):
        return hit
    if isinstance(hit, (Hit, Passage, Document)):
        return hit.text
    raise InvalidInput(f"explain takes hits, documents or texts, not {type(hit).__name__}")
