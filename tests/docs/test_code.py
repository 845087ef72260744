"""The Python on every page runs, from top to bottom, in a directory of its own; what is left out is named, with why."""

import ast
import asyncio
import inspect
import re

import pytest

from tests.answerer import answerer
from tests.docs.pages import PAGES, blocks, name_of
from tests.docs.worlds import World

PYTHON = [
    page for page in PAGES if blocks(page, "python") and not name_of(page).startswith("README")
]  # test_readme.py has it
NEEDED = {
    'device="cuda"': "a GPU",
    "cuda:0": "two GPUs",
    "multilingual-e5-base": "a model of the hub",
    "bert-base-multilingual": "a model of the hub",
    "bge-reranker": "a model of the hub",
    "bge-m3": "a server that has it",
    "prefer_grpc=True": "gRPC",
    "restore(": "a server's own snapshots",
    "RayWorkers": "minutes to start",
    "drop_previous": "a collection that was encoded anew",
    '.run("stdio")': "a client at the other end",
    "shards=6": "a cluster",
}
ADDRESS = re.compile(r"http://localhost:6333|https://qdrant\.example:6333|http://…")


def statements(code: str) -> list[ast.stmt]:
    return ast.parse(code).body


def run(statement: ast.stmt, world: World) -> None:
    """One statement; `await` may stand at the top, as in a notebook."""
    module = ast.Module([statement], [])
    code = compile(module, "<page>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(world.asynchronously(lambda: eval(code, world.values)))
    else:
        exec(code, world.values)


@pytest.mark.parametrize("page", PYTHON, ids=name_of)
def test_the_code_of_a_page_runs(page, encoder, xling_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QDRANT_API_KEY", "secret")
    with answerer() as server:
        world = World(tmp_path, encoder, server.url)
        try:
            for block in blocks(page, "python"):
                code = ADDRESS.sub(server.url, block)
                for statement in statements(code):
                    if not any(sign in ast.unparse(statement).replace("'", '"') for sign in NEEDED):
                        world.provide(statement)
                        world.let_go(statement)
                        run(statement, world)
        finally:
            world.end()


def test_what_cannot_run_here_still_stands_on_a_page():
    text = "\n".join(
        ast.unparse(s).replace("'", '"') for page in PYTHON for b in blocks(page, "python") for s in statements(b)
    )
    assert [sign for sign in NEEDED if sign not in text] == []
