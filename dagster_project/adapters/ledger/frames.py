"""Between the ledger's rows and tables: many rows in and out at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, MetaData, String, Table, insert, text

temporaries = MetaData()
Columns = Mapping[str, Sequence[Any]]  # rows by column


def temporary(name: str, *columns: Column[Any]) -> Table:
    """A table for one transaction: a set to join with, as long lists of parameters are slow or refused."""
    return Table(name, temporaries, *columns, prefixes=["TEMPORARY"])


# Rows picked by key: contacts, customers or batches.
picked = temporary("picked", Column("key", String(64), primary_key=True), Column("reason", String(128)))


@contextmanager
def filled(connection: Connection, table: Table, columns: Columns | None = None) -> Iterator[None]:
    """The temporary table with these rows, dropped at the end. An exception drops it with the transaction."""
    connection.execute(text(f"drop table if exists {table.name}"))
    table.create(connection, checkfirst=False)
    put(connection, table, columns or {})
    measure(connection, table)
    yield
    table.drop(connection, checkfirst=False)


def put(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert many rows, given as columns of equal length.

    The statement is compiled once and each column converted at once: of 100,000 contacts with 24 columns this takes a
    third of the time that one dictionary per row takes.
    """
    if not columns or not len(next(iter(columns.values()))):
        return
    dialect = connection.dialect
    statement = insert(table).compile(dialect=dialect, column_keys=list(columns))
    ready: dict[str, Sequence[Any]] = {}
    for name, values in columns.items():
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:  # moments, days and costs repeat: each is converted once
            converted = {value: convert(value) for value in set(values)}
            values = [converted[value] for value in values]
        ready[name] = values
    if dialect.positional:
        rows: list[Any] = list(zip(*(ready[name] for name in getattr(statement, "positiontup", ())), strict=True))
    else:
        rows = [dict(zip(ready, row, strict=True)) for row in zip(*ready.values(), strict=True)]
    connection.exec_driver_sql(str(statement), rows)


def measure(connection: Connection, table: Table) -> None:
    """Tell PostgreSQL how large a table has become. Not knowing, it loops over all of it for every row.

    A claim of 100,000 contacts took 11 s with it and had not ended after eight minutes without.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"analyze {table.name}"))


def picks(reasons: Mapping[str, str | None] | Iterable[str]) -> Columns:
    """Rows for ``picked``: keys, each once, with or without a reason."""
    keys = list(dict.fromkeys(reasons))
    said = [reasons[key] for key in keys] if isinstance(reasons, Mapping) else [None] * len(keys)
    return {"key": keys, "reason": said}


def as_table(connection: Connection, query: Any, schema: pa.Schema) -> pa.Table:
    """A query's rows as a table; its columns are those of the schema, in order. Moments become naive UTC."""
    columns = _columns_read(connection, query) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def rows_of(connection: Connection, query: Any) -> list[Any]:
    """Every row of a query."""
    return list(connection.execute(query).all())


def values_of(connection: Connection, query: Any) -> list[Any]:
    """Every value of a query for one column."""
    columns = _columns_read(connection, query)
    return list(columns[0]) if columns else []


def _columns_read(connection: Connection, query: Any) -> list[Sequence[Any]]:
    """A query's columns; none where it has no rows.

    The driver's own tuples are read, and only columns that need it are converted, each of their values once: of a
    million rows with nine columns this takes a fourth of the time.
    """
    result = connection.execute(query)
    rows, kinds = result.cursor.fetchall(), [column[1] for column in result.cursor.description]
    result.close()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, column in enumerate(query.selected_columns if columns else ()):
        convert = column.type.dialect_impl(connection.dialect).result_processor(connection.dialect, kinds[place])
        if convert is not None:
            converted = {value: convert(value) for value in set(columns[place])}
            columns[place] = [converted[value] for value in columns[place]]
    return columns


def columns_of(table: pa.Table, names: Iterable[str]) -> dict[str, list[Any]]:
    """The named columns as lists."""
    return {name: table[name].to_pylist() for name in names}
