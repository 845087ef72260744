"""A collection that plain qdrant-client made, searched by meaning instead of by language.

python examples/existing_collection.py
"""

from qdrant_client import QdrantClient, models
from sentence_transformers import SentenceTransformer

import xling
from xling.space.bundled import bundled_model_path

TEXTS = ["Thank you", "Merci", "謝謝", "おはよう", "さようなら", "おやすみなさい", "こんにちは", "Good morning"]


def main() -> None:
    # What somebody's script left behind: no word of xling in it.
    model = SentenceTransformer(str(bundled_model_path()))
    client = QdrantClient(":memory:")
    client.create_collection("theirs", models.VectorParams(size=384, distance=models.Distance.COSINE))
    vectors = model.encode_document(TEXTS)
    client.upsert(
        "theirs",
        [
            models.PointStruct(id=i, vector=vector.tolist(), payload={"page_content": text})
            for i, (text, vector) in enumerate(zip(TEXTS, vectors, strict=True))
        ],
    )

    with xling.open("theirs", client=client, model=model) as theirs:
        for neutral in (0, 1):
            found = " · ".join(hit.text for hit in theirs.search("ありがとう", neutral=neutral))
            print(f"neutral={neutral}: {found}")


if __name__ == "__main__":
    main()
