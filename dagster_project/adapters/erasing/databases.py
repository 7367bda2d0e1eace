"""Takes people out of databases, and leaves no byte: DuckDB files are copied into new ones, the old ones unlinked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from dagster_project.adapters.durable import reached, sync_file, sync_folder
from dagster_project.adapters.erasing.held_rows import held_rows
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import ROWS_AT_ONCE, sqlite_tables, tables_of
from dagster_project.errors import AtWorkError

if TYPE_CHECKING:
    from dagster_project.settings import Home, Settings

TEXT = "VARCHAR"
MARK = "[erased]"  # stands where a value stood in a text that stays
WAREHOUSE, VAULT = "warehouse", "vault"


def take_from_duckdb(settings: Settings, keys: Iterable[str]) -> dict[str, int]:
    """Delete rows with one of these values in any text column of warehouse and vault, and rewrite both files.

    Raises:
        AtWorkError: a run holds the warehouse.
    """
    home = settings.at_home
    counts: dict[str, int] = {}
    wanted = pa.table({"key": pa.array(sorted(keys), pa.string())})
    for name, path in ((WAREHOUSE, home.warehouse), (VAULT, home.vault_database)):
        if path.is_file():
            with opened(settings, path) as connection:
                connection.register("wanted", wanted)
                connection.execute("create temp table wanted_keys as select * from wanted")
                removed = sum(_delete(connection, schema, table) for schema, table in tables_of(connection))
            counts[f"{name}_rows"] = removed
            rewrite_duckdb(settings, path)
            counts[f"{name}_files"] = 1
    return counts


def opened(settings: Settings, path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that writes to one DuckDB file, which nothing else may hold."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory,
        "threads": settings.threads,
    }
    try:
        return duckdb.connect(str(path), config=config)
    except duckdb.IOException:
        raise AtWorkError(f"a run is at work and holds {path.name}: try again when it has ended") from None


def _delete(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    columns = _text_columns(connection, schema, table)
    if not columns:
        return 0
    hit = " or ".join(f'"{column}" in (select key from wanted_keys)' for column in columns)
    found = connection.execute(f'delete from "{schema}"."{table}" where {hit}').fetchone()
    return int(found[0]) if found else 0


def _text_columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database() and schema_name = $schema"
        " and table_name = $table and data_type = $kind order by column_index",
        {"schema": schema, "table": table, "kind": TEXT},
    ).fetchall()
    return [name for (name,) in rows]


def rewrite_duckdb(settings: Settings, path: Path) -> None:
    """Copy a DuckDB file into a new one, which holds what the tables hold and nothing else, and put it in its place.

    Deleting, checkpointing and vacuuming leave the bytes of deleted rows in the file.
    """
    fresh = path.with_name(f".{path.name}.erasing")
    for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with opened(settings, path) as connection:
        name = connection.execute("select current_database()").fetchone()
        connection.execute(f"attach '{fresh}' as fresh")
        connection.execute(f'copy from database "{name[0] if name else ""}" to fresh')
        connection.execute("checkpoint fresh")
        connection.execute("detach fresh")
    fresh.chmod(path.stat().st_mode & 0o777)
    sync_file(fresh)
    reached("erase.duckdb.copied")
    os.replace(fresh, path)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    sync_folder(path.parent)
    reached("erase.duckdb.replaced")


def sweep_duckdb(settings: Settings, path: Path, patterns: Patterns) -> int:
    """Delete the rows of a DuckDB file with one of the values anywhere in a text, and rewrite it; how many."""
    removed = 0
    with opened(settings, path) as connection:
        for schema, table in tables_of(connection):
            columns = _text_columns(connection, schema, table)
            if not columns:
                continue
            held = _held_row_ids(connection, schema, table, columns, patterns)
            if len(held):
                connection.register("held_rows", pa.table({"row_number": held}))
                found = connection.execute(
                    f'delete from "{schema}"."{table}" where rowid in (select row_number from held_rows)'
                ).fetchone()
                connection.unregister("held_rows")
                removed += int(found[0]) if found else 0
    rewrite_duckdb(settings, path)
    return removed


def _held_row_ids(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[str], patterns: Patterns
) -> pa.ChunkedArray:
    """The numbers of the rows that hold one of the values; the table is read a part at a time."""
    listed = ", ".join(f'"{column}"' for column in columns)
    found = []
    query = f'select {listed}, rowid as row_number from "{schema}"."{table}"'
    for rows in connection.execute(query).to_arrow_reader(ROWS_AT_ONCE):
        found.append(rows["row_number"].filter(pa.array(held_rows(rows, patterns))))
    return pa.chunked_array(found, pa.int64())


def sweep_sqlite(path: Path, patterns: Patterns) -> int:
    """Put a mark in the place of every value in the texts of an SQLite file, and leave no byte of what was there."""
    changed = 0
    connection = sqlite3.connect(path, isolation_level=None, timeout=120)
    try:
        connection.execute("pragma secure_delete = on").fetchall()
        for table, columns in sqlite_tables(connection).items():
            if table.startswith("sqlite_"):
                continue
            for column in columns:
                changed += _sweep_column(connection, table, column, patterns)
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    finally:
        connection.close()
    return changed


def _sweep_column(connection: sqlite3.Connection, table: str, column: str, patterns: Patterns) -> int:
    found: dict[int, object] = {}
    with suppress(sqlite3.OperationalError):  # a table without row numbers holds no text of ours
        for row, value in connection.execute(
            f'select rowid, "{column}" from "{table}" where typeof("{column}") in (\'text\', \'blob\')'
        ):
            content = value.encode() if isinstance(value, str) else value
            clean = without_values(content, patterns)
            if clean != content:
                found[row] = clean.decode(errors="replace") if isinstance(value, str) else clean
    for row, text in found.items():
        connection.execute(f'update "{table}" set "{column}" = ? where rowid = ?', (text, row))
    return len(found)


def without_values(content: bytes, patterns: Patterns) -> bytes:
    """A text with a mark in the place of every value.

    >>> without_values(b"to aino@example.com: sent", Patterns(["aino@example.com"]))
    b'to [erased]: sent'
    """
    spans = sorted({(start, start + len(pattern)) for start, pattern, _, _ in patterns.matches(content)})
    kept, end = [], 0
    for begin, stop in spans:
        if begin >= end:
            kept += [content[end:begin], MARK.encode()]
        end = max(end, stop)
    return b"".join([*kept, content[end:]])


def duckdb_files(home: Home) -> list[Path]:
    """The two DuckDB files of a home that are there."""
    return [path for path in (home.warehouse, home.vault_database) if path.is_file()]
