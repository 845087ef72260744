"""The Parquet file that a collection is exported to: one row a point, the collection's description in its header.

The header's key `xling` holds JSON: `format`, the collection's `name`, `documents`, `points`, `vector` (name, size,
distance), `indexes`, and `metadata`, which is the collection's own with its space and its language statistics.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xling.errors import InvalidInput, MissingExtra, StoreError
from xling.store.base import Point, Record
from xling.transfer.rows import COLUMNS, point_of, row_of

FORMAT = 1
_KEY = b"xling"
_NUMBERS = ("chunk", "chunks", "start", "end")
_GROUP = 8192
"""Rows of a group, which is what is held in memory: 13 MB of vectors of 384 dimensions."""


def write_file(path: Path, header: dict[str, Any], records: Iterable[Record], *, overwrite: bool) -> int:
    """Write records, with their vectors, to a file that is whole or not there at all; gives its size in bytes.

    Raises:
        InvalidInput: The file exists and `overwrite` is false, or its directory cannot be written.
        StoreError: The disk is full, or fails.
        MissingExtra: pyarrow is not installed.
    """
    pa, pq = _arrow("Exporting")
    if path.exists() and not overwrite:
        raise InvalidInput(f"{path} exists already; give another name, or overwrite=True")
    fields = [(name, pa.int32() if name in _NUMBERS else pa.string()) for name in COLUMNS]
    schema = pa.schema([*fields, ("vector", pa.list_(pa.float32(), header["vector"]["size"]))])
    schema = schema.with_metadata({_KEY: json.dumps({"format": FORMAT, **header}, ensure_ascii=False).encode()})
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with unfinished.open("xb") as file:
            with pq.ParquetWriter(
                file,
                schema,
                compression="zstd",
                use_dictionary=["lang", "source", "id_type"],
                write_statistics=["point", "id", "lang", "source"],
                write_page_checksum=True,
            ) as writer:
                for rows in _grouped(records):
                    writer.write_table(_table(pa, schema, rows))
            file.flush()
            os.fsync(file.fileno())
        size = unfinished.stat().st_size
        unfinished.replace(path)
    except OSError as exc:
        kind = InvalidInput if isinstance(exc, (FileNotFoundError, NotADirectoryError, PermissionError)) else StoreError
        raise kind(f"{path} cannot be written: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
    return size


class ExportFile:
    """An exported collection, opened for reading.

    Raises:
        InvalidInput: It is no file that an export wrote, or a damaged one.
        MissingExtra: pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._pa, pq = _arrow("Importing")
        self.path = path
        with self._readable():
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        try:
            self.header = self._checked_header()
        except BaseException:
            self.close()
            raise

    @property
    def rows(self) -> int:
        """Points in the file."""
        return int(self._file.metadata.num_rows)

    def points(self, size: int) -> Iterator[list[Point]]:
        """All points, in batches of at most `size`."""
        dimension = self.header["vector"]["size"]
        with self._readable():
            for batch in self._file.iter_batches(batch_size=size):
                vectors = batch.column("vector").flatten().to_numpy().reshape(-1, dimension)
                if len(vectors) != batch.num_rows:
                    raise ValueError("rows without a vector")
                rows = batch.select(list(COLUMNS)).to_pylist()
                yield [point_of(row, vector) for row, vector in zip(rows, vectors, strict=True)]

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

    def __enter__(self) -> ExportFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked_header(self) -> dict[str, Any]:
        schema = self._file.schema_arrow
        mark = (schema.metadata or {}).get(_KEY)
        if mark is None:
            raise InvalidInput(
                f"{self.path} is Parquet, but not made by an export of xling; to store its rows as documents, "
                f"add it: xling add {self.path.name}"
            )
        with self._readable():
            header = dict(json.loads(mark))
            if int(header["format"]) > FORMAT:
                raise InvalidInput(
                    f"{self.path} was written by a newer xling (format {header['format']}, this one reads {FORMAT}); "
                    f"upgrade with: pip install -U xling"
                )
            missing = [name for name in (*COLUMNS, "vector") if name not in schema.names]
            if missing:
                raise ValueError(f"the columns {missing} are missing")
            size = self._pa.list_(self._pa.float32(), header["vector"]["size"])
            if not schema.field("vector").type.equals(size):
                raise ValueError(f"the vectors are of type {schema.field('vector').type}, not {size}")
            if not isinstance(header["metadata"], dict) or header["points"] != self.rows:
                raise ValueError(f"{self.rows} rows, but {header['points']} points by its header")
        return header

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as exc:
            raise InvalidInput(f"there is no file {self.path}") from exc
        except (OSError, ValueError, KeyError, TypeError) as exc:  # Arrow's own errors are of these
            if isinstance(exc, InvalidInput):
                raise
            reason = " ".join(str(exc).split())[:200] or type(exc).__name__
            raise InvalidInput(f"{self.path} cannot be read: it is damaged, or no Parquet file ({reason})") from exc


def _grouped(records: Iterable[Record]) -> Iterator[list[Record]]:
    group: list[Record] = []
    for record in records:
        group.append(record)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _table(pa: Any, schema: Any, records: Sequence[Record]) -> Any:
    rows = [row_of(record) for record in records]
    columns = [pa.array([row[name] for row in rows], schema.field(name).type) for name in COLUMNS]
    vectors = pa.array(np.concatenate([r.vector for r in records if r.vector is not None]), pa.float32())
    columns.append(pa.FixedSizeListArray.from_arrays(vectors, schema.field("vector").type.list_size))
    return pa.Table.from_arrays(columns, schema=schema)


def _arrow(feature: str) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{feature} a collection", "parquet", "pyarrow") from exc
    return pyarrow, pyarrow.parquet
