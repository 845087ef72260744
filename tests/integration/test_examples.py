"""Every example runs in a process of its own and shows what it is there to show."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# What the output has to hold, in this order.
SHOWN = {
    "quickstart.py": ["8 added", "ありがとう", "Thank you", "Gracias", "早上好", "Good morning"],
    "films.py": ["6 added", "Seven Samurai", "also", "Spirited Away", "1 updated", "'seen': True"],
    "recommend.py": ["Liked: samurai-ja", "Un guerrier", "also in en", "swordsman", "mousquetaires", "mousquetaires"],
    "posts.py": ["positive", "ja", "negative", "ja", "positive", "de", "negative", "fr", "positive", "es", "und", "de"],
    "topics.py": ["documents", "ja lacks: ", "1.00 translation: Die Bibliothek", "= "],
    "own_encoder.py": ["6 added by voyage/multilingual-e5-small-q4", "Thank you"],
    "existing_collection.py": ["neutral=0", "おはよう", "neutral=1", "Thank you", "おはよう"],
}
RAG = [
    "== What should I do on a ridge when I hear thunder?",
    "[1] Verhalten bei Gewitter (gewitter.de.md, de, characters 0-",
    "Verlassen Sie Grate",
    "== カードで払えますか？",
    "[1] 料金と支払い (yamagoya.ja.md, ja, characters 0-",
    "現金しか使えません",
    "== Darf mein Hund in der Hütte schlafen?",
    "[1] Staying in the huts (huts.en.md, en, characters 0-",
    "Dogs sleep in the ski room",
]
SHOWN |= {
    "memory.py": ["100 %", "negation", "90 %", "numbers", "Where is the station?"],
    "rag.py": ["6 added", *RAG],
    "rag_langchain.py": RAG,
    "rag_llama_index.py": ["The index finds gewitter.de.md", *RAG],
    "rag_haystack.py": RAG,
}
NEEDS = {"rag_langchain.py": "langchain_core", "rag_llama_index.py": "llama_index.core", "rag_haystack.py": "haystack"}


def test_no_example_is_left_out():
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(SHOWN)
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    assert all(name in listed for name in SHOWN)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in NEEDS else ()) for n in SHOWN])
def test_an_example_runs(name, xling_home, encoder, monkeypatch):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("VOYAGE_API_KEY", raising=False)
    result = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    rest = result.stdout
    for expected in SHOWN[name]:
        assert expected in rest, result.stdout
        rest = rest.partition(expected)[2]


@pytest.fixture
def language_model():
    """A server of OpenAI's protocol that answers with what it was sent, as nothing else is to be had offline."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # the name that http.server calls
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Authorization"], body))
            answer = f"An answer to {len(body['messages'][0]['content'])} characters [1]."
            reply = json.dumps({"choices": [{"message": {"role": "assistant", "content": answer}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    server.server_close()


def test_the_rag_example_asks_a_language_model_if_there_is_one(xling_home, encoder, language_model, monkeypatch):
    url, asked = language_model
    for key, value in {"OPENAI_BASE_URL": url, "OPENAI_MODEL": "small", "OPENAI_API_KEY": "key"}.items():
        monkeypatch.setenv(key, value)
    command = [sys.executable, str(EXAMPLES / "rag.py"), "Wie viel kostet der Bus?"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    [(path, authorization, body)] = asked
    assert (path, authorization, body["model"]) == ("/v1/chat/completions", "Bearer key", "small")
    prompt = body["messages"][0]["content"]
    assert "Question: Wie viel kostet der Bus?" in prompt
    assert "Le billet coûte six euros" in prompt
    assert f"An answer to {len(prompt)} characters [1]." in result.stdout
    assert "] La navette (navette.fr.txt, fr, characters 0-" in result.stdout
