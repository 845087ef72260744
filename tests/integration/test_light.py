"""The light runtime: the vectors of torch without torch, exported once, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import xling
from tests.tiny_models import edit_json, make_model
from xling.cache_dir import cache_dir
from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space import sentence_transformer
from xling.space.light import EQUIVALENT
from xling.space.light.eight_bits import rounded, smoothing
from xling.space.light.engines import GRAPH
from xling.space.light.export import NEAR
from xling.space.light.weights import read_tensors
from xling.space.publish import MANIFEST
from xling.space.sentence_transformer import SentenceTransformerEncoder

pytest.importorskip("onnx", reason="needs the extra onnx: pip install 'xling[onnx]'")
pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'xling[onnx]'")

ROOT = Path(__file__).parents[2]
TEXTS = ["hello world", "", "  good   morning ", "日本語 hello", "thank you " * 40, "x", "hello world", "\ud800"]
PROMPTS = {"query": "query: ", "document": "passage: "}


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A cache of the test's own, empty."""
    monkeypatch.setenv("XLING_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def exports() -> list[Path]:
    return sorted((cache_dir() / "models").glob("light-*"))


def both(directory: Path) -> tuple[SentenceTransformerEncoder, SentenceTransformerEncoder]:
    return tuple(SentenceTransformerEncoder(directory, device="cpu", runtime=name) for name in ("onnx", "torch"))


def assert_same_vectors(light: SentenceTransformerEncoder, torch: SentenceTransformerEncoder, texts=TEXTS) -> None:
    for encode in ("encode_queries", "encode_documents"):
        ours, theirs = getattr(light, encode)(texts), getattr(torch, encode)(texts)
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape
        assert (ours * theirs).sum(axis=1).min() > EQUIVALENT


def child(code: str, home: Path, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, "XLING_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


ENCODE = (
    "import sys; from xling.space.sentence_transformer import SentenceTransformerEncoder as E\n"
    "print(E(sys.argv[1], runtime='onnx').encode_queries(['hello']).tolist(), 'torch' in sys.modules)"
)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "cls"},
        {"pooling": "max", "normalize": True},
        {"pooling": ("cls", "mean")},
        {"dense": 12},
        {"dense": 12, "normalize": True, "max_seq_length": None},
    ],
    ids=str,
)
def test_vectors_are_those_of_torch(options, home, tmp_path):
    light, torch = both(make_model(tmp_path / "m", prompts=PROMPTS, **options))
    assert_same_vectors(light, torch)
    assert light.identity == torch.identity
    queries, documents = light.encode_both(TEXTS, TEXTS[1:])
    assert np.allclose(queries, light.encode_queries(TEXTS), atol=1e-5)
    assert np.allclose(documents, light.encode_documents(TEXTS[1:]), atol=1e-5)


@pytest.mark.parametrize("pad", [0, 4])  # [PAD] and [MASK]: no text has them
def test_positions_of_roberta_begin_after_its_padding(pad, home, tmp_path):
    from transformers import XLMRobertaConfig, XLMRobertaModel

    directory = make_model(tmp_path / "m", prompts=PROMPTS)
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    sizes = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    chosen = {key: config[key] for key in sizes}
    XLMRobertaModel(XLMRobertaConfig(**chosen, max_position_embeddings=40, pad_token_id=pad)).save_pretrained(directory)
    assert_same_vectors(*both(directory), [text for text in TEXTS if text.isascii()])


def test_vectors_of_the_bundled_model_are_those_of_torch(encoder):
    light, torch = both("bundled")
    graph = light._find_light().directory / GRAPH
    assert graph.stat().st_size < 20e6  # the weights stay in 4 bits
    texts = ["Thank you", "ありがとう", "ขอบคุณ", "شكرا", "감사합니다 " * 300, "", "١٢٣ naïve ﬁ"]
    assert_same_vectors(light, torch, texts)
    assert light.identity == torch.identity == encoder.identity
    assert [light.count_tokens(texts), light.token_ends(texts[1])] == [
        torch.count_tokens(texts),
        torch.token_ends(texts[1]),
    ]


