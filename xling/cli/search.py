"""`xling search`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Annotated, Literal

import typer

from xling.cli import output
from xling.cli.hits import show_hits
from xling.cli.options import Model, Output, Target, parse_where, split_list
from xling.errors import InvalidInput

_BATCH = 64


def search(
    target: Target,
    model: Model,
    out: Output,
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="In any language; '-' reads one a line from standard input.", show_default=False
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most hits of a query.")] = 10,
    lang: Annotated[
        list[str] | None,
        typer.Option("--lang", "-l", help="Only documents of these languages: -l en,fr or -l en -l fr."),
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="""Condition on metadata, in JSON: '{"year": {"gte": 1990}}'.""")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only documents of this source.")] = None,
    neutral: Annotated[
        float, typer.Option("--neutral", help="1 ranks by meaning alone; 0 as the model is, own language first.")
    ] = 1.0,
    balance: Annotated[
        float, typer.Option("--balance", help="0 to 1: make scores of different languages comparable.")
    ] = 0.0,
    prefer: Annotated[
        list[str] | None, typer.Option("--prefer", help="Languages to put first among hits about as good.")
    ] = None,
    rescore: Annotated[bool, typer.Option("--rescore", help="Give the best hits a second look.")] = False,
    distinct: Annotated[
        str | None, typer.Option("--distinct", help="Metadata field: documents of equal value take one place.")
    ] = None,
    min_score: Annotated[float | None, typer.Option("--min-score", help="Leave out hits that score less.")] = None,
    min_confidence: Annotated[
        float | None, typer.Option("--min-confidence", help="Leave out hits that are less sure, 0 to 1.")
    ] = None,
    mode: Annotated[
        Literal["dense", "lexical", "hybrid"],
        typer.Option("--mode", help="Find by meaning, by words as they are written, or by both."),
    ] = "dense",
    rerank: Annotated[
        str | None, typer.Option("--rerank", help="Give the best another order: maxsim, or a cross-encoder.")
    ] = None,
    candidates: Annotated[int | None, typer.Option("--candidates", help="How many hits --rerank looks at.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which words of the hits answer which of the query.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Show long texts whole in the table.")] = False,
) -> None:
    """Find the texts nearest in meaning to a query of any language.

    On a terminal a table; in a pipe one hit a line: score, language, id, text, separated by tabs (with several
    queries the query comes first). With --json one JSON object a line, with the keys query, rank, text, score,
    confidence, lang, id, metadata, source, chunk and others. With --explain words that answer the query's are
    underlined; in a pipe they are one column more, in JSON the key links.
    """
    languages, condition = split_list(lang), parse_where(where)
    if not queries and sys.stdin.isatty():
        raise InvalidInput("what is to be searched for? Give a query, or pipe queries in, one a line")
    given = iter(queries) if queries and queries != ["-"] else _from_stdin()
    several = not queries or len(queries) > 1 or queries == ["-"]
    with target.open(model) as collection:
        while batch := list(itertools.islice(given, _BATCH)):
            with output.working("searching"):
                found = collection.search_many(
                    batch,
                    limit=limit,
                    languages=languages,
                    where=condition,
                    source=source,
                    neutral=neutral,
                    balance=balance,
                    prefer=split_list(prefer),
                    rescore=rescore,
                    distinct=distinct,
                    min_score=min_score,
                    min_confidence=min_confidence,
                    mode=mode,
                    rerank=rerank,
                    candidates=candidates,
                )
                links = [collection.explain(q, hits) if explain else None for q, hits in zip(batch, found, strict=True)]
            for query, hits, linked in zip(batch, found, links, strict=True):
                show_hits(query, hits, several=several, as_json=out.json, full=full, links=linked)


def _from_stdin() -> Iterator[str]:
    from xling.ingest.decoding import lines

    return (line for line in lines(sys.stdin.buffer, "<stdin>", None) if line.strip())
