"""Where the encoder would cut a text off, and the pieces it is split into instead."""

from __future__ import annotations

from xling.space.protocols import Encoder, TokenOffsets
from xling.text import Span, chunk_spans, estimate_token_ends

# Cut out of its text, a piece may tokenise a little differently at its two ends.
_SLACK = 2
_ASSUMED_OVERHEAD = 16


class Chunker:
    """Splits texts into spans that an encoder reads whole, prompt and special tokens included."""

    def __init__(self, encoder: Encoder) -> None:
        self._offsets = encoder if isinstance(encoder, TokenOffsets) else None
        overhead = self._offsets.document_overhead if self._offsets else _ASSUMED_OVERHEAD
        self.budget = max(encoder.max_tokens - overhead - _SLACK, 1)

    def spans(self, text: str) -> list[Span]:
        """Contiguous spans covering `text`; a single one where it fits, as nearly always."""
        # A token is at least one byte of UTF-8, save for rare ligatures that a tokenizer spells out (hence the
        # factor 2): short texts need not be tokenised to know that they fit.
        if 2 * len(text.encode("utf-8")) <= self.budget:
            return [Span(0, len(text))]
        ends = self._offsets.token_ends(text) if self._offsets else estimate_token_ends(text)
        return chunk_spans(text, ends, self.budget)
