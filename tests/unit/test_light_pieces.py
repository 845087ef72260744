"""A tokenizer fitted to a text gives the tokens of the whole one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from xling.space.light.pieces import FILES, ROWS, Pieces, same_tokens, write_pieces
from xling.space.reference import reference_sample

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def unigram(vocabulary: dict[str, float], processor: str = "template") -> Tokenizer:
    pieces = [*((token, 0.0) for token in SPECIAL), *vocabulary.items(), ("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    if processor == "template":
        tokens = [("<s>", 0), ("</s>", 2)]
        tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=tokens)
    elif processor == "roberta":
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return tokenizer


def assert_same(whole: Tokenizer, pieces: Pieces, texts: list[str]) -> None:
    fitted, ids = pieces.fitted(texts)
    for text in texts:
        ours, theirs = fitted.encode(text), whole.encode(text)
        assert ids[ours.ids].tolist() == theirs.ids
        assert ours.tokens == theirs.tokens
        assert ours.offsets == theirs.offsets
        assert ours.special_tokens_mask == theirs.special_tokens_mask


@given(
    st.dictionaries(st.text("ab▁é日", min_size=1, max_size=5), st.floats(-20, -0.5), min_size=1, max_size=12),
    st.lists(st.text("ab é日z<s>/mk") | st.sampled_from(["a<mask>b", "</s>", " <mask> a"]), min_size=1, max_size=3),
    st.sampled_from(["template", "roberta", ""]),
)
def test_any_vocabulary(vocabulary, texts, processor):
    whole = unigram(vocabulary, processor)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokenizer.json"
        whole.save(str(file))
        assert write_pieces(Path(folder), file)
        assert_same(whole, Pieces(Path(folder)), texts)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory, encoder) -> tuple[Tokenizer, Pieces]:
    from xling.space.bundled import bundled_model_path

    file, folder = bundled_model_path() / "tokenizer.json", tmp_path_factory.mktemp("pieces")
    assert write_pieces(folder, file)
    return Tokenizer.from_file(str(file)), Pieces(folder)


@settings(max_examples=200)
@given(st.lists(ANY_TEXT | st.text("abcdefg ,.ßéαб日本語カﾀ한국ไทยعรब्‍ﬁ①½<s>/mask"), min_size=1, max_size=3))
@example(["query: <mask>good</s> morning", "", "▁ ▁", "\u200b", "１２３ﾊﾟ", "a\u0301 \u1100\u1161"])
def test_any_text_with_the_bundled_vocabulary(bundled, texts):
    assert_same(*bundled, texts)


def test_sentences_of_all_languages(bundled):
    whole, pieces = bundled
    sample = [sentence.text for sentence in reference_sample()[::20]]
    for start in range(0, len(sample), 7):
        assert_same(whole, pieces, sample[start : start + 7])


def test_a_wrong_score_is_noticed(tmp_path):
    """`same_tokens` decides whether an export uses its pieces, so it must be able to say no."""
    file, texts = tmp_path / "tokenizer.json", ["ab ab", "ba"]
    unigram({"▁": -3.0, "a": -2.0, "b": -2.0, "ab": -3.0}).save(str(file))
    write_pieces(tmp_path, file)
    assert same_tokens(Pieces(tmp_path), file, texts)
    rows = np.load(tmp_path / ROWS)
    rows["score"] *= 2
    rows["score"][rows["score"] == -6] = -9  # now "ab" costs more than its letters
    np.save(tmp_path / ROWS, rows)
    assert not same_tokens(Pieces(tmp_path), file, texts)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "WordPiece"},
        {"byte_fallback": True},
        {"unk_id": None},
        {"vocab": [["<unk>", 0.0], ["a", -1.0]]},  # the special tokens are not among the pieces
    ],
    ids=str,
)
def test_other_forms_are_left_whole(change, tmp_path):
    file = tmp_path / "tokenizer.json"
    unigram({"a": -1.0, "b": -2.0}).save(str(file))
    content = json.loads(file.read_text(encoding="utf-8"))
    content["model"].update(change)
    file.write_text(json.dumps(content), encoding="utf-8")
    assert not write_pieces(tmp_path, file)
    assert [name for name in FILES if (tmp_path / name).exists()] == []
