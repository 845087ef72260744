"""Chunks of any string: nothing lost, nothing too long, and ends where a reader would pause."""

import itertools
import random
import re

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from tests.texts import LANGS, PIECES, TEXTS
from xling.errors import InvalidInput
from xling.space.chunker import Chunker, Chunking
from xling.space.token_counts import TokenCounter
from xling.text import chunk_many, estimate_token_ends
from xling.text.headings import find_headings
from xling.text.normalise import is_blank


def count(texts):
    return [len(estimate_token_ends(text)) for text in texts]


def chunk(text, budget, lang="und", **options):
    return chunk_many([text], [lang], budget=budget, count_tokens=count, token_ends=estimate_token_ends, **options)[0]


def pieces(text, budget, lang="und", **options):
    return [text[a:b] for a, b in chunk(text, budget, lang, **options)]


@given(TEXTS.filter(bool), LANGS, st.integers(1, 40))
def test_chunks_rejoin_to_the_original(text, lang, budget):
    spans = chunk(text, budget, lang)
    assert "".join(text[a:b] for a, b in spans) == text
    assert [a for a, _ in spans][1:] == [b for _, b in spans][:-1]
    if len(spans) > 1:
        assert not any(is_blank(text[a:b]) for a, b in spans)


@given(TEXTS.filter(bool), LANGS, st.integers(4, 40), st.integers(0, 4))
def test_with_overlap_chunks_still_cover_the_text_in_order(text, lang, budget, overlap):
    spans = chunk(text, budget, lang, overlap=overlap)
    assert spans[0].start == 0
    assert spans[-1].end == len(text)
    for before, after in itertools.pairwise(spans):
        assert before.start < after.start <= before.end < after.end


@given(TEXTS.filter(bool), st.integers(1, 40), st.integers(0, 2))
@example(":00.", 1, 0)  # a full stop does not begin a piece, so 00 is cut
def test_no_chunk_is_longer_than_the_budget_or_breaks_a_cluster(text, budget, overlap):
    spans = chunk(text, budget, overlap=overlap)
    boundaries = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    for start, end in spans:
        assert start in boundaries
        piece = text[start:end]
        longest_cluster = max(count(regex.findall(r"\X", piece)))
        visible = len([e for e in estimate_token_ends(piece) if not is_blank(piece[e - 1])])
        assert visible <= max(budget, longest_cluster)


@given(TEXTS, st.integers(12, 40), st.integers(0, 2))
@example("\r\r0:0:0:0:0:", 12, 1)  # the overlap would fill the chunk up to the heading
def test_a_heading_never_ends_a_chunk(text, budget, overlap):
    text += "\n\n# A\nb"
    headings = [h for h in find_headings(text) if count([text[h.start : h.end]])[0] <= 2]
    alone = {h.end for h in headings if not any(o.end == h.start or o.start == h.end for o in find_headings(text))}
    for _, end in chunk(text, budget, overlap=overlap)[:-1]:
        assert end not in alone


def test_a_text_that_fits_is_one_chunk():
    assert chunk("One two. Three four.", 8) == [(0, 20)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two three. Four five six seven.", "One two three. "),
        ("猫が好きです。犬も好きです。鳥も好き", "猫が好きです。"),
        ("彼は「行く。」と言った。それから家を出たのです", "彼は「行く。」と言った。"),
        ("first part. more\n\nsecond. part here", "first part. more\n\n"),
        ("one, two three four five six", "one, two three four "),
        ("一二三四、五六七八九十", "一二三四、"),
    ],
)
def test_a_chunk_ends_where_a_reader_would_pause(text, expected):
    budget = count([expected])[0] + 2
    assert pieces(text, budget)[0] == expected


def test_a_heading_goes_with_its_text():
    text = "# One\n\nThe first part is here.\n\n## Two\n\nThe second part. It is long.\n"
    assert pieces(text, 13) == ["# One\n\nThe first part is here.\n\n", "## Two\n\nThe second part. ", "It is long.\n"]
    html = "<h1>One</h1><p>The first part.</p><h2>Two</h2><p>The second part.</p>"
    assert pieces(html, 35) == [html[: html.index("<h2>")], html[html.index("<h2>") :]]


