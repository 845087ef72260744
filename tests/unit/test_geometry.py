"""The shape of a cloud of vectors: against what is known of clouds that are made for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xling.explore import geometry
from xling.explore.nearest import nearest


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def cloud(n=2000, dimension=32, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)


def test_isoscore_and_dimension_of_clouds_that_use_some_of_the_space():
    rows = cloud(20_000)
    assert geometry.isoscore(rows) > 0.95
    assert geometry.participation(geometry.spectrum(rows)) == pytest.approx(32, rel=0.02)
    rows[:, 8:] = 0
    # Of n dimensions k are used evenly: (k - 1) / (n - 1), as the paper shows.
    assert geometry.isoscore(rows) == pytest.approx(7 / 31, abs=0.01)
    assert geometry.participation(geometry.spectrum(rows)) == pytest.approx(8, rel=0.01)
    rows[:, 1:] = 0
    assert geometry.isoscore(rows) == pytest.approx(0, abs=1e-6)
    assert geometry.participation(geometry.spectrum(rows)) == pytest.approx(1)
    assert geometry.isoscore(np.ones((5, 4), np.float32)) == 0


@given(st.integers(2, 40), st.integers(2, 6), st.integers(0, 50))
def test_the_mean_cosine_is_that_of_all_pairs(n, dimension, seed):
    rows = unit(cloud(n, dimension, seed))
    pairs = (rows @ rows.T)[~np.eye(n, dtype=bool)]
    assert geometry.mean_cosine(rows) == pytest.approx(float(pairs.mean()), abs=1e-5)


def test_hubs_are_found_where_there_are_some():
    even = np.full(100, 10)
    assert geometry.skewness(even) == geometry.robin_hood(even) == 0
    one = np.zeros(100, int)
    one[7] = 1000
    assert geometry.skewness(one) > 9
    assert geometry.robin_hood(one) == pytest.approx(0.99)
    half = np.tile([0, 20], 50)
    assert geometry.robin_hood(half) == pytest.approx(0.5)
    # On a sphere all are alike; by dot product long vectors are near to everything.
    rows = cloud(1500, 64)
    skews = [
        geometry.skewness(geometry.occurrences(nearest(rows, rows, 10, itself=False)[0], 1500))
        for rows in (unit(rows), rows)
    ]
    assert skews[0] < 0.7 < 1.0 < skews[1]


def test_shares_of_languages():
    langs = ["en"] * 6 + ["ja"] * 3 + ["fr"]
    assert geometry.pool_share(langs) == pytest.approx((6 * 5 + 3 * 2 + 0) / 9 / 10)
    found = np.array([[1, 9]] * 6 + [[0, 1]] * 3 + [[0, 1]])
    assert geometry.own_share(found, langs) == pytest.approx(6 * 0.5 / 10)
    rows = cloud(300, 8)
    langs = ["a", "b", "c"] * 100
    assert geometry.language_variance(rows, langs) < 0.05
    rows[::3] += 100
    assert geometry.language_variance(rows, langs) > 0.9


def test_small_copies_lose_as_much_as_they_drop():
    rows = unit(cloud(3000, 128))
    queries, documents = rows[:100], rows[100:]
    exact, _ = nearest(queries, documents, 10)

    def lost(ranked, oversampling=3):
        return geometry.recall(queries, documents, exact, ranked, oversampling)

    same = lost(geometry.by_products(queries, documents))
    assert same == (1.0, 1.0)
    halves = lost(geometry.by_products(queries, geometry.half(documents)))
    bytes_ = lost(geometry.by_products(geometry.int8(queries, documents), geometry.int8(documents, documents)))
    bits = lost(geometry.by_products(geometry.signs(queries), geometry.signs(documents)))
    assert halves[0] > 0.99
    assert 0.9 < bytes_[0] <= halves[0]
    assert bits[0] < bytes_[0]
    assert all(plain <= again + 1e-9 for plain, again in (halves, bytes_, bits))
    # Chance finds 10 of 2,900, and 30 of them with three times as many.
    other = lost(lambda count: np.tile(np.arange(count), (100, 1)))
    assert other[0] < 0.02
    assert lost(geometry.by_products(geometry.signs(queries), geometry.signs(documents)), 300)[1] == 1.0


@pytest.mark.parametrize(("dimension", "sizes"), [(384, [192, 96, 48, 24]), (64, [32, 16]), (20, []), (2, [])])
def test_dimensions_that_are_tried(dimension, sizes):
    assert geometry.truncations(dimension) == sizes


@given(st.integers(1, 6), st.integers(0, 20))
def test_int8_is_within_a_step_of_the_range(dimension, seed):
    rows = cloud(50, dimension, seed)
    low, high = np.quantile(rows, [0.005, 0.995])
    kept = geometry.int8(rows, rows)
    inside = (rows >= low) & (rows <= high)
    assert np.abs(kept - rows)[inside].max() <= (high - low) / 127
    assert len(np.unique(kept)) <= 128
