"""JSON lines as records of text; nested values stay JSON."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.gate.records import (
    BYTE_ORDER_MARK,
    Misfit,
    Records,
    check_bytes,
    check_columns,
    decoded,
    text_table,
)
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
        bad = connection.execute(
            "select line_number, line from lines"
            " semi join (from seen where keys is null) using (line_number) order by 1"
        ).fetchall()
        names = [name for (name,) in connection.execute("select distinct unnest(keys) from seen order by 1").fetchall()]
        if names:
            check_columns(names, table, "lines")
        connection.execute("drop table seen")
        if bad:
            fits = pc.invert(pc.is_in(numbers, pa.array([number for number, _ in bad], pa.int64())))
            connection.register("lines", pa.table({"line_number": numbers.filter(fits), "line": lines.filter(fits)}))
        read = connection.execute(_columns_sql([name for name in table.columns if name in names], table))
        read = read.to_arrow_table()
    misfits = [Misfit(number, "", "not_a_json_object", line.removesuffix("\n")) for number, line in bad]
    if read.num_rows + len(misfits) != delivered:
        raise Refused(
            "count_mismatch", f"{delivered} lines but {read.num_rows + len(misfits)} as read: damaged line ends"
        )
    texts = {name: read.column(name).combine_chunks() for name in read.column_names if name != "line_number"}
    return Records(
        text_table(texts, table, read.num_rows), read.column("line_number").combine_chunks(), misfits, delivered, names
    )


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


def _columns_sql(names: list[str], table: Table) -> str:
    """Each line parsed once for its texts and once for its nested values, not once a column."""
    lists: dict[str, list[str]] = {"json_extract_string": [], "json_extract": []}
    columns = []
    for name in names:
        is_json = table.columns[name].type == "json"
        function = "json_extract" if is_json else "json_extract_string"
        lists[function].append("'$.\"" + name.replace("'", "''") + "\"'")
        value = f"cast({function}[{len(lists[function])}] as varchar)"
        columns.append(f"nullif({value}, 'null') as \"{name}\"" if is_json else f'{value} as "{name}"')
    found = ", ".join(
        f"{function}(line, [{', '.join(paths)}]) as {function}" for function, paths in lists.items() if paths
    )
    return (
        f"select {', '.join(['line_number', *columns])} from"
        f" (select {', '.join(part for part in ('line_number', found) if part)} from lines)"
    )
