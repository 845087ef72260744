"""Files of word vectors: every form read as it was written, bad lines counted, nothing taken for what it is not."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.errors import InvalidInput, MissingExtra, ModelError, SkippedLinesWarning
from xling.space.encoders.segmenting import Segmenter
from xling.space.encoders.sif import SentenceComposer, common_component, unit_rows, without_component
from xling.space.encoders.vector_files import WordTable, dimension_of, kind_of, read_word_vectors
from xling.space.encoders.word_lists import read_counts

WORDS = ["the", "Haus", "東京", "ありがとう", "l'eau", "1984", "-", "…", "naïve"]
VECTORS = np.random.default_rng(0).standard_normal((len(WORDS), 5)).astype(np.float32)


def text_of(words, vectors, *, header, space=" ", end="\n"):
    head = f"{len(words)} {vectors.shape[1]}{end}" if header else ""
    lines = (word + space + space.join(repr(float(x)) for x in row) for word, row in zip(words, vectors, strict=True))
    return (head + "".join(line + end for line in lines)).encode()


def binary_of(words, vectors, *, newline=b"\n"):
    head = f"{len(words)} {vectors.shape[1]}\n".encode()
    rows = (w.encode() + b" " + v.astype("<f4").tobytes() + newline for w, v in zip(words, vectors, strict=True))
    return head + b"".join(rows)


FORMS = {
    "word2vec text": text_of(WORDS, VECTORS, header=True),
    "GloVe": text_of(WORDS, VECTORS, header=False),
    "tabs": text_of(WORDS, VECTORS, header=True, space="\t"),
    "of Windows": b"\xef\xbb\xbf" + text_of(WORDS, VECTORS, header=True, end="\r\n"),
    "spaces at the ends": text_of(WORDS, VECTORS, header=True, end=" \n"),
    "no end of line": text_of(WORDS, VECTORS, header=False).rstrip(),
    "word2vec binary": binary_of(WORDS, VECTORS),
    "binary without line ends": binary_of(WORDS, VECTORS, newline=b""),
    "packed": gzip.compress(text_of(WORDS, VECTORS, header=True)),
    "packed binary": gzip.compress(binary_of(WORDS, VECTORS)),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_what_was_written(tmp_path, form):
    path = tmp_path / "vectors.vec"
    path.write_bytes(FORMS[form])
    table = read_word_vectors(path)
    assert table.words == WORDS
    assert table.vectors.dtype == np.float32
    assert np.array_equal(table.vectors, VECTORS)
    assert table.skipped == 0
    assert dimension_of(path) == table.dimension == 5
    assert kind_of(path) == ("binary" if "binary" in form else "text")
    assert read_word_vectors(path, max_words=3).words == WORDS[:3]


def test_what_gensim_writes_is_read(tmp_path):
    models = pytest.importorskip("gensim.models")
    vectors = models.KeyedVectors(5)
    vectors.add_vectors(WORDS, VECTORS)
    for binary in (False, True):
        for header in (True, False) if not binary else (True,):
            path = tmp_path / f"{binary}-{header}"
            vectors.save_word2vec_format(str(path), binary=binary, write_header=header)
            table = read_word_vectors(path)
            assert table.words == WORDS
            assert np.allclose(table.vectors, VECTORS, atol=1e-6)


@pytest.fixture(scope="module")
def fasttext(tmp_path_factory):
    fasttext = pytest.importorskip("gensim.models.fasttext")
    sentences = [["guten", "morgen", "liebe", "welt"], ["gute", "nacht", "welt"], ["liebe", "nacht"]] * 20
    model = fasttext.FastText(sentences, vector_size=8, min_count=1, epochs=3, min_n=2, max_n=4, bucket=200, workers=1)
    path = tmp_path_factory.mktemp("fasttext") / "de.bin"
    fasttext.save_facebook_model(model, str(path))
    return path, model.wv


def test_fasttext_bin_knows_words_it_has_not_seen(fasttext):
    path, wv = fasttext
    table = read_word_vectors(path)
    assert (kind_of(path), dimension_of(path)) == ("fasttext", 8)
    assert table.words == wv.index_to_key
    assert np.allclose(table.vectors, wv.vectors, atol=1e-5)
    assert table.counts.tolist() == [wv.get_vecattr(word, "count") for word in table.words]
    assert "mitternacht" not in table.words
    assert np.allclose(table.compose("mitternacht"), wv.get_vector("mitternacht"), atol=1e-5)
    composed = SentenceComposer(table).compose("mitternacht")
    assert composed.known == 1
    assert composed.total.any()


def test_fasttext_bin_without_gensim_says_what_to_install(fasttext, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gensim.models.fasttext", None)
    with pytest.raises(MissingExtra, match=r"xling\[words\]"):
        read_word_vectors(fasttext[0])


BAD_LINES = {
    "too few numbers": b"bad 1 2 3 4",
    "a word of numbers": b"1 2 3 4",
    "letters": b"bad 1 2 x 4 5",
    "not a number": b"bad 1 2 nan 4 5",
    "infinite": b"bad 1 2 inf 4 5",
    "beyond a float": b"bad 1 2 1e60 4 5",
    "no word": b" 1 2 3 4 5",
    "not UTF-8": b"\xff\xfe 1 2 3 4 5",
    "twice": b"Haus 1 2 3 4 5",
}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("bad", BAD_LINES)
def test_bad_lines_are_counted_and_the_others_stay(tmp_path, bad, header):
    lines = text_of(WORDS, VECTORS, header=header).splitlines()
    lines[4:4] = [BAD_LINES[bad], b"", BAD_LINES[bad]]
    path = tmp_path / "v.vec"
    path.write_bytes(b"\n".join(lines))
    with pytest.warns(SkippedLinesWarning, match="2 of 11 lines could not be used; the first: number 5"):
        table = read_word_vectors(path)
    assert table.words == WORDS
    assert np.array_equal(table.vectors, VECTORS)
    assert table.skipped == 2


def test_words_with_spaces_in_them(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(b". . . 1 2 3\nNew York 4 5 6\nthe 7 8 9\nof 1 1 1\nto 2 2 2\n")
    table = read_word_vectors(path)
    assert table.words == [". . .", "New York", "the", "of", "to"]
    assert table.vectors[1].tolist() == [4, 5, 6]


def test_the_second_of_a_bad_pair_does_not_fill_up_the_first(tmp_path):
    path = tmp_path / "v.vec"  # as many numbers in all as there should be
    path.write_bytes(b"3 3\na 1 2 3\nb 1 2\nc 1 2 3 4\n")
    with pytest.warns(SkippedLinesWarning):
        table = read_word_vectors(path)
    assert table.words == ["a", "c 1"]


@pytest.mark.parametrize("cut", [3, 22, 47])
def test_files_that_end_early_give_what_they_have(tmp_path, cut):
    path = tmp_path / "v"
    path.write_bytes(binary_of(WORDS, VECTORS)[:-cut])
    with pytest.warns(SkippedLinesWarning, match="ends"):
        table = read_word_vectors(path)
    assert 0 < len(table.words) < len(WORDS)
    assert table.words == WORDS[: len(table.words)]
    assert table.skipped == len(WORDS) - len(table.words)
    path.write_bytes(b"\n".join(text_of(WORDS, VECTORS, header=True).splitlines()[:4]))
    with pytest.warns(SkippedLinesWarning, match="ends 6 words before"):
        assert read_word_vectors(path).skipped == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"hello\n", b"some prose and nothing else\n", b"5 300\n", b"\x89PNG\r\n\x1a\n" + bytes(64), b"{}"],
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "v.vec"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"v\.vec"):
        read_word_vectors(path)


def test_pickles_are_never_opened(tmp_path):
    path = tmp_path / "v.kv"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError, match="save_word2vec_format"):
        read_word_vectors(path)


def test_a_damaged_fasttext_model_is_a_model_error(tmp_path, fasttext):
    path = tmp_path / "cut.bin"
    path.write_bytes(fasttext[0].read_bytes()[:100])
    with pytest.raises(ModelError, match="gensim"):
        read_word_vectors(path)
    path.write_bytes(struct.pack("<ii", 793712314, 12))
    with pytest.raises(ModelError):
        read_word_vectors(path)


WORD = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=8)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORD, st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=12), st.booleans())
def test_any_words_and_numbers_come_back(tmp_path_factory, entries, binary):
    words, vectors = list(entries), np.array(list(entries.values()), np.float32)
    path = tmp_path_factory.mktemp("any") / "v"
    path.write_bytes(binary_of(words, vectors) if binary else text_of(words, vectors, header=True))
    table = read_word_vectors(path)
    assert table.words == words
    assert np.array_equal(table.vectors, vectors)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
@pytest.mark.filterwarnings("ignore::xling.errors.SkippedLinesWarning")
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "v"
    path.write_bytes(content)
    try:
        table = read_word_vectors(path)
    except ModelError:
        return
    assert np.isfinite(table.vectors).all()
    assert len(set(table.words)) == len(table.words) == len(table.vectors) > 0


# --- words of a text ----------------------------------------------------------------------------------------


def cut(vocabulary, text):
    return [(token.text, token.row >= 0) for token in Segmenter({w: i for i, w in enumerate(vocabulary)}).tokens(text)]


@pytest.mark.parametrize(
    ("vocabulary", "text", "words"),
    [
        (
            ["東京", "東京都", "に", "住んで", "住ん", "いる"],
            "東京都に住んでいる。",
            ["東京都", "に", "住んで", "いる"],
        ),
        (["我", "爱", "北京", "天安门"], "我爱北京天安门!", ["我", "爱", "北京", "天安门"]),
        (["ฉัน", "รัก", "เธอ"], "ฉันรักเธอ", ["ฉัน", "รัก", "เธอ"]),
        (["학교", "에", "갔다"], "학교에 갔다", ["학교", "에", "갔다"]),
        (["iphone", "を", "買う"], "iPhoneを買う", ["iPhone", "を", "買う"]),
        (["l'eau", "don't", "well", "known"], "L'eau, don't: well-known", ["L'eau", "don't", "well", "known"]),
        (["ＮＨＫ", "nhk", "Paris"], "ＮＨＫ NHK PARIS paris", ["ＮＨＫ", "NHK", "PARIS", "paris"]),
        (["####", "##.#"], "1984 37.5", ["1984", "37.5"]),
    ],
)
def test_words_are_found(vocabulary, text, words):
    assert cut(vocabulary, text) == [(word, True) for word in words]


def test_unknown_pieces_stay_whole():
    assert cut(["に", "行く"], "渋谷に行く") == [("渋谷", False), ("に", True), ("行く", True)]
    assert cut(["the"], "the Quux.") == [("the", True), ("Quux", False)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=4), max_size=8), st.text(max_size=40))
def test_tokens_lie_in_the_text_in_order(vocabulary, text):
    last = 0
    for token in Segmenter({w: i for i, w in enumerate(vocabulary)}).tokens(text):
        assert text[token.end - len(token.text) : token.end] == token.text
        assert token.end - len(token.text) >= last
        last = token.end


# --- sentences ----------------------------------------------------------------------------------------------


def test_frequent_words_weigh_less():
    words = [f"w{i}" for i in range(1000)]
    composer = SentenceComposer(WordTable(words, np.ones((1000, 2), np.float32)))
    assert np.all(np.diff(composer.weights) > 0)
    p = 1 / np.sum(1 / np.arange(1, 1001))  # Zipf: the first of a thousand words
    assert composer.weights[0] == pytest.approx(1e-3 / (1e-3 + p), rel=1e-5)
    counted = SentenceComposer(composer.table, counts={"w999": 99.0, "w0": 1.0})
    assert counted.weights[999] == pytest.approx(1e-3 / (1e-3 + 0.99), rel=1e-5)
    assert counted.weights[500] == 1
    with pytest.raises(InvalidInput, match="none of the words"):
        SentenceComposer(composer.table, counts={"other": 1.0})


def test_what_all_sentences_share_is_removed():
    rng = np.random.default_rng(0)
    shared = rng.standard_normal(20).astype(np.float32)
    sentences = 0.3 * rng.standard_normal((200, 20)).astype(np.float32) + shared
    component = common_component(sentences)
    assert abs(float(component[0] @ shared) / np.linalg.norm(shared)) > 0.99
    assert np.allclose(without_component(sentences, component) @ component.T, 0, atol=1e-4)
    assert common_component(sentences[:5]).shape == (0, 20)


def test_texts_without_known_words_are_told_apart():
    vectors = unit_rows(np.zeros((4, 100), np.float32), ["Xyzzy", "Plugh", "Xyzzy", ""])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.array_equal(vectors[0], vectors[2])
    assert abs(vectors[0] @ vectors[1]) < 0.5


def test_counts_are_read(tmp_path):
    path = tmp_path / "counts.txt"
    path.write_text("the 100\nof\t50\nNew York 3\nbad\nworse -1\n\nthe 1\n", "utf-8")
    with pytest.warns(SkippedLinesWarning, match="2 lines"):
        assert read_counts(path) == {"the": 101, "of": 50, "New York": 3}
    path.write_text("nothing here\n")
    with pytest.raises(InvalidInput, match="count"):
        read_counts(path)
