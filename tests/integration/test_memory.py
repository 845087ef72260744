"""A translation memory over both stores: what it finds, in which order, and what it says of it."""

from __future__ import annotations

import pytest

import xling
from tests.hashing import HashingEncoder
from xling.translate import Memories, Memory, Note, Property, Segment, Tag, Unit
from xling.translate.memory import INDEXES

PAIRS = [
    ("保証期間は2年です。", "The warranty lasts two years."),
    ("電源を切ってください。", "Please turn off the power."),
    ("電源を切らないでください。", "Please do not turn off the power."),
    ("ファイル{0}を保存しました。", "The file {0} was saved."),
    ("価格は1,200円です。", "The price is 1,200 yen."),
    ("ご不明な点はお問い合わせください。", "Please contact us if you have any questions."),
    ("駅はどこですか。", "Where is the station?"),
]


@pytest.fixture
def memory(make):
    memory = Memory(make("tm", indexes=dict(INDEXES)))
    memory.add(PAIRS, source="ja", target="en")
    return memory


def found(memory, text, **options):
    return memory.lookup(text, **{"source": "ja", "target": "en", **options})


def test_equal_text_is_100_percent_and_nothing_else_is(memory):
    first, *others = found(memory, " 電源を切ってください。 ", min_percent=60)
    assert (first.kind, first.percent, first.target) == ("exact", 100, "Please turn off the power.")
    assert first.confidence > 0.5
    assert all(match.percent is None or match.percent < 100 for match in others)
    negated = next(match for match in others if "do not" in match.target)
    assert negated.kind == "fuzzy"
    assert negated.flags == ("negation",)


def test_text_alike_is_fuzzy_and_differences_are_flagged(memory):
    price = found(memory, "価格は1,500円です。")[0]
    assert (price.kind, price.percent, price.flags) == ("fuzzy", 91, ("numbers",))
    saved = found(memory, "ファイル{1}を保存しました。")[0]
    assert (saved.kind, saved.flags) == ("fuzzy", ("placeables",))
    assert found(memory, "価格は1200円です。")[0].flags == ()


