"""Between the ledger's rows and tables: many rows in and out at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, MetaData, String, Table, insert, text

temporaries = MetaData()


def temporary(name: str, *columns: Column[Any]) -> Table:
    """A table for one transaction: a set to join with, as long lists of parameters are slow or refused."""
    return Table(name, temporaries, *columns, prefixes=["TEMPORARY"])


# Rows picked by key: contacts, customers or batches.
picked = temporary("picked", Column("key", String(64), primary_key=True), Column("reason", String(128)))


@contextmanager
def filled(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """The temporary table with these rows, dropped at the end. An exception drops it with the transaction."""
    connection.execute(text(f"drop table if exists {table.name}"))
    table.create(connection, checkfirst=False)
    if rows:
        connection.execute(insert(table), rows)
    measure(connection, table)
    yield
    table.drop(connection, checkfirst=False)


def measure(connection: Connection, table: Table) -> None:
    """PostgreSQL knows nothing about the size of a new table and then loops over all of it for every row."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"analyze {table.name}"))


def picks(reasons: Mapping[str, str | None] | Sequence[str]) -> list[dict[str, str | None]]:
    """Rows for ``picked``."""
    if isinstance(reasons, Mapping):
        return [{"key": key, "reason": reason} for key, reason in reasons.items()]
    return [{"key": key, "reason": None} for key in dict.fromkeys(reasons)]


def as_table(connection: Connection, query: Any, schema: pa.Schema) -> pa.Table:
    """A query's rows as a table; its columns are those of the schema, in order. Moments become naive UTC."""
    rows = rows_of(connection, query)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def rows_of(connection: Connection, query: Any) -> list[Any]:
    """Every row of a query."""
    return list(connection.execute(query).all())


def values_of(connection: Connection, query: Any) -> list[Any]:
    """Every value of a query for one column."""
    return list(connection.execute(query).scalars())


def as_rows(table: pa.Table, names: Sequence[str]) -> list[dict[str, Any]]:
    """The named columns as parameters of an insert."""
    return table.select(list(names)).to_pylist()
