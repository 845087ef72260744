"""For translators: translation units and the files they are kept in."""

from __future__ import annotations

from xling.translate.tmx import Header, TmxReader, read_tmx
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Broken, Note, Property, Segment, Tag, Unit

__all__ = [
    "Broken",
    "Header",
    "Note",
    "Property",
    "Segment",
    "Tag",
    "TmxReader",
    "Unit",
    "read_tmx",
    "write_tmx",
]
