"""An alignment as a page of HTML: a row for each link, both sides beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; background: Canvas; color: CanvasText }
h1 { font-size: 1.3rem }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
th, td { padding: .4rem .8rem; border-bottom: 1px solid #8884; vertical-align: top; text-align: start }
td { overflow-wrap: anywhere }
p { margin: 0 0 .3rem }
.link { width: 5.5rem; text-align: center; font-size: .8rem; font-variant-numeric: tabular-nums }
.link meter { width: 100% }
.group { background: #e8effb }
.alone { background: #f9e8db }
@media (prefers-color-scheme: dark) { .group { background: #1d2a3d } .alone { background: #3a291d } }
@media (max-width: 40rem) {
  body { padding: 0 .25rem }
  th, td { padding: .3rem .4rem }
  .link { width: 3.5rem }
}
"""


def page(
    links: Iterable[tuple[str, float | None, Sequence[str], Sequence[str]]], source_lang: str, target_lang: str
) -> str:
    """The page, whole.

    Args:
        links: Kind, confidence, sentences of the source and of the target.
        source_lang: Language code of the source.
        target_lang: The same of the target.
    """
    source, target = escape(source_lang), escape(target_lang)
    rows = "\n".join(
        f'<tr class="{_class(kind, confidence)}">{_cell(left, source)}{_middle(kind, confidence)}'
        f"{_cell(right, target)}</tr>"
        for kind, confidence, left, right in links
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Alignment {source} – {target}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>Alignment {source} – {target}</h1>\n<table>\n"
        f'<thead><tr><th scope="col">{source}</th><th scope="col" class="link">link</th>'
        f'<th scope="col">{target}</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</main>\n</body>\n</html>\n'
    )


def _class(kind: str, confidence: float | None) -> str:
    return "alone" if confidence is None else "pair" if kind == "1-1" else "group"


def _cell(sentences: Sequence[str], lang: str) -> str:
    # Each sentence finds its own direction: Arabic and Hebrew run from the right.
    inner = "".join(f'<p dir="auto">{escape(sentence)}</p>' for sentence in sentences)
    return f'<td lang="{lang}">{inner}</td>'


def _middle(kind: str, confidence: float | None) -> str:
    if confidence is None:
        return f'<td class="link">{kind}</td>'
    meter = f'<meter value="{confidence:.3f}" aria-label="confidence"></meter>'
    return f'<td class="link">{kind}<br>{meter}<br>{confidence:.2f}</td>'