def test_a_query_does_without_the_whole_tokenizer(encoder, monkeypatch):
    loaded = []
    load = sentence_transformer._tokenizer_for_offsets
    monkeypatch.setattr(sentence_transformer, "_tokenizer_for_offsets", lambda *a: loaded.append(a) or load(*a))
    fresh = SentenceTransformerEncoder("bundled", runtime="onnx")
    queries = ["ありがとう", "Thank you </s> <mask>", "خ" * 600, ""]
    found = [fresh.encode_queries(queries), *fresh.encode_both(queries[:1], queries[:1])]
    assert fresh.document_overhead == encoder.document_overhead
    assert loaded == []
    assert fresh.token_ends("Thank you")  # loads it
    assert len(loaded) == 1
    for before, after in zip(
        found, [fresh.encode_queries(queries), *fresh.encode_both(queries[:1], queries[:1])], strict=True
    ):
        assert np.array_equal(before, after)


def test_many_texts_are_worth_the_whole_tokenizer(encoder, monkeypatch):
    light = SentenceTransformerEncoder("bundled", runtime="onnx")
    assert light._fitted(light._find_light(), ["short"]) is not None
    assert light._fitted(light._find_light(), ["long " * 2000]) is None


def test_queries_in_8_bits_are_near_and_documents_the_same(encoder):
    quick, exact = (SentenceTransformerEncoder("bundled", runtime=name) for name in ("onnx-int8", "onnx"))
    texts = ["Thank you", "ありがとう", "ขอบคุณ", "شكرا", "감사합니다", "", "١٢٣ naïve ﬁ", "x"]
    found, right = quick.encode_queries(texts), exact.encode_queries(texts)
    cosines = (found * right).sum(axis=1)
    assert NEAR < cosines.min() < cosines.max() < 0.99999  # near, and not the same: they are computed in another way
    both, as_documents = quick.encode_both(texts, texts)
    assert np.allclose(both, found, atol=0.02)
    assert (as_documents * exact.encode_documents(texts)).sum(axis=1).min() > NEAR
    assert np.array_equal(quick.encode_documents(texts), exact.encode_documents(texts))
    assert quick.identity == exact.identity


def test_a_collection_is_searched_in_8_bits(tmp_path, encoder):
    with xling.open("c", path=tmp_path, model="bundled", runtime="onnx-int8") as collection:
        collection.add(["Thank you", "The cat is black"])
        quick = collection.search("ありがとう", limit=1)[0]
    with xling.open("c", path=tmp_path, runtime="onnx") as collection:
        exact = collection.search("ありがとう", limit=1)[0]
    assert quick.text == exact.text == "Thank you"
    assert quick.score == pytest.approx(exact.score, abs=0.02)


def test_queries_that_8_bits_change_too_much_are_refused(home, tmp_path):
    directory = make_model(tmp_path / "m")
    SentenceTransformerEncoder(directory, runtime="onnx-int8").encode_queries(TEXTS)
    manifests = [path / MANIFEST for path in exports()]
    measured = {path: json.loads(path.read_text(encoding="utf-8")) for path in manifests}
    in_8_bits = next(path for path, entries in measured.items() if "name" not in entries)
    assert NEAR < measured[in_8_bits]["lowest_cosine"] < 1
    edit_json(in_8_bits, lowest_cosine=NEAR - 0.0001)
    with pytest.raises(ModelError, match=r"8 bits change the queries .* Use runtime='onnx'"):
        SentenceTransformerEncoder(directory, runtime="onnx-int8").encode_queries(TEXTS)
    assert len(SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)) == len(TEXTS)


