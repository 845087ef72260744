"""The public names, what importing costs, and that rooms import downwards only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import xling

PACKAGE = Path(xling.__file__).parent

# From the bottom up; a room imports from rooms before it in this list, and from itself.
ROOMS = [
    "errors", "_json", "types", "cache_dir", "store", "text", "language", "space", "search", "ingest", "evaluate",
    "explore", "attach", "transfer", "offloop", "collection", "opening", "aio", "translate", "doctor",
    "integrations", "serve", "cli",
]  # fmt: skip

HEAVY = ["torch", "sentence_transformers", "transformers", "qdrant_client", "qdrant_edge", "pydantic", "numpy", "typer"]


@pytest.mark.parametrize("name", xling.__all__)
def test_every_public_name_works(name):
    assert getattr(xling, name) is not None
    assert name in dir(xling)


def test_all_errors_and_warnings_are_of_one_tree():
    from xling import errors

    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert issubclass(value, (errors.XlingError, errors.XlingWarning)), name
            assert getattr(xling, name) is value, f"{name} is not public"


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = xling.nonsense


def test_importing_xling_imports_nothing_heavy():
    script = f"import sys, xling; print([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_opening_a_collection_loads_no_model(xling_home):
    script = (
        "import sys, xling\n"
        "with xling.open('c') as c: c.count()\n"
        "print([m for m in ['torch', 'sentence_transformers', 'transformers', 'qdrant_client'] if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def imports():
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts == ("__init__",):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: a relative import"
                names = [node.module or ""]
            for name in names:
                if name.startswith("xling."):
                    yield file.relative_to(PACKAGE).as_posix(), parts[0], name.split(".")[1]


def test_rooms_import_downwards_only():
    wrong = [f"{file} imports {target}" for file, room, target in imports() if ROOMS.index(target) > ROOMS.index(room)]
    assert wrong == []


def test_modules_hold_one_idea():
    long = {f.name: n for f in PACKAGE.rglob("*.py") if (n := f.read_text("utf-8").count("\n")) > 400}
    assert long == {}
