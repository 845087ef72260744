"""README.ja.md is in step with README.md: the same headings by number and level, the same code, the same figures."""

import re

import pytest

from tests.docs.pages import ROOT, headings

ENGLISH, JAPANESE = ROOT / "README.md", ROOT / "README.ja.md"


def levels(page):
    return [heading.partition(" ")[0] for heading in headings(page)]


def fences(page):
    return re.findall(r"^```.*?^```", page.read_text("utf-8"), re.M | re.S)


def test_the_headings_are_as_many_and_as_deep():
    assert levels(JAPANESE) == levels(ENGLISH)


def test_the_code_is_the_same():
    assert fences(JAPANESE) == fences(ENGLISH), "run: python tools/make_reference.py"


def test_the_extras_and_the_figures_are_the_same():
    def rows(page):
        return [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]

    def extras(page):
        return [line.split("|")[1].strip() for line in rows(page) if line.count("|") == 4][1:]

    def figures(page):
        return [re.findall(r"\d\.\d{3}|\d+\.\d %", line) for line in rows(page) if line.count("|") == 7]

    assert extras(JAPANESE) == extras(ENGLISH)
    assert figures(JAPANESE) == figures(ENGLISH)
    assert sum(map(len, figures(JAPANESE))) >= 30


def test_every_extra_of_the_project_is_named():
    tomllib = pytest.importorskip("tomllib")
    rows = [line.split("|")[1] for line in ENGLISH.read_text("utf-8").splitlines() if line.startswith("| `")]
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    assert extras - set(re.findall(r"`([\w-]+)`", " ".join(rows))) == set()
