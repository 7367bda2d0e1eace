"""Text becomes typed rows, or quarantine rows that say which column would not fit and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.gate.flaws import flaw_of
from dagster_project.adapters.sql_words import name_sql, text_sql
from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    from dagster_project.adapters.gate.records import Records
    from dagster_project.domain.sources.contract import Column, Table

SQL_TYPES = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "decimal": "decimal(18, 4)",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "json": "varchar",
}
MISFITS = {
    "integer": "not_an_integer",
    "number": "not_a_number",
    "decimal": "not_a_decimal",
    "boolean": "not_a_boolean",
    "date": "not_a_date",
    "timestamp": "not_a_timestamp",
    "json": "not_json",
}
OFFSET = "(Z|UTC|:.*[+-][0-9]{2}(:?[0-9]{2})*)$"  # the end of an ISO moment that names its offset
EARLIEST, LATEST = "1900-01-01", "2200-01-01"  # moments outside are slips of the pen
OURS = "\x1f"  # begins the names of columns that are ours: no supplier's column begins with it
NULL_MARK = "chr(31)"  # between the parts of a row's id; no text column may be told apart by it


@dataclass
class Typed:
    """What became of the records.

    Attributes:
        rows: typed contract columns and the technical ones.
        misfits: line_number, column, reason_code, raw; one row per record that did not fit.
    """

    rows: pa.Table
    misfits: pa.Table


def pseudonyms(values: pa.ChunkedArray, salt: str) -> pa.Array:
    """Keyed hashes of the distinct values: equal stays equal, and nothing leads back without the key."""
    coded = pc.utf8_trim_whitespace(values.combine_chunks()).dictionary_encode()
    hashed = pa.array([pseudonym(value, salt) for value in coded.dictionary.to_pylist()], pa.string())
    return hashed.take(coded.indices)


def pseudonym(value: str, salt: str) -> str | None:
    """The keyed hash of one trimmed value; of a blank one there is none."""
    return hashlib.blake2b(value.encode(), key=salt.encode()[:64], digest_size=16).hexdigest() if value else None


def type_records(
    records: Records, table: Table, file_id: str, known_at: datetime | None, salt: str, threads: int = 2
) -> Typed:
    """Type every record by the contract, column by column.

    Args:
        records: the texts.
        table: the contract of the table.
        file_id: of the delivered bytes.
        known_at: when the file became known; None means each row at its own time (a first load).
        salt: of pseudonyms and row ids.
        threads: of the engine at work.
    """
    texts = records.texts.append_column("line_number", records.line_number)
    flaws = {name: flaw_of(texts.column(name), column) for name, column in table.columns.items()}
    for name, column in table.columns.items():
        if column.pseudonym:
            place = texts.schema.get_field_index(name)
            texts = texts.set_column(place, name, pseudonyms(texts.column(name), salt))
    for name, told in flaws.items():
        if told is not None:
            texts = texts.append_column(f"{OURS}flaw of {name}", told)
    flawed = [name for name, told in flaws.items() if told is not None]
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": True}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.register("texts", texts)
        connection.execute(f"create temp table typed as {_typed_sql(table, flawed)}")
        parameters = {"file_id": file_id, "known_at": naive_utc(known_at) if known_at else None, "salt": salt}
        rows = connection.execute(_rows_sql(table), parameters).to_arrow_table()
        bad = connection.execute(_misfits_sql(table)).to_arrow_table()
    early = pa.table(
        {
            "line_number": pa.array([misfit.line_number for misfit in records.misfits], pa.int64()),
            "column": pa.array([misfit.column for misfit in records.misfits], pa.string()),
            "reason_code": pa.array([misfit.reason_code for misfit in records.misfits], pa.string()),
            "raw": pa.array([misfit.raw for misfit in records.misfits], pa.string()),
        }
    )
    misfits = pa.concat_tables([early, bad.cast(early.schema)]).sort_by("line_number")
    return Typed(rows, misfits)


def _text_sql(name: str, column: Column) -> str:
    given = f"texts.{name_sql(name)}"
    trimmed = f"trim({given}, ' ' || chr(9))"
    value = given if column.personal else trimmed
    return f"case when {trimmed} = '' then null else {value} end"


def _value_sql(text: str, column: Column) -> str:
    match column.type:
        case "string":
            return text
        case "integer":
            return f"case when regexp_full_match({text}, '[+-]?[0-9]+(\\.0*)?') then try_cast({text} as bigint) end"
        case "number":
            return f"case when isfinite(try_cast({text} as double)) then try_cast({text} as double) end"
        case "decimal":
            exact = f"try_cast({text} as decimal(38, 10))"
            return f"case when {exact} = try_cast({text} as decimal(18, 4)) then try_cast({text} as decimal(18, 4)) end"
        case "boolean":
            low = f"lower({text})"
            yes, no = "('true', 't', 'yes', '1')", "('false', 'f', 'no', '0')"
            return f"case when {low} in {yes} then true when {low} in {no} then false end"
        case "date":
            form = f"try_strptime({text}, {text_sql(column.format)})" if column.format else f"try_cast({text} as date)"
            day = f"cast({form} as date)"
            return f"case when {day} between date '{EARLIEST}' and date '{LATEST}' then {day} end"
        case "json":
            return f"case when json_valid({text}) then {text} end"
        case "timestamp":
            return _moment_sql(text, column)
    raise AssertionError(column.type)


def _moment_sql(text: str, column: Column) -> str:
    if column.format == "epoch_micros":
        whole = f"regexp_full_match({text}, '-?[0-9]{{1,17}}')"
        form = f"case when {whole} then make_timestamp(try_cast({text} as bigint)) end"
    elif column.format:
        form = f"try_strptime({text}, {text_sql(column.format)})"
    else:
        form = f"timezone('UTC', try_cast({text} as timestamptz))"
    return f"case when {form} between timestamp '{EARLIEST}' and timestamp '{LATEST}' then {form} end"


def _typed_sql(table: Table, flawed: list[str]) -> str:
    """Typed values (``"x"``), and for a record that does not fit the texts beside them (``"text of x"``).

    A column of type string is its own text. Texts of records that fit are let go: they would double the memory.

    Args:
        table: the contract.
        flawed: columns beside which a reason against some of their texts is given (``"flaw of x"``).
    """
    texts = ", ".join(f"{_text_sql(name, column)} as {_quoted_text(name)}" for name, column in table.columns.items())
    values = ", ".join(
        f"{_value_sql(_quoted_text(name), column)} as {name_sql(name)}" for name, column in table.columns.items()
    )
    flaws = "".join(f", {_quoted_flaw(name)}" for name in flawed)
    reasons = " ".join(_reason_sql(name, table, name in flawed) for name in table.columns)
    keeps_its_text = table.event_time.column if table.event_time else None  # the offset in it decides its zone
    kept = ", ".join(
        _quoted_text(name)
        if name == keeps_its_text
        else f"case when misfit is not null then {_quoted_text(name)} end as {_quoted_text(name)}"
        for name, column in table.columns.items()
        if column.type != "string"
    )
    names = ", ".join(name_sql(name) for name in table.columns)
    return (
        f"with trimmed as (select line_number, {texts}{flaws} from texts),"
        f" valued as (select line_number, {values}, columns('{OURS}text of .*'){flaws} from trimmed),"
        f" judged as (select *, case {reasons} end as misfit from valued)"
        f" select line_number, {names}, {kept + ', ' if kept else ''}misfit from judged"
    )


def _quoted_text(name: str) -> str:
    return name_sql(f"{OURS}text of {name}")


def _quoted_flaw(name: str) -> str:
    return name_sql(f"{OURS}flaw of {name}")


def _reason_sql(name: str, table: Table, is_flawed: bool) -> str:
    """The reason against a column's value, with its code first: a name may hold anything."""
    column, text = table.columns[name], _quoted_text(name)
    parts = []

    def against(condition: str, code: str) -> None:
        parts.append(f"when {condition} then {text_sql(f'{code}:{name}')}")

    if is_flawed:
        parts.append(f"when {_quoted_flaw(name)} is not null then {_quoted_flaw(name)} || {text_sql(f':{name}')}")
    if name in table.key or column.required:
        against(f"{text} is null", "missing_key" if name in table.key else "missing_value")
    if column.type != "string":
        against(f"{text} is not null and {name_sql(name)} is null", MISFITS[column.type])
    if column.values and table.drift != "evolve":
        against(f"{text} not in ({', '.join(text_sql(value) for value in column.values)})", "unknown_value")
    return " ".join(parts)


