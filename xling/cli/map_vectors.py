"""`xling map-vectors`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xling.cli import output
from xling.cli.options import Output
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.space.encoders.space_building import MappedSpace


def map_vectors(
    out: Output,
    vectors: Annotated[
        list[str],
        typer.Argument(
            help="Files of word vectors, one a language, as LANG=FILE; LANG may be left out where the name tells it, "
            "as in cc.ja.300.vec.",
            show_default=False,
        ),
    ],
    to: Annotated[Path, typer.Option("--out", "-o", help="Directory to write, for --model.", show_default=False)],
    dictionary: Annotated[
        list[Path] | None,
        typer.Option("--dictionary", help="Text file: a word and its translation a line. May be repeated."),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--pairs", help="Translations: .tmx, .csv, .tsv, or NAME for NAME.ja and NAME.en. Repeatable."),
    ] = None,
    identical: Annotated[
        bool | None,
        typer.Option("--identical/--no-identical", help="Learn from words written alike. (default: without the two)"),
    ] = None,
    pivot: Annotated[
        str | None, typer.Option("--pivot", help="Language the others are brought to. (default: en, else the first)")
    ] = None,
    max_words: Annotated[
        int, typer.Option("--max-words", help="Use so many words of a file, the first ones; 0 for all.")
    ] = 200_000,
    counts: Annotated[
        list[str] | None,
        typer.Option("--counts", help="LANG=FILE: how often words occur, a word and its count a line. Repeatable."),
    ] = None,
    refine: Annotated[int, typer.Option("--refine", help="Rounds of refinement at most; 0 for none.")] = 5,
    rcsls: Annotated[bool, typer.Option("--rcsls", help="Maps that need not be rotations: better for words.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Put the vectors into the directory too.")] = False,
) -> None:
    """Bring word vectors of several languages into one space, and write it as a directory for --model.

    What is learnt from: a dictionary, sentence pairs, or words that are written alike. A tenth is kept back to measure.
    With --json one object a language.
    """
    from xling.space.encoders.space_building import map_vectors as build
    from xling.space.encoders.word_lists import read_dictionary

    files = _by_language(vectors)
    with output.working("mapping the vectors"):
        made = build(
            files,
            to,
            dictionary=[pair for path in dictionary or () for pair in read_dictionary(path)],
            pairs=[unit for name in pairs or () for unit in _sentences(name, list(files))],
            identical=identical,
            pivot=pivot,
            max_words=max_words or None,
            counts=_by_language(counts or ()),
            refinements=refine,
            relaxed=rcsls,
            copy=copy,
        )
    _show(made, as_json=out.json)


def _by_language(given: Sequence[str]) -> dict[str, str]:
    from xling.language import normalise_code

    files: dict[str, str] = {}
    for item in given:
        lang, sign, path = item.partition("=")
        if not sign:
            lang, path = _language_of_name(item), item
        code = normalise_code(lang)
        if code in files:
            raise InvalidInput(f"two files for {code!r}: {files[code]} and {path}")
        files[code] = path
    return files


def _language_of_name(path: str) -> str:
    """The language that a file's name says: `cc.ja.300.vec`, `wiki.en.vec`, `deu.txt`."""
    import re

    from xling.language import normalise_code
    from xling.language.candidates import known_languages
    from xling.language.statistical import Py3LangidModel, shared_model

    known = known_languages(shared_model(Py3LangidModel).labels, scripts=True)
    stem = re.sub(r"(\.(vec|bin|txt|gz))+$", "", Path(path).name)
    parts = [part for part in re.split(r"[^A-Za-z]+", stem) if len(part) in (2, 3)]
    found = dict.fromkeys(code for part in parts if (code := normalise_code(part)) in known)
    if len(found) != 1:
        raise InvalidInput(f"of which language is {path}? Say it as LANG=FILE, e.g. ja={path}")
    return next(iter(found))


def _sentences(name: str, languages: Sequence[str]) -> Iterator[Mapping[str, str]]:
    from xling.translate import read_units

    moses = not Path(name).is_file()
    for unit in read_units(name, format="moses" if moses else None, languages=languages if moses else ()):
        yield {lang: segment.text for lang in languages if (segment := unit.segment(lang)) is not None}


def _show(made: MappedSpace, *, as_json: bool) -> None:
    for language in made.languages:
        if as_json:
            output.json_line({**asdict(language), "pivot": made.pivot, "directory": str(made.directory)})
        elif language.lang == made.pivot:
            output.line(f"{language.lang}: {language.words:,} words; the others are brought to it")
        else:
            kind = "sentences" if language.sentence_pairs else "words"
            measured = (
                f"of {language.held_out:,} {kind} kept back {language.accuracy:.0%} find their translation first"
                if language.accuracy is not None
                else "too few pairs to measure"
            )
            output.line(
                f"{language.lang}: {language.words:,} words, learnt from {language.word_pairs:,} word pairs and "
                f"{language.sentence_pairs:,} sentence pairs, refined {language.rounds} times; {measured}"
            )
    output.note(f"use it with: --model {made.directory}")