def test_smoothing_and_rounding_keep_the_products():
    random = np.random.default_rng(0)
    weights, given = random.normal(size=(40, 24)).astype(np.float32), random.normal(size=(500, 24)).astype(np.float32)
    given[:, 3] *= 80  # the channel that a scale for all would be spent on
    factors = smoothing(np.abs(given).max(axis=0), weights)
    assert np.allclose((given / factors) @ (weights * factors).T, given @ weights.T, atol=1e-3)

    def error(inputs, of_weights):
        whole, scales = rounded(of_weights)
        assert np.abs(whole).max() <= 63
        step = np.abs(inputs).max() / 127
        return np.abs(np.rint(inputs / step) * step @ (whole * scales[:, None]).T - given @ weights.T).mean()

    assert error(given / factors, weights * factors) < error(given, weights) / 2


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_weights_of_half_the_size_are_read_as_they_are(kind, tmp_path):
    import torch
    from safetensors.torch import save_file

    values = torch.randn(5, 3).to(getattr(torch, kind))
    save_file({"values": values, "counts": torch.arange(3)}, tmp_path / "model.safetensors")
    tensors = read_tensors(tmp_path)
    assert list(tensors) == ["values"]
    assert np.array_equal(tensors["values"].whole(), values.float().numpy())
    assert np.array_equal(tensors["values"].rows(np.array([[4, 0]])), values.float().numpy()[[[4, 0]]])


def test_it_is_exported_once_and_then_needs_no_torch(home, tmp_path):
    directory = make_model(tmp_path / "m")
    first = finished(child(ENCODE, home, str(directory)))
    written = {path: path.stat().st_mtime_ns for path in exports()[0].rglob("*")}
    second = finished(child(ENCODE, home, str(directory)))
    assert first.split()[-1] == "True"
    assert second.split()[-1] == "False"
    assert first.rsplit(" ", 1)[0] == second.rsplit(" ", 1)[0]
    assert {path: path.stat().st_mtime_ns for path in exports()[0].rglob("*")} == written
    manifest = json.loads((exports()[0] / MANIFEST).read_text(encoding="utf-8"))
    assert EQUIVALENT < manifest["lowest_cosine"] <= manifest["mean_cosine"] < 1.00001
    assert manifest["texts"] > 100


def test_two_processes_at_once_both_end_right(home, tmp_path):
    directory = make_model(tmp_path / "m")
    processes = [child(ENCODE, home, str(directory)) for _ in range(2)]
    first, second = (finished(process) for process in processes)
    assert first.rsplit(" ", 1)[0] == second.rsplit(" ", 1)[0]
    assert len(exports()) == 1
    assert list((cache_dir() / "models").glob(".*")) == []