def test_headings():
    text = "Top\n===\n\n## A b ##\ntext\n\n```\n# no heading\n```\nSub\n---\n<H3 id='x'>c\nd</H3> #no\n"
    assert [(text[h.start : h.end].strip(), h.level) for h in find_headings(text)] == [
        ("Top\n===", 1),
        ("## A b ##", 2),
        ("Sub\n---", 2),
        ("<H3 id='x'>c\nd</H3>", 3),
    ]


def test_overlap_is_in_sentences():
    text = "One two. Three four. Five six. Seven eight. "
    assert pieces(text, 9, overlap=1) == ["One two. Three four. ", "Three four. Five six. ", "Five six. Seven eight. "]


@pytest.mark.parametrize(("budget", "overlap"), [(0, 0), (5, -1)])
def test_numbers_out_of_range_are_refused(budget, overlap):
    with pytest.raises(InvalidInput):
        chunk("a b", budget, overlap=overlap)


@pytest.mark.parametrize(
    "arguments",
    [{"tokens": 0}, {"tokens": True}, {"tokens": 1.5}, {"overlap": -1}, {"overlap": "2"}, {"splitter": "nltk"}],
)
def test_options_that_make_no_sense_are_refused(arguments):
    with pytest.raises(InvalidInput):
        Chunking(**arguments)


@pytest.fixture(scope="module")
def small(encoder):
    return Chunker(encoder, Chunking(tokens=24))


@given(TEXTS.filter(bool))
def test_the_real_model_reads_each_chunk_whole(small, encoder, text):
    prompt = encoder.document_prompt
    for start, end in small.spans(text):
        piece = text[start:end]
        if len(regex.findall(r"\X", piece)) > 1:
            assert len(encoder._offsets().encode(prompt + piece)) <= 24


def test_counting_by_words_is_exact(encoder):
    tokenizer = encoder._offsets()
    counter = TokenCounter(tokenizer)
    rng = random.Random(1)
    words = ["hello", "Hello,", "日本語です。", "ﷺ", "ไทย", "x" * 50, "naïve", "½", "①", "don't", "\u0301a", "👩‍👩‍👧"]
    texts = [" ".join(rng.choices(words, k=rng.randrange(0, 9))) for _ in range(200)]
    for _ in range(2):  # the second time from memory
        assert counter.count(texts) == [len(tokenizer.encode(t, add_special_tokens=False)) for t in texts]


@pytest.fixture(scope="module")
def counter(encoder):
    return TokenCounter(encoder._offsets())


@given(TEXTS)
def test_counting_any_words_is_exact(encoder, counter, text):
    words = re.sub("[\ud800-\udfff]", "", text).split()
    assert counter.count(words) == [len(x) for x in encoder._offsets().encode_batch(words, add_special_tokens=False)]


def test_counting_each_character_of_the_basic_plane_is_exact(encoder, counter):
    texts = [f"{chr(c)}a" for c in range(0x10000) if not 0xD800 <= c <= 0xDFFF and not chr(c).isspace()]
    counted = counter.count(texts)
    assert counted == [len(x) for x in encoder._offsets().encode_batch_fast(texts, add_special_tokens=False)]


def test_more_tokens_than_the_model_reads_are_refused(encoder):
    with pytest.raises(InvalidInput, match="more than the 512"):
        Chunker(encoder, Chunking(tokens=513))
    with pytest.raises(InvalidInput, match="leaves no room"):
        Chunker(encoder, Chunking(tokens=3))


@given(PIECES.filter(bool), LANGS, st.integers(1, 40), st.integers(0, 2))
@example("one two three\nfour five six seven\neight nine. ten\neleven", "en", 12, 0)  # a line end ends no paragraph
def test_windows_line_ends_make_no_difference(text, lang, budget, overlap):
    text = re.sub("[\r\x0b\x0c\x1c\x85\u2028]", "", text)
    windows = pieces(text.replace("\n", "\r\n"), budget, lang, overlap=overlap)
    assert [piece.replace("\r\n", "\n") for piece in windows] == pieces(text, budget, lang, overlap=overlap)
