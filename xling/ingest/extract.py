"""The text of HTML, PDF and Word files: one document a file, its headings written as Markdown's.

Headings keep their rank as `#` so that they stay with what they head when the document is split.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, BinaryIO, NamedTuple

from xling.errors import MissingExtra

_BLOCK = re.compile(
    "^(address|article|aside|blockquote|body|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|"
    "li|main|nav|ol|p|pre|section|table|tr|ul)$"
)
_UNSEEN = ("script", "style", "noscript", "template", "head")
_SPACE = re.compile(r"[ \t\r\n\f]+")


class Extracted(NamedTuple):
    """What a file says, and its title if it names one."""

    text: str
    title: str | None = None


class ExtractError(ValueError):
    """Why a file gives no text."""


_PACKAGES = {"html": ("bs4", "beautifulsoup4"), "pdf": ("pypdf", "pypdf"), "docx": ("docx", "python-docx")}


def require_reader(format: str) -> None:
    """Find out that a package is missing before anything is read.

    Raises:
        MissingExtra: What reads the format is not installed.
    """
    module, package = _PACKAGES[format]
    if find_spec(module) is None:
        raise MissingExtra(f"Reading {format}", "files", package)


def extract(stream: BinaryIO, format: str, encoding: str | None = None) -> Extracted:
    """The text of a file.

    Args:
        stream: Its bytes.
        format: `html`, `pdf` or `docx`.
        encoding: Of HTML, where it does not name its own.

    Raises:
        ExtractError: It is damaged or protected, or has no text.
        MissingExtra: What reads the format is not installed.
    """
    require_reader(format)
    readers: dict[str, Callable[[], Extracted]] = {
        "html": lambda: _html(stream.read(), encoding),
        "pdf": lambda: _pdf(stream),
        "docx": lambda: _docx(stream),
    }
    try:
        found = readers[format]()
    except (ExtractError, MemoryError):
        raise
    except Exception as exc:  # the readers raise whatever a damaged file makes them stumble over
        raise ExtractError(f"not readable as {format}: {str(exc).strip() or type(exc).__name__}") from exc
    if not found.text.strip():
        hint = "; it may hold pictures of pages only" if format == "pdf" else ""
        raise ExtractError(f"there is no text in it{hint}")
    return found


def _html(content: bytes, encoding: str | None) -> Extracted:
    from bs4 import BeautifulSoup
    from bs4.element import CData, NavigableString

    soup = BeautifulSoup(content, "html.parser", from_encoding=encoding)
    title = soup.title.get_text(" ", strip=True) if soup.title is not None else None
    for tag in soup(_UNSEEN):
        tag.decompose()
    for string in soup.find_all(string=True):
        if type(string) not in (NavigableString, CData):  # comments, doctype and the like
            string.extract()
        elif string.find_parent("pre") is None:
            string.replace_with(_SPACE.sub(" ", str(string)))
    for line_break in soup("br"):
        line_break.replace_with("\n")
    for cell in soup(["td", "th"]):
        cell.append("\t")
    for block in soup(_BLOCK):
        between = "\n" if block.name in ("li", "tr", "dt", "dd") else "\n\n"
        if re.fullmatch(r"h[1-6]", block.name):
            block.insert(0, "#" * int(block.name[1]) + " ")
        block.insert_before(between)
        block.insert_after(between)
    return Extracted(_tidy(soup.get_text()), title or None)


def _pdf(stream: BinaryIO) -> Extracted:
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of each small fault that it gets over
    reader = PdfReader(stream)
    if reader.is_encrypted and not reader.decrypt(""):
        raise ExtractError("it is protected by a password")
    title = reader.metadata.title if reader.metadata is not None else None
    return Extracted(_tidy("\n\n".join(page.extract_text() for page in reader.pages)), (title or "").strip() or None)


def _docx(stream: BinaryIO) -> Extracted:
    from docx import Document

    document = Document(stream)
    text = "\n\n".join(part for part in _docx_parts(document) if part.strip())
    return Extracted(_tidy(text), document.core_properties.title.strip() or None)


def _docx_parts(container: Any) -> Iterator[str]:
    from docx.table import Table

    for item in container.iter_inner_content():
        if isinstance(item, Table):
            yield "\n".join("\t".join(_SPACE.sub(" ", cell.text) for cell in row.cells) for row in item.rows)
            continue
        name = (item.style.name if item.style is not None else "") or ""
        rank = re.fullmatch(r"Heading ([1-6])", name)
        level = int(rank[1]) if rank else 1 if name == "Title" else 0
        yield f"{'#' * level} {item.text}" if level and item.text.strip() else item.text


def _tidy(text: str) -> str:
    """Without spaces at the ends of lines, and never more than one empty line."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]*\r?\n", "\n", text)).strip()
