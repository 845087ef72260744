"""The words that name clusters, and how likely so few documents are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.explore.gaps import at_most, gaps_of
from xling.explore.keywords import Words, grown, terms_of
from xling.explore.results import Cluster, Clusters


def typical(texts, lang, clusters, number=3):
    words = Words(max(clusters) + 1)
    words.add(texts, [lang] * len(texts), clusters)
    return words.typical(0, number).get(lang)


def test_a_pair_of_characters_becomes_the_word_that_is_meant():
    texts = ["東京都に住む", "東京都の人口", "東京都知事"]
    assert grown("東京", texts) == "東京都"
    assert grown("京都", texts) == "東京都"
    assert grown("京都", ["京都へ行く", "京都の寺", "東京都"]) == "京都"  # most places of it are not in Tokyo
    assert grown("人口", texts) == "人口"  # one place says nothing about what goes on
    assert grown("人工", ["人工知能は", "人工知能を", "人工知能が"]) == "人工知能"  # not on into hiragana
    assert grown("แม", ["แมว", "แมวดำ", "แมวขาว"]).startswith("แมว")


def test_words_are_shown_as_they_are_mostly_written():
    texts = ["Regen im Norden", "REGEN im Süden", "Regen im Westen", "Tor im Norden", "Tor im Süden", "Tor im Westen"]
    assert typical(texts, "de", [0, 0, 0, 1, 1, 1]) == ("Regen",)
    texts = ["ゴールが決まる", "ゴールを守る", "雨が降る", "雨が強い"]
    assert typical(texts, "ja", [0, 0, 1, 1], 1) == ("ゴール",)
    texts = ["Mazedonien stimmt ab"] * 3 + ["Mazedoniens Name"] * 2 + ["Wetter und Regen"] * 5
    named = [word for word in typical(texts, "de", [0] * 5 + [1] * 5) if word.startswith("Mazedonien")]
    assert named == ["Mazedonien"]  # one form of a word is enough


def test_words_that_everybody_uses_name_nothing():
    texts = [f"the {a} of the {b}" for a in ("lion", "tiger") for b in ("house", "garden", "street", "town", "farm")]
    texts += [f"a {a} in a {b}" for a in ("car", "bus") for b in ("house", "garden", "street", "town", "farm")]
    found = typical(texts, "en", [0] * 10 + [1] * 10)
    assert set(found) <= {"lion", "tiger"}
    assert found


def test_numbers_and_single_letters_are_no_names():
    assert [form for _, form in terms_of("In 2026 I saw 3 GPT-4 X", "en")] == ["In", "saw", "GPT-4"]
    assert [form for _, form in terms_of("私の犬です", "ja")] == []


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8), st.sampled_from(["en", "ja", "zh", "th", "und", "pt-BR"]))
def test_any_text_has_words_or_none(texts, lang):
    words = Words(2)
    words.add(texts, [lang] * len(texts), [i % 2 for i in range(len(texts))])
    for found in words.typical(0, 5).values():
        assert len(found) <= 5
        assert all(isinstance(word, str) and word for word in found)
        assert len(set(found)) == len(found)


@settings(deadline=None)  # scipy takes its time to be imported
@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.001, 0.999))
def test_the_binomial_distribution_is_as_scipy_has_it(k, n, p):
    binom = pytest.importorskip("scipy.stats").binom
    assert at_most(k, n, p) == pytest.approx(float(binom.cdf(k, n, p)), rel=1e-6, abs=1e-12)


def test_gaps_are_told_by_what_other_topics_have():
    rows = [{"en": 50, "ja": 25}, {"en": 50, "ja": 25}, {"en": 40, "ja": 0}, {"en": 0, "ja": 1}, {"und": 90, "en": 30}]
    clusters = tuple(
        Cluster(number=i, name=f"topic {i}", size=sum(row.values()), languages=row) for i, row in enumerate(rows)
    )
    languages = {lang: sum(row.get(lang, 0) for row in rows) for lang in ("en", "und", "ja")}
    found = gaps_of(
        Clusters(clusters=clusters, ids=(), labels=(), languages=languages, neutral=1, one_language=0, by_language=0),
        0.3,
    )
    assert list(found.languages) == ["en", "ja"]  # what is unknown lacks nothing
    assert [(gap.cluster, gap.lang, gap.documents) for gap in found.gaps] == [(2, "ja", 0), (4, "ja", 0)]
    assert found.gaps[0].expected == pytest.approx(40 * 51 / 130, abs=0.1)
    assert found.table() == [[50, 25], [50, 25], [40, 0], [0, 1], [30, 0]]
