"""Texts of four languages, found from a fifth. Nothing to start, no key, no hub.

python examples/quickstart.py
"""

import tempfile

import xling

PHRASES = ["Thank you", "Good morning", "See you tomorrow", "Merci", "Bonjour", "Danke schön", "おはよう", "さようなら"]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("phrases", path=directory) as phrases:
        print(phrases.add(PHRASES))
        for query in ("ありがとう", "Gracias", "早上好"):
            print(f"\n{query}")
            for hit in phrases.search(query, limit=3):
                print(f"  {hit.score:.3f}  {hit.lang:3}  {hit.text}")


if __name__ == "__main__":
    main()
