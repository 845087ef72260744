"""`xling models`."""

from __future__ import annotations

from typing import Any

from xling.cli import output
from xling.cli.options import Output


def models(out: Output) -> None:
    """Show the known models, and which one a new collection would use now.

    Any other sentence-transformers model works too. With --json one object with the keys default, bundled (an object
    with installed, converted and directory) and models (a list of objects with name, dimension, max_tokens,
    query_prompt, document_prompt, pooling, languages, licence, note and default).
    """
    from xling.space.bundled import NAME, bundled_installed
    from xling.space.cards import list_cards
    from xling.space.resolve import DEFAULT_HUB_MODEL

    default = NAME if bundled_installed() else DEFAULT_HUB_MODEL
    directory = _converted()
    state = {
        "installed": bundled_installed(),
        "converted": directory is not None,
        "directory": directory,
    }
    cards = [
        {
            "name": card.name,
            "dimension": card.dimension,
            "max_tokens": card.max_tokens,
            "query_prompt": card.query_prompt,
            "document_prompt": card.document_prompt,
            "pooling": card.pooling,
            "languages": card.languages,
            "licence": card.licence,
            "note": card.note,
            "default": card.name == default,
        }
        for card in list_cards()
    ]
    if out.json:
        output.json_line({"default": default, "bundled": state, "models": cards})
        return
    if output.is_terminal():
        _show(cards)
    else:
        for card in cards:
            mark = "default" if card["default"] else ""
            output.line(
                "\t".join(str(card[key]) for key in ("name", "dimension", "max_tokens", "licence")) + f"\t{mark}"
            )
    output.note(f"a new collection takes {default}; {_bundled_line(state)}")


def _converted() -> str | None:
    """Where the bundled model lies ready, without converting it."""
    from xling.space import bundled
    from xling.space.publish import complete

    if not bundled.bundled_installed():
        return None
    directory = bundled.bundled_directory()
    return str(directory) if complete(directory) else None


def _bundled_line(state: dict[str, Any]) -> str:
    if not state["installed"]:
        return "the bundled model is not installed (pip install 'xling[bundled]')"
    if not state["converted"]:
        return "the bundled model is installed and will be converted on first use"
    return f"the bundled model is ready in {state['directory']}"


def _show(cards: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("model", overflow="fold")
    table.add_column("dimensions", justify="right")
    table.add_column("tokens", justify="right")
    table.add_column("licence", overflow="fold")
    table.add_column("note", overflow="fold", style="dim")
    for card in cards:
        name = Text(card["name"], style="bold" if card["default"] else "")
        if card["default"]:
            name.append("  (default)", style="green")
        table.add_row(name, str(card["dimension"]), f"{card['max_tokens']:,}", card["licence"], Text(card["note"]))
    output.console().print(table)
