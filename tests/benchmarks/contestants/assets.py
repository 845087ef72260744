"""What all contestants run on: the texts, and the bundled model's weights in the two forms they read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from contestants.base import Row

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "ntrex"


def ntrex_rows(lines: int) -> list[Row]:
    """The first `lines` of NTREX in ten languages, line by line, so that every part has all languages."""
    from xling.evaluate.sets import bcp47

    files = sorted(DATA.glob("*.txt"))
    if not files:
        raise SystemExit(f"NTREX is not there: {DATA}")
    columns = [file.read_text("utf-8").removesuffix("\n").split("\n")[:lines] for file in files]
    langs = [bcp47(file.stem) for file in files]
    texts = [(text, lang) for row in zip(*columns, strict=True) for text, lang in zip(row, langs, strict=True)]
    return [Row(number, text, lang) for number, (text, lang) in enumerate(texts)]


def write_rows(folder: Path, rows: list[Row]) -> None:
    (folder / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")


def read_rows(folder: Path) -> list[Row]:
    return [Row(*row) for row in json.loads((folder / "rows.json").read_text("utf-8"))]


def model_directory() -> Path:
    """The bundled model for sentence-transformers; the light runtime's export is made here too, outside the race."""
    from xling.space.bundled import bundled_model_path
    from xling.space.sentence_transformer import SentenceTransformerEncoder

    SentenceTransformerEncoder("bundled").encode_queries(["ready"])
    return bundled_model_path()


def onnx_file(folder: Path, model: Path) -> Path:
    """The same weights as one ONNX file, from token ids to hidden states, with the files of the tokenizer beside it.

    The transformer in it is that of xling's light runtime, with ONNX Runtime's fused operators.
    """
    target = folder / "onnx" / "model.onnx"
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        for file in model.glob("*.json"):
            shutil.copy(file, target.parent)
        _write_whole(target, model)
    return target


def _write_whole(target: Path, model: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from xling.space.light.graph import word_table, write_graph
    from xling.space.light.recipe import read_recipe
    from xling.space.light.weights import read_tensors

    recipe = read_recipe(model)
    tensors = read_tensors(recipe.transformer)
    unfinished = target.with_suffix(".part")
    write_graph(unfinished, recipe, tensors)
    whole = onnx.load(str(unfinished))
    graph = whole.graph
    graph.initializer.append(numpy_helper.from_array(word_table(tensors).whole(), "word_embeddings"))
    looked_up = [
        helper.make_node("Gather", ["word_embeddings", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.INT32),
    ]
    nodes = [*looked_up, *graph.node]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    for name in ("input_ids", "attention_mask"):
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]))
    onnx.save(whole, str(unfinished))
    unfinished.rename(target)
