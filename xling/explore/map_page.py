"""A map as one HTML page: drawn on canvases, with a search, colours and hover, and nothing from the network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xling.explore.colouring import RAMP, Colouring
from xling.explore.results import Placed
from xling.space import Vectors

if TYPE_CHECKING:
    from xling.explore.maps import Map

_DATA = Path(__file__).resolve().parent.parent / "data"
_FULL = 65535

TEXT_BYTES = 7_000_000
"""Longer texts are cut as far as all of them need to be to stay below this together."""

_SHORTEST, _LONGEST = 40, 1000


def page(made: Map, first: Colouring, title: str, marks: Sequence[Placed]) -> str:
    """The page, whole.

    Args:
        made: The map.
        first: What points are coloured by at first.
        title: Heading.
        marks: Texts that are marked on the last layer.
    """
    langs = sorted(set(made.langs))
    at = {lang: i for i, lang in enumerate(langs)}
    data = {
        "texts": shortened(made.texts, TEXT_BYTES),
        "ids": [id if isinstance(id, int) and abs(id) < 2**53 else str(id) for id in made.ids],
        "langs": {"names": langs, "of": [at[lang] for lang in made.langs]},
        "fields": [_field(colouring) for colouring in made.colourings],
        "first": made.colourings.index(first),
        "maps": [_map(layer.title, layer.places, marks if layer is made.layers[-1] else ()) for layer in made.layers],
        "ramp": RAMP,
        "total": made.total,
    }
    # Inside of a script element only these can end it, or begin a comment.
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    parts = {
        "__TITLE__": escape(title),
        "__STYLE__": (_DATA / "map.css").read_text("utf-8"),
        "__SCRIPT__": (_DATA / "map.js").read_text("utf-8"),
        "__DATA__": written,
    }
    html = (_DATA / "map.html").read_text("utf-8")
    whole, rest = [], html
    # From left to right, so that nothing is looked for in what was put in.
    while places := sorted((rest.index(name), name) for name in parts if name in rest):
        start, name = places[0]
        whole += [rest[:start], parts[name]]
        rest = rest[start + len(name) :]
    return "".join([*whole, rest])


def shortened(texts: Sequence[str], budget: int) -> list[str]:
    """Texts on one line each, cut to the greatest length at which all of them together stay within so many bytes."""
    plain = [" ".join(text.split()) for text in texts]
    low, high = _SHORTEST, _LONGEST
    while low < high:
        middle = (low + high + 1) // 2
        if sum(len(text[:middle].encode()) for text in plain) <= budget:
            low = middle
        else:
            high = middle - 1
    return [text if len(text) <= low else f"{text[: low - 1].rstrip()}…" for text in plain]


def _field(colouring: Colouring) -> dict[str, Any]:
    of = colouring.places()
    if colouring.numeric:
        low, high = colouring.ends
        ends = [f"{low:g}", f"{high:g}"]
        return {"name": colouring.name, "kind": "number", "of": of, "raw": list(colouring.values), "ends": ends}
    counts = Counter(of)
    return {
        "name": colouring.name,
        "kind": "name",
        "names": colouring.names,
        "colours": colouring.colours,
        "counts": [counts[i] for i in range(len(colouring.names))],
        "of": of,
    }


def _map(title: str, places: Vectors, marks: Sequence[Placed]) -> dict[str, Any]:
    x, y = ((places[:, axis].clip(0, 1) * _FULL).round().astype(int).tolist() for axis in (0, 1))
    placed = [{"text": mark.text, "x": mark.x * _FULL, "y": mark.y * _FULL} for mark in marks]
    return {"title": title, "x": x, "y": y, "marks": placed}
