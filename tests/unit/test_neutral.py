"""The language subspace: statistics, estimation, projection, balance and rescoring, on vectors made for it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.search.balance import balance, prefer
from xling.search.rescore import agreement, rescore
from xling.space.neutral import COMMON_WEIGHT, NeutralBasis, blend_prompts, estimate_basis
from xling.space.reference import load_reference
from xling.space.stats import LanguageStats

DIMENSION = 24
LANGS = ["de", "en", "fr", "ja", "zh"]


def unit(x: NDArray[np.floating]) -> NDArray[np.float32]:
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32)


class World:
    """Texts whose vectors are a common part + the language's offset + a meaning, as multilingual encoders do it."""

    def __init__(self, seed: int = 0, strength: float = 1.5) -> None:
        self.rng = np.random.default_rng(seed)
        axes = np.linalg.qr(self.rng.normal(size=(DIMENSION, DIMENSION)))[0].T
        self.common, self.meaning = 1.5 * axes[0], axes[6:]
        offsets = self.rng.normal(size=(len(LANGS), 5)) @ axes[1:6] / np.sqrt(5)
        self.offsets = strength * (offsets - offsets.mean(axis=0))

    def texts(self, meanings: NDArray[np.float64], lang: str) -> NDArray[np.float32]:
        noise = self.rng.normal(size=(len(meanings), DIMENSION)) * 0.02
        return unit(self.common + self.offsets[LANGS.index(lang)] + meanings @ self.meaning + noise)

    def meanings(self, n: int) -> NDArray[np.float64]:
        return self.rng.normal(size=(n, len(self.meaning))) / np.sqrt(len(self.meaning))

    def stats(self, counts: dict[str, int]) -> LanguageStats:
        stats = LanguageStats(DIMENSION)
        for lang, n in counts.items():
            stats.add([lang] * n, self.texts(self.meanings(n), lang))
        return stats

    def pool(self, n: int) -> tuple[NDArray[np.float32], list[str]]:
        """n meanings in every language, languages one after the other."""
        meanings = self.meanings(n)
        return np.concatenate([self.texts(meanings, lang) for lang in LANGS]), [x for x in LANGS for _ in range(n)]


def wrong_order(queries: NDArray[np.float32], documents: NDArray[np.float32], n: int) -> int:
    """Pairs where a text of the query's language stands above a translation of the query."""
    scores = queries @ documents.T
    number, lang = np.tile(np.arange(n), len(LANGS)), np.repeat(np.arange(len(LANGS)), n)
    wrong = 0
    for i, row in enumerate(scores):
        translations = row[(number == number[i]) & (lang != lang[i])]
        others = row[(lang == lang[i]) & (number != number[i])]
        wrong += int((others[:, None] > translations[None, :]).sum())
    return wrong


# ---------------------------------------------------------------- statistics


vectors = arrays(np.float32, (6, 4), elements=st.floats(-1, 1, width=32))
codes = st.lists(st.sampled_from(["ja", "en", "th", "und"]), min_size=6, max_size=6)


@given(vectors, codes, vectors, codes)
def test_removing_what_was_added_leaves_the_rest(a, a_langs, b, b_langs):
    stats, expected = LanguageStats(4), LanguageStats(4)
    stats.add(a_langs, a)
    stats.add(b_langs, b)
    stats.remove(b_langs, b)
    expected.add(a_langs, a)
    assert stats.counts == expected.counts
    np.testing.assert_allclose(stats.means(), expected.means(), atol=1e-6)


@given(vectors, codes, vectors, codes)
def test_merging_is_adding(a, a_langs, b, b_langs):
    left, right, both = LanguageStats(4), LanguageStats(4), LanguageStats(4)
    left.add(a_langs, a)
    right.add(b_langs, b)
    left.merge(right)
    both.add([*a_langs, *b_langs], np.concatenate([a, b]))
    assert left.counts == both.counts
    np.testing.assert_allclose(left.means(), both.means(), atol=1e-6)


@given(vectors, codes)
def test_statistics_survive_json(a, langs):
    stats = LanguageStats(4)
    stats.add(langs, a)
    back = LanguageStats.from_dict(json.loads(json.dumps(stats.to_dict())))
    assert back == stats
    assert back.total == sum(lang != "und" for lang in langs)


