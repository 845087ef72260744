"""Where a text may be cut: the marks that end something, and those that may not begin a piece."""

from __future__ import annotations

import re

from xling.text.clusters import cluster_end

# It begins with a set of characters, which `re` looks for much faster than for a choice; `\r\n` is one end, not two.
LINE_END = r"[\n\r\x0b\x0c\x85\u2028\u2029](?:(?<=\r)\n|(?<!\r)|(?!\n))"
PARAGRAPH_END = re.compile(rf"{LINE_END}(?:[ \t\u00a0\u3000]*{LINE_END}|(?<=\u2029))\s*")

# Unicode category Pe: closing brackets, the same in every language.
_BRACKETS = (
    ")\\]}\u0f3b\u0f3d\u169c\u2046\u207e\u208e\u2309\u230b\u232a\u2769\u276b\u276d\u276f\u2771\u2773\u2775\u27c6\u27e7"
    "\u27e9\u27eb\u27ed\u27ef\u2984\u2986\u2988\u298a\u298c\u298e\u2990\u2992\u2994\u2996\u2998\u29d9\u29db\u29fd\u2e23"
    "\u2e25\u2e27\u2e29\u2e56\u2e58\u2e5a\u2e5c\u3009\u300b\u300d\u300f\u3011\u3015\u3017\u3019\u301b\u301e\u301f\ufd3e"
    "\ufe18\ufe36\ufe38\ufe3a\ufe3c\ufe3e\ufe40\ufe42\ufe44\ufe48\ufe5a\ufe5c\ufe5e\uff09\uff3d\uff5d\uff60\uff63"
)
# Marks that belong to what stands before them, whatever follows: full stops and commas of scripts that write them so,
# and the signs of repetition and abbreviation of Thai, Lao, Khmer and Japanese.
_TRAILING = "。、，．！？；：｡､・ーゝゞ々ๆฯໆຯ၊။។៕៖ៗ៚།༎।॥۔؟،؛።፣"
# » ’ ” close in most languages and open in some; so do the plain quotation marks. They close where nothing but a space
# follows, and where something other than a space stands before them.
_QUOTES = "\u00bb\u2019\u201d\u203a"

CLOSERS = rf"[{_BRACKETS}{_QUOTES}\"']"
_CLOSING = re.compile(
    rf"(?:[{_BRACKETS}{_TRAILING}]|(?<!\s)[{_QUOTES}]|[{_QUOTES}\"'](?=\s|$|[{_BRACKETS}])|[.,;:!?]+(?=\s|$))"
)
_NOT_A_START = re.compile(rf"(?:{_CLOSING.pattern}+\s*|\s+)")


# What nearly always follows a sentence needs no closer look.
PLAIN_START = re.compile("(?<=[\\s.!?。！？」])[A-Za-z0-9\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")


def may_not_begin(text: str, position: int) -> bool:
    """Whether what stands at `position` is a closing mark, which belongs to the piece before it."""
    return _CLOSING.match(text, position) is not None


def mended(text: str, position: int) -> int:
    """The first place from `position` on where a piece may begin: past spaces and closing marks, between clusters."""
    if PLAIN_START.match(text, position):
        return position
    while 0 < position < len(text):
        match = _NOT_A_START.match(text, position)
        moved = cluster_end(text, match.end() if match else position)
        if moved == position:
            break
        position = moved
    return position
