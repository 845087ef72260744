"""The metrics against brute force over every order of tied documents, and against scikit-learn where it can."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from xling.errors import InvalidInput
from xling.evaluate import metrics
from xling.evaluate.metrics import Ranks, rank_relevant


def every_order(scores):
    """All orders of the documents that a sort by score may give."""
    groups = [
        [i for i, s in enumerate(scores) if s == value]
        for value in sorted(set(scores), reverse=True)
        if value != -np.inf
    ]
    for parts in itertools.product(*(itertools.permutations(g) for g in groups)):
        yield [i for part in parts for i in part]


def dcg(grades):
    return sum(g / math.log2(rank + 1) for rank, g in enumerate(grades, start=1))


def measured_in(order, right, gain, k):
    """The textbook definitions on one order without ties."""
    ranks = [rank for rank, i in enumerate(order, start=1) if i in right]
    ideal = dcg(sorted((gain[i] for i in right), reverse=True)[:k])
    return {
        "ap": sum((n + 1) / rank for n, rank in enumerate(ranks)) / len(right),
        "rr": 1 / ranks[0] if ranks else 0.0,
        "recall": sum(r <= k for r in ranks) / len(right),
        "precision": sum(r <= k for r in ranks) / k,
        "success": float(any(r <= k for r in ranks)),
        "ndcg": dcg([gain[i] if i in right else 0 for i in order[:k]]) / ideal,
        "first": ranks[0] if ranks else math.nan,
    }


def ours(ranks, k):
    return {
        "ap": metrics.average_precision(ranks),
        "rr": metrics.reciprocal_rank(ranks),
        "recall": metrics.recall_at(ranks, k),
        "precision": metrics.precision_at(ranks, k),
        "success": metrics.success_at(ranks, k),
        "ndcg": metrics.ndcg_at(ranks, k),
        "first": metrics.first_rank(ranks),
    }


@st.composite
def tied_queries(draw):
    n = draw(st.integers(1, 7))
    scores = draw(st.lists(st.sampled_from([-np.inf, 0.0, 0.5, 1.0]), min_size=n, max_size=n))
    right = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
    gains = draw(st.lists(st.integers(1, 3), min_size=len(right), max_size=len(right)))
    return scores, right, gains, draw(st.integers(1, 8))


@given(tied_queries())
@settings(max_examples=250, deadline=None)
def test_every_metric_is_the_mean_over_all_orders_of_the_ties(case):
    scores, right, gains, k = case
    gain = dict(zip(right, gains, strict=True))
    rows = [measured_in(order, right, gain, k) for order in every_order(scores)]
    got = ours(rank_relevant(np.array([scores]), [right], [gains]), k)
    for name, value in got.items():
        want = np.mean([row[name] for row in rows])
        assert value[0] == pytest.approx(want, nan_ok=True), name


def test_all_documents_tied_is_the_same_as_a_random_order():
    n, right = 1000, list(range(10))
    ranks = rank_relevant(np.zeros((1, n)), [right])
    assert metrics.precision_at(ranks, 1)[0] == pytest.approx(0.01)
    assert metrics.recall_at(ranks, 100)[0] == pytest.approx(0.1)
    assert metrics.first_rank(ranks)[0] == pytest.approx(1001 / 11)
    rng = np.random.default_rng(0)
    shuffled = rank_relevant(rng.random((4000, n)), [right] * 4000)
    for metric in (metrics.average_precision, metrics.reciprocal_rank, metrics.ndcg_at):
        sample = metric(shuffled)
        assert metric(ranks)[0] == pytest.approx(sample.mean(), abs=5 * sample.std() / math.sqrt(4000))


def test_average_precision_equals_scikit_learn_without_ties():
    rng = np.random.default_rng(1)
    scores = rng.permuted(np.tile(np.linspace(0, 1, 200), (50, 1)), axis=1)
    right = [rng.choice(200, size=rng.integers(1, 30), replace=False) for _ in range(50)]
    got = metrics.average_precision(rank_relevant(scores, right))
    want = [average_precision_score(np.isin(np.arange(200), r), s) for r, s in zip(right, scores, strict=True)]
    np.testing.assert_allclose(got, want)


@pytest.mark.parametrize("k", [1, 5, 10, None])
@pytest.mark.parametrize("levels", [1000, 7], ids=["few ties", "many ties"])
def test_ndcg_equals_scikit_learn_which_averages_ties_too(k, levels):
    rng = np.random.default_rng(2)
    scores = rng.integers(0, levels, (40, 60)).astype(float)
    grades = rng.integers(0, 4, (40, 60)) * (rng.random((40, 60)) < 0.3)
    right = [np.flatnonzero(g) for g in grades]
    ranks = rank_relevant(scores, right, [g[r] for g, r in zip(grades, right, strict=True)])
    some = [i for i, r in enumerate(right) if len(r)]
    want = [ndcg_score(grades[i : i + 1], scores[i : i + 1], k=k) for i in some]
    np.testing.assert_allclose(metrics.ndcg_at(ranks, k)[some], want)
    exponential = [ndcg_score(2.0 ** grades[i : i + 1] - 1, scores[i : i + 1], k=k) for i in some]
    np.testing.assert_allclose(metrics.ndcg_at(ranks, k, gain="exponential")[some], exponential)


def test_blocks_of_rows_give_the_same_as_one_matrix():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 9, (23, 40)).astype(np.float32)
    right = [rng.choice(40, size=int(rng.integers(0, 5)), replace=False) for _ in range(23)]
    parts = [rank_relevant(scores[b], right[b]) for b in metrics.blocks(23, 40, cells=160)]
    assert len(parts) == 6
    joined, whole = Ranks.concatenate(parts), rank_relevant(scores, right)
    for name in ("query", "document", "above", "tied", "gain"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    assert joined.queries == whole.queries == 23


def test_blocks_cover_every_row_once_and_stay_small():
    rows = np.concatenate([np.arange(1000)[b] for b in metrics.blocks(1000, 300, cells=1000)])
    np.testing.assert_array_equal(rows, np.arange(1000))
    assert all((b.stop - b.start) * 300 <= 1000 for b in metrics.blocks(1000, 300, cells=1000))
    assert [b.stop - b.start for b in metrics.blocks(2, 50, cells=10)] == [1, 1]


def test_queries_without_right_answers_are_left_out_of_the_mean():
    ranks = rank_relevant(np.array([[3.0, 2.0], [1.0, 2.0]]), [[1], []])
    for value in ours(ranks, 1).values():
        assert math.isnan(value[1])
    assert metrics.mean(metrics.reciprocal_rank(ranks)) == 0.5
    assert math.isnan(metrics.mean(metrics.reciprocal_rank(rank_relevant(np.ones((1, 2)), [[]]))))


def test_what_was_not_retrieved_is_never_credited_but_still_missed():
    ranks = rank_relevant(np.array([[-np.inf, 1.0, -np.inf]]), [[0, 1]])
    assert metrics.recall_at(ranks, 3)[0] == 0.5
    assert metrics.average_precision(ranks)[0] == 0.5
    assert metrics.reciprocal_rank(rank_relevant(np.full((1, 3), -np.inf), [[0]]))[0] == 0.0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_setting_other_right_answers_aside_is_the_same_as_taking_them_out(seed):
    rng = np.random.default_rng(seed)
    scores = rng.choice([-np.inf, 0.0, 1.0, 2.0, 3.0], size=(4, 12))
    right = [rng.choice(12, size=5, replace=False) for _ in range(4)]
    ranks = rank_relevant(scores, right)
    kept = ranks.select(ranks.document % 2 == 0, set_others_aside=True)
    for i in range(4):
        columns = [c for c in range(12) if c % 2 == 0 or c not in right[i]]
        alone = rank_relevant(
            scores[i : i + 1, columns], [[n for n, c in enumerate(columns) if c in right[i] and c % 2 == 0]]
        )
        for metric in (metrics.average_precision, metrics.reciprocal_rank, metrics.first_rank):
            np.testing.assert_allclose(metric(kept)[i], metric(alone)[0])


def test_select_without_setting_aside_keeps_the_ranks():
    ranks = rank_relevant(np.array([[4.0, 3.0, 2.0, 1.0]]), [[0, 2]])
    assert metrics.reciprocal_rank(ranks.select(ranks.document == 2))[0] == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(ranks.select(ranks.document == 2, set_others_aside=True))[0] == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("scores", "relevant", "gains", "words"),
    [
        (np.zeros(3), [[0]], None, "matrix"),
        (np.zeros((2, 3)), [[0]], None, "one row a query"),
        (np.zeros((1, 3)), [[3]], None, "columns 0 to 2"),
        (np.zeros((1, 3)), [[-1]], None, "columns 0 to 2"),
        (np.zeros((1, 3)), [[1, 1]], None, "named twice"),
        (np.zeros((1, 3)), [[1]], [[1, 2]], "gains"),
        (np.array([[0.0, np.nan]]), [[0]], None, "NaN"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores, relevant, gains, words):
    with pytest.raises(InvalidInput, match=words):
        rank_relevant(scores, relevant, gains)


@pytest.mark.parametrize("metric", [metrics.recall_at, metrics.precision_at, metrics.success_at, metrics.ndcg_at])
def test_k_below_one_is_refused(metric):
    with pytest.raises(InvalidInput, match="k must be 1"):
        metric(rank_relevant(np.zeros((1, 2)), [[0]]), 0)


def test_no_queries_at_all():
    ranks = Ranks.concatenate([])
    for value in ours(ranks, 3).values():
        assert value.shape == (0,)
