"""Writing gettext PO files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xling.errors import InvalidInput, MissingExtra
from xling.language import primary
from xling.translate.bilingual import two_languages
from xling.translate.counting import OnRefused, formed
from xling.translate.po import PREVIOUS
from xling.translate.replacing import replacing
from xling.translate.units import Segment, Tag, Unit, needs_review

if TYPE_CHECKING:
    from polib import POEntry

_ONE, _TWO, _FRENCH = "nplurals=1; plural=0;", "nplurals=2; plural=(n != 1);", "nplurals=2; plural=(n > 1);"
_SLAVIC = "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
_WITH_TWO = (
    *("en", "de", "nl", "sv", "da", "no", "nb", "nn", "fi", "et", "hu", "it", "es", "pt", "el", "bg", "he", "tr", "ca"),
    *("eu", "gl", "eo", "sq", "sw", "ur", "hi", "bn", "ta", "te", "mr", "af"),
)
_PLURALS: Final = {
    **dict.fromkeys(["ja", "zh", "ko", "th", "vi", "id", "ms", "lo", "km", "my", "yue"], _ONE),
    **dict.fromkeys(
        [
            "en",
            "de",
            "nl",
            "sv",
            "da",
            "no",
            "nb",
            "nn",
            "fi",
            "et",
            "hu",
            "it",
            "es",
            "pt",
            "el",
            "bg",
            "he",
            "tr",
            "ca",
            "eu",
            "gl",
            "eo",
            "sq",
            "sw",
            "ur",
            "hi",
            "bn",
            "ta",
            "te",
            "mr",
            "af",
        ],
        _TWO,
    ),
    **dict.fromkeys(["fr", "oc", "hy", "fil", "tl"], _FRENCH),
    **dict.fromkeys(["ru", "uk", "be", "sr", "hr", "bs"], _SLAVIC),
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "cs": "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;",
    "sk": "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;",
    "lt": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "lv": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);",
    "ro": "nplurals=3; plural=(n==1 ? 0 : (n==0 || (n%100 > 0 && n%100 < 20)) ? 1 : 2);",
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""How the plurals of languages are numbered, as gettext's manual and CLDR have it."""


def write_po(
    path: str | Path, units: Iterable[Unit], languages: Sequence[str], *, on_refused: OnRefused | None = None
) -> int:
    """Write units to a PO file; an old file is replaced only when all of it is written.

    A text's tags are written as what they hold (`<b>`). Units that are forms of one plural, one after the other, are
    one entry. Contexts, states, flags, places and notes are written as `read_po` reads them; other properties, dates
    and ids have no place. PO has one entry for a source in a context: a second one cannot be written.

    Args:
        path: The file.
        units: What to write; texts in other languages are left out.
        languages: Of the ids and of the translations.
        on_refused: Called with the number of a unit that cannot be written, the unit and the reason; without it that is
            an error.

    Returns:
        How many units were written.

    Raises:
        MissingExtra: polib is not installed.
        InvalidInput: A unit cannot be kept in PO (the message says which and why), or the file cannot be written.
    """
    try:
        import polib  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("Writing PO", "translate", "polib") from exc
    source, target = two_languages(languages, "PO")
    seen: set[int] = set()  # hashes: texts would fill the memory
    with replacing([Path(path)]) as (file,):
        file.write(_header(source, target))
        waiting: POEntry | None = None
        count = 0
        for entry, form in formed(units, lambda unit: _entry(unit, source, target, seen), on_refused):
            count += 1
            if form and waiting is not None and _continues(waiting, entry, form):
                waiting.msgstr_plural |= entry.msgstr_plural
                continue
            if waiting is not None:
                file.write(_text(waiting))
            waiting = entry
        if waiting is not None:
            file.write(_text(waiting))
    return count


def _header(source: str, target: str) -> str:
    from xling import __version__

    said = {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": target.replace("-", "_"),
        **({"X-Source-Language": source} if source != "en" else {}),
        **({"Plural-Forms": _PLURALS[primary(target)]} if primary(target) in _PLURALS else {}),
        "X-Generator": f"xling {__version__}",
    }
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in said.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'


def _entry(unit: Unit, source: str, target: str, seen: set[int]) -> tuple[POEntry, int]:
    """The entry of a unit, and which form of a plural it is; 0 also where it is none."""
    import polib

    said = {one.type: one.value for one in unit.properties}
    id = _with_codes(unit.segment(source))
    if not id:
        raise InvalidInput(f"it has no text in {source}, which is the source")
    translation = unit.segment(target)
    text = "" if translation is None or translation is unit.segment(source) else _with_codes(translation)
    form = int(said["x-plural"]) if said.get("x-plural", "").isdecimal() and said.get("x-msgid-plural") else None
    context = said.get("x-context")
    obsolete = said.get("x-obsolete") == "yes"
    if not form and not obsolete:
        if hash((context, id)) in seen:
            raise InvalidInput("its source was there before, in the same context")
        seen.add(hash((context, id)))
    flags = said.get("x-flags", "").split(", ") if said.get("x-flags") else []
    if said.get("x-fuzzy") == "yes" or (translation is not None and needs_review(translation)):
        flags = ["fuzzy", *flags]
    entry = polib.POEntry(
        msgid=id,
        msgctxt=context,
        occurrences=list(_places(unit)),
        flags=flags,
        obsolete=obsolete,
        tcomment=_comments(unit, developers=False),
        comment=_comments(unit, developers=True),
        **{f"previous_{name}": said.get(type) for name, type in PREVIOUS.items()},
    )
    if form is None:
        entry.msgstr = text
    else:
        entry.msgid_plural = said["x-msgid-plural"]
        entry.msgstr_plural = {form: text}
    for one in (id, text, context or "", entry.msgid_plural or ""):
        if "\0" in one:
            raise InvalidInput("PO cannot hold the character U+0000")
        one.encode("utf-8")
    return entry, form or 0


def _continues(waiting: POEntry, entry: POEntry, form: int) -> bool:
    same = waiting.msgid_plural == entry.msgid_plural and waiting.msgctxt == entry.msgctxt
    return bool(same and waiting.msgstr_plural and max(waiting.msgstr_plural) == form - 1)


def _text(entry: POEntry) -> str:
    return f"{entry.__unicode__(wrapwidth=0)}\n"


def _places(unit: Unit) -> Iterator[tuple[str, str]]:
    places: list[list[str]] = []
    for one in unit.properties:
        if one.type == "sourcefile":
            places.append([one.value, ""])
        elif one.type == "linenumber" and places and not places[-1][1] and one.value.isdecimal():
            places[-1][1] = one.value
    return ((name, line) for name, line in places)


def _comments(unit: Unit, *, developers: bool) -> str:
    return "\n".join(note.text for note in unit.notes if (note.attributes.get("from") == "developer") == developers)


def _with_codes(segment: Segment | None) -> str:
    return "" if segment is None else "".join(_codes(segment.content))


def _codes(content: Iterable[str | Tag]) -> Iterator[str]:
    for part in content:
        if isinstance(part, str):
            yield part
        else:
            yield part.attributes.get("dataStart") or ""
            yield from _codes(part.content)
            if not part.content:
                yield part.attributes.get("equiv-text") or part.attributes.get("equiv") or ""
            yield part.attributes.get("dataEnd") or ""
