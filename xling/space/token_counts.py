"""How many tokens texts have, counted fast.

Most tokenizers split a text at its spaces before they do anything else, so the tokens of a text are those of its words.
Words repeat: counting each of them once makes counting a text a matter of looking its words up. English gains a factor
of ten or more by that; text without spaces is tokenised whole.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from xling.text import estimate_token_ends

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LONGEST_WORD = 32
_MOST_WORDS = 200_000
_GROUP = 64
_MARK = "\u2581"
# Words that no normaliser of Unicode gives a space to, or takes away.
_PLAIN = re.compile("[!-~\u00c0-\u024f\u0400-\u0481\u048a-\u052f]+")
# What `Nmt` takes away or makes a space, what `Replace` makes one of, and rare scripts and emoji.
_BEYOND_NFKC = (
    "[\\x00-\\x1f\\x7f-\\x9f\\u1680\\u200b-\\u200f\\u2028\\u2029\\u2581\\ufeff\\ufffd\\U00010000-\\U0010ffff{}]|  "
)
_NFKC_KINDS = {"Nmt", "NFKC", "Replace"}
_SPLITTING = {"Whitespace", "WhitespaceSplit", "BertPreTokenizer", "CharDelimiterSplit"}


class TokenCounter:
    """Counts tokens without special tokens. One counter may be used from many threads.

    Args:
        tokenizer: Without truncation and padding.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._bare = _without_normaliser(tokenizer)
        self._odd = _Odd(tokenizer) if self._bare is not None else None
        pre_tokenizer = tokenizer.pre_tokenizer
        self._by_word = pre_tokenizer is not None and _splits_at_spaces(json.loads(pre_tokenizer.__getstate__()))
        self._marked = self._by_word and getattr(pre_tokenizer, "replacement", None) == _MARK
        self._known: dict[str, int] = {}
        self._begins: dict[int, bool] = {}

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        if not self._by_word:
            return self._encoded(texts)
        words = [text.split() for text in texts]
        known = self._known
        missing = list(set().union(*words).difference(known))
        if missing:
            counts = self._words(missing)
            if len(known) > _MOST_WORDS:
                self._known = {}
            self._known.update((word, n) for word, n in counts.items() if len(word) <= _LONGEST_WORD)
            known = _Both(counts, known)
        get = known.__getitem__
        return [sum(map(get, row)) for row in words]

    def _words(self, words: list[str]) -> dict[str, int]:
        """Tokens of each word. Plain ones are tokenised many at a time, since each call costs more than a word."""
        counts: dict[str, int] = {}
        if self._marked:
            plain = [word for word in words if _PLAIN.fullmatch(word)]
            groups = [plain[i : i + _GROUP] for i in range(0, len(plain), _GROUP)]
            joined = [" ".join(group) for group in groups]
            if self._bare is not None:
                joined = [unicodedata.normalize("NFKC", text) for text in joined]
            encodings = (self._bare or self._tokenizer).encode_batch_fast(joined, add_special_tokens=False)
            for group, encoding in zip(groups, encodings, strict=True):
                of_word = self._per_word(encoding.ids)
                if len(of_word) == len(group):
                    counts.update(zip(group, of_word, strict=True))
        rest = [word for word in words if word not in counts]
        counts.update(zip(rest, self._encoded(rest), strict=True))
        return counts

    def _per_word(self, ids: list[int]) -> list[int]:
        """Tokens of each of several words: fast encodings do not tell them apart, the mark that begins a word does."""
        begins = self._begins
        for id in set(ids).difference(begins):
            begins[id] = (self._tokenizer.id_to_token(id) or "").startswith(_MARK)
        starts = [i for i, id in enumerate(ids) if begins[id]]
        return [end - start for start, end in zip(starts, [*starts[1:], len(ids)], strict=True)]

    def _encoded(self, texts: Sequence[str]) -> list[int]:
        if self._bare is None or self._odd is None:
            return _lengths(self._tokenizer, texts)
        plain = [unicodedata.normalize("NFKC", text) for text in texts]
        search = self._odd.among(texts)
        odd = [i for i, text in enumerate(plain) if search(text) or search(texts[i])]
        counts = _lengths(self._bare, plain)
        for i, count in zip(odd, _lengths(self._tokenizer, [texts[i] for i in odd]), strict=True):
            counts[i] = count
        return counts