def test_a_damaged_export_is_made_again(home, tmp_path):
    directory = make_model(tmp_path / "m")
    expected = SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    graph = exports()[0] / "transformer.onnx"
    size = graph.stat().st_size
    with graph.open("r+b") as file:
        file.truncate(size // 2)
    again = SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    assert np.allclose(again, expected, atol=1e-6)
    assert graph.stat().st_size == size


def test_vectors_that_differ_are_not_one_space(home, tmp_path):
    """What was measured when it was exported decides."""
    directory = make_model(tmp_path / "m")
    SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    SentenceTransformerEncoder(directory, device="cpu").encode_queries(TEXTS)  # by OpenVINO, on some machines
    for export in exports():
        edit_json(export / MANIFEST, lowest_cosine=EQUIVALENT - 0.0001)
    with pytest.raises(ModelError, match=r"lowest cosine 0\.9998"):
        SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    torch = SentenceTransformerEncoder(directory, device="cpu", runtime="torch").encode_queries(TEXTS)
    auto = SentenceTransformerEncoder(directory, device="cpu").encode_queries(TEXTS)
    assert np.array_equal(auto, torch)


@pytest.mark.parametrize(
    ("file", "changes", "why"),
    [
        ("config.json", {"model_type": "mpnet"}, "'mpnet'"),
        ("config.json", {"hidden_act": "relu"}, "'relu'"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "lower-cased"),
        ("1_Pooling/config.json", {"include_prompt": False}, "leaves out the prompt"),
        ("config_sentence_transformers.json", {"truncate_dim": 8}, "cut"),
    ],
)
def test_other_forms_are_left_to_torch(file, changes, why, home, tmp_path):
    directory = make_model(tmp_path / "m")
    edit_json(directory / file, **changes)
    with pytest.raises(ModelError, match=f"{why}.*runtime='torch'"):
        SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    assert exports() == []


def test_a_model_of_another_form_is_run_by_torch_unasked(home, tmp_path):
    directory = make_model(tmp_path / "m")
    edit_json(directory / "1_Pooling" / "config.json", include_prompt=False)
    assert SentenceTransformerEncoder(directory, device="cpu").encode_queries(TEXTS).shape == (len(TEXTS), 16)
    assert exports() == []


@pytest.mark.parametrize("package", ["onnxruntime", "onnx"])
def test_without_its_packages(package, home, tmp_path, monkeypatch):
    directory = make_model(tmp_path / "m")
    find_spec = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == package else find_spec(name, *a))
    with pytest.raises(MissingExtra, match=r"xling\[onnx\]"):
        SentenceTransformerEncoder(directory, runtime="onnx").encode_queries(TEXTS)
    assert SentenceTransformerEncoder(directory, device="cpu").encode_queries(TEXTS).shape == (len(TEXTS), 16)


def test_arguments_that_do_not_go_together(tmp_path):
    from sentence_transformers import SentenceTransformer

    directory = make_model(tmp_path / "m")
    with pytest.raises(InvalidInput, match="'auto', 'torch', 'onnx', 'onnx-int8' or 'openvino'"):
        SentenceTransformerEncoder(directory, runtime="tensorrt")
    with pytest.raises(InvalidInput, match="runs on the CPU"):
        SentenceTransformerEncoder(directory, runtime="onnx", device="cuda")
    with pytest.raises(InvalidInput, match="loaded in torch already"):
        SentenceTransformerEncoder(SentenceTransformer(str(directory), device="cpu"), runtime="onnx")


def test_a_collection_of_one_runtime_is_searched_with_the_other(tmp_path, encoder):
    with xling.open("c", path=tmp_path, model="bundled", runtime="torch") as collection:
        collection.add(["Thank you", "The cat is black"])
        expected = collection.search("ありがとう", limit=1)[0]
    with xling.open("c", path=tmp_path, runtime="onnx") as collection:
        found = collection.search("ありがとう", limit=1)[0]
    assert found.text == expected.text == "Thank you"
    assert found.score == pytest.approx(expected.score, abs=1e-4)


WITHOUT_TORCH = """
import sys
for name in ("torch", "transformers", "sentence_transformers", "huggingface_hub"):
    sys.modules[name] = None  # as if it were not installed
import xling
with xling.open("docs", path=sys.argv[1], runtime="onnx") as docs:
    docs.add(["Where is the station?", "I would like some tea.", "word " * 900], langs="en")
    print(docs.search("駅はどこですか")[0].text, docs.search("tea", mode="hybrid")[0].text, sep="|")
"""


def test_an_exported_model_needs_none_of_the_packages_around_torch(encoder, xling_home, tmp_path):
    encoder.encode_queries(["exported now"])
    done = finished(child(WITHOUT_TORCH, xling_home, str(tmp_path / "collections")))
    assert done.strip() == "Where is the station?|I would like some tea."


def test_the_runtime_tells_nobody(encoder, xling_home, tmp_path, monkeypatch):
    """ONNX Runtime keeps a device's id in the user's cache directory, and reports, unless it is told not to."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    (tmp_path / "user").mkdir()
    finished(child(WITHOUT_TORCH, xling_home, str(tmp_path / "collections")))
    assert [path.name for path in (tmp_path / "user").rglob("*") if path.is_file()] == []
