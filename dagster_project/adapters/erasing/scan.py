"""Looks for people in every byte of a home: raw, unpacked, and as the tables hold it. It changes nothing."""

from __future__ import annotations

import gzip
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.errors import AtWorkError

if TYPE_CHECKING:
    from dagster_project.settings import Home

AT_A_TIME = 2  # files
AT_ONCE = 8 * 1024 * 1024  # bytes looked at together
ROWS_AT_ONCE = 122_880
LONG_CELL = 200  # characters: a longer value of SQLite may lie in pieces that the raw look does not see together
Content = bytes | np.ndarray


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes at most."""


@dataclass
class Found:
    """What a look found: per place of the home and file, which values (by number) in which form. It holds no value.

    Attributes:
        hits: (path from the home, layer) to the (number, form) pairs there; a layer is ``raw``, ``unpacked`` or
            ``tables``.
        count_files: how many files were looked at.
        count_bytes: their size.
    """

    hits: dict[tuple[str, str], set[tuple[int, str]]] = field(default_factory=dict)
    count_files: int = 0
    count_bytes: int = 0

    @property
    def numbers(self) -> set[int]:
        """The values that were found anywhere."""
        return {number for pairs in self.hits.values() for number, _ in pairs}

    @property
    def files(self) -> list[str]:
        """The files something was found in."""
        return sorted({path for path, _ in self.hits})

    def by_place(self) -> dict[str, int]:
        """How many different values were found in each folder or file at the top of the home."""
        found: dict[str, set[int]] = {}
        for (path, _), pairs in self.hits.items():
            found.setdefault(path.split("/", 1)[0], set()).update(number for number, _ in pairs)
        return {place: len(numbers) for place, numbers in sorted(found.items())}


def scan(
    home: Home, patterns: Patterns, *, deep: bool = False, on_file: Callable[[Path], None] = lambda path: None
) -> Found:
    """Look for values in every file under a home.

    Args:
        deep: look into each DuckDB file once more as an uncompressed copy.
        on_file: called with each file before it is looked at.

    Raises:
        AtWorkError: a run holds the warehouse.
    """
    return scan_files(home, files_of(home), patterns, deep=deep, on_file=on_file)


def scan_files(
    home: Home,
    paths: Iterable[Path],
    patterns: Patterns,
    *,
    deep: bool = False,
    on_file: Callable[[Path], None] = lambda path: None,
) -> Found:
    """Look into some files, two at a time: the loop that looks needs no lock of Python's."""

    def one(path: Path) -> Found:
        own = Found()
        if path.is_file():
            on_file(path)
            scan_file(home, path, patterns, own, deep=deep)
        return own

    found = Found()
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        for own in threads.map(one, paths):
            found.hits |= own.hits
            found.count_files += own.count_files
            found.count_bytes += own.count_bytes
    return found


def files_of(home: Home) -> list[Path]:
    """Every file of a home, links left out: what they lead to has a place of its own."""
    return [path for path in sorted(home.root.rglob("*")) if path.is_file() and not path.is_symlink()]


def scan_file(home: Home, path: Path, patterns: Patterns, found: Found, *, deep: bool = False) -> None:
    """Look into one file; its name counts as content."""
    name = str(path.relative_to(home.root))
    found.count_files += 1

    def note(layer: str, content: Content) -> None:
        pairs = patterns.found_in(content)
        if pairs:
            found.hits.setdefault((name, layer), set()).update(pairs)

    note("raw", name.encode())
    with path.open("rb") as file:
        start = file.read(16)
        file.seek(0)
        for part in parts_of(file, patterns.longest):
            found.count_bytes += len(part)
            note("raw", part)
    for layer, content in unpacked(path, start, patterns.longest, deep=deep):
        note(layer, content)


def parts_of(file: Readable, longest: int) -> Iterator[bytes]:
    """A stream in parts that overlap, so that nothing is cut in two."""
    kept = b""
    while part := file.read(AT_ONCE):
        yield kept + part
        kept = (kept + part)[-longest:]


