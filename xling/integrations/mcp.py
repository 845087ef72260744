"""A collection as tools of the Model Context Protocol (extra `mcp`), for assistants to search and to write to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from xling.collection import Collection
from xling.errors import InvalidInput, MissingExtra, XlingError
from xling.search.plan import Mode
from xling.types import Document, DocumentId, Hit

try:
    import anyio.to_thread
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp_types import ToolAnnotations
except ImportError as error:
    raise MissingExtra("The MCP server", "mcp", "mcp") from error

_T = TypeVar("_T")


@dataclass(frozen=True)
class Limits:
    """What one call may ask for.

    Attributes:
        results: Most hits or documents of one answer.
        characters: Longest text in an answer; longer ones are cut and say so.
        documents: Most documents of one `add` or `delete`.
        text: Longest text that is taken.
    """

    results: int = 20
    characters: int = 4_000
    documents: int = 100
    text: int = 200_000

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInput(f"the limit of {name} is a whole number of 1 or more, not {value!r}")


class Found(BaseModel):
    """A document that was found."""

    id: str | int | None
    text: str
    lang: str
    confidence: float | None = Field(description="0 to 1: as near as random texts, as near as a translation")
    title: str | None = None
    metadata: dict[str, Any] = {}  # pydantic copies it
    cut: bool = Field(default=False, description="whether the text was longer")


class Given(BaseModel):
    """A document to add."""

    text: str
    id: str | int | None = Field(default=None, description="replaces the document of this id, if there is one")
    lang: str | None = Field(default=None, description="BCP 47 code; detected if not given")
    metadata: dict[str, Any] = {}  # pydantic copies it


class Written(BaseModel):
    """What was written."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: list[str] = []  # pydantic copies it


class About(BaseModel):
    """What the collection is."""

    name: str
    documents: int
    languages: dict[str, int]
    model: str
    read_only: bool
    filterable: list[str] = Field(description="metadata fields with an index")


_Languages = Annotated[list[str] | None, Field(description="only these, as BCP 47 codes such as ja or en")]
_Where = Annotated[
    dict[str, Any] | None,
    Field(description='conditions on metadata: {"year": {"gte": 1990}, "genre": ["drama", "action"]}'),
]
_Mode = Annotated[
    Mode,
    Field(
        description="dense: by meaning; hybrid: by codes, numbers and names as they are written too; lexical: only so"
    ),
]