def _occurred_sql(table: Table) -> str:
    if table.event_time is None:
        return "cast(null as timestamp)"
    moment = name_sql(table.event_time.column)
    if table.event_time.zone == "UTC":
        return moment
    local = f"timezone('UTC', timezone('{table.event_time.zone}', {moment}))"
    return (
        f"case when regexp_matches({_quoted_text(table.event_time.column)}, '{OFFSET}') then {moment} else {local} end"
    )


def _rows_sql(table: Table) -> str:
    columns = ", ".join(
        f"cast({name_sql(name)} as {SQL_TYPES[column.type]}) as {name_sql(name)}"
        for name, column in table.columns.items()
    )
    content = ", ".join(
        f"{text_sql(f'{name}=')} || cast({name_sql(name)} as varchar)"
        for name, column in table.columns.items()
        if not column.volatile
    )
    content_id = f"md5(concat_ws({NULL_MARK}, $salt, {content}))"
    repeat = "''"
    if table.repeats == "counted":
        repeat = "':' || row_number() over (partition by content_id order by line_number)"
    return (
        f"with good as (select *, {content_id} as content_id, {_occurred_sql(table)} as occurred_at"
        " from typed where misfit is null)"
        f" select {columns}, occurred_at,"
        " coalesce(cast($known_at as timestamp), occurred_at, timestamp '1970-01-01') as known_at,"
        f" md5(content_id || {repeat}) as row_id, cast($file_id as varchar) as file_id, line_number from good"
        # The engine keeps the order of what it reads; only counting repeats changes it. Sorting wide rows costs memory.
        f"{' order by line_number' if table.repeats == 'counted' else ''}"
    )


def _misfits_sql(table: Table) -> str:
    raw = ", ".join(
        f"{text_sql(name)}, " + (name_sql(name) if column.type == "string" else _quoted_text(name))
        for name, column in table.columns.items()
    )
    return (
        "select line_number, substr(misfit, strpos(misfit, ':') + 1) as \"column\","
        " split_part(misfit, ':', 1) as reason_code,"
        f" cast(json_object({raw}) as varchar) as raw from typed where misfit is not null order by line_number"
    )
