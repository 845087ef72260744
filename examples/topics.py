"""What a collection in three languages is about, what one of them lacks, and what is there twice.

python examples/topics.py
"""

import tempfile

import xling

NOTICES = {
    "en": [
        "Heavy rain is expected in the north tomorrow.",
        "The storm brought wind and rain to the coast.",
        "There will be snow and rain tonight.",
        "The team won the match with a late goal.",
        "Their striker scored a goal in the first half.",
        "The coach praised the players of his team.",
        "The goalkeeper saved a penalty in the final.",
        "Fans celebrated the victory of their football club.",
        "The library is closed on Monday for building works.",
    ],
    "de": [
        "Morgen wird im Norden starker Regen erwartet.",
        "Der Sturm brachte Wind und Regen an die Küste.",
        "Heute Nacht fällt Schnee und Regen.",
        "Die Mannschaft gewann das Spiel durch ein spätes Tor.",
        "Der Stürmer schoss in der ersten Halbzeit ein Tor.",
        "Der Trainer lobte die Spieler seiner Mannschaft.",
        "Das Pokalspiel wurde im Elfmeterschießen entschieden.",
        "Der Verein verpflichtet einen neuen Verteidiger.",
        "Die Bibliothek ist am Montag wegen Bauarbeiten geschlossen.",
    ],
    "ja": [
        "明日は北部で大雨になるでしょう。",
        "台風で沿岸は強い風と大雨になりました。",
        "今夜は雪と雨が降ります。",
        "大雨の後、太陽が出ました。",
        "工事のため、図書館は月曜日に休館します。",
    ],
}


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, xling.open("notices", path=directory) as notices:
        for lang, texts in NOTICES.items():
            notices.add(texts, langs=lang)

        topics = notices.clusters(3)
        for topic in topics.clusters:
            words = "; ".join(f"{lang} {', '.join(found[:2])}" for lang, found in topic.words.items() if found)
            print(f"{topic.size:2} documents  {topic.languages}  {words}")

        for gap in notices.coverage(clusters=topics).gaps:
            print(f"{gap.lang} lacks: {gap.examples[0].text}")

        for pair in notices.near_duplicates().pairs[:3]:
            print(f"{pair.score:.2f} {pair.kind}: {pair.first.text} = {pair.second.text}")


if __name__ == "__main__":
    main()