def test_unknown_language_is_not_counted():
    stats = LanguageStats(2)
    stats.add(["und", "ja"], np.eye(2, dtype=np.float32))
    assert stats.counts == {"ja": 1}
    np.testing.assert_allclose(stats.mean("ja"), [0, 1])
    assert stats.mean("und") is None


def test_a_language_whose_last_document_goes_is_forgotten():
    stats = LanguageStats(2)
    stats.add(["ja"], np.eye(2, dtype=np.float32)[:1])
    stats.remove(["ja"], np.eye(2, dtype=np.float32)[:1])
    assert not stats
    assert stats.to_dict()["languages"] == {}


def test_scatter_is_that_of_the_vectors():
    world = World()
    rows = world.texts(world.meanings(50), "ja")
    stats = LanguageStats(DIMENSION)
    stats.add(["ja"] * 50, rows)
    squares, freedom = stats.scatter()
    assert freedom == 49
    assert squares == pytest.approx(float(((rows - rows.mean(axis=0)) ** 2).sum()), rel=1e-4)


@pytest.mark.parametrize(
    ("langs", "rows"),
    [
        (["ja"], np.zeros((2, 4), np.float32)),
        (["ja"], np.zeros((1, 5), np.float32)),
        (["ja"], np.full((1, 4), np.nan, np.float32)),
        (["ja"], np.full((1, 4), np.inf, np.float32)),
    ],
)
def test_unfit_vectors_are_refused_and_change_nothing(langs, rows):
    stats = LanguageStats(4)
    with pytest.raises(InvalidInput):
        stats.add(langs, rows)
    assert not stats


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"dimension": 2, "languages": {"ja": {"n": 1, "sum": "@@"}}},
        {"dimension": 2, "languages": {"ja": {"n": 1, "sum": ""}}},
        {"dimension": 2, "languages": 3},
    ],
)
def test_broken_statistics_are_refused(data):
    with pytest.raises(InvalidInput, match="language statistics"):
        LanguageStats.from_dict(data)


# ---------------------------------------------------------------- the basis


def test_the_subspace_is_found():
    world = World()
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 400)))
    assert len(basis.rows) == len(LANGS) - 1
    np.testing.assert_allclose(basis.rows @ basis.rows.T, np.eye(len(basis.rows)), atol=1e-5)
    inside = np.linalg.norm(world.offsets @ basis.rows.T, axis=1) / np.linalg.norm(world.offsets, axis=1)
    assert inside.min() > 0.98
    assert basis.weights[:3].min() > 0.8
    assert (np.diff(basis.weights) <= 0).all()


def test_neutral_queries_rank_by_meaning():
    world = World()
    documents, _ = world.pool(40)
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 200)))
    raw, neutral = (wrong_order(basis.project(documents, alpha), documents, 40) for alpha in (0.0, 1.0))
    halfway = wrong_order(basis.project(documents, 0.5), documents, 40)
    assert raw > 1000
    assert neutral < raw / 20
    assert neutral < halfway < raw


def test_both_sides_are_no_worse_than_the_query_side():
    world = World(strength=2.0)
    documents, _ = world.pool(40)
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 200)))
    both = wrong_order(basis.centre(documents), basis.centre(documents), 40)
    assert both <= wrong_order(basis.project(documents), documents, 40)


def test_only_languages_that_are_present_are_taken_out():
    world = World()
    reference = world.stats(dict.fromkeys(LANGS, 100))
    two = estimate_basis(world.stats({"en": 1000, "ja": 1000}), reference)
    all_of_them = estimate_basis(None, reference)
    difference = unit(world.offsets[LANGS.index("ja")] - world.offsets[LANGS.index("en")])
    assert two.weights[0] > 0.9
    assert abs(float(two.rows[0] @ difference)) > 0.95
    assert two.weights.sum() < all_of_them.weights.sum()


