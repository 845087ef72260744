"""Which words of a text answer which of its translation."""

from __future__ import annotations

from pathlib import Path

from xling.space.protocols import Encoder
from xling.space.resolve import load_encoder
from xling.space.word_links import MIN_WEIGHT, link_words, read_words
from xling.types import WordLink


def word_links(
    source: str,
    target: str,
    *,
    model: str | Path | Encoder | None = None,
    min_weight: float = MIN_WEIGHT,
    device: str | None = None,
) -> list[WordLink]:
    """Link the words of two texts that answer each other, by the model's own tokens (see `xling.space.word_links`).

    No dictionary is needed, and no language has to be known. A word may have several links, or none. Where a script
    puts no spaces between words, the model's tokens are taken for words.

    Args:
        source: Any text.
        target: Its translation, or any other text.
        model: As in `xling.open`.
        min_weight: Links of less weight are left out, 0 to 1: 0 gives all that there are, and they are right more often
            the higher it is.
        device: Where the model runs.

    Returns:
        Links in the order of `source`, with the characters of both words.

    Raises:
        InvalidInput: A text is blank, or the model gives no vectors of tokens.
        ModelError: The model cannot be had.
    """
    words = read_words(load_encoder(model, device=device), [source, target])
    return link_words(words[0], words[1], min_weight)
