"""What is said where fastembed is not installed."""

import importlib.util

import pytest

import xling
from xling.space.encoders.fastembed_encoder import FastembedEncoder
from xling.space.resolve import load_encoder


@pytest.mark.skipif(importlib.util.find_spec("fastembed") is not None, reason="fastembed is installed")
def test_a_missing_fastembed_is_named(tmp_path):
    with pytest.raises(xling.MissingExtra, match=r"pip install 'xling\[fastembed\]'"):
        load_encoder("fastembed:BAAI/bge-small-en-v1.5").encode_queries(["a"])
    with pytest.raises(xling.MissingExtra):
        xling.open("c", path=tmp_path, model="fastembed:BAAI/bge-small-en-v1.5")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"model": "fastembed:"}, "name"), ({"batch_size": 0}, "batch_size="), ({"prompts": {"passage": ""}}, "prompts=")],
)
def test_arguments_that_make_no_sense(arguments, words):
    with pytest.raises(xling.InvalidInput, match=words):
        FastembedEncoder(**{"model": "a/b", **arguments})
