"""Documents with ids and metadata: filters, updates, and one place for all translations of an item.

python examples/films.py
"""

import tempfile

import xling

FILMS = [
    ("film-1", "ja", "七人の侍が野武士から村を守る。", {"title": "Seven Samurai", "year": 1954}),
    ("film-1", "en", "Seven warriors defend a village from bandits.", {"title": "Seven Samurai", "year": 1954}),
    ("film-2", "en", "Two people fall in love on a sinking ship.", {"title": "Titanic", "year": 1997}),
    ("film-2", "fr", "Deux personnes tombent amoureuses sur un navire qui coule.", {"title": "Titanic", "year": 1997}),
    (
        "film-3",
        "de",
        "Ein Computerprogrammierer entdeckt, dass die Welt nicht echt ist.",
        {"title": "Matrix", "year": 1999},
    ),
    ("film-4", "ja", "少女が神々の湯屋で働く。", {"title": "Spirited Away", "year": 2001}),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        films = xling.open("films", path=directory, indexes={"year": "integer"})
        report = films.add(
            xling.Document(text=text, id=f"{item}-{lang}", lang=lang, metadata={**metadata, "item": item})
            for item, lang, text, metadata in FILMS
        )
        print(report)

        print("\nGuerreros que protegen un pueblo: each film once")
        for hit in films.search("Guerreros que protegen un pueblo", limit=3, distinct="item"):
            others = ", ".join(other.lang for other in hit.others)
            print(f"  {hit.metadata['title']} ({hit.lang}{', also ' + others if others else ''}): {hit.text}")

        print("\nA girl at work, films after 1998")
        for hit in films.search("a girl at work", where={"year": {"gt": 1998}}, limit=1):
            print(f"  {hit.metadata['title']}: {hit.text}")

        print("\nNew metadata alone encodes nothing again")
        print(" ", films.add({"text": FILMS[5][2], "id": "film-4-ja", "lang": "ja", "metadata": {"seen": True}}))
        print(" ", films.get("film-4-ja"))
        films.close()


if __name__ == "__main__":
    main()
