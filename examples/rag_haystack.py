"""The RAG of rag.py as a Haystack pipeline: a retriever of passages and a prompt builder, no embedder.

python examples/rag_haystack.py
"""

from __future__ import annotations

import tempfile

from haystack import Document, Pipeline
from haystack.components.builders import PromptBuilder
from rag import FOLDER, PROMPT, QUESTIONS, answer, read_folder

from xling.integrations.haystack import XlingDocumentStore, XlingPassageRetriever


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = XlingDocumentStore("rag", path=directory, chunk_tokens=128)
        store.write_documents([Document(id=str(d.id), content=d.text, meta=d.metadata) for d in read_folder(FOLDER)])

        pipeline = Pipeline()
        options = {"expand": 0, "token_budget": 600}
        pipeline.add_component("retriever", XlingPassageRetriever(store, top_k=3, options=options))
        template = PROMPT.format(context="{{ context }}", question="{{ question }}")
        pipeline.add_component("prompt", PromptBuilder(template, required_variables="*"))
        pipeline.connect("retriever.context", "prompt.context")
        for question in QUESTIONS:
            result = pipeline.run({"retriever": {"query": question}, "prompt": {"question": question}})
            prompt = result["prompt"]["prompt"]
            print(f"== {question}\n\n{answer(prompt) or prompt}\n")
        store.close()


if __name__ == "__main__":
    main()
