"""Errors that speak of the library's arguments speak of options on the command line."""

import re

import pytest

pytest.importorskip("typer")

from tests.docs.pages import ROOT
from xling.cli.wording import _OPTIONS, for_shells


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("give another name, or overwrite=True", "give another name, or --force"),
        ("or with merge=True to replace", "or with --merge to replace"),
        ("give liked= or history=", "give what was liked or --history"),
        ("name it with model=, e.g. model='a/b-c'", "name it with --model, e.g. --model a/b-c"),
        ("open it with lang_key= if they do", "open it with --lang-key if they do"),
        ("Use min_score= instead.", "Use --min-score instead."),
        ("lies there: use export(), or copy", "lies there: use `xling export`, or copy"),
        # What is somebody's own is left alone.
        ("no file http://x/?model= here", "no file http://x/?model= here"),
        ("'model=' is no text", "'model=' is no text"),
        ("cannot read model=3.txt", "cannot read model=3.txt"),
        ("supermodel= is it", "supermodel= is it"),
        ("nothing of that", "nothing of that"),
    ],
)
def test_arguments_become_options(said, shown):
    assert for_shells(said) == shown


def test_the_options_are_options_of_some_command():
    reference = (ROOT / "docs" / "cli.md").read_text("utf-8")
    named = [option for shown in _OPTIONS.values() for option in re.findall(r"--[a-z-]+", shown)]
    assert len(named) > 20
    for option in named:
        assert re.search(rf"{option}\b", reference), option
