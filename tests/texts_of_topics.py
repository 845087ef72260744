"""Sentences about three topics in three languages, each language with sentences of its own."""

TOPICS = {
    "weather": {
        "en": [
            "Heavy rain is expected in the north tomorrow.",
            "The storm brought strong wind and rain to the coast.",
            "Tonight there will be snow and temperatures below zero.",
            "After the rain the sun came out and it got warm.",
            "The weather forecast says fog in the morning.",
        ],
        "ja": [
            "明日は北部で大雨になるでしょう。",
            "台風が近づき、沿岸では強い風と大雨に注意が必要です。",
            "今夜は雪が降り、気温は氷点下になります。",
            "大雨の後、太陽が出て暖かくなりました。",
            "天気予報によると、朝は霧が出るそうです。",
        ],
        "de": [
            "Morgen wird im Norden starker Regen erwartet.",
            "Der Sturm brachte Wind und Regen an die Küste.",
            "Heute Nacht fällt Schnee bei Temperaturen unter null.",
            "Nach dem Regen kam die Sonne heraus und es wurde warm.",
            "Die Wettervorhersage meldet Nebel am Morgen.",
        ],
    },
    "football": {
        "en": [
            "The team won the match with a late goal.",
            "Their striker scored a goal in the first half.",
            "The goalkeeper saved a penalty in the final.",
            "The coach of the national team praised his players.",
            "Fans celebrated the victory of their football club in the stadium.",
        ],
        "ja": [
            "チームは終了間際のゴールで試合に勝った。",
            "フォワードが前半にゴールを決めた。",
            "ゴールキーパーは決勝でペナルティーキックを止めた。",
            "代表チームの監督は選手たちを称賛した。",
            "ファンはスタジアムでサッカークラブの勝利を祝った。",
        ],
        "de": [
            "Die Mannschaft gewann das Spiel durch ein spätes Tor.",
            "Der Stürmer schoss in der ersten Halbzeit ein Tor.",
            "Der Torwart hielt im Finale einen Elfmeter.",
            "Der Trainer der Nationalmannschaft lobte seine Spieler.",
            "Im Stadion feierten die Fans den Sieg ihres Vereins.",
        ],
    },
    "cooking": {
        "en": [
            "Cut the onions and fry them in butter.",
            "Add salt and pepper to the soup.",
            "Bake the bread in the oven for forty minutes.",
            "Boil the noodles and drain them well.",
            "Mix flour, sugar and eggs for the cake.",
        ],
        "ja": [
            "玉ねぎを切って、バターで炒めます。",
            "スープに塩とこしょうを加えてください。",
            "パンをオーブンで四十分焼きます。",
            "麺をゆでて、よく水を切ります。",
            "ケーキのために小麦粉と砂糖と卵を混ぜます。",
        ],
        "de": [
            "Die Zwiebeln schneiden und in Butter anbraten.",
            "Die Suppe mit Salz und Pfeffer würzen.",
            "Das Brot vierzig Minuten im Ofen backen.",
            "Die Nudeln kochen und gut abtropfen lassen.",
            "Mehl, Zucker und Eier für den Kuchen verrühren.",
        ],
    },
}
LANGUAGES = ("en", "ja", "de")