def test_few_documents_weigh_little_and_many_prevail():
    # The sample and the collection disagree about where Japanese lies.
    reference, own = World(1), World(2)
    sample = reference.stats(dict.fromkeys(LANGS, 100))

    def distance(n: int) -> tuple[float, float]:
        counted = own.stats({"en": n, "ja": n})
        rows = estimate_basis(counted, sample).rows[:1]
        lines = [unit(w.offsets[LANGS.index("ja")] - w.offsets[LANGS.index("en")]) for w in (reference, own)]
        return tuple(abs(float(rows[0] @ line)) for line in lines)  # type: ignore[return-value]

    near_reference, near_own = distance(1)
    assert near_reference > 0.9 > near_own
    near_reference, near_own = distance(2000)
    assert near_own > 0.9 > near_reference


def test_the_sample_helps_a_young_collection():
    world = World()
    documents, _ = world.pool(40)
    sample = world.stats(dict.fromkeys(LANGS, 100))
    counted = world.stats(dict.fromkeys(LANGS, 2))
    alone, helped = (estimate_basis(counted, reference) for reference in (None, sample))
    assert wrong_order(helped.project(documents), documents, 40) < wrong_order(alone.project(documents), documents, 40)


def test_a_language_that_the_sample_lacks_is_learned_from_the_collection():
    world = World()
    sample = world.stats(dict.fromkeys(["de", "en", "fr"], 100))
    basis = estimate_basis(world.stats({"en": 500, "ja": 500}), sample)
    line = unit(world.offsets[LANGS.index("ja")] - world.offsets[LANGS.index("en")])
    assert np.linalg.norm(basis.rows @ line) > 0.95


@pytest.mark.parametrize(("given", "known"), [("zh-Hant", "zh"), ("pt-BR", "pt"), ("no", "nb"), ("yue", "zh")])
def test_codes_as_users_write_them_find_the_sample(given, known):
    world = World()
    sample = LanguageStats(DIMENSION)
    sample.add(["en"] * 100, world.texts(world.meanings(100), "en"))
    sample.add([known] * 100, world.texts(world.meanings(100), "ja"))
    counted = LanguageStats(DIMENSION)
    counted.add(["en"], world.texts(world.meanings(1), "en"))
    counted.add([given], world.texts(world.meanings(1), "ja"))
    line = unit(world.offsets[LANGS.index("ja")] - world.offsets[LANGS.index("en")])
    assert abs(float(estimate_basis(counted, sample).rows[0] @ line)) > 0.9


def test_one_language_alone_leaves_no_direction():
    basis = estimate_basis(World().stats({"ja": 50}))
    assert basis.rows.shape == (0, DIMENSION)


def test_no_statistics_leave_queries_as_they_are():
    query = unit(np.ones((1, DIMENSION)))
    np.testing.assert_array_equal(estimate_basis(LanguageStats(DIMENSION)).project(query), query)
    with pytest.raises(InvalidInput, match="needs statistics"):
        estimate_basis(None)


def test_statistics_of_two_models_are_refused():
    a, b = LanguageStats(3), LanguageStats(4)
    with pytest.raises(InvalidInput, match="different models"):
        estimate_basis(a, b)
    with pytest.raises(InvalidInput, match="another model"):
        a.merge(b)


@settings(max_examples=50)
@given(st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_projected_vectors_are_unit_and_shorter_in_language(alpha, seed):
    world = World()
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 50)))
    rows = unit(np.random.default_rng(seed).normal(size=(5, DIMENSION)))
    for turned in (basis.project(rows, alpha), basis.centre(rows, alpha)):
        assert turned.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-5)
    if alpha == 0:
        np.testing.assert_array_equal(basis.project(rows, alpha), rows)


def test_the_query_side_alone_does_what_projecting_the_documents_would_do():
    world = World()
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 50)))
    documents, _ = world.pool(5)
    query = world.texts(world.meanings(1), "ja")
    scores = basis.project(query) @ documents.T
    rest = documents - (documents @ basis.rows.T * basis.weights) @ basis.rows
    common = basis.center - basis.center @ basis.rows.T @ basis.rows
    common /= np.linalg.norm(common)
    rest -= COMMON_WEIGHT * np.outer(documents @ common, common)
    expected = query @ rest.T
    np.testing.assert_allclose(scores / scores.max(), expected / expected.max(), atol=1e-4)


