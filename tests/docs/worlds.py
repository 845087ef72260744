"""What the code on the pages takes for granted: a collection `docs`, files that lie about, lists of sentences."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import xling
from tests.texts_of_topics import TOPICS

GUIDE = """# Mountain guide

Start early, and tell somebody where you go.

## Storms

Clouds that grow tall before noon mean a storm. Leave the ridge and keep away from single trees.
"""
ENGLISH = ["Where is the station?", "The train is late today.", "I would like a cup of tea.", "It rains in the north."]
JAPANESE = ["駅はどこですか。", "今日は電車が遅れています。", "お茶を一杯ください。", "北では雨が降っています。"]
PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: ja\\n"

msgid "Save"
msgstr "保存"
"""
PHRASES = ["Thank you", "Good morning", "おはよう", "Merci", "Wo ist der Bahnhof?", "谢谢", "See you tomorrow"]
FILMS = [
    ("samurai-ja", "ja", "七人の侍が村を守る。", "samurai"),
    ("samurai-en", "en", "Seven samurai protect a village.", "samurai"),
    ("castle-ja", "ja", "城を守る武士たちの物語。", "castle"),
    ("robot-en", "en", "A robot travels through space.", "robot"),
    ("robot-fr", "fr", "Un robot voyage dans l'espace.", "robot"),
    ("paris-en", "en", "Two strangers fall in love in Paris.", "paris"),
]
POSTS = [
    ("I love this place, we will come again.", "positive"),
    ("Great service and wonderful food.", "positive"),
    ("The best evening of the year!", "positive"),
    ("It was a terrible experience.", "negative"),
    ("Never again, the room was dirty.", "negative"),
    ("I want my money back, what a disappointment.", "negative"),
]


def _tmx(pairs: Iterable[tuple[str, str]]) -> str:
    units = "".join(
        f'<tu><tuv xml:lang="en"><seg>{en}</seg></tuv><tuv xml:lang="ja"><seg>{ja}</seg></tuv></tu>' for en, ja in pairs
    )
    header = '<header creationtool="t" creationtoolversion="1" segtype="sentence" o-tmf="t" adminlang="en" '
    header += 'srclang="en" datatype="plaintext"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?><tmx version="1.4">{header}<body>{units}</body></tmx>'


def _word_vectors(prefix: str) -> str:
    rows = ([(7 * i + j * j) % 11 - 5 for j in range(4)] for i in range(20))
    return "".join(f"{prefix}{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows))


class World:
    """Builds the names that code uses and nobody has defined, each when it is first wanted, in an empty directory."""

    def __init__(self, folder: Path, encoder: Any, url: str) -> None:
        self._folder, self._encoder, self._url = folder, encoder, url
        self._open: list[Any] = []
        self.values: dict[str, Any] = {"xling": xling}
        files = {
            "guide.md": GUIDE,
            "report.en.txt": "\n".join(ENGLISH),
            "report.ja.txt": "\n".join(JAPANESE),
            "en.txt": "\n".join(ENGLISH),
            "glove.6B.300d.txt": _word_vectors("glove"),
            "cc.en.300.vec": _word_vectors("en"),
            "cc.ja.300.vec": _word_vectors("ja"),
            "ja-en.txt": "".join(f"ja{i} en{i}\n" for i in range(20)),
            "ja-counts.txt": "".join(f"ja{i} {20 - i}\n" for i in range(20)),
            "app.po": PO,
            "legal.tmx": _tmx(zip(ENGLISH, JAPANESE, strict=True)),
        }
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")

    def provide(self, statement: ast.AST) -> None:
        """Make what this statement reads and nothing has defined."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in self.values:
                maker: Callable[[], Any] | None = getattr(self, f"_make_{node.id}", None)
                if maker is not None:
                    self.values[node.id] = maker()

    def let_go(self, statement: ast.AST) -> None:
        """Close what is about to be replaced: pages show several ways to open one collection, one below the other."""
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                close = getattr(self.values.get(getattr(target, "id", "")), "close", None)
                if callable(close):
                    close()

    async def asynchronously(self, run: Callable[[], Awaitable[Any]]) -> None:
        """Run with `docs` as a collection of asyncio."""
        async with xling.aopen("async", path=self._folder / "world", model=self._encoder) as docs:
            self.values["docs"] = docs
            await run()
        del self.values["docs"]

    def end(self) -> None:
        for value in [*self._open, *self.values.values()]:
            if isinstance(value, xling.Collection):
                value.close()

    def _collection(self, name: str, rows: list[Any]) -> xling.Collection:
        made = xling.open(name, path=self._folder / "world", model=self._encoder)
        self._open.append(made)
        made.add(rows)
        return made

    def _make_docs(self) -> xling.Collection:
        rows = [{"text": text, "id": f"d{i}", "lang": "en"} for i, text in enumerate(ENGLISH)]
        rows += [{"text": text, "id": f"j{i}", "lang": "ja"} for i, text in enumerate(JAPANESE)]
        return self._collection(
            "docs", [*rows, {"text": GUIDE, "id": "guide", "metadata": {"title": "Mountain guide"}}]
        )

    def _make_phrases(self) -> xling.Collection:
        return self._collection("phrases", list(PHRASES))

    def _make_films(self) -> xling.Collection:
        rows = [{"id": i, "lang": lang, "text": text, "metadata": {"film": film}} for i, lang, text, film in FILMS]
        return self._collection("films", rows)

    def _make_posts(self) -> xling.Collection:
        rows = [{"text": t, "lang": "en", "metadata": {"mood": mood, "year": 2026}} for t, mood in POSTS]
        return self._collection("posts", rows)

    def _make_news(self) -> xling.Collection:
        rows = [
            {"text": text, "lang": lang, "metadata": {"section": topic}}
            for topic, of_topic in TOPICS.items()
            for lang, texts in of_topic.items()
            for text in texts
        ]
        return self._collection("news", rows)

    def _make_model(self) -> Any:
        return self._encoder

    def _make_notices(self) -> xling.Collection:
        rows = [{"text": text, "lang": "en"} for text in ENGLISH] + [{"text": t, "lang": "ja"} for t in JAPANESE]
        return self._collection("notices", rows)

    def _make_tickets(self) -> xling.Collection:
        return self._collection("tickets", [{"text": text, "lang": "en"} for text in ENGLISH])

    def _make_rows(self) -> list[dict[str, Any]]:
        return [{"id": f"row-{i}", "text": text} for i, text in enumerate(ENGLISH)]

    def _make_documents(self) -> list[dict[str, Any]]:
        return self._make_rows()

    def _make_english(self) -> list[str]:
        return list(ENGLISH)

    def _make_japanese(self) -> list[str]:
        return list(JAPANESE)

    def _make_key(self) -> str:
        return "secret"

    def _make_url(self) -> str:
        return self._url

    def _make_my_qdrant_client(self) -> Any:
        from qdrant_client import QdrantClient

        return QdrantClient(self._url)

    def _make_crawl(self) -> Any:
        from types import SimpleNamespace

        async def crawl() -> Any:
            for i, text in enumerate(ENGLISH):
                yield SimpleNamespace(text=text, url=f"https://example.org/{i}", time="2026-11-26")

        return crawl

    def _make_show(self) -> Any:
        async def show(progress: Any) -> None:
            assert progress.done >= 0

        return show

    def _make_asyncio(self) -> Any:
        import asyncio

        return asyncio