class PythonCounter:
    """The same by a tokenizer written in Python, such as ByT5's and CANINE's, which does not say where tokens lie.

    Args:
        tokenizer: As of transformers; where it cannot be called, tokens are estimated.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        if not texts or not callable(self._tokenizer):
            return [len(self.ends(text)) for text in texts]
        return [len(ids) for ids in self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def ends(self, text: str) -> list[int]:
        """Token ends in characters, never fewer than there are: one a byte, since some make as many."""
        if not callable(self._tokenizer):
            return estimate_token_ends(text)
        return [end for end, c in enumerate(text, 1) for _ in c.encode("utf-8", "surrogatepass")]


def _lengths(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    return [len(encoding) for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def _without_normaliser(tokenizer: Tokenizer) -> Tokenizer | None:
    """The tokenizer without its normaliser, if that is NFKC and what is in `_BEYOND_NFKC`: Python's is faster."""
    from tokenizers import Tokenizer

    if tokenizer.normalizer is None:
        return None
    state = json.loads(tokenizer.normalizer.__getstate__())
    parts = state.get("normalizers", [state])
    kinds = {part.get("type") for part in parts}
    if "NFKC" not in kinds or not kinds <= _NFKC_KINDS:
        return None
    if any(part.get("pattern") != {"Regex": " {2,}"} for part in parts if part.get("type") == "Replace"):
        return None
    bare = Tokenizer(tokenizer.model)  # the same, not a copy
    bare.pre_tokenizer = tokenizer.pre_tokenizer
    added = tokenizer.get_added_tokens_decoder()
    bare.add_special_tokens([added[id] for id in sorted(added)])
    return bare


class _Odd:
    """What the tokenizer's normaliser makes something else of than Python's NFKC, which knows a newer Unicode.

    Characters are looked at when they are first seen: a text has few of them.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._normaliser, self._lock = tokenizer.normalizer, threading.Lock()
        self._seen, self._unlike = set(map(chr, range(0x20, 0x7F))), ""
        self._pattern = re.compile(_BEYOND_NFKC.format(""))

    def among(self, texts: Sequence[str]) -> Callable[[str], re.Match[str] | None]:
        """Searches for them in these texts, and in their NFKC, which has no further ones."""
        new: set[str] = set().union(*texts) - self._seen
        if new:
            with self._lock:
                unlike = [c for c in new - self._seen if self._is_unlike(c)]
                if unlike:
                    self._unlike += "".join(unlike)
                    self._pattern = re.compile(_BEYOND_NFKC.format(re.escape(self._unlike)))
                self._seen |= new
        return self._pattern.search

    def _is_unlike(self, c: str) -> bool:
        if c > "\uffff" or "\ud800" <= c <= "\udfff" or unicodedata.is_normalized("NFKC", c):
            return False
        assert self._normaliser is not None
        return bool(self._normaliser.normalize_str(c) != unicodedata.normalize("NFKC", c))


class _Both(dict[str, int]):
    """The counts of this call, and behind them those known before."""

    def __init__(self, counts: dict[str, int], known: dict[str, int]) -> None:
        super().__init__(counts)
        self._behind = known

    def __missing__(self, word: str) -> int:
        return self._behind[word]


def _splits_at_spaces(pre_tokenizer: Any) -> bool:
    """Whether spaces always end a token, so that words can be counted one by one."""
    if not isinstance(pre_tokenizer, dict):
        return False
    kind = pre_tokenizer.get("type")
    if kind == "Sequence":
        return any(_splits_at_spaces(part) for part in pre_tokenizer.get("pretokenizers", []))
    if kind == "Metaspace":
        return bool(pre_tokenizer.get("split", True)) and pre_tokenizer.get("prepend_scheme", "always") == "always"
    return kind in _SPLITTING and (kind != "CharDelimiterSplit" or pre_tokenizer.get("delimiter") == " ")
