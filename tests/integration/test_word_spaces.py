"""Word vectors of several languages in one space: what was turned away is turned back, and every verb works on it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import xling
from tests.unit.test_word_files import binary_of, text_of
from xling.cli.app import run
from xling.errors import InvalidInput, ModelError, SpaceMismatch
from xling.space.encoders.space_building import map_vectors
from xling.space.encoders.word_lists import read_dictionary
from xling.space.encoders.word_space import WordSpaceEncoder
from xling.space.resolve import load_encoder

N, D = 300, 24
rng = np.random.default_rng(0)
MEANINGS = rng.standard_normal((N, D)) + 0.5 * rng.standard_normal(D)
# One language's words are Latin letters, the other's Han characters without spaces; meanings are in a common order.
SYLLABLES = [a + b for a in "bdgklmnprst" for b in "aeiou"]
LATIN = [SYLLABLES[i % 55] + SYLLABLES[(i * 7 + i // 55) % 55] + SYLLABLES[i // 55] for i in range(N)]
HAN = [chr(0x4E00 + 40 + i) + chr(0x5E00 + i) for i in range(N)]
CYRILLIC = [
    "".join(chr(0x430 + (ord(c) * 7 + i) % 32) for c in word) + chr(0x430 + i % 32) for i, word in enumerate(LATIN)
]
WORDS = {"en": LATIN, "zh": HAN, "ru": CYRILLIC}


def turned(seed, noise=0.3):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((D, D)))
    return ((MEANINGS + noise * np.random.default_rng(seed + 1).standard_normal((N, D))) @ rotation).astype(np.float32)


def sentence(lang, rows):
    return ("" if lang == "zh" else " ").join(WORDS[lang][i] for i in rows)


SENTENCES = [list(np.random.default_rng(1000 + i).choice(N, 6, replace=False)) for i in range(120)]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    assert all(len(set(words)) == N for words in WORDS.values())
    (folder / "wiki.en.vec").write_bytes(text_of(LATIN, turned(1), header=True))
    (folder / "cc.zh.24.bin").write_bytes(binary_of(HAN, turned(2)))
    (folder / "rus.txt").write_bytes(text_of(CYRILLIC, turned(3), header=False))
    return {"en": folder / "wiki.en.vec", "zh": folder / "cc.zh.24.bin", "ru": folder / "rus.txt"}


@pytest.fixture(scope="module")
def space(files, tmp_path_factory):
    target = tmp_path_factory.mktemp("spaces") / "space"
    pairs = [{lang: sentence(lang, rows) for lang in WORDS} for rows in SENTENCES[:80]]
    map_vectors(files, target, pairs=pairs)
    return target


def first(encoder, source, target, rows=SENTENCES[80:]):
    x = encoder.encode_queries([sentence(source, r) for r in rows])
    y = encoder.encode_documents([sentence(target, r) for r in rows])
    return float(np.mean((x @ y.T).argmax(axis=1) == np.arange(len(rows))))


@pytest.mark.parametrize(("source", "target"), [("zh", "en"), ("en", "zh"), ("ru", "en"), ("zh", "ru")])
def test_sentences_find_their_translations(space, source, target):
    assert first(load_encoder(space), source, target) > 0.9


def test_each_text_is_read_with_its_own_table(space):
    encoder = load_encoder(space)
    assert isinstance(encoder, WordSpaceEncoder)
    for lang in WORDS:
        assert {encoder.language_of(sentence(lang, rows)) for rows in SENTENCES} == {lang}
    mixed = sentence("en", SENTENCES[0][:3]) + " " + sentence("zh", SENTENCES[0][3:])
    vectors = encoder.encode_documents([mixed, sentence("en", SENTENCES[0]), sentence("en", SENTENCES[1])])
    assert vectors[0] @ vectors[1] > 0.7 > vectors[0] @ vectors[2]


@pytest.mark.parametrize("relaxed", [False, True])
def test_a_dictionary_is_enough_whichever_way_round(files, tmp_path, relaxed):
    two = {lang: files[lang] for lang in ("zh", "en")}
    words = list(zip(LATIN, HAN, strict=True))[:120]
    for turn, dictionary in enumerate((words, [(b, a) for a, b in words])):
        made = map_vectors(two, tmp_path / str(turn), dictionary=dictionary, relaxed=relaxed)
        zh, en = made.languages
        assert (zh.lang, zh.word_pairs, zh.held_out, en.accuracy) == ("zh", 120, 12, None)
        assert zh.accuracy > 0.8
        assert first(load_encoder(tmp_path / str(turn)), "zh", "en") > 0.9


def test_words_written_alike(tmp_path):
    for lang, words in (("en", LATIN), ("it", [*LATIN[:100], *(word + "o" for word in LATIN[100:])])):
        (tmp_path / f"{lang}.vec").write_bytes(text_of(words, turned(len(lang + words[-1])), header=True))
    made = map_vectors({lang: tmp_path / f"{lang}.vec" for lang in ("en", "it")}, tmp_path / "space")
    assert made.languages[1].word_pairs == 100
    assert made.languages[1].accuracy > 0.8


def test_refinement_finds_what_a_small_dictionary_leaves_out(files, tmp_path):
    two = {lang: files[lang] for lang in ("zh", "en")}
    words = list(zip(HAN, LATIN, strict=True))[:16]
    shares = []
    for rounds in (0, 5):
        map_vectors(two, tmp_path / str(rounds), dictionary=words, refinements=rounds)
        shares.append(first(load_encoder(tmp_path / str(rounds)), "zh", "en"))
    assert shares[1] > shares[0] + 0.1


def test_every_verb_works(make, space):
    spoken = make("spoken", model=space)
    documents = [xling.Document(text=sentence(lang, rows), lang=lang) for rows in SENTENCES[80:] for lang in WORDS]
    assert spoken.add(documents).added == 120
    hits = spoken.search(sentence("zh", SENTENCES[90]), limit=3, neutral=0)
    assert {hit.text for hit in hits} == {sentence(lang, SENTENCES[90]) for lang in WORDS}
    near = spoken.similar(sentence("ru", SENTENCES[95]), limit=1, languages=["en"], translations=True)
    assert near[0].text == sentence("en", SENTENCES[95])
    assert spoken.info().model == space.as_posix()
    spoken.close()
    again = make("spoken", model=None)
    assert again.search(sentence("ru", SENTENCES[100]), limit=1)[0].text == sentence("ru", SENTENCES[100])


def test_a_copy_needs_no_other_file(files, tmp_path):
    lent = {lang: shutil.copy(path, tmp_path) for lang, path in files.items()}
    pairs = [{lang: sentence(lang, rows) for lang in WORDS} for rows in SENTENCES[:80]]
    refers, holds = tmp_path / "refers", tmp_path / "holds"
    map_vectors(lent, refers, pairs=pairs)
    map_vectors(lent, holds, pairs=pairs, copy=True)
    texts = [sentence(lang, SENTENCES[99]) for lang in WORDS]
    expected = load_encoder(refers).encode_documents(texts)
    for path in lent.values():
        (tmp_path / str(path)).unlink()
    moved = holds.rename(tmp_path / "moved")
    assert np.allclose(load_encoder(moved).encode_documents(texts), expected, atol=1e-5)
    with pytest.raises(ModelError, match="gone"):
        WordSpaceEncoder(refers)


def test_changed_vectors_and_damaged_directories_are_refused(make, files, tmp_path):
    lent = {lang: shutil.copy(path, tmp_path) for lang, path in files.items()}
    words = list(zip(HAN, LATIN, strict=True))
    two = {lang: lent[lang] for lang in ("zh", "en")}
    map_vectors(two, tmp_path / "space", dictionary=words)
    make("words", model=tmp_path / "space").close()
    map_vectors(two, tmp_path / "space", dictionary=words[:50], refinements=0)  # written over
    with pytest.raises(SpaceMismatch):
        make("words", model=tmp_path / "space")
    np.save(tmp_path / "space" / "zh.map.npy", np.zeros((2, 2)))
    with pytest.raises(ModelError, match="map the vectors again"):
        WordSpaceEncoder(tmp_path / "space").encode_documents(["a"])
    (tmp_path / "space" / "en.common.npy").unlink()
    with pytest.raises(ModelError, match="missing"):
        WordSpaceEncoder(tmp_path / "space")
    map_vectors(two, tmp_path / "other", dictionary=words)
    (tmp_path / "wiki.en.vec").write_bytes(text_of(LATIN, turned(7), header=True))
    with pytest.raises(ModelError, match="changed"):
        WordSpaceEncoder(tmp_path / "other")
    (tmp_path / "other" / "xling-words.json").write_text("{}")
    with pytest.raises(ModelError, match="no space of word vectors"):
        WordSpaceEncoder(tmp_path / "other")


def test_what_makes_no_sense_is_refused(files, tmp_path):
    words = list(zip(HAN, LATIN, strict=True))
    two = {lang: files[lang] for lang in ("zh", "en")}
    with pytest.raises(InvalidInput, match="at least 10"):
        map_vectors(two, tmp_path / "space", dictionary=words[:5])
    with pytest.raises(InvalidInput, match="at least 10"):
        map_vectors(two, tmp_path / "space")  # nothing is written alike
    with pytest.raises(InvalidInput, match="pivot"):
        map_vectors(two, tmp_path / "space", dictionary=words, pivot="fr")
    with pytest.raises(InvalidInput, match="no files"):
        map_vectors({}, tmp_path / "space")
    (tmp_path / "thin.vec").write_bytes(text_of(HAN, turned(2)[:, :5], header=True))
    with pytest.raises(InvalidInput, match="dimensions"):
        map_vectors({"zh": tmp_path / "thin.vec", "en": files["en"]}, tmp_path / "space", dictionary=words)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="holds more"):
        map_vectors(two, tmp_path / "full", dictionary=words)
    assert not (tmp_path / "space").exists()
    assert (tmp_path / "full" / "letter.txt").read_text() == "dear"


def test_on_the_command_line(files, tmp_path, capsys):
    dictionary = tmp_path / "zh-en.txt"
    dictionary.write_text("".join(f"{h} {w}\n" for h, w in zip(HAN, LATIN, strict=True)) + "broken\n", "utf-8")
    with pytest.warns(xling.SkippedLinesWarning, match="1 lines"):
        assert len(read_dictionary(dictionary)) == N
    arguments = ["map-vectors", str(files["zh"]), str(files["en"]), "--dictionary", str(dictionary)]
    assert run([*arguments, "-o", str(tmp_path / "space"), "--json"]) == 0
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["lang"] for row in rows] == ["zh", "en"]
    assert "1 lines do not hold" in said.err
    assert first(load_encoder(tmp_path / "space"), "zh", "en") > 0.9
    for lang in ("ru", "en"):
        text = "".join(sentence(lang, rows) + "\n" for rows in SENTENCES)
        (tmp_path / f"corpus.{lang}").write_text(text, "utf-8")
    arguments = ["map-vectors", f"ru={files['ru']}", f"en={files['en']}", "--pairs", str(tmp_path / "corpus"), "--copy"]
    assert run([*arguments, "-o", str(tmp_path / "sentences")]) == 0
    assert "learnt from 0 word pairs and 120 sentence pairs" in capsys.readouterr().out
    assert run(["map-vectors", str(tmp_path / "unnamed.vec"), str(files["en"]), "-o", str(tmp_path / "x")]) == 2
    assert "LANG=FILE" in capsys.readouterr().err
