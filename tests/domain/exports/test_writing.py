"""A file is the same bytes whichever way it is written, and as many files as its receiver's limits ask for."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.exports import writing
from dagster_project.domain.exports.writing import csv_bytes, files_of, hex_text, json_lines

TEXT = st.one_of(st.none(), st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12))
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20)


def table(rows: list[tuple[str | None, str | None]]) -> pa.Table:
    return pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate("ab")})


@settings(deadline=None)
@given(ROWS)
def test_what_is_written_is_read_again(rows: list[tuple[str | None, str | None]]) -> None:
    read = list(csv.reader(io.StringIO(csv_bytes(table(rows)).decode(), newline=""), strict=True))
    assert read == [["a", "b"], *[[cell or "" for cell in row] for row in rows]]


@settings(deadline=None)
@given(ROWS)
def test_both_ways_of_writing_give_the_same_bytes(rows: list[tuple[str | None, str | None]]) -> None:
    plain = [tuple(None if cell is None or set(cell) & set('",\r\n') else cell for cell in row) for row in rows]
    quick = csv_bytes(table(plain))
    slow = "a,b\n" + "".join(",".join(writing.cell(value) for value in row) + "\n" for row in plain)
    assert quick == slow.encode()


def test_a_single_blank_cell_is_a_row() -> None:
    assert csv_bytes(pa.table({"a": pa.array(["1", None], pa.string())})) == b'a\n1\n""\n'


def test_digests_are_written_in_hex_wherever_they_stand() -> None:
    digests = [hashlib.sha256(bytes([number])).digest() if number % 3 else None for number in range(70)]
    array = pa.array(digests, pa.binary(32))
    expected = [None if value is None else value.hex() for value in digests]
    assert hex_text(array).to_pylist() == expected
    assert hex_text(array.slice(5, 20)).to_pylist() == expected[5:25]
    cells = pa.table({"a": array})
    assert [row["a"] for row in csv.DictReader(io.StringIO(csv_bytes(cells).decode()))] == [x or "" for x in expected]


def cells(count: int) -> pa.Table:
    return pa.table({"a": [f"{number:06d}" for number in range(count)]})


@pytest.mark.parametrize(("limit", "value"), [("most_rows", 300), ("most_bytes", 2_000)])
@pytest.mark.parametrize("medium", ["csv", "jsonl", "parquet"])
def test_a_limit_splits_a_file_and_loses_no_row(limit: str, value: int, medium: str) -> None:
    if medium == "parquet" and limit == "most_bytes":
        value = 1_000
    files = files_of("add", cells(1_000), medium, **{limit: value})  # type: ignore[arg-type]
    assert len(files) > 1
    assert [file.name for file in files[:2]] == [f"add.{medium}", f"add_2.{medium}"]
    found: list[str] = []
    for file in files:
        content = bytes(memoryview(file.content))
        if medium == "csv":
            found += [row["a"] for row in csv.DictReader(io.StringIO(content.decode()))]
        elif medium == "jsonl":
            found += [json.loads(line)["a"] for line in content.decode().splitlines()]
        else:
            found += pq.read_table(io.BytesIO(content))["a"].to_pylist()
        assert file.count_rows <= value if limit == "most_rows" else len(content) <= value
    assert found == cells(1_000)["a"].to_pylist()


def test_without_a_limit_there_is_one_file() -> None:
    assert [file.name for file in files_of("contacts", cells(1_000), first=3)] == ["contacts_3.csv"]


def test_json_lines_leave_out_what_is_blank() -> None:
    rows = pa.table({"a": ["ä\n", None], "b": pa.array([None, None], pa.string())})
    assert json_lines(rows) == '{"a":"ä\\n"}\n{}\n'.encode()
