"""The report on a collection's space, over every store: the bias that is there is seen, and what neutrality does."""

from __future__ import annotations

import json

import pytest

import xling
import xling.explore
from tests.hashing import HashingEncoder
from tests.integration.test_map import documents


@pytest.fixture
def texts(make):
    texts = make("texts", model=HashingEncoder())
    texts.add(documents())
    return texts


def test_bias_is_seen_and_neutrality_takes_it_out(texts, tmp_path):
    found = texts.probe()
    assert (found.documents, found.total, found.dimension, found.neighbours) == (180, 180, 64, 10)
    assert found.languages == dict.fromkeys(["en", "ja", "ar", "hi", "th"], 36)
    assert found.pool_share == pytest.approx(35 / 179)
    assert found.raw.own_share > 0.9
    assert found.neutral.own_share < 0.4
    assert found.raw.language_variance > 0.3 > found.neutral.language_variance
    assert 1 <= found.raw.effective_dimension <= 64
    assert sum(found.raw.variances) == pytest.approx(1, abs=1e-3)
    assert found.raw.hubs[0].occurrences >= 10
    savings = {one.name: one for one in found.savings}
    assert list(savings) == ["first 32", "float16", "first 16", "int8", "binary"]
    assert savings["binary"].bytes == 8
    assert savings["float16"].recall > 0.8
    assert all(0 <= one.recall <= 1 and 0 <= one.rescored <= 1 for one in found.savings)
    assert savings["first 16"].recall < 0.9
    assert found == texts.probe()
    assert xling.explore.Probe.model_validate_json(json.dumps(found.to_dict())) == found
    for name in ("probe.png", "probe.svg"):
        found.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000
    with pytest.raises(xling.InvalidInput, match=r"\.png or \.svg"):
        found.save(tmp_path / "probe.pdf")
    with pytest.raises(xling.InvalidInput, match="cannot be written"):
        found.save(tmp_path / "no" / "probe.png")


def test_part_of_a_collection_and_what_cannot_be_measured(texts):
    one = texts.probe(languages=["ja"], sample=20, neighbours=3)
    assert (one.documents, one.total, one.neighbours) == (20, 36, 3)
    assert one.pool_share is one.raw.own_share is one.raw.language_variance is None
    assert one.rows()[0] == ("own language among the 3 nearest", "–", "–")
    two = texts.probe(where={"year": 1990, "topic": "sea"}, languages=["ja", "en"])
    assert (two.documents, two.neighbours) == (2, 1)
    for arguments, message in (
        ({"languages": ["fi"]}, "no documents here"),
        ({"sample": 1}, "has one here"),
        ({"neighbours": 0}, "1 to 100"),
        ({"neighbours": True}, "1 to 100"),
    ):
        with pytest.raises(xling.InvalidInput, match=message):
            texts.probe(**arguments)
