"""`xling near-duplicates` and `xling outliers`."""

from __future__ import annotations

from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list

Languages = Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")]
Condition = Annotated[str | None, typer.Option("--where", help="Condition on metadata, in JSON.")]
Most = Annotated[int | None, typer.Option("--most", help="Most documents to look at.")]


def near_duplicates(
    target: Target,
    model: Model,
    out: Output,
    threshold: Annotated[
        float, typer.Option("--threshold", "-t", help="Least similarity of two texts of one language.")
    ] = 0.85,
    translations: Annotated[
        bool, typer.Option("--translations/--no-translations", help="Find the same in other languages too.")
    ] = True,
    translation_threshold: Annotated[
        float, typer.Option("--translation-threshold", help="Least score of translations; 0.4 where few are expected.")
    ] = 0.25,
    groups: Annotated[
        bool, typer.Option("--groups", help="Print groups of documents that belong together, not pairs.")
    ] = False,
    lang: Languages = None,
    where: Condition = None,
    most: Most = None,
) -> None:
    """Find copies, nearly equal texts, and the same said in two languages.

    One pair a line: kind (copy, near, translation), score, both ids, both texts. With --groups one document a line:
    number of its group, language, id, text. With --json one pair or group a line.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("comparing"):
        found = collection.near_duplicates(
            threshold,
            across_languages=translations,
            translation_threshold=translation_threshold,
            languages=languages,
            where=condition,
            most=most,
        )
    if groups:
        for number, group in enumerate(found.groups):
            if out.json:
                output.json_line([member.to_dict() for member in group])
                continue
            for member in group:
                _line(str(number), member.lang, str(member.id), member.text)
    else:
        for pair in found.pairs:
            if out.json:
                output.json_line(pair.to_dict())
            else:
                ids = (str(pair.first.id), str(pair.second.id))
                _line(pair.kind, f"{pair.score:.3f}", *ids, pair.first.text, pair.second.text)
    output.note(f"{len(found.pairs):,} pairs in {len(found.groups):,} groups, of {found.documents:,} documents")


def outliers(
    target: Target,
    model: Model,
    out: Output,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most outliers.")] = 20,
    threshold: Annotated[
        float, typer.Option("--threshold", "-t", help="Standard deviations from which a document is one.")
    ] = 3.0,
    lang: Languages = None,
    where: Condition = None,
    most: Most = None,
) -> None:
    """Find documents that have little to do with any other, in whatever language: the strangest first.

    One document a line: standard deviations, language, id, text. With --json one object a line.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("comparing"):
        found = collection.outliers(limit, threshold=threshold, languages=languages, where=condition, most=most)
    for one in found:
        if out.json:
            output.json_line(one.to_dict())
        else:
            _line(f"{one.score:.1f}", one.document.lang, str(one.document.id), one.document.text)
    if not found:
        output.note(f"no document lies {threshold:g} standard deviations further from its neighbours than is usual")


def _line(*cells: str) -> None:
    output.line("\t".join(output.printable(cell) for cell in cells))
