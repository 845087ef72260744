"""For translators: translation units and the files they are kept in, and translations found among sentences."""

from __future__ import annotations

from xling.translate.alignment import align
from xling.translate.converting import Converted, convert
from xling.translate.formats import UnitReader, read_units, write_units
from xling.translate.links import Alignment, Link
from xling.translate.matching import Match
from xling.translate.memories import Memories, open_memory
from xling.translate.memory import Memory, MemoryInfo
from xling.translate.mining import Mined, MinedPair, ScoredPair, mine, score_pairs
from xling.translate.po import PoReader, read_po
from xling.translate.po_writing import write_po
from xling.translate.tmx import Header, TmxReader, read_tmx
from xling.translate.tmx_writing import write_tmx
from xling.translate.units import Broken, Note, Property, Segment, Tag, Unit
from xling.translate.word_links import word_links
from xling.translate.xliff import XliffReader, read_xliff
from xling.translate.xliff_writing import write_xliff

__all__ = [
    "Alignment",
    "Broken",
    "Converted",
    "Header",
    "Link",
    "Match",
    "Memories",
    "Memory",
    "MemoryInfo",
    "Mined",
    "MinedPair",
    "Note",
    "PoReader",
    "Property",
    "ScoredPair",
    "Segment",
    "Tag",
    "TmxReader",
    "Unit",
    "UnitReader",
    "XliffReader",
    "align",
    "convert",
    "mine",
    "open_memory",
    "read_po",
    "read_tmx",
    "read_units",
    "read_xliff",
    "score_pairs",
    "word_links",
    "write_po",
    "write_tmx",
    "write_units",
    "write_xliff",
]