def test_a_vector_of_nothing_but_language_is_left():
    basis = NeutralBasis(np.eye(1, 3, dtype=np.float32), np.ones(1, np.float32), np.zeros(3, np.float32))
    language = np.array([[1, 0, 0]], np.float32)
    np.testing.assert_array_equal(basis.project(language), language)
    np.testing.assert_array_equal(basis.centre(language), language)


def test_a_basis_survives_json():
    world = World()
    basis = estimate_basis(world.stats({"ja": 20, "en": 30}), world.stats(dict.fromkeys(LANGS, 10)))
    back = NeutralBasis.from_dict(json.loads(json.dumps(basis.to_dict())))
    query = world.texts(world.meanings(3), "ja")
    np.testing.assert_allclose(back.project(query), basis.project(query), atol=1e-4)
    assert back.provenance == {"documents": 50, "languages": 2, "reference_languages": 5}


def test_unfit_calls_are_refused():
    basis = estimate_basis(World().stats({"ja": 20, "en": 30}))
    with pytest.raises(InvalidInput, match=r"neutral=1\.5"):
        basis.project(np.ones((1, DIMENSION), np.float32), 1.5)
    with pytest.raises(InvalidInput, match="neutral=nan"):
        basis.centre(np.ones((1, DIMENSION), np.float32), float("nan"))
    with pytest.raises(InvalidInput, match="do not fit"):
        basis.project(np.ones((1, 3), np.float32))
    with pytest.raises(InvalidInput, match="not a neutral basis"):
        NeutralBasis.from_dict({"dimension": 3})


def test_two_prompts_fade_in():
    a, b = unit(np.eye(2, 4)), unit(np.eye(2, 4, 2))
    np.testing.assert_array_equal(blend_prompts(a, b, 0.0), a)
    halfway, full = blend_prompts(a, b, 0.5), blend_prompts(a, b)
    assert (np.sum(a * halfway, 1) > np.sum(a * full, 1)).all()
    assert (np.sum(b * full, 1) > np.sum(b * halfway, 1)).all()
    np.testing.assert_allclose(np.linalg.norm(full, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(blend_prompts(a, a), a, atol=1e-6)


# ---------------------------------------------------------------- a real model


def test_thanks_are_found_in_any_language(encoder):
    """A young mixed collection: the shipped sample alone knows what its languages do to the vectors."""
    texts = {
        "en": ["Thank you", "Good morning", "See you tomorrow", "I'm hungry", "The cat is black"],
        "fr": ["Merci"],
        "zh": ["謝謝"],
        "de": ["Danke schön"],
        "ja": ["おはよう", "さようなら", "コーヒーの入れ方", "おやすみなさい", "こんにちは"],
    }
    pool, langs = [t for group in texts.values() for t in group], [x for x, group in texts.items() for _ in group]
    documents = encoder.encode_documents(pool)
    stats = LanguageStats(encoder.dimension)
    stats.add(langs, documents)
    basis = estimate_basis(stats, load_reference(encoder).stats)
    as_query, as_document = encoder.encode_queries(["ありがとう"]), encoder.encode_documents(["ありがとう"])

    def ranked(alpha: float) -> list[str]:
        query = basis.project(blend_prompts(as_query, as_document, alpha), alpha)
        return [pool[i] for i in np.argsort(-(documents @ query[0]))]

    raw, neutral = ranked(0.0), ranked(1.0)
    assert raw.index("おはよう") < raw.index("Thank you")
    assert "Thank you" in neutral[:2]
    worst = max(neutral.index(thanks) for thanks in ("Thank you", "Merci", "謝謝", "Danke schön"))
    assert worst < min(neutral.index(other) for other in ("おはよう", "さようなら", "おやすみなさい"))


# ---------------------------------------------------------------- balance, preference, rescoring


SPREAD = 0.04


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.sampled_from(["ja", "en", "th"])), min_size=1, max_size=40), st.floats(0, 1)
)
def test_balance_keeps_the_order_within_a_language(hits, strength):
    scores, langs = [s for s, _ in hits], np.array([x for _, x in hits])
    out = balance(scores, list(langs), spread=SPREAD, strength=strength)
    for lang in set(langs):
        before, after = np.array(scores)[langs == lang], out[langs == lang]
        np.testing.assert_allclose(np.diff(after), np.diff(before), atol=1e-9)


