"""Static models: those that users have, and those that are made of the user's own model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import xling
from tests.tiny_models import make_model
from xling.cli.app import run
from xling.errors import InvalidInput, MissingExtra, ModelError
from xling.space import Encoder, TokenOffsets
from xling.space.encoders.distil import distil
from xling.space.encoders.static_model import StaticEncoder
from xling.space.resolve import load_encoder
from xling.space.sentence_transformer import SentenceTransformerEncoder

model2vec = pytest.importorskip("model2vec")
TEXTS = ["Good morning, world", "thank you", "hello hello", "日本語", "", "x", "\ud800"]
LINES = [
    "Where is the station?", "Wo ist der Bahnhof?", "駅はどこですか。", "Thank you very much.", "Vielen Dank.",
    "どうもありがとうございます。", "The cat sleeps on the sofa.", "Die Katze schläft auf dem Sofa.",
    "猫はソファーで寝ています。", "How much does this cost?", "Wie viel kostet das?", "これはいくらですか。",
]  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def distilled(encoder, tmp_path_factory):
    """Of the bundled model, with the tokens of a few lines."""
    target = tmp_path_factory.mktemp("static") / "model"
    return distil(encoder, target, dimension=64, vocabulary_from=LINES)


@pytest.fixture(scope="module")
def small(tiny, tmp_path_factory):
    """Of a model with a hundred tokens, all of them."""
    return distil(tiny, tmp_path_factory.mktemp("static") / "small", dimension=8).directory


def test_each_token_is_what_the_model_makes_of_it_alone(tiny, tmp_path):
    whole = SentenceTransformerEncoder(tiny, device="cpu", runtime="torch")
    made = distil(whole, tmp_path / "static", dimension=None)
    tokens = whole.tokenizer().get_vocab()
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    assert made.tokens == len(tokens) - len([t for t in tokens if t in special])
    # One token, one vector: what encode_tokens says of the whole input, averaged; PCA only turns and moves it.
    wanted = []
    for token in ("hello", "world", "good", "morning"):
        states = whole.states()([[tokens["[CLS]"], tokens[token], tokens["[SEP]"]]])[0]
        wanted.append(states.mean(axis=0))
    model = model2vec.StaticModel.from_pretrained(tmp_path / "static")
    ids = [tokens[token] for token in ("hello", "world", "good", "morning")]
    rows = model.embedding if model.token_mapping is None else model.embedding[model.token_mapping]
    ranks = np.arange(2, len(tokens) + 2)
    zipf = 1 / ranks
    zipf[[tokens[t] for t in special]] = 0
    weights = 1e-4 / (1e-4 + zipf / zipf.sum())
    got = rows[ids].astype(np.float64) / weights[ids][:, None]
    wanted = np.array(wanted, np.float64)
    distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (got, wanted)]
    assert np.allclose(*distances, rtol=0.02)


def test_it_is_an_encoder_that_model2vec_agrees_with(distilled):
    encoder = load_encoder(distilled.directory)
    assert isinstance(encoder, StaticEncoder)
    assert isinstance(encoder, Encoder)
    assert isinstance(encoder, TokenOffsets)
    assert load_encoder(distilled.directory) is encoder
    vectors = encoder.encode_documents([*LINES, *TEXTS])
    assert vectors.shape == (len(LINES) + len(TEXTS), 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    theirs = model2vec.StaticModel.from_pretrained(distilled.directory).encode(LINES)
    assert np.allclose(vectors[: len(LINES)], theirs, atol=1e-3)
    assert np.array_equal(encoder.encode_queries(LINES), encoder.encode_documents(LINES))
    assert encoder.encode_documents([]).shape == (0, 64)
    assert encoder.token_ends("Thank you")[-1] == 9
    assert encoder.count_tokens(["Thank you", ""]) == [len(encoder.token_ends("Thank you")), 0]
    with pytest.raises(InvalidInput, match="list"):
        encoder.encode_documents("text")


def test_a_static_model_finds_translations(distilled):
    encoder = load_encoder(distilled.directory)
    vectors = encoder.encode_documents(LINES)
    found = 0
    for i in range(3):
        for j in {0, 1, 2} - {i}:
            x, y = (vectors[k::3] - vectors[k::3].mean(axis=0) for k in (i, j))
            found += int(((x @ y.T).argmax(axis=1) == np.arange(4)).sum())
    assert found >= 16  # of 24


def test_every_verb_works(make, distilled):
    static = make("static", model=distilled.directory)
    assert static.add([xling.Document(text=t, lang=("en", "de", "ja")[i % 3]) for i, t in enumerate(LINES)]).added == 12
    assert static.search("the station", limit=1, languages=["en"])[0].text == LINES[0]
    assert static.similar("Where is the station?", limit=1, languages=["en"])[0].lang == "en"
    assert static.info().model == distilled.directory.as_posix()
    static.close()
    again = make("static", model=None)
    assert again.search(LINES[4], limit=1)[0].text == LINES[4]
    assert again.space.identity == StaticEncoder(distilled.directory).identity


def test_it_needs_no_torch(small):
    script = (
        "import sys\nfrom xling.space.resolve import load_encoder\n"
        f"load_encoder({str(small)!r}).encode_queries(['hello'])\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


def test_models_of_sentence_transformers_are_loaded_by_it(make, small, tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    loaded = SentenceTransformer(modules=[StaticEmbedding.from_model2vec(str(small))], device="cpu")
    loaded.save(str(tmp_path / "saved"))
    saved = load_encoder(tmp_path / "saved")
    assert isinstance(saved, SentenceTransformerEncoder)
    texts = ["good morning, world", "thank you", "hello queries", "日本語"]
    assert np.allclose(saved.encode_documents(texts), load_encoder(loaded).encode_documents(texts), atol=1e-5)
    assert np.allclose(saved.encode_documents(texts), load_encoder(small).encode_documents(texts), atol=1e-3)
    assert saved.encode_documents(["", "hello " * 1000]).shape == (2, 8)
    static = make("saved", model=tmp_path / "saved")
    static.add([*texts, " ".join(texts * 200)])
    static.close()
    again = make("saved", model=None)
    assert again.search(texts[1], limit=1, neutral=0)[0].text == texts[1]


def test_what_is_measured_and_said(tiny, tmp_path, capsys):
    (tmp_path / "lines.txt").write_text("hello world\nthank you\ngood morning\nabc xyz\n", "utf-8")
    arguments = ["distil", str(tiny), "-o", str(tmp_path / "out"), "--dimension", "4"]
    assert run([*arguments, "--vocabulary-from", str(tmp_path / "lines.txt"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["dimension"], said["directory"]) == (4, str(tmp_path / "out"))
    assert said["tokens"] < 20
    assert run(arguments) == 0  # over the old one
    assert "texts/s" in capsys.readouterr().out


def test_what_makes_no_sense_is_refused(tiny, distilled, tmp_path, monkeypatch):
    for options in ({"dimension": 17}, {"dimension": 1}, {"vocabulary_from": ["hello"]}, {"vocabulary_from": "hello"}):
        with pytest.raises(InvalidInput):
            distil(tiny, tmp_path / "static", **options)
    (tmp_path / "letter").mkdir()
    (tmp_path / "letter" / "a.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="no static model"):
        distil(tiny, tmp_path / "letter")
    assert not (tmp_path / "static").exists()
    broken = shutil.copytree(distilled.directory, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(ModelError, match="holds no vectors"):
        load_encoder(broken)
    with pytest.raises(ModelError, match=r"config\.json"):
        StaticEncoder(tmp_path / "letter")
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(MissingExtra, match=r"xling\[static\]"):
        StaticEncoder(distilled.directory)
