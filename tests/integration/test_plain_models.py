"""Transformers without a sentence head: pooled as asked, found again so, and never taken up without a warning."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tiny_models import make_model
from xling.errors import InvalidInput, PlainModelWarning
from xling.space.resolve import load_encoder
from xling.space.sentence_transformer import SentenceTransformerEncoder

TEXTS = ["hello world", "good morning", "thank you, thank you"]


@pytest.fixture(scope="module")
def sentence_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "tiny", pooling="cls")


@pytest.fixture(scope="module")
def bert(sentence_model):
    return sentence_model.with_name("tiny-bare")


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", None])
def test_tokens_are_pooled_as_asked(bert, pooling):
    encoder = SentenceTransformerEncoder(bert, device="cpu", pooling=pooling)
    assert encoder.plain
    assert encoder.identity["pooling"] == (pooling or "mean")
    ids = [encoding.ids for encoding in encoder.tokenizer().encode_batch(TEXTS)]
    pool = {"mean": lambda s: s.mean(axis=0), "cls": lambda s: s[0], "max": lambda s: s.max(axis=0)}[pooling or "mean"]
    wanted = np.array([pool(of_text) for of_text in encoder.states()(ids)])
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert np.allclose(encoder.encode_documents(TEXTS), wanted, atol=1e-5)


def test_a_collection_is_opened_with_the_pooling_it_was_made_with(make, bert):
    with pytest.warns(PlainModelWarning, match=r"without a sentence head.*cls.*Of 100 sentences.* of \d+%"):
        plain = make("plain", model=SentenceTransformerEncoder(bert, device="cpu", pooling="cls"))
    plain.add(TEXTS)
    plain.close()
    again = make("plain", model=None)  # no second warning: it would be an error here
    assert again.space.identity["pooling"] == "cls"
    assert again.search(TEXTS[1], limit=1, neutral=0)[0].text == TEXTS[1]


def test_models_with_a_head_keep_it(sentence_model, make):
    assert not load_encoder(sentence_model).plain
    make("tiny", model=sentence_model).close()  # without a warning
    same = SentenceTransformerEncoder(sentence_model, device="cpu", pooling="cls")
    assert same.identity == load_encoder(sentence_model).identity
    for asked in ("mean", "last", ""):
        with pytest.raises(InvalidInput, match="pooling= is one of mean, cls, max"):
            SentenceTransformerEncoder(sentence_model, pooling=asked)
