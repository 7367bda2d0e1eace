"""JSON lines as records of text; nested values stay JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.gate.json_flaws import lines_without_numbers, nested_values, without
from dagster_project.adapters.gate.records import (
    BYTE_ORDER_MARK,
    Misfit,
    Records,
    check_bytes,
    decoded,
    named_by_the_contract,
    text_table,
)
from dagster_project.adapters.sql_words import name_sql, text_sql
from dagster_project.domain.sources.drift import Header, header_of, plain_name
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

LINE_FEED = 10
OPENS = r"^\s*\{"


def json_records(data: bytes, table: Table) -> Records:
    """Read JSON lines by the contract: a line that is not an object is a misfit.

    Raises:
        Refused: no line holds a column the contract needs, or the file holds nothing.
    """
    numbers, lines = lines_of(data)
    if not len(numbers):
        raise Refused("empty_file", "the file holds no line: ask for it again")
    # A second count, by another method than the one that found the lines.
    delivered = sum(1 for line in io.BytesIO(data.removeprefix(BYTE_ORDER_MARK)) if line.strip())
    with duckdb.connect() as connection:
        connection.execute("set enable_external_access = false")
        connection.register("lines", pa.table({"line_number": numbers, "line": lines}))
        # What is JSON and begins with a brace is an object; asking JSON for its type would parse it once more.
        connection.execute(
            "create temp table seen as select line_number,"
            f" case when json_valid(line) and regexp_matches(line, '{OPENS}') then json_keys(line) end as keys"
            " from lines"
        )
        reasons = dict.fromkeys(lines_without_numbers(numbers, lines), "not_a_json_object")
        reasons |= dict(
            connection.execute(
                "select line_number, case when keys is null then 'not_a_json_object' else 'duplicate_key' end from seen"
                " where keys is null or len(keys) > len(list_distinct(keys))"
            ).fetchall()
        )
        names = [name for (name,) in connection.execute("select distinct unnest(keys) from seen order by 1").fetchall()]
        told = header_of(names, table, "lines") if names else Header({})
        for meant, spelled in _spelled_otherwise(told):
            query = (
                "select line_number from seen where list_contains(keys, $spelled) and not list_contains(keys, $meant)"
            )
            found = connection.execute(query, {"spelled": spelled, "meant": meant}).fetchall()
            reasons = {number: "respelled_key" for (number,) in found} | reasons
        connection.execute("drop table seen")
        fits = pc.invert(pc.is_in(numbers, pa.array(list(reasons), pa.int64())))
        bad = pa.table({"line_number": numbers, "line": lines}).filter(pc.invert(fits)).to_pylist()
        if bad:
            numbers, lines = numbers.filter(fits), lines.filter(fits)
            connection.register("lines", pa.table({"line_number": numbers, "line": lines}))
        read = connection.execute(_columns_sql(told, table)).to_arrow_table()
    misfits = [
        Misfit(row["line_number"], "", reasons[row["line_number"]], row["line"].removesuffix("\n")) for row in bad
    ]
    nested = nested_values(read, numbers, lines, table, told.taken)
    if nested:
        read = without(read, [misfit.line_number for misfit in nested])
        misfits += nested
    if read.num_rows + len(misfits) != delivered:
        raise Refused(
            "count_mismatch", f"{delivered} lines but {read.num_rows + len(misfits)} as read: damaged line ends"
        )
    texts = {name: read.column(name).combine_chunks() for name in read.column_names if name != "line_number"}
    line_number = read.column("line_number").combine_chunks()
    known = named_by_the_contract(names, told)
    return Records(text_table(texts, table, read.num_rows), line_number, misfits, delivered, known, told)


def _spelled_otherwise(told: Header) -> Iterator[tuple[str, str]]:
    """Keys that some lines spell as the contract does and others do not: in those the value would be lost."""
    meant = {plain_name(delivered): delivered for delivered in told.taken.values()}
    for name in told.unknown:
        if plain_name(name) in meant:
            yield meant[plain_name(name)], name


def lines_of(data: bytes) -> tuple[pa.Array, pa.Array]:
    """The lines that hold something, with their numbers from 1, without copying the bytes.

    Raises:
        Refused: see :func:`check_bytes`, and bytes that are not UTF-8.
    """
    check_bytes(data)
    codes = np.frombuffer(data, np.uint8)
    start = len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
    ends = np.flatnonzero(codes == LINE_FEED) + 1
    edges = np.concatenate(([start], ends, [len(data)] if not len(ends) or ends[-1] < len(data) else [])).astype(
        np.int64
    )
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(data)]
    lines = pa.Array.from_buffers(pa.large_string(), len(edges) - 1, buffers)
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        decoded(data)  # says which line
        raise
    held = pc.invert(pc.match_substring_regex(lines, r"^\s*$"))
    numbers = pa.array(np.arange(1, len(lines) + 1))
    return (numbers, lines) if pc.all(held).as_py() else (numbers.filter(held), lines.filter(held))


def _columns_sql(told: Header, table: Table) -> str:
    """Each line parsed once for its texts and once for its nested values, not once a column."""
    lists: dict[str, list[str]] = {"json_extract_string": [], "json_extract": []}
    columns = []
    for name, delivered in told.taken.items():
        is_json = table.columns[name].type == "json"
        function = "json_extract" if is_json else "json_extract_string"
        lists[function].append(text_sql('$."' + delivered.replace("\\", "\\\\").replace('"', '\\"') + '"'))
        value = f"cast({function}[{len(lists[function])}] as varchar)"
        columns.append((f"nullif({value}, 'null')" if is_json else value) + f" as {name_sql(name)}")
    found = ", ".join(
        f"{function}(line, [{', '.join(paths)}]) as {function}" for function, paths in lists.items() if paths
    )
    return (
        f"select {', '.join(['line_number', *columns])} from"
        f" (select {', '.join(part for part in ('line_number', found) if part)} from lines)"
    )
