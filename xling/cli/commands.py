"""What `xling` can do, told without importing any of it: one command is imported where it is run."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

DESCRIPTION = "Write texts of any language into Qdrant, and find them from any other."
EPILOG = "Exit codes: 0 done, 1 failed, 2 misused, 130 interrupted."
VERSION_HELP = "Show xling's version and those of its parts, and exit."

COMMANDS: dict[str, tuple[str, str]] = {
    "add": (
        "xling.cli.add:add",
        "Store texts, from files or from standard input, one a line; of html, pdf and docx one a file.",
    ),
    "sync": (
        "xling.cli.sync:sync",
        "Make the collection equal to files: add new documents, update changed ones, delete those that are gone.",
    ),
    "search": ("xling.cli.search:search", "Find the texts nearest in meaning to a query of any language."),
    "similar": (
        "xling.cli.suggest:similar",
        "Find more like a document or a text, in any language, without its copies and translations.",
    ),
    "recommend": (
        "xling.cli.suggest:recommend",
        "Recommend documents of every language from what was liked, disliked and seen.",
    ),
    "classify": ("xling.cli.classify:classify", "Give texts of any language the label that they are most like."),
    "clusters": (
        "xling.cli.clusters:clusters",
        "Find the topics of a collection across its languages, with words that name them in each.",
    ),
    "coverage": ("xling.cli.clusters:coverage", "Find topics that are there in one language and missing in another."),
    "near-duplicates": (
        "xling.cli.duplicates:near_duplicates",
        "Find copies, nearly equal texts, and the same said in two languages.",
    ),
    "outliers": (
        "xling.cli.duplicates:outliers",
        "Find documents that have little to do with any other, in whatever language: the strangest first.",
    ),
    "map": (
        "xling.cli.map:map_",
        "Draw the collection as a map on which what means the same lies together, whatever its language.",
    ),
    "probe": (
        "xling.cli.probe:probe",
        "Measure the space of a collection: language bias, hubs, isotropy, dimension, what saving memory costs.",
    ),
    "info": ("xling.cli.info:info", "Show what a collection is and holds."),
    "list": ("xling.cli.info:list_collections", "List the embedded collections on this machine."),
    "delete": ("xling.cli.delete:delete", "Delete documents: by ids, by a condition, or all of them."),
    "export": (
        "xling.cli.moving:export",
        "Write a whole collection to a Parquet file: texts, ids, metadata, vectors and what they are of.",
    ),
    "import": (
        "xling.cli.moving:import_",
        "Make a collection of a file that `xling export` wrote, under the name it had or that of --collection.",
    ),
    "reembed": (
        "xling.cli.moving:reembed",
        "Change a collection's model to --model: encode its documents anew beside it, then switch over.",
    ),
    "add-lexical": (
        "xling.cli.moving:add_lexical",
        "Add the words of its texts to a collection that was made without, for `search --mode lexical` and hybrid.",
    ),
    "optimize": (
        "xling.cli.moving:optimize",
        "Build the index that makes searching a large embedded collection fast; servers do so by themselves.",
    ),
    "snapshot": ("xling.cli.moving:snapshot", "Have a Qdrant server write a snapshot of a collection, or restore one."),
    "serve": (
        "xling.cli.serve:serve",
        "Serve collections over HTTP: search, documents, embeddings, metrics; OpenAPI at /openapi.json.",
    ),
    "mcp": (
        "xling.cli.mcp:mcp",
        "Serve a collection to assistants by the Model Context Protocol: tools to search, retrieve, add and delete.",
    ),
    "mine": ("xling.cli.mine:mine", "Find the sentences of two files that are translations of each other."),
    "align": ("xling.cli.align:align", "Align two translations of one document, sentence by sentence."),
    "convert": (
        "xling.cli.convert:convert",
        "Convert translation units: TMX, XLIFF, gettext PO, CSV, TSV and the line-parallel files of Moses.",
    ),
    "models": ("xling.cli.models:models", "Show the known models, and which one a new collection would use now."),
    "map-vectors": (
        "xling.cli.map_vectors:map_vectors",
        "Bring word vectors of several languages into one space, and write it as a directory for --model.",
    ),
    "distil": (
        "xling.cli.distil:distil",
        "Make a static model out of a sentence-transformers model: a hundred times as fast, and worse.",
    ),
    "calibrate": (
        "xling.cli.calibrate:calibrate",
        "Measure the language space of a model: what a neutral search takes out, and what its scores mean.",
    ),
    "eval": (
        "xling.cli.eval:evaluate",
        "Measure retrieval and its language bias, with the model as it is and language-neutral.",
    ),
    "doctor": (
        "xling.cli.doctor:doctor",
        "Check the installation, the machine, the model, the stores; say what to do about what is wrong.",
    ),
    "demo": (
        "xling.cli.demo:demo",
        "Write real phrases of many languages into an embedded collection, and find them from others.",
    ),
}
"""Where each command is, and the first sentence of its help."""

GROUPS: dict[str, tuple[str, str]] = {
    "tm": ("xling.cli.tm", "A translation memory: TMX, XLIFF, PO and tables in and out, matches, concordance."),
    "keys": ("xling.cli.keys", "Keys of the HTTP service: who may read, write, or do everything."),
}
"""Modules whose `COMMANDS` are commands of their own, and their help."""

_OPTIONS = {
    "--version": VERSION_HELP,
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Show completion for the current shell, to copy it or customize the installation.",
    "--help, -h": "Show this message and exit.",
}
_WIDEST = 100


def chosen(argv: Sequence[str]) -> str | None:
    """The command that the arguments name, where they begin with one."""
    return argv[0] if argv and (argv[0] in COMMANDS or argv[0] in GROUPS) else None


def overview() -> str:
    """The help of `xling` itself."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    commands = {name: summary for name, (_, summary) in {**COMMANDS, **GROUPS}.items()}
    parts = [
        "Usage: xling [OPTIONS] COMMAND [ARGS]...",
        textwrap.fill(DESCRIPTION, width),
        "\n".join(["Options:", *_rows(_OPTIONS, width)]),
        "\n".join(["Commands:", *_rows(commands, width)]),
        textwrap.fill(f"xling COMMAND --help tells more of one. New here? xling demo. {EPILOG}", width),
    ]
    return "\n\n".join(parts)


def _rows(entries: dict[str, str], width: int) -> Iterator[str]:
    column = max(map(len, entries)) + 4
    for name, text in entries.items():
        yield textwrap.fill(
            text, max(width, column + 20), initial_indent=f"  {name}".ljust(column), subsequent_indent=" " * column
        )
