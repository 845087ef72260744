"""What the plain formats of units share: lines, and units of texts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xling.errors import InvalidInput
from xling.ingest.decoding import check_encoding, gunzipped
from xling.language import normalise_code
from xling.translate.units import Segment, Unit
from xling.translate.xml_cutting import decoded


def text_lines(path: Path, encoding: str | None) -> Iterator[str]:
    """Lines with their ends, `\\n` alone ending one; bytes that are not of the encoding are `UNDECODABLE`."""
    chosen = None if encoding is None else check_encoding(encoding)
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc
    with stream:
        rest: list[str] = []
        for block in decoded(gunzipped(stream), str(path), chosen):
            *whole, last = block.split("\n")
            for line in whole:
                yield "".join([*rest, line, "\n"])
                rest = []
            rest.append(last)
        if line := "".join(rest):
            yield line


def check_languages(languages: Sequence[str]) -> None:
    """Refuse what is not two languages or more, each once."""
    if isinstance(languages, str) or len({normalise_code(one) for one in languages}) < max(2, len(languages)):
        raise InvalidInput(f"languages= has to name two languages or more, each once, not {languages!r}")


def unit_of(texts: Iterable[tuple[str, str]], id: str | None = None) -> Unit | None:
    """The unit of texts by language, of those that are not empty; None where all are."""
    segments = tuple(Segment(lang, (text,)) for lang, text in texts if text)
    return Unit(segments, id) if segments else None


def texts_of(unit: Unit, languages: Sequence[str]) -> list[str]:
    """The unit's text in each language, empty where it has none.

    Raises:
        InvalidInput: It has none at all.
        UnicodeEncodeError: One has half a character.
    """
    segments = [unit.segment(lang) for lang in languages]
    texts = [segment.text if segment else "" for segment in segments]
    if not any(texts):
        raise InvalidInput(f"it has no text in {', '.join(languages)}")
    "".join(texts).encode("utf-8")
    return texts
