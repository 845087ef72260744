"""`xling clusters` and `xling coverage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list

if TYPE_CHECKING:
    from rich.table import Table

    from xling.explore import Cluster, Clusters, Coverage

Count = Annotated[
    int | None, typer.Option("--count", "-k", help="How many; by default as many as stand apart clearly.")
]
Languages = Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")]
Condition = Annotated[str | None, typer.Option("--where", help="Condition on metadata, in JSON.")]
Sample = Annotated[int, typer.Option("--sample", help="Documents that topics are found in; others are assigned.")]
Seed = Annotated[int, typer.Option("--seed", help="Another one may give other topics.")]


def clusters(
    target: Target,
    model: Model,
    out: Output,
    count: Count = None,
    method: Annotated[
        Literal["kmeans", "hdbscan"],
        typer.Option("--method", help="Every document in a cluster, or only what lies close together."),
    ] = "kmeans",
    least: Annotated[int, typer.Option("--least", help="With hdbscan: documents that make a cluster.")] = 10,
    label: Annotated[
        str | None, typer.Option("--label", help="Metadata field to compare the clusters with (V-measure).")
    ] = None,
    lang: Languages = None,
    where: Condition = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Leave the language in, as the model gives it: see what neutrality does.")
    ] = False,
    documents: Annotated[
        bool, typer.Option("--documents", help="Print each document's id with the number of its cluster instead.")
    ] = False,
    sample: Sample = 20_000,
    seed: Seed = 0,
) -> None:
    """Find the topics of a collection across its languages, with words that name them in each.

    With --json one cluster a line; in a pipe one a line too: number, documents, languages, words, nearest document,
    separated by tabs.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("looking for topics"):
        found = collection.clusters(
            count,
            method=method,
            least=least,
            label=label,
            languages=languages,
            where=condition,
            neutral=0.0 if raw else 1.0,
            sample=sample,
            seed=seed,
        )
    if documents:
        for id, number in zip(found.ids, found.labels, strict=True):
            if out.json:
                output.json_line({"id": id if isinstance(id, (str, int)) else str(id), "cluster": number})
            else:
                output.line(f"{output.printable(str(id))}\t{number}")
    elif out.json:
        for one in found.clusters:
            output.json_line(one.to_dict())
    elif output.is_terminal():
        output.console().print(_table(found))
    else:
        for one in found.clusters:
            cells = [str(one.number), str(one.size), _counts(one.languages), _words(one), *_nearest(one)[:1]]
            output.line("\t".join(output.printable(cell) for cell in cells))
    output.note(_summary(found))


def coverage(
    target: Target,
    model: Model,
    out: Output,
    count: Count = None,
    share: Annotated[
        float, typer.Option("--share", help="Most a language may have, of what is expected, to lack a topic.")
    ] = 0.3,
    lang: Languages = None,
    where: Condition = None,
    sample: Sample = 20_000,
    seed: Seed = 0,
) -> None:
    """Find topics that are there in one language and missing in another.

    One gap a line: language, documents, documents expected, topic, and the nearest document in another language. On a
    terminal the table of topics and languages comes before. With --json one object: languages, clusters, gaps.
    """
    languages, condition = split_list(lang), parse_where(where)
    with target.open(model) as collection, output.working("looking for topics"):
        found = collection.coverage(count, share=share, languages=languages, where=condition, sample=sample, seed=seed)
    if out.json:
        output.json_line(found.to_dict())
        return
    if output.is_terminal():
        output.console().print(_grid(found))
    for gap in found.gaps:
        example = [member.text for member in gap.examples[:1]]
        cells = [gap.lang, str(gap.documents), f"{gap.expected:.0f}", gap.name, *example]
        output.line("\t".join(output.printable(cell) for cell in cells))
    output.note(f"{len(found.gaps)} gaps in {len(found.clusters)} topics and {len(found.languages)} languages")


def _summary(found: Clusters) -> str:
    none = sum(1 for label in found.labels if label < 0)
    parts = [f"{len(found.clusters)} clusters of {len(found.ids):,} documents"]
    if none:
        parts.append(f"{none:,} in none")
    if len(found.languages) > 1:
        parts.append(f"{found.one_language:.0%} of the clusters in one language")
        parts.append(f"V-measure against the languages {found.by_language:.2f}")
    if found.agreement is not None:
        parts.append(f"against the labels {found.agreement.v_measure:.2f}")
    return ", ".join(parts)


def _counts(languages: dict[str, int]) -> str:
    return " ".join(f"{lang}:{number}" for lang, number in languages.items())


def _words(cluster: Cluster) -> str:
    return "; ".join(f"{lang} {', '.join(words)}" for lang, words in cluster.words.items() if words)


def _nearest(cluster: Cluster) -> list[str]:
    return [member.text for member in cluster.documents]


def _table(found: Clusters) -> Table:
    from rich.text import Text

    table = _empty("", "documents", "languages", "words", "nearest documents")
    for one in found.clusters:
        cells: list[Any] = [str(one.number), f"{one.size:,}", _counts(one.languages)]
        cells += ["\n".join(_words(one).split("; ")), "\n".join(text[:200] for text in _nearest(one))]
        table.add_row(*(Text("\n".join(map(output.printable, cell.split("\n")))) for cell in cells))
    return table


def _grid(found: Coverage) -> Table:
    from rich.text import Text

    missing = {(gap.cluster, gap.lang) for gap in found.gaps}
    table = _empty("topic", *found.languages)
    for cluster, row in zip(found.clusters, found.table(), strict=True):
        cells = [
            Text(str(number), style="bold red" if (cluster.number, lang) in missing else "")
            for number, lang in zip(row, found.languages, strict=True)
        ]
        table.add_row(Text(output.printable(cluster.name)), *cells)
    return table


def _empty(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name == "documents" else "left")
    return table
