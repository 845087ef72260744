"""`xling classify`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from xling.cli import output
from xling.cli.options import Model, Output, Target, parse_where, split_list
from xling.errors import InvalidInput

if TYPE_CHECKING:
    from xling.collection import Collection
    from xling.explore import Classifier


def classify(
    target: Target,
    model: Model,
    out: Output,
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="In any language; '-' reads one a line from standard input.", show_default=False),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Metadata field of the stored documents to learn labels from.")
    ] = None,
    examples: Annotated[
        Path | None, typer.Option("--examples", help="""JSON file to learn from: {"label": ["text", ...], ...}.""")
    ] = None,
    classifier: Annotated[Path | None, typer.Option("--classifier", help="One that --save wrote.")] = None,
    save: Annotated[Path | None, typer.Option("--save", help="Keep the classifier in this file.")] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Classify the stored documents.")] = False,
    method: Annotated[
        Literal["logistic", "nearest"], typer.Option("--method", help="Logistic regression, or the nearest examples.")
    ] = "logistic",
    threshold: Annotated[float, typer.Option("--threshold", help="Probability below which the answer is und.")] = 0.5,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", "-l", help="Learn labels from documents of these languages only.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="With --stored: which documents, by metadata, in JSON.")
    ] = None,
) -> None:
    """Give texts of any language the label that they are most like.

    One text a line: label, probability, language, text (with --stored the id before it), separated by tabs. With --json
    one object a line, with the probability of every label.
    """
    if sum(given is not None for given in (label, examples, classifier)) != 1:
        raise InvalidInput("give --label, --examples or --classifier, one of them, to learn labels from")
    if bool(texts) == stored and not save:
        raise InvalidInput("give texts to classify, or --stored")
    condition = parse_where(where)
    with target.open(model) as collection, output.working("classifying"):
        made = _made(collection, label, examples, classifier, method, split_list(lang))
        if save is not None:
            made.save(save)
            shown = "unknown" if made.accuracy is None else f"{made.accuracy:.3f}"
            output.note(f"{len(made.labels)} labels from {sum(made.examples.values()):,} examples, accuracy {shown}")
        options: dict[str, Any] = {"classifier": made, "threshold": threshold}
        if stored:
            found = collection.classify(where=condition, **options)
        elif texts:
            found = collection.classify(_from_stdin() if texts == ["-"] else texts, **options)
        else:
            found = []
    for one in found:
        if out.json:
            output.json_line(one.to_dict())
        else:
            cells = [one.label, f"{one.probability:.3f}", one.lang, *([str(one.id)] if stored else []), one.text]
            output.line("\t".join(output.printable(cell) for cell in cells))


def _made(
    collection: Collection,
    label: str | None,
    examples: Path | None,
    classifier: Path | None,
    method: Literal["logistic", "nearest"],
    languages: list[str] | None,
) -> Classifier:
    from xling.explore import Classifier

    if classifier is not None:
        return Classifier.load(classifier)
    if label is not None:
        return collection.fit_classifier(label, method=method, languages=languages)
    assert examples is not None
    try:
        given = json.loads(examples.read_text("utf-8"))
    except OSError as exc:
        raise InvalidInput(f"{examples}: cannot be read ({exc.strerror or exc})") from exc
    except ValueError as exc:
        raise InvalidInput(f"{examples}: is no JSON ({exc})") from exc
    if not isinstance(given, dict):
        raise InvalidInput(f"""{examples}: is to hold an object: {{"label": ["text", ...], ...}}""")
    return collection.fit_classifier(examples=given, method=method)


def _from_stdin() -> list[str]:
    from xling.ingest.decoding import lines

    return [line for line in lines(sys.stdin.buffer, "<stdin>", None) if line.strip()]
