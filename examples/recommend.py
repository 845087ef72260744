"""Films liked in Japanese, and what that recommends among films described in English and French.

python examples/recommend.py
"""

import tempfile

import xling

FILMS = [
    ("samurai", "ja", "七人の侍が野武士から村を守る。"),
    ("samurai", "en", "Seven samurai defend a village from bandits."),
    ("castle", "ja", "武将が城をめぐって戦をする。"),
    ("ronin", "en", "A swordsman without a master fights the gangs of a small town."),
    ("ronin", "fr", "Un guerrier sans maître combat les bandes armées d'une petite ville."),
    ("musketeers", "fr", "Trois mousquetaires se battent à l'épée pour leur roi."),
    ("wedding", "en", "A couple in Paris prepares their wedding and falls in love again."),
    ("chef", "fr", "Un rat devient chef cuisinier dans un restaurant."),
    ("robot", "en", "A robot leaves the Earth on a spaceship."),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("films", path=directory) as films:
        films.add(
            xling.Document(text=text, id=f"{film}-{lang}", lang=lang, metadata={"film": film})
            for film, lang, text in FILMS
        )
        print("Liked: samurai-ja, castle-ja; disliked: wedding-en")
        for hit in films.recommend(
            liked=["samurai-ja", "castle-ja"], disliked=["wedding-en"], distinct="film", limit=2
        ):
            print(f"  {hit.lang}  {hit.text}")
            for other in hit.others:
                print(f"      also in {other.lang}: {other.text}")

        print("\nLike 七人の侍が野武士から村を守る。, in other languages, without its translation")
        for hit in films.similar("samurai-ja", other_languages=True, distinct="film", limit=2):
            print(f"  {hit.lang}  {hit.text}")


if __name__ == "__main__":
    main()
