"""Commands that the pages show are parsed by the real command line: they exist, and so do their options."""

import shlex

import pytest

pytest.importorskip("typer")

from tests.docs.pages import PAGES, commands, name_of
from xling.cli import app as cli_app
from xling.cli import main

COMMANDS = [(page, line) for page in PAGES for line in commands(page)]
_PLACEHOLDERS = ("[OPTIONS]", "…", "--install-completion", "--show-completion")


def stop_before_work(command, seen):
    """The command tree with each command noting its name instead of doing anything."""
    for name, one in getattr(command, "commands", {}).items():
        stop_before_work(one, seen)
        if not hasattr(one, "commands"):
            one.callback = lambda _name=name, **_: seen.append(_name)


@pytest.mark.parametrize(
    ("page", "line"), COMMANDS, ids=lambda value: value if isinstance(value, str) else name_of(value)
)
def test_a_command_of_the_pages_is_understood(page, line, monkeypatch, tmp_path, capsys):
    if any(sign in line for sign in _PLACEHOLDERS):
        pytest.skip("a sketch, or a part of the shell")
    real, seen = cli_app.get_command, []

    def harmless(app):
        command = real(app)
        stop_before_work(command, seen)
        return command

    monkeypatch.setattr(cli_app, "get_command", harmless)
    monkeypatch.chdir(tmp_path)
    for part in line.split(" | "):
        words = shlex.split(part.partition(" < ")[0].partition(" > ")[0])
        if words[0] == "xling":
            code = main(words[1:])
            assert code == 0, capsys.readouterr().err
    assert seen or "--help" in line or "--version" in line


def test_there_are_commands_to_check():
    assert len(COMMANDS) > 30
