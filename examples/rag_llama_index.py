"""The RAG of rag.py through LlamaIndex: its nodes, an index, and a retriever of passages.

python examples/rag_llama_index.py
"""

from __future__ import annotations

import tempfile

from llama_index.core import VectorStoreIndex
from llama_index.core.schema import TextNode
from rag import FOLDER, QUESTIONS, read_folder, show

import xling
from xling.integrations.llama_index import XlingEmbedding, XlingRetriever, XlingVectorStore


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("rag", path=directory, chunk_tokens=128) as collection:
        store = XlingVectorStore(collection)
        store.add([TextNode(text=d.text, id_=str(d.id), metadata=d.metadata) for d in read_folder(FOLDER)])

        index = VectorStoreIndex.from_vector_store(store, embed_model=XlingEmbedding(collection))
        best = index.as_retriever(similarity_top_k=1).retrieve(QUESTIONS[0])[0]
        print(f"The index finds {best.node_id}\n")

        retriever = XlingRetriever(collection, limit=3, expand=0, token_budget=600)
        for question in QUESTIONS:
            nodes = retriever.retrieve(question)
            context = "\n\n".join(f"[{i}] {n.metadata['citation']}\n{n.text.strip()}" for i, n in enumerate(nodes, 1))
            show(question, context)


if __name__ == "__main__":
    main()
