"""Model cards, and which prompts a model gets."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from xling.errors import InvalidInput
from xling.space.cards import card_for, list_cards
from xling.space.model_files import ModelFacts
from xling.space.prompts import role_prompts
from xling.space.sources import Source


def source(name: str, prompts: dict[str, str] | None = None, known_as: str | None = None) -> Source:
    def load():
        raise AssertionError("prompts must be known before a model is loaded")

    return Source(name, ModelFacts(known_as, "blake2b:00", 8, 16, "mean", prompts or {}), load, lambda: None)


def test_every_card_is_whole():
    names = [card.name.lower() for card in list_cards()]
    assert len(names) == len(set(names)) >= 30
    for card in list_cards():
        assert card.name.count("/") == 1
        assert 128 <= card.dimension <= 4096
        assert 128 <= card.max_tokens <= 32768
        assert card.licence
        assert card.pooling
        for prompt in (card.query_prompt, card.document_prompt):
            assert prompt == "" or prompt[-1] in " :", f"{card.name}: the text would touch {prompt!r}"
        with pytest.raises(FrozenInstanceError):
            card.dimension = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("BAAI/bge-m3", "", ""),
        ("sentence-transformers/LaBSE", "", ""),
        ("google/embeddinggemma-300m", "task: search result | query: ", "title: none | text: "),
        (
            "Qwen/Qwen3-Embedding-0.6B",
            "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
            "",
        ),
        ("cl-nagoya/ruri-v3-310m", "検索クエリ: ", "検索文書: "),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", ""),
    ],
)
def test_prompts_of_known_models(name, query, document):
    card = card_for(name)
    assert (card.query_prompt, card.document_prompt) == (query, document)
    assert card.symmetric == (query == document)


@pytest.mark.parametrize(
    "name",
    [
        "INTFLOAT/Multilingual-E5-Base",
        " intfloat/multilingual-e5-base ",
        "/models/multilingual-e5-base",
        "/models/multilingual-e5-base/",
        "./multilingual-e5-base",
        "C:\\models\\multilingual-e5-base",
        "multilingual-e5-base",
        "/models/intfloat_multilingual-e5-base",
        "/root/.cache/huggingface/hub/models--intfloat--multilingual-e5-base/snapshots/d13f1b27",
    ],
)
def test_a_model_is_known_by_its_name_or_directory(name):
    assert card_for(name).name == "intfloat/multilingual-e5-base"


def test_sentence_transformers_names_need_no_organisation():
    assert card_for("all-MiniLM-L6-v2").name == "sentence-transformers/all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    "name", ["", "someone/multilingual-e5-base", "multilingual-e5-base-finetuned", "/models/other", "e5"]
)
def test_other_models_have_no_card(name):
    assert card_for(name) is None


def test_the_models_own_configuration_comes_first():
    own = {"query": "Q: ", "document": "D: ", "clustering": "C: "}
    assert role_prompts(source("intfloat/multilingual-e5-small", own)) == ("Q: ", "D: ")
    assert role_prompts(source("x/y", {"query": "Q: ", "passage": "P: "})) == ("Q: ", "P: ")
    assert role_prompts(source("x/y", {"query": "Q: ", "corpus": "P: "})) == ("Q: ", "P: ")
    assert role_prompts(source("x/y", {"query": "Q: "})) == ("Q: ", "")


def test_the_card_comes_where_the_configuration_is_silent():
    assert role_prompts(source("intfloat/multilingual-e5-small")) == ("query: ", "passage: ")
    empty = {"query": "", "document": ""}  # what sentence-transformers saves for models without prompts
    assert role_prompts(source("intfloat/multilingual-e5-small", empty)) == ("query: ", "passage: ")
    assert role_prompts(source("/somewhere/model", known_as="intfloat/e5-base-v2")) == ("query: ", "passage: ")


def test_without_card_the_prompt_for_all_texts_or_none():
    assert role_prompts(source("x/y")) == ("", "")
    assert role_prompts(source("x/y", {"default": "all: "})) == ("all: ", "all: ")
    assert role_prompts(source("x/y", {"default": "all: ", "query": "Q: "})) == ("Q: ", "all: ")


def test_prompts_can_be_given():
    e5 = source("intfloat/multilingual-e5-small")
    assert role_prompts(e5, {"document": "query: "}) == ("query: ", "query: ")
    assert role_prompts(e5, {"query": "", "document": ""}) == ("", "")
    with pytest.raises(InvalidInput, match="passage"):
        role_prompts(e5, {"passage": "x"})
    with pytest.raises(InvalidInput, match="query"):
        role_prompts(e5, {"query": None})  # type: ignore[dict-item]


def test_a_path_of_any_system_is_no_organisation():
    assert card_for(str(Path("/srv") / "bge-m3")).name == "BAAI/bge-m3"
