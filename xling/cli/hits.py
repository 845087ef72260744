"""Hits for people, for pipes and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xling.cli import output

if TYPE_CHECKING:
    from rich.table import Table

    from xling.types import Hit, WordLink

_SHORT = 400
"""Characters of a text shown in a table unless all is asked for."""


def show_hits(
    query: str,
    hits: Sequence[Hit],
    *,
    several: bool,
    as_json: bool,
    full: bool = False,
    links: Sequence[Sequence[WordLink]] | None = None,
) -> None:
    """The hits of one query, best first.

    Args:
        query: The query.
        hits: Its hits.
        several: Whether other queries' hits are shown too, so that each has to name its query.
        as_json: One JSON object a line.
        full: Do not shorten texts in the table.
        links: Of each hit, the words that answer the query's.
    """
    if as_json:
        for rank, hit in enumerate(hits, 1):
            explained = {} if links is None else {"links": [link.to_dict() for link in links[rank - 1]]}
            output.json_line({"query": query, "rank": rank, **hit.to_dict(), **explained})
    elif output.is_terminal():
        title = query if several else None
        if hits:
            output.console().print(
                hit_table(hits, title=title, full=full, ids=any(h.id is not None for h in hits), links=links)
            )
        else:
            output.note(f"no hits for {query!r}")
    else:
        for number, hit in enumerate(hits):
            cells = [f"{hit.score:.4f}", hit.lang, "" if hit.id is None else str(hit.id), hit.text]
            if links is not None:
                cells.append(" ".join(f"{link.source.text}={link.target.text}" for link in links[number]))
            output.line("\t".join(output.printable(cell) for cell in ([query, *cells] if several else cells)))


def hit_table(
    hits: Sequence[Hit],
    *,
    title: str | None = None,
    full: bool = False,
    ids: bool = True,
    links: Sequence[Sequence[WordLink]] | None = None,
) -> Table:
    """A table of hits: score, confidence, language, text, and id if wanted. Wide characters count as two columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=None if title is None else Text(output.printable(title)), title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("conf.", justify="right", no_wrap=True)
    table.add_column("lang", no_wrap=True)
    table.add_column("text", overflow="fold", ratio=1)
    if ids:
        table.add_column("id", overflow="fold", max_width=36, style="dim")
    for number, hit in enumerate(hits):
        text = output.printable(hit.text)
        if len(text) > _SHORT and not full:
            text = text[:_SHORT] + "…"
        confidence = "" if hit.confidence is None else f"{hit.confidence:.2f}"
        cells = [Text(f"{hit.score:.3f}"), Text(confidence), Text(output.printable(hit.lang)), Text(text)]
        for link in () if links is None else links[number]:
            cells[-1].stylize("underline", *(_printed(hit.text, at) for at in (link.target.start, link.target.end)))
        if ids:
            cells.append(Text("" if hit.id is None else output.printable(str(hit.id))))
        table.add_row(*cells)
    return table


def _printed(text: str, position: int) -> int:
    """Where a position of a text is in what is printed of it."""
    return len(output.printable(text[:position] + "|")) - 1
