"""`xling probe`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.explore import Probe


def probe(
    target: Target,
    model: Model,
    out: Output,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the report too: FILE.png or FILE.svg.")] = None,
    lang: Annotated[list[str] | None, typer.Option("--lang", "-l", help="Only documents of these languages.")] = None,
    where: Annotated[str | None, typer.Option("--where", help="Only those whose metadata meet this, in JSON.")] = None,
    neighbours: Annotated[int, typer.Option("--neighbours", "-k", help="Nearest of each that are looked at.")] = 10,
    sample: Annotated[int, typer.Option("--sample", min=2, help="Documents to look at; of more a random part.")] = 5000,
    seed: Annotated[int, typer.Option("--seed", help="Chooses what is asked for against exact search.")] = 0,
) -> None:
    """Measure the space of a collection: language bias, hubs, isotropy, dimension, what saving memory costs.

    All by the collection's own documents, raw and neutral. With --json one object with the keys raw, neutral, savings,
    languages, pool_share and more.
    """
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise InvalidInput(f"--plot draws .png or .svg, not {plot.name}")
    condition = parse_where(where)
    with target.open(model) as collection, output.working("measuring"):
        found = collection.probe(
            languages=split_list(lang), where=condition, neighbours=neighbours, sample=sample, seed=seed
        )
    if out.json:
        output.json_line(found.to_dict())
    else:
        _show(found)
    if plot is not None:
        found.save(plot)
        output.note(f"the report is drawn in {plot}")


def _show(found: Probe) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = output.console()
    of = f" of {found.total:,}" if found.total > found.documents else ""
    shown = ", ".join(f"{lang} {number:,}" for lang, number in found.languages.items())
    console.print(f"{output.printable(found.name)}: {found.documents:,}{of} documents ({shown})")
    console.print(f"{output.printable(found.model)}, {found.dimension} dimensions")
    shape = Table(box=box.SIMPLE_HEAD)
    for name, side in (("", "left"), ("raw", "right"), ("neutral", "right")):
        shape.add_column(name, justify="left" if side == "left" else "right")
    for row in found.rows():
        shape.add_row(*row)
    console.print(shape)
    if found.pool_share is not None:
        console.print(f"Without bias {found.pool_share:.1%} of the nearest would be of the own language.")
    savings = Table(box=box.SIMPLE_HEAD)
    savings.add_column("vectors kept as")
    for name in ("bytes", f"recall@{found.neighbours}", "rescored"):
        savings.add_column(name, justify="right")
    for one in found.savings:
        savings.add_row(one.name, f"{one.bytes:,}", f"{one.recall:.1%}", f"{one.rescored:.1%}")
    console.print(savings)
    hubs = Table(box=box.SIMPLE_HEAD)
    hubs.add_column("near to most (raw)", overflow="fold")
    hubs.add_column("lang")
    hubs.add_column("times", justify="right")
    for hub in found.raw.hubs:
        hubs.add_row(Text(output.printable(hub.text)[:100]), hub.lang, f"{hub.occurrences:,}")
    console.print(hubs)
