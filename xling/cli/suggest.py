"""`xling similar` and `xling recommend`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from xling.cli import output
from xling.cli.hits import show_hits
from xling.cli.options import Model, Output, Target, parse_where, split_list


def similar(
    target: Target,
    model: Model,
    out: Output,
    item: Annotated[str, typer.Argument(help="A document's id, or any text.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most hits.")] = 10,
    other_languages: Annotated[
        bool, typer.Option("--other-languages", help="Only documents in other languages than the item's.")
    ] = False,
    translations: Annotated[bool, typer.Option("--translations", help="Keep the item's translations too.")] = False,
    lang: Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")] = None,
    where: Annotated[str | None, typer.Option("--where", help="Condition on metadata, in JSON.")] = None,
    distinct: Annotated[
        str | None, typer.Option("--distinct", help="Metadata field: documents of equal value take one place.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show long texts whole in the table.")] = False,
) -> None:
    """Find more like a document or a text, in any language, without its copies and translations.

    Hits are shown as by `xling search`.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("searching"):
        hits = collection.similar(
            item,
            limit=limit,
            other_languages=other_languages,
            translations=translations,
            languages=languages,
            where=condition,
            distinct=distinct,
        )
    show_hits(item, hits, several=False, as_json=out.json, full=full)


def recommend(
    target: Target,
    model: Model,
    out: Output,
    liked: Annotated[
        list[str] | None, typer.Argument(help="Ids or texts that were liked, the newest last.", show_default=False)
    ] = None,
    disliked: Annotated[list[str] | None, typer.Option("--disliked", help="Keep away from this; repeatable.")] = None,
    history: Annotated[
        list[str] | None, typer.Option("--history", help="Seen, liked or not; repeatable, the newest last.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most hits.")] = 10,
    strategy: Annotated[
        Literal["average", "best_score", "sum_scores"],
        typer.Option("--strategy", help="Near the mean of all, near any one, or near many."),
    ] = "average",
    lang: Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")] = None,
    where: Annotated[str | None, typer.Option("--where", help="Condition on metadata, in JSON.")] = None,
    distinct: Annotated[
        str | None, typer.Option("--distinct", help="Metadata field: documents of equal value take one place.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show long texts whole in the table.")] = False,
) -> None:
    """Recommend documents of every language from what was liked, disliked and seen.

    Hits are shown as by `xling search`.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("searching"):
        hits = collection.recommend(
            liked=liked or (),
            disliked=disliked or (),
            history=history or (),
            limit=limit,
            strategy=strategy,
            languages=languages,
            where=condition,
            distinct=distinct,
        )
    show_hits("recommended", hits, several=False, as_json=out.json, full=full)