def unpacked(path: Path, start: bytes, longest: int, *, deep: bool = False) -> Iterator[tuple[str, Content]]:
    """What a file holds beneath its bytes, by the kind its first bytes tell; a damaged one as far as it can be read."""
    try:
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                yield from (("unpacked", part) for part in parts_of(file, longest))
        elif start[:4] == b"\x28\xb5\x2f\xfd":
            with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
                yield from (("unpacked", part) for part in parts_of(stream, longest))
        elif start[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    with archive.open(member) as file:
                        yield from (("unpacked", part) for part in parts_of(file, longest))
        elif start[:4] == b"PAR1":
            yield from (("tables", text) for text in _texts_of_parquet(path))
        elif start[8:12] == b"DUCK":
            yield from (("tables", text) for text in _texts_of_duckdb(path))
            if deep:
                yield from (("tables", text) for text in _uncompressed(path, longest))
        elif start.startswith(b"SQLite format 3\x00"):
            yield from (("tables", text) for text in _long_texts_of_sqlite(path))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException, sqlite3.Error):
        return  # its bytes were looked at as they are


def _texts_of_parquet(path: Path) -> Iterator[np.ndarray]:
    with pq.ParquetFile(path) as file:
        names = [field.name for field in file.schema_arrow if _holds_text(field.type)]
        if names:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
                yield from texts_of(batch)


def _texts_of_duckdb(path: Path) -> Iterator[np.ndarray]:
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.IOException:
        raise AtWorkError(f"a run is at work and holds {path.name}: try again when it has ended") from None
    with connection:
        for schema, table in tables_of(connection):
            for batch in connection.execute(f"select {_as_text(connection, schema, table)}").to_arrow_reader(
                ROWS_AT_ONCE
            ):
                yield from texts_of(batch)


def tables_of(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> list[tuple[str, str]]:
    """Schema and name of every table of a database."""
    rows = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = coalesce($name, current_database())"
        " and not temporary order by all",
        {"name": database},
    ).fetchall()
    return [(schema, table) for schema, table in rows]


def _as_text(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = current_database()"
        " and schema_name = $schema and table_name = $table order by column_index",
        {"schema": schema, "table": table},
    ).fetchall()
    plain = ("BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "TIMESTAMP", "DATE", "HUGEINT", "FLOAT", "SMALLINT", "TINYINT")
    texts = [
        f'"{name}"' if kind in ("VARCHAR", "BLOB") else f'cast("{name}" as varchar)'
        for name, kind in rows
        if kind not in plain and not kind.startswith(("DECIMAL", "TIMESTAMP"))
    ]
    return f'{", ".join(texts) or "null"} from "{schema}"."{table}"'


def _uncompressed(path: Path, longest: int) -> Iterator[bytes]:
    """The bytes of a copy that compression hides nothing in."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.duckdb"
        with duckdb.connect() as connection:
            connection.execute("set force_compression = 'uncompressed'")
            connection.execute(f"attach '{path}' as original (read_only)")
            connection.execute(f"attach '{copy}' as copied")
            connection.execute("copy from database original to copied")
        with copy.open("rb") as file:
            yield from parts_of(file, longest)


def _long_texts_of_sqlite(path: Path) -> Iterator[bytes]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for table, columns in sqlite_tables(connection).items():
            for column in columns:
                query = f'select cast("{column}" as blob) from "{table}" where length("{column}") > {LONG_CELL}'
                for (content,) in connection.execute(query):
                    yield content
    finally:
        connection.close()


def sqlite_tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Every table of an SQLite file with its columns."""
    names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall()]
    return {name: [row[1] for row in connection.execute(f'pragma table_info("{name}")').fetchall()] for name in names}


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
    if pa.types.is_nested(kind):
        return True
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary,
                                       pa.types.is_large_binary, pa.types.is_fixed_size_binary))  # fmt: skip


def texts_of(batch: pa.RecordBatch | pa.Table) -> Iterator[np.ndarray]:
    """The bytes of every text of a table's rows, column by column."""
    for column in batch.columns:
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            yield from _texts_of_array(chunk)


def _texts_of_array(array: pa.Array) -> Iterator[np.ndarray]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _texts_of_array(array.dictionary)
    elif pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _texts_of_array(part)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        yield from _texts_of_array(array.values if not pa.types.is_map(kind) else array.cast(pa.string()))
    elif _holds_text(kind) and len(array):
        buffers = array.buffers()
        if buffers[-1] is not None and buffers[-1].size:
            yield np.frombuffer(buffers[-1], np.uint8)