class Counting(HashingEncoder):
    """Notes which prompt texts are encoded with."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def encode_documents(self, texts):
        self.asked += [("document", text) for text in texts]
        return super().encode_documents(texts)

    def encode_queries(self, texts):
        self.asked += [("query", text) for text in texts]
        return super().encode_documents(texts)


def test_equal_texts_are_answered_without_the_model_and_others_with_one_encoding(make):
    encoder = Counting()
    memory = Memory(make("tm", indexes=dict(INDEXES), model=encoder))
    memory.add([*PAIRS, ("駅はどこですか。", "Where's the station?")], source="ja", target="en")
    memory.lookup("何でもない", source="ja", target="en")  # what a model of one's own needs to be measured
    encoder.asked.clear()
    both = memory.lookup("駅はどこですか。", source="ja", target="en", limit=2)
    assert {match.target for match in both} == {"Where is the station?", "Where's the station?"}
    assert {match.kind for match in both} == {"exact"}
    assert not encoder.asked
    third = memory.lookup("駅はどこですか。", source="ja", target="en", limit=3, min_percent=0)
    assert [match.kind for match in third[:2]] == ["exact", "exact"]
    assert len(third) == 3
    memory.lookup("Wo ist der Bahnhof?", target="en")
    assert encoder.asked == [("document", "駅はどこですか。"), ("document", "Wo ist der Bahnhof?")]
    several = Memories(memory, memory).lookup("駅はどこですか。", source="ja", target="en", limit=4)
    assert len(several) == 4
    assert len(encoder.asked) == 2


def test_meaning_is_said_to_be_that(memory):
    match = found(memory, "最寄り駅の場所を教えてください")[0]
    assert match.target == "Where is the station?"
    assert (match.kind, match.percent) == ("meaning", None)
    assert found(memory, "最寄り駅の場所を教えてください", exact=True) == []
    assert found(memory, "量子力学の歴史について", min_confidence=0.9) == []


@pytest.mark.parametrize("question", ["Wo ist der Bahnhof?", "Où est la gare ?", "역이 어디예요?"])
def test_a_question_in_a_third_language_finds_the_unit(memory, question):
    for source in (None, "ja"):
        match = memory.lookup(question, source=source, target="en", min_confidence=0.4)[0]
        assert (match.target, match.kind) == ("Where is the station?", "meaning")
    there = memory.lookup(question, target="ja", min_confidence=0.4)[0]
    assert there.target == "駅はどこですか。"


def test_either_language_may_be_the_source(memory):
    match = memory.lookup("Where is the station?", source="en", target="ja")[0]
    assert (match.percent, match.target, match.source_lang, match.target_lang) == (100, "駅はどこですか。", "en", "ja")
    assert memory.lookup("Where is the station?", source="en-GB", target="ja-JP")[0].percent == 100
    assert memory.lookup("Where is the station?", target="ja")[0].percent == 100
    assert memory.lookup("Where is the station?", source="en", target="fr") == []


def test_context_makes_101_percent(make):
    memory = Memory(make("tm", indexes=dict(INDEXES)))
    memory.add([("開く", "Open")], source="ja", target="en", context="menu.file")
    memory.add([("開く", "Unfold")], source="ja", target="en", context="list.item")
    assert len(memory) == 2
    best = memory.lookup("開く", source="ja", target="en", context="list.item")
    assert [(match.percent, match.target) for match in best] == [(101, "Unfold"), (100, "Open")]
    own = Unit(
        (Segment("ja", ("閉じる",)), Segment("en", ("Close",))), properties=(Property("x-context", "menu.file"),)
    )
    memory.add([own])
    assert memory.lookup("閉じる", source="ja", target="en", context="menu.file")[0].percent == 101


def test_the_same_pair_is_one_unit_and_newer_translations_come_first(memory):
    report = memory.add([PAIRS[0]], source="ja", target="en")
    assert (report.added, report.unchanged, len(memory)) == (0, 1, len(PAIRS))
    report = memory.add([(PAIRS[0][0], "There is a two-year warranty.")], source="ja", target="en")
    assert (report.added, report.updated) == (1, 0)
    assert [match.target for match in found(memory, PAIRS[0][0], exact=True)] == [
        "There is a two-year warranty.",
        "The warranty lasts two years.",
    ]
    dated = [
        Unit((Segment("ja", ("はい",)), Segment("en", (answer,))), attributes={"changedate": date})
        for answer, date in (("Yes", "20200101T000000Z"), ("Aye", "20240101T000000Z"), ("Yeah", "20220101T000000Z"))
    ]
    memory.add(dated)
    assert [match.target for match in found(memory, "はい", exact=True)] == ["Aye", "Yeah", "Yes"]


def test_what_is_the_same_is_unchanged_and_what_is_not_is_updated(memory, tmp_path):
    memory.export_file(tmp_path / "out.xlf", languages=["ja", "en"])  # the units have no dates
    before = {match.key: match.changed for match in found(memory, PAIRS[0][0])}
    first, _ = memory.import_file(tmp_path / "out.xlf")
    again, _ = memory.import_file(tmp_path / "out.xlf")
    assert (first.added, first.updated) == (0, len(PAIRS))  # the file gives them ids
    assert (again.added, again.updated, again.unchanged) == (0, 0, len(PAIRS))
    assert {match.key for match in found(memory, PAIRS[0][0])} == set(before)
    noted = Unit(tuple(map(Segment, ("ja", "en"), [(text,) for text in PAIRS[0]])), notes=(Note("new"),))
    assert (memory.add([noted, noted]).updated, memory.add([noted]).unchanged) == (1, 1)
    assert found(memory, PAIRS[0][0], exact=True)[0].unit == noted


def test_every_format_goes_in_and_out(memory, make, tmp_path):
    for number, name in enumerate(("m.tmx", "m.xlf", "m.po", "m.csv", "m.tsv")):
        languages = () if name == "m.tmx" else ["ja", "en"]
        assert memory.export_file(tmp_path / name, languages=languages) == len(PAIRS)
        copy = Memory(make(f"copy{number}", indexes=dict(INDEXES)))
        own = ["ja", "en"] if name == "m.po" else ()
        assert copy.import_file(tmp_path / name, languages=own, optimize=number == 0)[0].added == len(PAIRS)
        assert found(copy, PAIRS[4][0])[0].target == PAIRS[4][1]
    with pytest.raises(xling.InvalidInput, match="docx"):
        memory.import_file(tmp_path / "m.docx")


def test_a_translation_that_is_not_approved_is_flagged(memory, tmp_path):
    (tmp_path / "in.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: ja\\n"\n\n#, fuzzy\nmsgid "Save %s"\nmsgstr "%sを保存"\n\n'
        'msgctxt "menu"\nmsgid "Open"\nmsgstr "開く"\n',
        "utf-8",
    )
    memory.import_file(tmp_path / "in.po")
    assert memory.lookup("Save %s", source="en", target="ja")[0].flags == ("unreviewed",)
    match = memory.lookup("Open", source="en", target="ja", context="menu")[0]
    assert (match.percent, match.flags) == (101, ())
    info = memory.info()
    assert (info.units, info.in_context, info.unreviewed) == (len(PAIRS) + 2, 1, 1)
    assert info.languages == {"ja": len(PAIRS) + 2, "en": len(PAIRS) + 2}
    assert 0 < info.oldest <= info.newest


def test_differences_are_told_of_every_match_that_is_given(memory):
    many = [(f"部屋{number}の鍵", f"Key of room {number}") for number in range(40)]
    memory.add(many, source="ja", target="en")
    matches = found(memory, "部屋7の鍵", limit=10)
    assert [match.target for match in matches[:1]] == ["Key of room 7"]
    assert len(matches) == 10
    assert all(match.flags == ("numbers",) for match in matches[1:])


def test_a_unit_is_kept_whole(memory):
    unit = Unit(
        (
            Segment(
                "ja",
                ("押して", Tag("ph", ("<br/>",), {"x": "1"}), "ください"),
                {"changeid": "kei"},
                notes=(Note("敬語"),),
            ),
            Segment("en-GB", ("Press ", Tag("hi", ("here",)), " please")),
            Segment("fr", ("Appuyez ici",), properties=(Property("x-state", ""),)),
        ),
        id="u1",
        attributes={"creationid": "me"},
        notes=(Note("a note", {"xml:lang": "en"}),),
    )
    memory.add([unit])
    match = found(memory, "押してください")[0]
    assert match.unit == unit
    assert (match.target, match.target_lang) == ("Press here please", "en-GB")
    assert memory.lookup("Press here please", source="en", target="fr")[0].target == "Appuyez ici"
    assert unit in list(memory.units())


def test_units_that_cannot_be_kept_are_skipped_with_the_reason(memory):
    ja = Segment("ja", ("あ",))
    report = memory.add([Unit((ja,)), Unit((ja, Segment("en", (" ",)))), Unit((ja, Segment("!!", ("x",)))), Unit(())])
    assert [skip.index for skip in report.skipped] == [0, 1, 2, 3]
    assert "two languages" in report.skipped[1].reason
    assert "'!!'" in report.skipped[2].reason
    for wrong in (["text"], [("one", 2)], [("a", "b", "c")]):
        with pytest.raises(xling.InvalidInput):
            memory.add(wrong, source="ja", target="en")
    with pytest.raises(xling.InvalidInput, match="source="):
        memory.add([("a", "b")])


def test_concordance_finds_pieces_in_any_language_and_script(memory):
    assert [unit.segment("en").text for unit in memory.concordance("warran")] == ["The warranty lasts two years."]
    assert {unit.segment("ja").text for unit in memory.concordance("電源")} == {PAIRS[1][0], PAIRS[2][0]}
    assert len(memory.concordance("ＰＯＷＥＲ")) == 2
    assert memory.concordance("電源", language="en") == []
    assert len(memory.concordance("e", limit=2)) == 2
    memory.add([("送電", "Power line")], source="ja", target="en")
    assert len(memory.concordance("power")) == 3
    with pytest.raises(xling.InvalidInput):
        memory.concordance("  ")


def test_concordance_sees_what_others_change(make, place):
    one, other = (Memory(make("tm", indexes=dict(INDEXES))) for _ in range(2))
    one.add(PAIRS[:2], source="ja", target="en")
    assert len(one.concordance("warranty")) == len(other.concordance("warranty")) == 1
    other.delete(other.lookup(PAIRS[0][0], source="ja", target="en", exact=True))
    other.add(PAIRS[2:3], source="ja", target="en")  # as many as before
    assert one.concordance("warranty") == []
    assert len(one.concordance("do not")) == 1


def test_units_are_deleted_by_their_matches(memory):
    matches = found(memory, PAIRS[1][0], exact=True)
    assert memory.delete(matches).deleted == 1
    assert found(memory, PAIRS[1][0], exact=True) == []
    assert memory.delete(matches).deleted == 0
    assert len(memory) == len(PAIRS) - 1
    assert len(memory.concordance("電源")) == 1


def test_several_memories_are_asked_at_once_and_the_less_trusted_loses(memory, make):
    other = Memory(make("other", indexes=dict(INDEXES)), penalty=5)
    other.add([(PAIRS[1][0], "Switch it off."), ("新しい文です。", "A new sentence.")], source="ja", target="en")
    both = Memories(other, memory)
    matches = both.lookup(PAIRS[1][0], source="ja", target="en")
    assert [(m.memory == memory.name, m.percent) for m in matches[:2]] == [(True, 100), (False, 95)]
    assert matches[1].kind == "exact"
    assert both.lookup("新しい文です。", source="ja", target="en")[0].target == "A new sentence."
    assert len(both.concordance("off")) == 3
    with pytest.raises(xling.InvalidInput):
        Memory(other.collection, penalty=101)


def test_memories_of_one_name_in_two_places_both_answer(tmp_path):
    trusted, other = (
        xling.open_memory("tm", path=tmp_path / place, model=HashingEncoder(), penalty=penalty)
        for place, penalty in (("a", 0), ("b", 10))
    )
    with trusted, other:
        for memory in (trusted, other):
            memory.add([PAIRS[0]], source="ja", target="en")
        for several in (Memories(trusted, other), Memories(other, trusted)):
            matches = several.lookup(PAIRS[0][0], source="ja", target="en", exact=True)
            assert [match.percent for match in matches] == [100, 90]


def test_tmx_goes_in_and_out(memory, make, tmp_path):
    count = memory.export_tmx(tmp_path / "out.tmx")
    assert count == len(PAIRS)
    copy = Memory(make("copy", indexes=dict(INDEXES)))
    report, broken = copy.import_tmx(tmp_path / "out.tmx")
    assert (report.added, broken) == (len(PAIRS), [])
    assert sorted(map(str, copy.units())) == sorted(map(str, memory.units()))
    (tmp_path / "empty.tmx").write_text('<tmx version="1.4"><header/><body></body></tmx>', encoding="utf-8")
    with pytest.raises(xling.InvalidInput, match="no translation unit"):
        copy.import_tmx(tmp_path / "empty.tmx")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (" ", {}),
        (5, {}),
        ("a", {"target": "!!"}),
        ("a", {"source": "!!"}),
        ("a", {"limit": 0}),
        ("a", {"min_percent": 101}),
        ("a", {"min_confidence": 2}),
    ],
)
def test_what_makes_no_sense_is_refused(memory, text, options):
    with pytest.raises(xling.InvalidInput):
        found(memory, text, **options)


def test_a_memory_is_opened_by_its_name_and_other_collections_are_not(tmp_path, encoder):
    with xling.open_memory("legal", path=tmp_path, model=encoder) as memory:
        memory.add(PAIRS, source="ja", target="en")
    with xling.open_memory("legal", path=tmp_path, model=encoder) as memory:
        assert len(memory) == len(PAIRS)
    with xling.open("other", path=tmp_path, model=encoder) as docs:
        docs.add(["text"])
    with pytest.raises(xling.InvalidInput, match="other documents"):
        xling.open_memory("other", path=tmp_path, model=encoder)
