"""The RAG of rag.py through LangChain: a retriever of passages and a chain.

python examples/rag_langchain.py
"""

from __future__ import annotations

import tempfile

from langchain_core.documents import Document
from langchain_core.prompts import PromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from rag import FOLDER, PROMPT, QUESTIONS, answer, read_folder

import xling
from xling.integrations.langchain import XlingRetriever, XlingVectorStore


def numbered(documents: list[Document]) -> str:
    """The passages for the prompt."""
    return "\n\n".join(f"[{i}] {d.metadata['citation']}\n{d.page_content.strip()}" for i, d in enumerate(documents, 1))


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("rag", path=directory, chunk_tokens=128) as collection:
        store = XlingVectorStore(collection)
        store.add_documents(
            [Document(page_content=d.text, metadata=d.metadata, id=str(d.id)) for d in read_folder(FOLDER)]
        )
        retriever = XlingRetriever(collection=collection, options={"limit": 3, "expand": 0, "token_budget": 600})
        chain = (
            {"context": retriever | numbered, "question": RunnablePassthrough()}
            | PromptTemplate.from_template(PROMPT)
            | RunnableLambda(lambda prompt: answer(prompt.to_string()) or prompt.to_string())
        )
        for question in QUESTIONS:
            print(f"== {question}\n\n{chain.invoke(question)}\n")


if __name__ == "__main__":
    main()
