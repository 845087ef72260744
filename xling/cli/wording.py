"""What the library says to those who write Python, said to those who write commands."""

from __future__ import annotations

import re

_OPTIONS = {
    "overwrite": "--force",
    "languages": "--lang",
    "liked": "what was liked",
    "format": "--from or --format",
    **{
        name: "--" + name.replace("_", "-")
        for name in (
            "allow_empty", "balance", "copy", "dictionary", "distinct", "history", "into", "lang_key", "merge",
            "min_confidence", "min_score", "model", "other_languages", "prefer", "quantization", "rerank", "rescore",
            "text_key", "truncate_dim", "url", "vector_name",
        )
    },
}  # fmt: skip
"""Arguments of the verbs → options of the commands."""

_ARGUMENT = re.compile(rf"(?<![\w.'\"/=?-])({'|'.join(_OPTIONS)})=(True|'[^'\s]*')?(?=[\s,;.:)]|$)")
_CALL = re.compile(r"(?<![\w.'\"/`-])export\(\)")


def for_shells(message: str) -> str:
    """A message of an error with options in place of arguments."""

    def option(found: re.Match[str]) -> str:
        name, value = _OPTIONS[found[1]], found[2]
        return name if value in (None, "True") else f"{name} {value[1:-1]}"

    return _CALL.sub("`xling export`", _ARGUMENT.sub(option, message))
