"""Asks questions of the published tables, in SQL, without ever touching the warehouse's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.adapters.published import open_published

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.published import Version
    from dagster_project.settings import Settings


class Reader:
    """One published version as views ``room.table``, in a DuckDB of its own in memory."""

    def __init__(self, version: Version, connection: duckdb.DuckDBPyConnection) -> None:
        self.version = version
        self._connection = connection

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        cursor = self._connection.execute(sql, parameters or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def table(self, sql: str, **parameters: Any) -> pa.Table:
        """The rows of a query as a table."""
        return self._connection.execute(sql, parameters or None).to_arrow_table()

    def has(self, table: str) -> bool:
        """Whether this version publishes ``room/table``."""
        return table in self.version.tables


@contextmanager
def reader(settings: Settings) -> Iterator[Reader]:
    """Open the newest published version for questions.

    Raises:
        NotPublished: nothing has been published yet.
    """
    version = open_published(settings)
    with duckdb.connect(config={"threads": settings.threads}) as connection:
        for name, table in version.tables.items():
            room, _, short = name.partition("/")
            path = str(version.folder / table["file"]).replace("'", "''")
            connection.execute(f'create schema if not exists "{room}"')
            connection.execute(f'create view "{room}"."{short}" as from read_parquet(\'{path}\')')
        yield Reader(version, connection)
