"""The warehouse and the vault: one DuckDB process, one writer, opened for a task and closed after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_project.adapters.durable import sync_file
from dagster_project.errors import AtWorkError, HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.settings import Settings

VAULT = "vault"


class Warehouse:
    """One open connection to ``warehouse.duckdb`` with the vault attached as ``vault``.

    Room = schema. Open it with :func:`open_warehouse`; nothing else may hold the file meanwhile.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def read(self, sql: str, parameters: dict[str, object] | None = None) -> pa.Table:
        """The rows of a query, fetched to the end."""
        return self.connection.execute(sql, parameters).to_arrow_table()

    def read_with(self, sql: str, tables: dict[str, pa.Table], parameters: dict[str, object] | None = None) -> pa.Table:
        """The rows of a query that also reads these tables, by their names."""
        for name, rows in tables.items():
            self.connection.register(name, rows)
        try:
            return self.read(sql, parameters)
        finally:
            for name in tables:
                self.connection.unregister(name)

    def write(self, room: str, table: str, rows: pa.Table, *, in_vault: bool = False) -> None:
        """Replace ``room.table`` by these rows, in one transaction."""
        schema = f'{VAULT}."{room}"' if in_vault else f'"{room}"'
        self.connection.execute(f"create schema if not exists {schema}")
        self.connection.register("rows_to_write", rows)
        try:
            self.connection.execute(f'create or replace table {schema}."{table}" as select * from rows_to_write')
        finally:
            self.connection.unregister("rows_to_write")

    def has(self, room: str, table: str, *, in_vault: bool = False) -> bool:
        """Whether the table or view exists."""
        found = self.connection.execute(
            "select count(*) from information_schema.tables"
            " where table_schema = $room and table_name = $table and (table_catalog = 'vault') = $in_vault",
            {"room": room, "table": table, "in_vault": in_vault},
        ).fetchone()
        return bool(found and found[0])


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """Open warehouse and vault, and close both at the end, leaving no write-ahead log behind."""
    home = settings.at_home.make()
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory,
        "threads": settings.threads,
        "preserve_insertion_order": True,
    }
    for path in (home.warehouse, home.vault_database):
        _make_whole(path)
    connection = duckdb.connect(str(home.warehouse), config=config)
    try:
        connection.execute(f"attach if not exists '{home.vault_database}' as {VAULT}")
        yield Warehouse(connection)
        connection.execute("checkpoint")
        connection.execute(f"checkpoint {VAULT}")
    finally:
        connection.close()


def _make_whole(path: Path) -> None:
    """Make an empty database that can be seen only whole: one that a full disk cut off would never open again."""
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)
        duckdb.connect(str(fresh)).close()
        sync_file(fresh)
        try:
            os.link(fresh, path)
        except FileExistsError:
            return  # another process made it meanwhile
        except OSError:
            os.rename(fresh, path)  # this file system knows no second names
    finally:
        for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
            left.unlink(missing_ok=True)


@contextmanager
def look_into_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """Open warehouse and vault as the last run left them, for reading alone: nothing in them changes.

    For a person's questions at a terminal; everyone else reads what is published.

    Raises:
        HoivaError: no run has made them yet, or a run holds them.
    """
    home = settings.at_home
    if not home.warehouse.exists() or not home.vault_database.exists():
        raise HoivaError("there is no vault yet; run hoiva run first")
    try:
        connection = duckdb.connect(str(home.warehouse), read_only=True, config={"threads": settings.threads})
    except duckdb.IOException:
        raise AtWorkError("a run is at work and holds the vault; try again when it has ended") from None
    try:
        connection.execute(f"attach '{home.vault_database}' as {VAULT} (read_only)")
        yield Warehouse(connection)
    finally:
        connection.close()
