"""`xling demo`: the main job on real phrases, with the bundled model and nothing to start."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xling.cli import output
from xling.cli.hits import hit_table
from xling.cli.options import Model, Output

if TYPE_CHECKING:
    from xling.types import Hit

NAME = "demo"
QUERIES = {
    "ありがとう": "Thank you",
    "Where is the station?": "",
    "Je suis fatigué": "I am tired",
    "今天天气很好": "The weather is nice today",
}
"""Query → what it means, where that is not plain."""


def demo(
    model: Model,
    out: Output,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the collection, as 'demo' in the user's data directory.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most hits of a query.")] = 8,
) -> None:
    """Write real phrases of many languages into an embedded collection, and find them from others.

    The phrases are from Tatoeba (CC BY 2.0 FR). With --json one object with the keys phrases, languages, seconds and
    results, a list of objects with query, gloss and hits.
    """
    seconds: dict[str, float] = {}
    say = (lambda text: None) if out.json else output.line
    with _directory(keep) as path:
        documents = _phrases()
        languages = Counter(document["lang"] for document in documents)
        say(f"{len(documents)} phrases in {len(languages)} languages: {', '.join(sorted(languages))}")
        with _timed(seconds, "model"), output.working("loading the model"):
            from xling.opening import open as open_collection

            collection = open_collection(NAME, path=path, model=model.model, device=model.device)
            collection.space.queries(["ready"])
        say(f"model {collection.space.name} loaded ({seconds['model']:.1f} s)")
        with collection:
            with _timed(seconds, "add"), output.working("writing the phrases"):
                report = collection.add(documents)
            say(f"{report} in {collection.store.location} ({seconds['add']:.1f} s)")
            with _timed(seconds, "search"):
                found = collection.search_many(list(QUERIES), limit=limit)
            say(f"{len(QUERIES)} queries answered ({seconds['search']:.2f} s)")
            name = collection.space.name
    if out.json:
        results = [
            {"query": query, "gloss": QUERIES[query], "hits": [hit.to_dict() for hit in hits]}
            for query, hits in zip(QUERIES, found, strict=True)
        ]
        output.json_line(
            {"phrases": len(documents), "languages": languages, "model": name, "seconds": seconds, "results": results}
        )
        return
    for query, hits in zip(QUERIES, found, strict=True):
        _show(query, hits)
    if keep:
        output.line(f"Try your own: xling search -c {NAME} 'See you tomorrow'")
    else:
        output.line("Try your own: xling demo --keep, then xling search -c demo 'See you tomorrow'")


def _phrases() -> list[dict[str, Any]]:
    from xling.ingest.readers import ReadOptions, Row, read_file

    with as_file(files("xling") / "data" / "demo_phrases.tsv") as file:
        return [row.fields for row in read_file(file, ReadOptions(source="tatoeba")) if isinstance(row, Row)]


@contextlib.contextmanager
def _directory(keep: bool) -> Iterator[Path | None]:
    """Where the collection lies: for good in the user's data directory, else for as long as the demo runs."""
    if keep:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="xling-demo-") as path:
        yield Path(path)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[step] = round(time.monotonic() - started, 3)


def _show(query: str, hits: list[Hit]) -> None:
    gloss = f"  ({QUERIES[query]})" if QUERIES[query] else ""
    output.line(f"\n「{query}」{gloss}" if not query.isascii() else f"\n“{query}”{gloss}")
    output.console().print(hit_table(hits, ids=False))
