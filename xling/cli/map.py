"""`xling map`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list
from xling.errors import InvalidInput


def map_(
    target: Target,
    model: Model,
    out: Output,
    file: Annotated[
        Path | None,
        typer.Argument(help="FILE.html to look around in, FILE.png or .svg, FILE.json.", show_default=False),
    ] = None,
    color_by: Annotated[
        str | None, typer.Option("--color-by", help="language, or a metadata field. (default: language)")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="Metadata fields to choose among on the page. (default: those with few values)"),
    ] = None,
    clusters: Annotated[
        int | None, typer.Option("--clusters", min=2, help="Find so many topics first, and colour by them.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show the vectors as the model gives them beside.")
    ] = False,
    neutral: Annotated[
        float, typer.Option("--neutral", help="How far the language is taken out: 0 not at all, 1 fully.")
    ] = 1.0,
    query: Annotated[list[str] | None, typer.Option("--query", "-q", help="Mark where this text belongs.")] = None,
    lang: Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")] = None,
    where: Annotated[str | None, typer.Option("--where", help="Only those whose metadata meet this, in JSON.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Documents to map; of more a random part.")] = 20_000,
    title: Annotated[str | None, typer.Option("--title", help="Heading. (default: the collection's name)")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another arrangement.")] = 0,
) -> None:
    """Draw the collection as a map on which what means the same lies together, whatever its language.

    The page is one file that works offline: search, colours, hover, keyboard. With --json the map itself is printed:
    one object whose points have id, text, lang, x, y and fields.
    """
    from xling.explore.maps import FORMS

    if (file is None) != out.json:
        raise InvalidInput("give a file to write, such as map.html, or --json")
    if file is not None and file.suffix.lower() not in FORMS:
        raise InvalidInput(f"a map is saved as {', '.join(FORMS)}, not as {file.name!r}")
    condition = parse_where(where)
    fields = split_list(field)
    with target.open(model) as collection, output.working("drawing the map"):
        languages = split_list(lang)
        found = None
        if clusters is not None:
            found = collection.clusters(clusters, languages=languages, where=condition, neutral=neutral, seed=seed)
            color_by = color_by or "cluster"
        made = collection.map(
            languages=languages,
            where=condition,
            clusters=found,
            fields=fields,
            neutral=neutral,
            compare=compare,
            most=most,
            seed=seed,
        )
        if file is not None:
            made.save(file, color_by=color_by, queries=query or (), title=title)
    if file is None:
        sys.stdout.write(made.to_json() + "\n")
        return
    of = f" of {made.total:,}" if made.total > len(made) else ""
    output.note(f"{len(made):,}{of} documents on {file}")
