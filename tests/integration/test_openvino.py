"""The light runtime by OpenVINO: the same space as torch and ONNX Runtime, in bfloat16 where the processor has that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import xling
from tests.tiny_models import edit_json, make_model
from xling.cache_dir import cache_dir
from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space.devices import Runtime, multiplies_bfloat16
from xling.space.light import EQUIVALENT, openvino_engine
from xling.space.publish import MANIFEST
from xling.space.sentence_transformer import SentenceTransformerEncoder

pytest.importorskip("openvino", reason="needs the extra openvino: pip install 'xling[openvino]'")
pytest.importorskip("onnx", reason="needs the extra openvino: pip install 'xling[openvino]'")

in_bfloat16 = pytest.mark.skipif(not multiplies_bfloat16(), reason="needs a processor that multiplies bfloat16")
ROOT = Path(__file__).parents[2]
TEXTS = ["hello world", "", "  good   morning ", "日本語 hello", "thank you " * 40, "x", "hello world", "\ud800"]
PHRASES = ["Thank you", "ありがとう", "ขอบคุณ", "شكرا", "감사합니다 " * 300, "", "١٢٣ naïve ﬁ"]
PROMPTS = {"query": "query: ", "document": "passage: "}


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A cache of the test's own, empty."""
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(params=["float32", pytest.param("bfloat16", marks=in_bfloat16)])
def precision(request, monkeypatch) -> str:
    """What OpenVINO multiplies in, whatever the processor would choose."""
    if request.param == "float32":
        monkeypatch.setattr(openvino_engine, "multiplies_bfloat16", lambda: False)
    return request.param


def run_by(runtime: Runtime, model: str | Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(model, device="cpu", runtime=runtime)


def cosines(ours, theirs):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype == np.float32
    return (ours * theirs).sum(axis=1)


def manifests() -> list[Path]:
    return sorted((cache_dir() / "models").glob(f"light-*/{MANIFEST}"), key=lambda path: path.stat().st_mtime_ns)


def recorded(manifest: Path) -> dict:
    return json.loads(manifest.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "options",
    [{}, {"pooling": "cls"}, {"pooling": ("max", "mean")}, {"dense": 12, "normalize": True, "max_seq_length": None}],
    ids=str,
)
def test_vectors_are_those_of_torch(options, precision, home, tmp_path):
    directory = make_model(tmp_path / "m", prompts=PROMPTS, **options)
    light, torch = run_by("openvino", directory), run_by("torch", directory)
    for encode in ("encode_queries", "encode_documents"):
        assert cosines(getattr(light, encode)(TEXTS), getattr(torch, encode)(TEXTS)).min() > EQUIVALENT
    assert (light.running, light.identity) == ("openvino", torch.identity)


def test_vectors_of_the_bundled_model_are_those_of_torch(encoder):
    light, torch = run_by("openvino", "bundled"), run_by("torch", "bundled")
    assert cosines(light.encode_queries(PHRASES), torch.encode_queries(PHRASES)).min() > EQUIVALENT
    queries, documents = light.encode_both(PHRASES[:3], PHRASES)
    assert cosines(queries, torch.encode_queries(PHRASES[:3])).min() > EQUIVALENT
    assert cosines(documents, torch.encode_documents(PHRASES)).min() > EQUIVALENT
    files = [file for file in light._find_light().directory.iterdir() if file.suffix == ".blob"]
    assert len(files) == 1 + len(openvino_engine.SHAPES)
    assert max(file.stat().st_size for file in files) < 20e6  # kept in 4 bits


def test_a_text_alone_and_in_a_batch(precision, home, tmp_path):
    """In bfloat16 the last bits depend on how large the batch is, as they do with any encoder; the space does not."""
    light = run_by("openvino", make_model(tmp_path / "m"))
    alone = np.concatenate([light.encode_queries([text]) for text in TEXTS])
    together = light.encode_queries(TEXTS)
    if precision == "float32":
        assert np.allclose(alone, together, atol=1e-5)
    assert cosines(alone, together).min() > EQUIVALENT
    assert np.array_equal(together, light.encode_queries(TEXTS))


@pytest.mark.parametrize("positions", [64, 20])
def test_short_texts_go_through_graphs_of_one_shape_with_the_same_vectors(positions, precision, home, tmp_path):
    directory = make_model(tmp_path / "m", prompts=PROMPTS, positions=positions, max_seq_length=min(positions, 40))
    light = run_by("openvino", directory)
    short, longer, long = "hello", "thank you " * 9, "thank you " * 40
    middling = "thank you " * 13
    few = [[short], [short, "morning"], [longer], [longer, short], [middling, short], [long], [short, "x", longer]]
    ours = [light.encode_documents(texts) for texts in few]
    both = light.encode_both([short], [short])
    tokens = light.encode_tokens_midway([short])[0].vectors
    engine = light._find_light()._loaded()
    of_one_shape = {f"transformer-{texts}x{n}.blob" for texts, n in openvino_engine.SHAPES if n <= positions}
    assert set(engine._graphs) == {openvino_engine.COMPILED, *of_one_shape}
    engine._of_one_shape = set()
    for texts, vectors in zip(few, ours, strict=True):
        assert cosines(vectors, light.encode_documents(texts)).min() > 0.99999
    for one, other in zip(both, light.encode_both([short], [short]), strict=True):
        assert cosines(one, other).min() > 0.99999
    assert np.allclose(tokens, light.encode_tokens_midway([short])[0].vectors, atol=0.02)


def test_large_models_have_one_graph(home, tmp_path, monkeypatch):
    monkeypatch.setattr(openvino_engine, "_SMALL", 0)
    directory = make_model(tmp_path / "m")
    light = run_by("openvino", directory)
    assert (
        cosines(light.encode_queries(["hello"]), run_by("torch", directory).encode_queries(["hello"])).min()
        > EQUIVALENT
    )
    assert [file.name for file in manifests()[0].parent.glob("*.blob")] == [openvino_engine.COMPILED]


def test_what_a_query_alone_gives_is_measured_too(home, tmp_path, monkeypatch):
    """A graph of one shape that goes wrong is found when the model is exported, and the model is refused."""
    graph = openvino_engine._Graph
    run = graph.run
    monkeypatch.setattr(
        graph,
        "run",
        lambda self, inputs, output: run(self, inputs, output) * (1 if len(inputs["mask"]) > 2 else np.nan),
    )
    with pytest.raises(ModelError, match="lowest cosine nan"):
        run_by("openvino", make_model(tmp_path / "m")).encode_queries(TEXTS)


def test_tokens_are_those_of_torch_at_the_end_and_midway(precision, home, tmp_path):
    directory = make_model(tmp_path / "m", prompts=PROMPTS)
    light, torch = run_by("openvino", directory), run_by("torch", directory)
    for name in ("encode_tokens", "encode_tokens_midway"):
        for ours, theirs in zip(getattr(light, name)(TEXTS), getattr(torch, name)(TEXTS), strict=True):
            assert (ours.spans == theirs.spans).all()
            assert np.allclose(ours.vectors, theirs.vectors, atol=1e-4 if precision == "float32" else 0.02)


def test_many_threads_at_once(encoder):
    light = run_by("openvino", "bundled")
    texts = [PHRASES[i % len(PHRASES)][: 3 + i] for i in range(24)]
    expected = [light.encode_queries([text]) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: light.encode_queries([text]), texts))
    for one, other in zip(found, expected, strict=True):
        assert cosines(one, other).min() > EQUIVALENT


