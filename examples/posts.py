"""Posts as positive or negative: learnt from a few in English, used in four other languages.

python examples/posts.py
"""

import tempfile

import xling

EXAMPLES = {
    "positive": ["I love it, wonderful!", "Great, thank you.", "The best evening of my life."],
    "negative": ["I hate it, it broke at once.", "Never again.", "This was disappointing."],
}
POSTS = [
    "とても美味しくて、また行きたいです！",
    "最悪でした。二度と行きません。",
    "Ich bin sehr zufrieden, vielen Dank!",
    "C'est nul, une vraie déception.",
    "¡Qué maravilla! Nos encantó.",
    "Der Bus fährt um acht Uhr ab.",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("posts", path=directory) as posts:
        for one in posts.classify(POSTS, examples=EXAMPLES, threshold=0.6):
            print(f"{one.label:10} {one.probability:.2f}  {one.lang}  {one.text}")


if __name__ == "__main__":
    main()
