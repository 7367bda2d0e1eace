"""Ask conditions of a frame of rows, in a database in memory that can reach nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import Condition, ConditionError, is_barred, kind_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FRAME = "frame"
_OF_THREAD = threading.local()


def columns_of(schema: pa.Schema) -> dict[str, str]:
    """The columns of a frame that conditions may read, with their types; those of other types are left out."""
    columns = {}
    for name, type_ in zip(schema.names, schema.types, strict=True):
        try:
            kind_of(str(type_))
        except ConditionError:
            continue
        if not is_barred(name):
            columns[name] = str(type_)
    return columns


def evaluate(
    conditions: Mapping[str, Condition], frame: pa.Table, as_of: datetime, threads: int = 2
) -> dict[str, pa.BooleanArray]:
    """Answer every condition for every row: yes or no, in the order of the frame. Unknown (null) is no.

    Args:
        conditions: by any name; it is used in messages.
        frame: one row per thing asked about. Only the columns that the conditions read are handed over.
        as_of: the moment asked about, with its zone.

    Raises:
        ConditionError: the frame lacks a column or has it in another kind, or the engine failed on one condition.
            The message names the condition and never a value.
    """
    import pyarrow as pa

    if not conditions:
        return {}
    needed = _checked(conditions, frame.schema)
    rows = frame.select(needed).append_column("as_of", pa.nulls(frame.num_rows, pa.timestamp("us")))
    engine = _closed_engine(threads)
    engine.register(FRAME, rows)
    try:
        return _ask(engine, conditions, as_of)
    except ConditionError:
        for name, condition in conditions.items():  # once more, one by one, to name the culprit
            _ask(engine, {name: condition}, as_of)
        raise
    finally:
        engine.unregister(FRAME)


def _checked(conditions: Mapping[str, Condition], schema: pa.Schema) -> list[str]:
    needed: set[str] = set()
    for name, condition in conditions.items():
        for column, kind in condition.columns:
            if is_barred(column):
                raise ConditionError(f"{name}: {column} is not for conditions")
            if column not in schema.names:
                raise ConditionError(f"{name}: the column {column} is not in the rows asked about")
            there = kind_of(str(schema.field(column).type))
            if there != kind:
                raise ConditionError(f"{name}: the column {column} is {there} in the rows, declared as {kind}")
            needed.add(column)
    return sorted(needed)


def _closed_engine(threads: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that can open no file, network, extension or setting; one for each thread of the process.

    It holds rows only while it is asked: to open one costs more than to answer for a thousand customers.
    """
    import duckdb

    kept: dict[int, duckdb.DuckDBPyConnection] = _OF_THREAD.__dict__.setdefault("engines", {})
    if threads in kept:
        return kept[threads]
    engine = duckdb.connect(":memory:", config={"threads": threads, "preserve_insertion_order": "true"})
    for statement in (
        "set python_enable_replacements = false",  # no Python variable is visible as a table
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set temp_directory = ''",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        engine.execute(statement).fetchall()
    kept[threads] = engine
    return engine


def _ask(
    engine: duckdb.DuckDBPyConnection, conditions: Mapping[str, Condition], as_of: datetime
) -> dict[str, pa.BooleanArray]:
    import duckdb
    import pyarrow as pa

    answers = ", ".join(
        f'coalesce(({condition.sql}), false) as "c{number}"' for number, condition in enumerate(conditions.values())
    )
    rows = f"select * replace (cast($as_of as timestamp) as as_of) from {FRAME}"
    try:
        table = engine.execute(f"select {answers} from ({rows}) as rows_asked", {"as_of": naive_utc(as_of)}).arrow()
        table = table if isinstance(table, pa.Table) else table.read_all()
        if any(type_ != pa.bool_() for type_ in table.schema.types):
            raise ConditionError(f"{', '.join(conditions)}: answers with something else than yes or no")
    except (duckdb.Error, UnicodeError):
        names = ", ".join(conditions)
        raise ConditionError(f"{names}: cannot be answered for these rows (a number or moment out of range)") from None
    return {
        name: pa.chunked_array(table.column(number).chunks, pa.bool_()).combine_chunks()
        for number, name in enumerate(conditions)
    }