class Tools:
    """The tools, as methods. Each runs in a thread, so that the protocol is answered meanwhile."""

    def __init__(self, collection: Collection, limits: Limits, read_only: bool) -> None:
        self._collection, self._limits, self._read_only = collection, limits, read_only

    async def search(
        self,
        query: Annotated[str, Field(description="what is looked for, in any language")],
        limit: Annotated[int, Field(ge=1, description="how many")] = 5,
        languages: _Languages = None,
        where: _Where = None,
        mode: _Mode = "dense",
    ) -> list[Found]:
        """Find documents by meaning, whatever language they and the query are in; codes and names by mode="hybrid"."""
        hits = await self._run(
            self._collection.search,
            query,
            limit=min(limit, self._limits.results),
            languages=languages,
            where=where,
            mode=mode,
        )
        return [self._found(hit) for hit in hits]

    async def retrieve(
        self,
        question: Annotated[str, Field(description="a question, in any language")],
        token_budget: Annotated[int, Field(ge=50, le=50_000, description="most tokens of the passages")] = 2000,
        languages: _Languages = None,
        where: _Where = None,
        mode: _Mode = "dense",
    ) -> str:
        """Passages that help to answer a question, numbered for citing, with their sources."""
        found = await self._run(
            self._collection.retrieve,
            question,
            token_budget=token_budget,
            limit=self._limits.results,
            languages=languages,
            where=where,
            mode=mode,
        )
        return str(found.as_context())

    async def get(self, ids: Annotated[list[str | int], Field(description="ids of documents")]) -> list[Found]:
        """Whole documents by their ids; those that do not exist are left out."""
        self._check_number(len(ids), self._limits.results)
        wanted: Sequence[DocumentId] = ids
        found: list[Document | None] = await self._run(self._collection.get, wanted)
        return [self._found(document) for document in found if document is not None]

    async def languages(self) -> dict[str, int]:
        """The languages of the documents, with how many there are of each."""
        return (await self._run(self._collection.info)).languages

    async def info(self) -> About:
        """What the collection is: its size, its languages, its model."""
        info = await self._run(self._collection.info)
        fields = [key.removeprefix("metadata.") for key in info.indexes if key.startswith("metadata.")]
        return About(
            name=info.name,
            documents=info.documents,
            languages=info.languages,
            model=info.model,
            read_only=self._read_only,
            filterable=fields,
        )

    async def add(self, documents: list[Given]) -> Written:
        """Add documents, or replace those of the same ids."""
        self._check_number(len(documents), self._limits.documents)
        longest = max((len(document.text) for document in documents), default=0)
        if longest > self._limits.text:
            raise ToolError(f"a text of {longest:,} characters; at most {self._limits.text:,} are taken")
        rows = [Document(**document.model_dump()) for document in documents]
        report = await self._run(self._collection.add, rows)
        return Written(
            added=report.added,
            updated=report.updated,
            unchanged=report.unchanged,
            skipped=[f"document {skipped.index}: {skipped.reason}" for skipped in report.skipped],
        )

    async def delete(self, ids: Annotated[list[str | int], Field(description="ids of documents")]) -> Written:
        """Delete documents by their ids."""
        self._check_number(len(ids), self._limits.documents)
        return Written(deleted=(await self._run(self._collection.delete, ids)).deleted)

    async def _run(self, verb: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        try:
            return await anyio.to_thread.run_sync(functools.partial(verb, *args, **kwargs))
        except XlingError as error:
            raise ToolError(str(error)) from error

    def _check_number(self, number: int, most: int) -> None:
        if number > most:
            raise ToolError(f"{number} at once; at most {most} are taken")

    def _found(self, one: Hit | Document) -> Found:
        title = one.metadata.get("title")
        return Found(
            id=one.id if isinstance(one.id, str | int) or one.id is None else str(one.id),
            text=one.text[: self._limits.characters],
            lang=one.lang or "und",
            confidence=one.confidence if isinstance(one, Hit) else None,
            title=title if isinstance(title, str) else None,
            metadata=one.to_dict()["metadata"],
            cut=len(one.text) > self._limits.characters,
        )


def make_server(
    collection: Collection, *, read_only: bool = False, limits: Limits | None = None, log_level: str = "WARNING"
) -> MCPServer[Any]:
    """A server of one collection's tools: `search`, `retrieve`, `get`, `languages`, `info`, and `add` and `delete`.

    Args:
        collection: An open collection; it stays open when the server ends.
        read_only: Leave out `add` and `delete`; so it is for collections that another tool made.
        limits: What one call may ask for.
        log_level: Of the SDK's own log, on standard error.

    Returns:
        To be run by `server.run("stdio")` or `server.run("streamable-http", port=…)`.
    """
    read_only = read_only or not collection.info().made_by_xling
    tools = Tools(collection, limits or Limits(), read_only)
    server: MCPServer[Any] = MCPServer(
        f"xling: {collection.name}",
        instructions=(
            f"Documents of the collection {collection.name!r}, found by meaning across languages. Ask in the language "
            f"you like; do not translate queries."
        ),
        log_level=log_level,  # type: ignore[arg-type]  # one of logging's names
    )
    for tool in (tools.search, tools.retrieve, tools.get, tools.languages, tools.info):
        server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))(tool)
    if not read_only:
        server.tool(annotations=ToolAnnotations(idempotent_hint=True, open_world_hint=False))(tools.add)
        server.tool(annotations=ToolAnnotations(destructive_hint=True, open_world_hint=False))(tools.delete)
    return server
