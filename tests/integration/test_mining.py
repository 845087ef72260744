"""Translations found among two sides: lists, files and collections, with what must not win."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xling.cli import main
from xling.errors import InvalidInput
from xling.space.margin import LENGTH_WEIGHT, candidate_pairs, length_penalties, level, margins, mutual_best
from xling.space.neighbours import MISSING, exact_neighbours
from xling.translate import mine, read_units, score_pairs
from xling.translate.index import find_neighbours

ENGLISH = [
    "The ferry leaves at noon.",
    "I would like a cup of coffee.",
    "Where is the nearest station?",
    "The museum is closed on Mondays.",
    "My brother lives in Osaka.",
    "It rained all night long.",
    "The price of rice has gone up.",
    "She plays the piano very well.",
    "Nobody answered my letter.",  # without partner
    "The bridge was built in 1932.",  # without partner
]
JAPANESE = [
    "彼女はピアノがとても上手です。",
    "一晩中雨が降りました。",
    "お米の値段が上がりました。",
    "船は正午に出ます。",
    "コーヒーを一杯ください。",
    "一番近い駅はどこですか。",
    "美術館は月曜日が休みです。",
    "兄は大阪に住んでいます。",
    "この靴は小さすぎます。",  # without partner
    "猫が屋根の上で寝ています。",  # without partner
]
GOLD = {0: 3, 1: 4, 2: 5, 3: 6, 4: 7, 5: 1, 6: 2, 7: 0}


def places(found):
    return {pair.source_place: pair.target_place for pair in found.pairs}


@pytest.fixture(scope="module")
def found(encoder):
    return mine(ENGLISH, JAPANESE, source_lang="en", target_lang="ja", model=encoder)


def test_the_translations_are_found_and_nothing_else(found):
    assert places(found) == GOLD
    assert (found.source_sentences, found.target_sentences) == (10, 10)
    assert [p.score for p in found.pairs] == sorted((p.score for p in found.pairs), reverse=True)
    assert all(p.source == ENGLISH[p.source_place] and p.target == JAPANESE[p.target_place] for p in found.pairs)
    assert found.level == pytest.approx(found.pairs[0].margin / found.pairs[0].score)


def test_duplicates_blank_lines_and_copies_do_not_win(encoder, found):
    noisy_source = [*ENGLISH, "", "  ", *ENGLISH[:3], "COPYRIGHT 2020"]
    noisy_target = [*JAPANESE, "COPYRIGHT 2020", "\u3000", *JAPANESE[:4]]
    again = mine(noisy_source, noisy_target, source_lang="en", target_lang="ja", model=encoder)
    assert places(again) == places(found)
    assert (again.duplicates, again.blank) == (7, 3)
    assert again.copies == 1
    with_copies = mine(noisy_source, noisy_target, source_lang="en", target_lang="ja", model=encoder, copies=True)
    assert places(with_copies)[15] == 10


def test_every_candidate_on_request(encoder, found):
    every = mine(ENGLISH, JAPANESE, model=encoder, mutual=False, min_score=-9, min_cosine=-1)
    assert len(every.pairs) > 30
    assert {(p.source_place, p.target_place) for p in found.pairs} <= {
        (p.source_place, p.target_place) for p in every.pairs
    }


@pytest.mark.parametrize("margin", ["ratio", "distance"])
def test_both_margins(encoder, margin):
    assert places(mine(ENGLISH, JAPANESE, model=encoder, margin=margin)) == GOLD


def test_files_and_collections(encoder, found, tmp_path, make):
    (tmp_path / "en.txt").write_text("\n".join(ENGLISH) + "\n", "utf-8")
    with gzip.open(tmp_path / "ja.txt.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(JAPANESE))
    assert places(mine(tmp_path / "en.txt", tmp_path / "ja.txt.gz", model=encoder)) == places(found)
    docs = make("both")
    docs.add([{"text": t, "id": f"en{i}", "lang": "en"} for i, t in enumerate(ENGLISH)])
    docs.add([{"text": t, "id": f"ja{i}", "lang": "ja"} for i, t in enumerate(JAPANESE)])
    same = mine(docs, docs, source_lang="en", target_lang="ja")
    assert places(same) == {f"en{a}": f"ja{b}" for a, b in GOLD.items()}
    assert places(mine(docs, JAPANESE, source_lang="en")) == {f"en{a}": b for a, b in GOLD.items()}


def test_pairs_that_exist_are_scored(encoder):
    pairs = [(ENGLISH[a], JAPANESE[b]) for a, b in GOLD.items()]
    wrong = (ENGLISH[8], JAPANESE[8])
    swapped = (ENGLISH[0], JAPANESE[4])
    scored = score_pairs([*pairs, wrong, swapped, ("", "x"), ("OK", "OK")], model=encoder)
    assert [s.problem for s in scored[:8]] == [None] * 8
    assert min(s.score for s in scored[:8]) > max(s.score for s in scored[8:10])
    assert scored[9].problem == "better"
    assert (scored[10].score, scored[10].problem) == (None, "blank")
    assert scored[11].problem == "copy"


@pytest.mark.parametrize(
    ("source", "target", "options", "words"),
    [
        ([], ["x"], {}, "source holds no sentences"),
        (["x"], ["  "], {}, "target holds no sentences"),
        ("one text", ["x"], {}, "list of sentences"),
        (["x"], ["y"], {"neighbours": 0}, "neighbours"),
        (["x"], ["y"], {"margin": "sum"}, "margin"),
        (["x"], ["y"], {"source_lang": "not a code"}, "not a code"),
    ],
)
def test_what_makes_no_sense_is_refused(encoder, source, target, options, words):
    with pytest.raises(InvalidInput, match=words):
        mine(source, target, model=encoder, **options)


def test_collections_of_two_models_are_refused(encoder, make):
    from tests.killed_writer import HashEncoder

    a, b = make("a"), make("b", model=HashEncoder())
    a.add(["x"])
    b.add(["y"])
    with pytest.raises(InvalidInput, match="different spaces"):
        mine(a, b)


def test_the_command_line(encoder, tmp_path, capsys):
    (tmp_path / "en.txt").write_text("\n".join(ENGLISH) + "\n", "utf-8")
    (tmp_path / "ja.txt").write_text("\n".join(JAPANESE) + "\n", "utf-8")
    files = [str(tmp_path / "en.txt"), str(tmp_path / "ja.txt")]
    assert main(["mine", *files, "--model", "bundled"]) == 0
    printed = capsys.readouterr()
    assert {tuple(line.split("\t")[1:]) for line in printed.out.splitlines()} == {
        (ENGLISH[a], JAPANESE[b]) for a, b in GOLD.items()
    }
    assert "8 pairs of 10 and 10 sentences" in printed.err
    assert main(["mine", *files, "--model", "bundled", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(r["source_place"] - 1, r["target_place"] - 1) for r in rows} == set(GOLD.items())
    assert main(["mine", *files, "--model", "bundled", "--score"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    (tmp_path / "ja.txt").write_text("one line\n", "utf-8")
    assert main(["mine", *files, "--score"]) == 2
    assert main(["mine", "nowhere.txt", files[1]]) == 2


def unit_rows(draw, n):
    rows = np.random.default_rng(draw).standard_normal((n, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=60)
def test_neighbours_are_those_of_a_full_comparison(n, m, k, seed):
    x, y = unit_rows(seed, n), unit_rows(seed + 1, m)
    forward, backward = exact_neighbours(x, y, k)
    similarity = x @ y.T
    for found, table in ((forward, similarity), (backward, similarity.T)):
        there = min(k, table.shape[1])
        expected = -np.sort(-table, axis=1)[:, :there]
        np.testing.assert_allclose(found.score[:, :there], expected, atol=1e-5)
        assert (found.index[:, there:] == MISSING).all()
        rows = np.arange(len(table))[:, None]
        np.testing.assert_allclose(table[rows, found.index[:, :there]], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["pairs.tmx", "pairs.xlf", "pairs.po", "pairs.csv"])
def test_pairs_are_written_as_units(found, tmp_path, name):
    assert (found.source_lang, found.target_lang) == ("en", "ja")
    assert found.write(tmp_path / name) == len(found.pairs)
    read = [tuple(segment.text for segment in unit.segments) for unit in read_units(tmp_path / name)]
    assert read == [(pair.source, pair.target) for pair in found.pairs]


def test_a_file_of_units_is_scored_and_pairs_are_written_from_the_command_line(found, tmp_path, capsys):
    found.write(tmp_path / "pairs.xlf")
    assert main(["mine", str(tmp_path / "pairs.xlf"), "--score", "--model", "bundled", "--json"]) == 0
    scored = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["source"] for one in scored] == [pair.source for pair in found.pairs]
    for side, texts in (("en", ENGLISH), ("ja", JAPANESE)):
        (tmp_path / side).write_text("\n".join(texts), "utf-8")
    sides = [str(tmp_path / "en"), str(tmp_path / "ja")]
    assert main(["mine", *sides, "--model", "bundled", "--out", str(tmp_path / "out.csv")]) == 0
    assert sum(1 for _ in read_units(tmp_path / "out.csv")) == len(found.pairs)
    assert main(["mine", sides[0]]) == 2
    assert main(["mine", *sides, "--out", str(tmp_path / "out.docx")]) == 2
    assert main(["mine", *sides, "--score", "--out", str(tmp_path / "out.csv")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_beyond_the_limit_the_index_gives_the_same():
    x, y = unit_rows(1, 300), unit_rows(2, 280)
    exact, by_index = exact_neighbours(x, y, 4), find_neighbours(x, y, 4, most_compared=1)
    for a, b in zip(exact, by_index, strict=True):
        assert (a.index == b.index).mean() > 0.99
        np.testing.assert_allclose(a.mean(), b.mean(), atol=1e-3)


def test_a_pair_must_stand_out_from_both_its_surroundings():
    cosines = np.array([0.8, 0.8])
    alone, crowded = margins(cosines, np.array([0.2, 0.7]), np.array([0.2, 0.7]))
    assert alone > crowded > 0
    ratio = margins(cosines, np.array([0.2, 0.7]), np.array([0.2, 0.7]), "ratio")
    np.testing.assert_allclose(ratio, [3.0, 0.8 / 0.7 - 1])
    assert level(np.array([])) == level(np.array([0.01] * 9)) == 0.2
    assert level(np.array([0.5] * 9)) == pytest.approx(0.5)


def test_lengths_that_do_not_go_together_cost():
    lengths, clear = np.linspace(20, 200, 60), np.arange(60) < 50
    margins_of = np.where(clear, 0.5, 0.1)
    targets = lengths / 2  # as of Japanese for English
    targets[55], targets[56] = lengths[55] * 5, lengths[56] * 1.1
    lost = length_penalties(lengths, targets, margins_of, clear)
    assert lost[55] == pytest.approx(16 * LENGTH_WEIGHT)
    assert lost[55] >= lost[56] > 10 * lost[:50].max()
    np.testing.assert_allclose(length_penalties(targets, lengths, margins_of, clear), lost)
    assert not length_penalties(lengths, targets, margins_of, np.arange(60) < 15).any()  # too few to tell


def test_each_sentence_is_in_one_best_pair():
    x, y = unit_rows(3, 50), unit_rows(4, 40)
    rows, columns, cosines = candidate_pairs(*exact_neighbours(x, y, 5))
    kept = mutual_best(rows, columns, cosines.astype(np.float64))
    assert len(set(rows[kept])) == len(set(columns[kept])) == kept.sum() > 5
    assert len(set(zip(rows, columns, strict=True))) == len(rows)
