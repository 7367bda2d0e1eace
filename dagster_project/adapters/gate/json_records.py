"""JSON lines as records of text; nested values stay JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from dagster_project.adapters.gate.records import Misfit, Records, check_columns, decoded, text_table
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table


def json_records(data: bytes, table: Table) -> Records:
    """Read JSON lines by the contract: a line that is not an object is a misfit.

    Raises:
        Refused: no line holds a column the contract needs, or the file holds nothing.
    """
    text = decoded(data)
    delivered = sum(1 for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip())
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not numbered:
        raise Refused("empty_file", "the file holds no line: ask for it again")
    lines = pa.table({"line_number": [number for number, _ in numbered], "line": [line for _, line in numbered]})
    with duckdb.connect() as connection:
        connection.execute("set enable_external_access = false")
        connection.register("lines", lines)
        objects = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
        bad = connection.execute(f"select line_number, line from lines where not ({objects}) order by 1").fetchall()
        connection.execute(f"create temp table objects as select * from lines where {objects}")
        names = [
            name
            for (name,) in connection.execute(
                "select distinct unnest(json_keys(line)) from objects order by 1"
            ).fetchall()
        ]
        if names:
            check_columns(names, table, "lines")
        columns = ", ".join(_column(name, column.type) for name, column in table.columns.items() if name in names)
        read = connection.execute(
            f"select line_number{', ' + columns if columns else ''} from objects order by line_number"
        ).to_arrow_table()
    misfits = [Misfit(number, "", "not_a_json_object", line) for number, line in bad]
    if read.num_rows + len(misfits) != delivered:
        raise Refused(
            "count_mismatch", f"{delivered} lines but {read.num_rows + len(misfits)} as read: damaged line ends"
        )
    texts = {name: read.column(name).combine_chunks() for name in read.column_names if name != "line_number"}
    return Records(
        text_table(texts, table, read.num_rows), read.column("line_number").combine_chunks(), misfits, delivered
    )


def _column(name: str, kind: str) -> str:
    path = "'$.\"" + name.replace("'", "''") + "\"'"
    read = "json_extract" if kind == "json" else "json_extract_string"
    value = f"cast({read}(line, {path}) as varchar)"
    return f"nullif({value}, 'null') as \"{name}\"" if kind == "json" else f'{value} as "{name}"'