def test_balance_brings_the_best_of_each_language_level():
    # Thai is scored 0.1 lower throughout.
    answers = np.linspace(0.5, 0.6, 20)
    scores = [0.8, *answers, 0.7, *(answers - 0.1)]
    langs = ["en"] * 21 + ["th"] * 21
    out = balance(scores, langs, spread=SPREAD)
    assert sorted(np.argsort(-out)[:2]) == [0, 21]
    assert out[0] == pytest.approx(out[21])
    half = balance(scores, langs, spread=SPREAD, strength=0.5)
    assert half[0] - half[21] == pytest.approx(0.05)
    np.testing.assert_array_equal(balance(scores, langs, spread=SPREAD, strength=0.0), scores)


def test_a_lone_document_is_not_taken_for_an_answer():
    out = balance([0.8, *np.linspace(0.5, 0.6, 20), 0.5], ["en"] * 21 + ["th"], spread=SPREAD)
    assert np.argmax(out) == 0
    assert out[21] < out[0] - 0.1


def test_prefer_lifts_by_what_it_says():
    scores, langs = [0.5, 0.5, 0.5, 0.5], ["ja", "pt-BR", "en", "pto"]
    out = prefer(scores, langs, ["ja", "pt"], spread=SPREAD, amount=2)
    np.testing.assert_allclose(out, [0.58, 0.58, 0.5, 0.5])


@pytest.mark.parametrize(
    "call",
    [
        lambda: balance([0.1], ["ja", "en"], spread=SPREAD),
        lambda: balance([0.1], ["ja"], spread=0.0),
        lambda: balance([0.1], ["ja"], spread=SPREAD, strength=2.0),
        lambda: balance([0.1], ["ja"], spread=SPREAD, depth=0),
        lambda: prefer([0.1], ["ja"], "ja", spread=SPREAD),
        lambda: prefer([0.1], ["ja"], ["ja"], spread=SPREAD, amount=-1.0),
    ],
)
def test_unfit_balance_is_refused(call):
    with pytest.raises(InvalidInput):
        call()


def test_no_hits_stay_no_hits():
    assert len(balance([], [], spread=SPREAD)) == 0
    assert len(prefer([], [], ["ja"], spread=SPREAD)) == 0


def test_agreement_counts_other_languages_only():
    x, y, z = np.eye(3, dtype=np.float32)
    rows, langs = np.stack([x, x, y, y]), ["en", "ja", "th", "th"]
    bonus = agreement(rows, np.zeros(4), langs, temperature=0.02)
    np.testing.assert_allclose(bonus, [1 / 3, 1 / 3, 0, 0])
    np.testing.assert_allclose(agreement(np.stack([x, z]), np.zeros(2), ["en", "en"], temperature=0.02), [0, 0])


def test_rescoring_ranks_translations_better():
    world = World(strength=2.0)
    documents, langs = world.pool(30)
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 100)))
    number = np.tile(np.arange(30), len(LANGS))
    first = second = 0
    for i in range(0, 150, 7):
        scores = (basis.project(documents[i : i + 1]) @ documents.T)[0]
        again = rescore(documents[i], documents, scores, langs, basis, spread=0.1)
        right = number == number[i]
        first += int((scores[~right] > scores[right].min()).sum())
        second += int((again[~right] > again[right].min()).sum())
    assert second < first or first == second == 0


def test_rescoring_at_alpha_0_changes_nothing():
    world = World()
    documents, langs = world.pool(5)
    basis = estimate_basis(world.stats(dict.fromkeys(LANGS, 20)))
    scores = np.linspace(0, 1, len(documents))
    np.testing.assert_allclose(rescore(documents[0], documents, scores, langs, basis, spread=SPREAD, alpha=0.0), scores)
    with pytest.raises(InvalidInput, match="do not fit"):
        rescore(documents[0], documents, scores[:3], langs, basis, spread=SPREAD)
    assert len(rescore(documents[0], documents[:0], [], [], basis, spread=SPREAD)) == 0
