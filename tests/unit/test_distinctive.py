"""Which words of a query a hybrid search looks up, and how much they count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.texts import TEXTS
from xling.space.distinctive import NAMES, NUMBERS, STRONG, distinctive_terms, distinctive_words


@pytest.mark.parametrize(
    ("query", "words", "weight"),
    [
        ("Is the XR-2000 still available?", "XR-2000", STRONG),
        ("XR-2000の在庫はまだありますか", "XR-2000", STRONG),
        ("Which book has the number 4006381333931?", "4006381333931", STRONG),
        ("東京", "東京", STRONG),
        ("machine translation", "machine translation", STRONG),
        ("Lindqvistさんは何と言っていましたか", "Lindqvist", NAMES),
        ("2015年にNATOは何を決めましたか教えてください", "NATO 2015", NAMES),
        ("What was decided in the summer of 2015?", "2015", NUMBERS),
        ("Il a dépensé 1,250 euros pour ce voyage", "1250", NUMBERS),
        ("Who came with the 12 others on day 3?", "", NUMBERS),
        ("What did NATO decide about the members?", "", NUMBERS),
        ("Wann fährt morgen der erste Zug nach Köln?", "", NUMBERS),
    ],
)
def test_what_is_looked_up(query, words, weight):
    assert distinctive_words(query) == (words, weight)


def test_the_strongest_phrasing_of_a_query_decides():
    terms, weight = distinctive_terms(["Is it still available today?", "XR-2000の在庫はまだありますか"])
    assert weight == STRONG
    assert len(terms)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_any_query_has_words_of_its_own_and_a_weight(query, phrasings):
    words, weight = distinctive_words(query)
    assert weight in (STRONG, NAMES, NUMBERS)
    assert len(words.split()) <= max(len(query), 1) * 4  # compatibility forms may be several characters
    assert distinctive_terms(phrasings)[1] in (STRONG, NAMES, NUMBERS)
