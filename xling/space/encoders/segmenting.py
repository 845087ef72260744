"""Texts into words that a table of word vectors has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import regex

# Written without spaces between words, or (Korean) with particles joined to them.
_JOINED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}\u30fc\u3005\u3006"
_LETTER: Final = rf"[[\p{{L}}\p{{N}}\p{{M}}]--[{_JOINED}]]"
_TOKEN: Final = regex.compile(
    rf"(?V1)(?P<joined>[{_JOINED}][{_JOINED}\p{{M}}]*)"
    rf"|(?P<word>{_LETTER}+(?:['’\-_.]{_LETTER}+)*)"
    r"|(?P<sign>\p{So}\ufe0f?)"
)
_PARTS: Final = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_DIGIT: Final = regex.compile(r"\p{Nd}")
_IS_JOINED: Final = regex.compile(rf"[{_JOINED}]")
_CAP: Final = 24
"""Characters: words of joined scripts that are longer are phrases, and are seldom met."""


class Token(NamedTuple):
    """A piece of a text.

    Attributes:
        text: As it is written there.
        row: Which word of the table it is; -1 if none.
        end: Where it ends in the text, in characters.
    """

    text: str
    row: int
    end: int


class Segmenter:
    """Cuts texts into the words of a vocabulary.

    Where words are set apart by spaces, a word is looked up as it is written, then in small letters, in its compatible
    form (full width, ligatures), with a capital, and with # for digits as in word2vec's news vectors; a word with
    hyphens or apostrophes that is not there is taken apart. Japanese, Chinese, Thai, Lao, Khmer, Burmese and Korean are
    cut by the longest match: from each place on the longest word that the vocabulary has. Whatever cut the texts that
    the vectors were trained on, its words are those of the vocabulary.

    Args:
        words: Word → row.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words
        # Longest word of a joined script by its first character, so that rare characters are not tried at length.
        self._longest: dict[str, int] = {}
        for word in words:
            if _IS_JOINED.match(word):
                self._longest[word[0]] = max(self._longest.get(word[0], 0), min(len(word), _CAP))

    def tokens(self, text: str) -> list[Token]:
        """The words of a text in order; punctuation is left out."""
        found: list[Token] = []
        for match in _TOKEN.finditer(text):
            piece, start = match.group(), match.start()
            if match.lastgroup == "joined":
                found += self._longest_matches(piece, start)
                continue
            row = self.row(piece)
            parts = list(_PARTS.finditer(piece)) if row < 0 else []
            if len(parts) > 1:
                found += [Token(p.group(), self.row(p.group()), start + p.end()) for p in parts]
            else:
                found.append(Token(piece, row, match.end()))
        return found

    def row(self, word: str) -> int:
        """Which row a single word is, however it is written; -1 if it is not there."""
        for form in _forms(word):
            row = self._words.get(form)
            if row is not None:
                return row
        return -1

    def _longest_matches(self, run: str, start: int) -> Iterable[Token]:
        row = self._words.get(run)
        if row is not None:
            return [Token(run, row, start + len(run))]
        tokens: list[Token] = []
        unknown = position = 0
        while position < len(run):
            length, row = self._longest_at(run, position)
            if row < 0:
                position += 1
                continue
            if unknown < position:
                tokens.append(Token(run[unknown:position], -1, start + position))
            position += length
            tokens.append(Token(run[position - length : position], row, start + position))
            unknown = position
        if unknown < len(run):
            tokens.append(Token(run[unknown:], -1, start + len(run)))
        return tokens

    def _longest_at(self, run: str, position: int) -> tuple[int, int]:
        for length in range(min(self._longest.get(run[position], 0), len(run) - position), 0, -1):
            row = self._words.get(run[position : position + length])
            if row is not None:
                return length, row
        return 0, -1


@lru_cache(maxsize=1 << 16)
def _forms(word: str) -> tuple[str, ...]:
    lower = word.lower()
    plain = unicodedata.normalize("NFKC", word)
    forms = [word, lower, plain, plain.lower(), lower.capitalize()]
    if any(c.isdigit() for c in word):
        forms.append(_DIGIT.sub("#", word))
    return tuple(dict.fromkeys(forms))
