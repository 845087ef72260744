"""Models of fastembed: the bundled one, written as the ONNX model that fastembed reads, and registered as a custom one.

fastembed wants an older huggingface_hub than the rest: `pip install xling[bundled,onnx,fastembed]` in an environment of
its own runs these.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import xling
from xling.space.bundled import bundled_model_path
from xling.space.encoders.fastembed_encoder import FastembedEncoder
from xling.space.resolve import load_encoder

fastembed = pytest.importorskip("fastembed", reason="needs fastembed, which goes with an older huggingface_hub only")

NAME = "tests/multilingual-e5-small-q4"
TEXTS = ["Thank you", "Good morning", "おはよう", "Merci beaucoup", "Wie spät ist es?", "half \ud83d of it"]


@pytest.fixture(scope="session")
def model_path(encoder, tmp_path_factory) -> Path:
    """A graph from token ids to hidden states: that of the light runtime, and the table of words before it."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    from xling.space.light import open_light
    from xling.space.light.graph import word_table
    from xling.space.light.weights import read_tensors
    from xling.space.sources import find_source

    light = open_light(
        find_source("bundled"), lambda light, texts: encoder._light_vectors(light, texts), required=True, runtime="onnx"
    )
    assert light is not None
    home = bundled_model_path()
    model = onnx.load(light.directory / "transformer.onnx")
    table = numpy_helper.from_array(word_table(read_tensors(home)).whole(), "table")
    before = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.INT32),
    ]
    nodes = [*before, *model.graph.node]
    del model.graph.input[:], model.graph.node[:]
    model.graph.node.extend(nodes)
    for name in ("input_ids", "attention_mask"):
        model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]))
    model.graph.initializer.append(table)
    directory = tmp_path_factory.mktemp("fastembed")
    for file in home.glob("*.json"):
        shutil.copy(file, directory)
    settings = json.loads((directory / "tokenizer_config.json").read_text("utf-8"))
    (directory / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": 512}), "utf-8")
    onnx.save(model, str(directory / "model.onnx"))
    from fastembed.common.model_description import ModelSource, PoolingType

    fastembed.TextEmbedding.add_custom_model(
        NAME, PoolingType.MEAN, True, ModelSource(hf=NAME), dim=384, model_file="model.onnx"
    )
    return directory


@pytest.fixture
def model(model_path) -> FastembedEncoder:
    return FastembedEncoder(NAME, path=model_path, prompts={"query": "query: ", "document": "passage: "})


def test_its_vectors_are_those_of_the_model(model, encoder):
    for mine, theirs in (
        (model.encode_documents, encoder.encode_documents),
        (model.encode_queries, encoder.encode_queries),
    ):
        assert np.min((mine(TEXTS) * theirs(TEXTS)).sum(axis=1)) > 0.9999
    assert model.encode_documents([]).shape == (0, 384)
    assert model.dimension == 384
    assert model.max_tokens == 512
    assert model.count_tokens(TEXTS) == encoder.count_tokens(TEXTS)
    assert model.token_ends(TEXTS[3]) == encoder.token_ends(TEXTS[3])
    assert model.document_overhead >= encoder.document_overhead


def test_a_collection_of_it(model, place):
    long = " ".join(f"Sentence number {i} stands here." for i in range(300))
    with xling.open(**place("c"), model=model) as docs:
        docs.add([{"id": i, "text": text} for i, text in enumerate(TEXTS[:-1])])
        docs.add([{"id": "long", "text": long}])
        assert docs.info().points > docs.count() == 6
        assert docs.search("Thank you very much", neutral=0, limit=1)[0].text == "Thank you"
        assert docs.info().space["weights"].startswith("blake2b:")
    with xling.open(**place("c"), model=model) as docs:
        assert docs.count() == 6
    with pytest.raises(xling.SpaceMismatch, match="prompt"):
        xling.open(**place("c"), model=FastembedEncoder(NAME, path=model._options["specific_model_path"]))


def test_what_fastembed_does_not_know():
    with pytest.raises(xling.ModelError, match="list_supported_models"):
        load_encoder("fastembed:nobody/nothing").encode_queries(["a"])


def test_a_model_that_cannot_be_downloaded(tmp_path):
    absent = FastembedEncoder("BAAI/bge-small-en-v1.5", options={"cache_dir": str(tmp_path), "local_files_only": True})
    with pytest.raises(xling.ModelError, match="cannot load"):
        absent.encode_queries(["a"])