@pytest.mark.parametrize("writer", ["torch", "onnx", "openvino"])
def test_a_collection_of_one_runtime_is_searched_with_the_other(writer, tmp_path, encoder):
    if writer == "onnx":
        pytest.importorskip("onnxruntime")
    reader = "torch" if writer == "openvino" else "openvino"
    with xling.open("c", path=tmp_path, model="bundled", runtime=writer) as collection:
        collection.add(["Thank you", "The cat is black"])
        expected = collection.search("ありがとう", limit=1)[0]
    with xling.open("c", path=tmp_path, runtime=reader) as collection:
        found = collection.search("ありがとう", limit=1)[0]
    assert found.text == expected.text == "Thank you"
    assert found.score == pytest.approx(expected.score, abs=0.005)


def test_auto_takes_it_where_the_processor_multiplies_bfloat16(home, tmp_path, monkeypatch):
    directory = make_model(tmp_path / "m")
    auto = run_by("auto", directory)
    auto.encode_queries(TEXTS)
    assert (auto.running == "openvino") == multiplies_bfloat16()
    monkeypatch.setattr(openvino_engine, "multiplies_bfloat16", lambda: False)
    pytest.importorskip("onnxruntime")
    auto = run_by("auto", directory)
    auto.encode_queries(TEXTS)
    assert auto.running == "onnx"


@in_bfloat16
def test_bfloat16_that_changes_the_vectors_too_much_is_not_used(home, tmp_path):
    """What was measured when it was exported decides: float32 is then taken, and by `auto` ONNX Runtime."""
    directory = make_model(tmp_path / "m")
    run_by("openvino", directory).encode_queries(TEXTS)
    measured = recorded(manifests()[0])
    assert measured["runtime"]["precision"] == "bf16"
    assert EQUIVALENT < measured["lowest_cosine"] < 1
    edit_json(manifests()[0], lowest_cosine=float("nan"))
    other = run_by("openvino", directory)
    other.encode_queries(TEXTS)
    assert other.running == "openvino"
    assert recorded(manifests()[-1])["runtime"]["precision"] == "f32"
    assert recorded(manifests()[-1])["lowest_cosine"] > 0.999999
    pytest.importorskip("onnxruntime")
    auto = run_by("auto", directory)
    auto.encode_queries(TEXTS)
    assert auto.running == "onnx"


