"""The Markdown pages of the project, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
_FENCE = re.compile(r"^( *)(```+)([^\n`]*)\n(.*?)^\1\2 *$", re.M | re.S)


def name_of(page: Path) -> str:
    """How a test is named by its page."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Fenced code blocks of a language, whatever stands behind the language's name."""
    found = _FENCE.finditer(page.read_text("utf-8"))
    return [match[4] for match in found if (match[3].split() or [""])[0] == language]


def prose(page: Path) -> str:
    """The page without its code."""
    return re.sub(r"`[^`\n]*`", "`code`", _FENCE.sub("", page.read_text("utf-8")))


def commands(page: Path) -> Iterator[str]:
    """Lines of console blocks that are commands of xling, without their comments."""
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith("$ xling "):
                yield line[2:].partition("  #")[0].rstrip()


def headings(page: Path) -> list[str]:
    """Headings with their signs, as they stand."""
    return re.findall(r"^#{1,6} .*$", _FENCE.sub("", page.read_text("utf-8")), re.M)


def anchors(page: Path) -> set[str]:
    """What `#…` can point to, as GitHub makes it of headings."""
    found: set[str] = set()
    for heading in headings(page):
        text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading.lstrip("# ").strip())
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 1
        unique = slug
        while unique in found:
            unique, number = f"{slug}-{number}", number + 1
        found.add(unique)
    return found
