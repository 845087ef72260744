"""Links inside the project lead somewhere."""

import re
from urllib.parse import unquote

import pytest

from tests.docs.pages import PAGES, anchors, name_of, prose


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_are_there(page):
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("index", ["README.md", "docs/README.md"])
def test_every_page_of_docs_is_reached_from_the_indexes(index):
    page = next(page for page in PAGES if name_of(page) == index)
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))}
    linked = {(page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)}
    pages = [one for one in PAGES if name_of(one).startswith("docs/") and one != page]
    assert [name_of(one) for one in pages if one not in linked] == []