def test_vectors_that_differ_are_refused(home, tmp_path, monkeypatch):
    monkeypatch.setattr(openvino_engine, "multiplies_bfloat16", lambda: False)
    directory = make_model(tmp_path / "m")
    run_by("openvino", directory).encode_queries(TEXTS)
    edit_json(manifests()[0], lowest_cosine=EQUIVALENT - 0.0001)
    with pytest.raises(ModelError, match=r"lowest cosine 0\.9998.*Use runtime='torch'"):
        run_by("openvino", directory).encode_queries(TEXTS)


@pytest.mark.parametrize("package", ["openvino", "onnx"])
def test_without_its_packages(package, home, tmp_path, monkeypatch):
    directory = make_model(tmp_path / "m")
    find_spec = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == package else find_spec(name, *a))
    with pytest.raises(MissingExtra, match=r"xling\[openvino\]"):
        run_by("openvino", directory).encode_queries(TEXTS)
    auto = run_by("auto", directory)
    assert auto.encode_queries(TEXTS).shape == (len(TEXTS), 16)
    assert auto.running in ("onnx", "torch")


def test_an_installation_that_is_broken_is_told_and_not_fatal(home, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: object())
    directory = make_model(tmp_path / "m")
    with pytest.raises(ModelError, match="cannot be imported"):
        run_by("openvino", directory).encode_queries(TEXTS)
    assert run_by("auto", directory).encode_queries(TEXTS).shape == (len(TEXTS), 16)


def test_a_damaged_export_is_made_again(home, tmp_path):
    directory = make_model(tmp_path / "m")
    expected = run_by("openvino", directory).encode_queries(TEXTS)
    compiled = manifests()[0].with_name(openvino_engine.COMPILED)
    size = compiled.stat().st_size
    with compiled.open("r+b") as file:
        file.truncate(size // 2)
    assert cosines(run_by("openvino", directory).encode_queries(TEXTS), expected).min() > 0.99999
    assert compiled.stat().st_size == size


def test_a_file_that_openvino_cannot_read_is_told(home, tmp_path):
    directory = make_model(tmp_path / "m")
    run_by("openvino", directory).encode_queries(TEXTS)
    compiled = manifests()[0].with_name(openvino_engine.COMPILED)
    compiled.write_bytes(b"?" * compiled.stat().st_size)
    with pytest.raises(ModelError, match="OpenVINO cannot load"):
        run_by("openvino", directory).encode_queries(TEXTS)


@pytest.mark.parametrize(
    ("flags", "there"),
    [("fpu avx512_bf16 sse", True), ("fpu amx_bf16", True), ("fpu avx512f avx2", False), ("", False)],
)
def test_whether_a_processor_multiplies_bfloat16(flags, there, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nmodel name\t: amx_bf16\nflags\t\t: {flags}\nbugs\t\t: none\n\nprocessor\t: 1\n")
    assert multiplies_bfloat16(file) is there
    assert multiplies_bfloat16(tmp_path / "absent") is False


def test_it_runs_on_the_cpu(tmp_path):
    with pytest.raises(InvalidInput, match="runs on the CPU"):
        SentenceTransformerEncoder(make_model(tmp_path / "m"), runtime="openvino", device="cuda")


def test_every_place_that_takes_a_runtime_takes_each():
    pydantic_settings = pytest.importorskip("pydantic_settings")
    pytest.importorskip("typer")
    from typing import get_type_hints

    from xling.cli.options import Model
    from xling.serve.settings import Settings

    assert pydantic_settings
    assert get_args(get_type_hints(Model)["runtime"]) == get_args(Runtime)
    assert get_args(Settings.model_fields["runtime"].annotation) == get_args(Runtime)


ALONE = """
import sys
for name in ("torch", "transformers", "sentence_transformers", "huggingface_hub", "onnxruntime", "onnx"):
    sys.modules[name] = None  # as if it were not installed
def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        print("TOLD", event, arguments)
sys.addaudithook(heard)
import xling
with xling.open("docs", path=sys.argv[1], runtime="openvino") as docs:
    docs.add(["Where is the station?", "I would like some tea.", "word " * 900], langs="en")
    print(docs.search("駅はどこですか")[0].text, docs.search("tea", mode="hybrid")[0].text, sep="|")
"""


def test_an_exported_model_needs_nothing_else_and_tells_nobody(encoder, xling_home, tmp_path):
    run_by("openvino", "bundled").encode_queries(["exported now"])
    (tmp_path / "user").mkdir()
    env = {**os.environ, "XLING_HOME": str(xling_home), "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "user")}
    env.pop("XDG_CACHE_HOME", None)
    command = [sys.executable, "-c", ALONE, str(tmp_path / "collections")]
    done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Where is the station?|I would like some tea."
    assert [path for path in (tmp_path / "user").rglob("*") if path.is_file()] == []
