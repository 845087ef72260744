"""The reference pages are what the code says."""

import importlib.util
import re

import pytest

pytest.importorskip("typer")

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "tools" / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["cli", "api"])
def test_a_reference_page_is_as_the_code_is(maker, page):
    stored = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    assert stored == getattr(maker, page)(), "run: python tools/make_reference.py"


def test_every_command_and_every_verb_is_in_it(maker):
    from typer.main import get_command

    from xling import Collection
    from xling.cli.app import application

    cli, api = maker.cli(), maker.api()
    for name in get_command(application()).commands:
        assert f"\n## xling {name}" in cli
    for name in dir(Collection):
        if not name.startswith("_"):
            assert f"#### Collection.{name}\n" in api, name
    assert " at 0x" not in api


def test_what_help_prints_is_in_it(maker, capsys):
    from xling.cli import main

    assert main(["search", "--help"]) == 0
    shown = capsys.readouterr().out
    part = maker.cli().split("\n## xling search\n")[1].split("\n## ")[0]
    for option in re.findall(r"`(--[a-z-]+)`", part):
        assert option in shown
