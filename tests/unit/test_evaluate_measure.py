"""Reports on small pools whose right numbers can be told by hand, and the language bias against brute force."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput
from xling.evaluate import RetrievalSet, bias, dot_scorer, evaluate, evaluate_scores, metrics
from xling.evaluate.measure import evaluate_tatoeba


def parallel_set(meanings=4, languages=("de", "en", "ja"), exclude=False):
    """Every meaning in every language; each text asked of all, its translations (and itself) right."""
    langs = [lang for lang in languages for _ in range(meanings)]
    rows = np.arange(meanings * len(languages)).reshape(len(languages), meanings)
    texts = [f"{lang} {i % meanings}" for i, lang in enumerate(langs)]
    right = [np.array([d for d in rows[:, q % meanings] if not exclude or d != q]) for q in range(len(langs))]
    itself = np.arange(len(langs)) if exclude else None
    return RetrievalSet("parallel", texts, langs, texts, langs, right, exclude=itself)


def vectors(meanings, languages, language_weight):
    """A direction a meaning and a direction a language: the more weight on language, the more it ranks by that."""
    meaning = np.tile(np.eye(meanings), (languages, 1))
    language = np.repeat(np.eye(languages), meanings, axis=0) * language_weight
    both = np.hstack([meaning, language])
    return both / np.linalg.norm(both, axis=1, keepdims=True)


def test_vectors_that_hold_meaning_alone_rank_perfectly_and_without_bias():
    v = vectors(4, 3, 0.0)
    report = evaluate(parallel_set(), v, v, share_at=3)
    assert report.map == report.mrr == report.p_at_1 == report.ndcg[10] == report.recall[10] == pytest.approx(1)
    assert report.bias.own_share == pytest.approx(1 / 3)
    assert report.bias.fair_share == report.bias.pool_share == pytest.approx(1 / 3)
    assert report.bias.rank_gap == 0.0
    assert report.bias.own_language_mrr == 1.0
    assert np.array(report.in_pool.values) == pytest.approx(1.0)
    assert np.array(report.per_pair.values) == pytest.approx(1.0)


def test_vectors_that_rank_by_language_first_show_it():
    v = vectors(4, 3, 2.0)
    report = evaluate(parallel_set(), v, v, share_at=4)
    assert report.bias.own_share == 1.0
    assert report.bias.own_language_mrr == 1.0
    assert report.p_at_1 == 1.0
    # Itself at rank 1, then three texts of its own language, then the two translations tied at 5 and 6.
    assert report.map == pytest.approx((1 + (2 / 5 + 3 / 6)) / 3)
    assert report.bias.rank_gap == pytest.approx(5.5 - 1)  # the translations against itself
    # With the other right answers set aside, a translation stands behind the three others of the query's language.
    assert report.in_pool.diagonal == pytest.approx(1.0)
    assert report.in_pool.off_diagonal == pytest.approx(1 / 4)
    assert report.per_pair.off_diagonal == pytest.approx(1.0)
    assert report.bias.top.diagonal == pytest.approx(1.0)


def test_a_query_in_its_own_pool_is_left_out_of_its_ranking():
    v = vectors(4, 3, 2.0)
    report = evaluate(parallel_set(exclude=True), v, v, share_at=3)
    assert report.p_at_1 == 0.0
    assert report.mrr == pytest.approx(1 / 4)
    assert report.bias.fair_share == 0.0
    assert report.bias.own_share == 1.0
    assert report.bias.own_language_mrr is None
    assert report.per_pair.diagonal is None
    assert report.languages["ja"].own_language_mrr is None


def test_adjusted_scores_and_a_scorer_go_the_same_way():
    v, s = vectors(4, 3, 2.0), parallel_set()
    same = np.equal.outer(np.array(s.query_langs), np.array(s.document_langs))
    adjusted = evaluate(s, v, v, adjust=lambda scores, rows: scores - 0.8 * same[rows])
    scored = evaluate_scores(s, lambda rows: (v @ v.T - 0.8 * same)[rows])
    assert adjusted.map == pytest.approx(scored.map) == pytest.approx(1.0)


def test_blocks_do_not_change_the_report(monkeypatch):
    rng = np.random.default_rng(0)
    v, s = rng.normal(size=(12, 5)), parallel_set(exclude=True)
    whole = evaluate(s, v, v)
    seen = []
    monkeypatch.setattr(metrics.blocks, "__defaults__", (24,))
    assert evaluate(s, v, v, progress=lambda p: seen.append((p.done, p.total))) == whole
    assert seen == [(n, 12) for n in range(2, 13, 2)]


def test_equal_vectors_are_ties_though_float32_differs_in_the_last_bit():
    rng = np.random.default_rng(1)
    documents = np.repeat(rng.normal(size=(1, 384)), 7, axis=0)
    s = RetrievalSet("same", ["q"], ["en"], ["d"] * 7, ["en"] * 7, [np.array([6])])
    noisy = lambda rows: documents[:1] @ documents.T + np.linspace(0, 1e-8, 7)  # noqa: E731
    assert evaluate_scores(s, noisy).p_at_1 == pytest.approx(1 / 7)
    assert evaluate_scores(s, noisy, decimals=None).p_at_1 == 1.0


def test_graded_relevance_and_queries_in_a_language_no_document_has():
    s = RetrievalSet(
        "graded", ["a", "b"], ["fr", "en"], ["x", "y", "z"], ["en", "en", "ja"],
        [np.array([0, 2]), np.array([], dtype=int)], gains=[np.array([1.0, 3.0]), np.array([])],
    )  # fmt: skip
    report = evaluate_scores(s, lambda rows: np.array([[3.0, 2.0, 1.0]] * 2)[rows])
    assert report.queries == 1
    assert report.ndcg[10] == pytest.approx((1 + 3 / 2) / (3 + 1 / np.log2(3)))
    assert report.languages["en"].map is None
    assert report.bias.own_share == pytest.approx((0 + 2 / 3) / 2)
    assert report.bias.pool_share == pytest.approx((0 + 2 / 3) / 2)
    assert report.in_pool.rows == ("en", "fr")
    assert report.in_pool.columns == ("en", "ja")


def test_a_report_prints_and_serialises():
    v = vectors(4, 3, 1.0)
    report = evaluate(parallel_set(exclude=True), v, v)
    again = type(report).model_validate_json(json.dumps(report.to_dict()))
    assert again == report
    text = str(report)
    assert "12 queries, 12 documents" in text
    assert {"mAP", "P@1", "R@10", "nDCG@10"} <= set(text.split())
    assert "own-language MRR" in text
    assert len({len(line) for line in report.per_pair.table().splitlines()[1:]}) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s, v: evaluate(s, v[:-1], v), "11 and 12 vectors"),
        (lambda s, v: evaluate(s, v, v[:, :-1]), "one dimension"),
        (lambda s, v: evaluate_scores(s, lambda rows: np.zeros((2, 2))), "shape"),
        (lambda s, v: evaluate_scores(s, lambda rows: np.full((12, 12), np.nan)), "NaN"),
        (lambda s, v: evaluate(s, v, v, share_at=0), "k must be"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(InvalidInput, match=words):
        call(parallel_set(), vectors(4, 3, 0.0))


def test_an_empty_set_is_refused():
    with pytest.raises(InvalidInput, match="no queries"):
        evaluate_scores(RetrievalSet("none", [], [], ["d"], ["en"], []), lambda rows: np.zeros((0, 1)))


@given(
    st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=6, max_size=6),
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.integers(1, 8),
)
@settings(max_examples=100, deadline=None)
def test_top_k_languages_is_the_mean_over_all_orders_of_the_ties(scores, langs, k):
    retrieved = [i for i in range(6) if scores[i] > -np.inf]
    orders = [
        o for o in itertools.permutations(retrieved) if all(scores[a] >= scores[b] for a, b in itertools.pairwise(o))
    ]
    want = np.mean([np.bincount([langs[i] for i in o[:k]], minlength=3) for o in orders], axis=0)
    got = bias.top_k_languages(np.array([scores]), np.array(langs), 3, k)
    np.testing.assert_allclose(got[0], want, atol=1e-6)


def test_rank_gaps_tell_missing_from_absent():
    gaps = bias.rank_gaps(np.array([[2.0, 7.0, np.inf, np.nan]]))
    np.testing.assert_array_equal(gaps, [[0.0, 5.0, np.inf, np.nan]])


def test_tatoeba_accuracy_goes_both_ways_and_credits_ties(tmp_path):
    for code, n in (("jpn", 4), ("tzl", 2)):
        for side in (code, "eng"):
            lines = "".join(f"{side} {i}\n" for i in range(n))
            (tmp_path / f"tatoeba.{code}-eng.{side}").write_text(lines, encoding="utf-8")

    def score(side):
        if side.query_langs[0] == "ja":
            return np.eye(4)
        if side.document_langs[0] == "ja":
            return np.eye(4)[[0, 1, 3, 2]]
        return np.zeros((2, 2))

    report = evaluate_tatoeba(tmp_path, score)
    ja, tzl = report.languages["ja"], report.languages["tzl"]
    assert (ja.pairs, ja.to_english, ja.from_english) == (4, 1.0, 0.5)
    assert (tzl.to_english, tzl.from_english) == (0.5, 0.5)
    assert report.average() == (0.75, 0.5)
    assert report.xtreme == (1.0, 0.5)
    assert "all 2" in str(report)
    assert evaluate_tatoeba(tmp_path, score, ["ja"]).languages == {"ja": ja}


def test_dot_scorer_takes_half_precision_vectors():
    half = np.eye(3, dtype=np.float16)
    scores = dot_scorer(half, half)(slice(0, 3))
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(scores, np.eye(3))
