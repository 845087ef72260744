"""RAG over a folder of documents in six languages: ask in any, get cited passages, and the prompt or the answer.

python examples/rag.py
python examples/rag.py "Wie bezahle ich in der Hütte?" --folder my/documents

The answer comes from a language model if one is configured, any that speaks OpenAI's protocol: OPENAI_BASE_URL
(e.g. http://localhost:11434/v1), OPENAI_MODEL and, if it wants one, OPENAI_API_KEY. Else the prompt is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import urllib.request
from pathlib import Path

import xling

FOLDER = Path(__file__).parent / "documents"
QUESTIONS = [
    "What should I do on a ridge when I hear thunder?",
    "カードで払えますか？",
    "Darf mein Hund in der Hütte schlafen?",
]
PROMPT = """Answer the question from the passages alone, in the language of the question. Cite them by their numbers.

{context}

Question: {question}
Answer:"""


def read_folder(folder: Path) -> list[xling.Document]:
    """Each file as a document: its name is the id, its first line the title; the language is detected."""
    documents = []
    for file in sorted([*folder.glob("*.md"), *folder.glob("*.txt")]):
        text = file.read_text(encoding="utf-8")
        title = text.lstrip("# ").splitlines()[0]
        documents.append(xling.Document(text=text, id=file.name, metadata={"title": title}))
    return documents


def answer(prompt: str) -> str | None:
    """What the configured language model says; None where none is configured."""
    base, model = os.environ.get("OPENAI_BASE_URL"), os.environ.get("OPENAI_MODEL", "default")
    if not base:
        return None
    body = {"model": model, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
    request = urllib.request.Request(f"{base.rstrip('/')}/chat/completions", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if "OPENAI_API_KEY" in os.environ:
        request.add_header("Authorization", f"Bearer {os.environ['OPENAI_API_KEY']}")
    with urllib.request.urlopen(request, timeout=300) as response:
        return str(json.load(response)["choices"][0]["message"]["content"])


def show(question: str, context: str) -> None:
    """Print the answer, or the prompt where there is nobody to answer it."""
    prompt = PROMPT.format(context=context, question=question)
    said = answer(prompt)
    print(f"== {question}\n")
    print(prompt if said is None else f"{said}\n\n{context}", end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="*", default=QUESTIONS)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, xling.open("rag", path=directory, chunk_tokens=128) as documents:
        print(documents.add(read_folder(args.folder)), "\n")
        for question in args.questions:
            found = documents.retrieve(question, limit=3, expand=0, token_budget=600)
            show(question, found.as_context())


if __name__ == "__main__":
    main()
