"""The image and docker/compose.yml: built, started, asked, stopped."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def compose(tmp_path_factory):
    """Runs `docker compose` over a copy of the project, so that the keys are not those of anybody."""
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("XLING_REQUIRE_SERVER"):
            raise
        pytest.skip(f"needs Docker Compose, to build and start the image ({type(error).__name__})")
    copy = tmp_path_factory.mktemp("project") / "xling"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "secrets", "__pycache__", ".*_cache"))
    folder = copy / "docker" / "secrets"
    folder.mkdir()
    for name in ("qdrant_key", "xling_key"):
        (folder / name).write_text(secrets.token_hex(32), "utf-8")
        (folder / name).chmod(0o644)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            "docker",
            "compose",
            "--project-name",
            "xling-test-image",
            "-f",
            str(copy / "docker" / "compose.yml"),
        ]
        return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True, timeout=1800)

    run.key = (folder / "xling_key").read_text("utf-8")  # type: ignore[attr-defined]
    try:
        run("up", "--detach", "--wait", "--build")
        yield run
    finally:
        run("down", "--volumes", "--timeout", "40")


def ask(method: str, path: str, key: str | None = None, body: Any = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def test_it_searches_across_languages_and_keeps_what_it_has_over_a_restart(compose):
    assert ask("GET", "/ready")[0] == 200
    assert ask("GET", "/v1/collections")[0] == 401
    key = compose.key
    assert ask("PUT", "/v1/collections/docs", key)[0] == 201
    rows = ["Thank you", "Where is the station?", "I would like some tea."]
    assert ask("POST", "/v1/collections/docs/documents", key, {"documents": rows})[1]["added"] == 3
    question = {"query": "駅はどこですか", "limit": 1}
    assert ask("POST", "/v1/collections/docs/search", key, question)[1]["hits"][0]["text"] == rows[1]
    compose("restart", "xling")
    compose("up", "--detach", "--wait")
    assert ask("POST", "/v1/collections/docs/search", key, question)[1]["hits"][0]["text"] == rows[1]


def test_it_has_no_torch_runs_as_nobody_and_cannot_write_elsewhere(compose):
    script = (
        "import importlib.util as u, os, pathlib\n"
        "print(u.find_spec('torch'), os.getuid())\n"
        "try: pathlib.Path('/opt/x').write_text('x')\n"
        "except OSError as error: print(type(error).__name__)"
    )
    shown = compose("exec", "-T", "xling", "python", "-c", script).stdout.split()
    assert shown[:2] == ["None", "10001"]
    assert shown[2] in {"OSError", "PermissionError"}


def test_the_doctor_is_content_in_it(compose):
    rows = json.loads(compose("exec", "-T", "xling", "xling", "doctor", "--runtime", "onnx", "--json").stdout)
    assert [row["name"] for row in rows if row["state"] == "failed"] == []
