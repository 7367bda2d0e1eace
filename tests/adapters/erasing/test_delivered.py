"""Lines taken out of delivered files: the others keep their bytes and numbers, and twice is once."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.adapters.erasing.delivered import without_lines
from dagster_project.adapters.gate.csv_records import csv_records
from dagster_project.domain.sources.contract import Table

TABLE = Table.model_validate({"key": ["id"], "columns": {"id": {"required": True}, "note": {"optional": True}}})
CSV = b'id,note\n1,"two\nlines"\n2,plain\n3,x\n4\n'
JSON = b'{"id": 1}\n{"id": 2}\nnot json\n{"id": 4}\n'


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_record_of_several_lines_goes_as_a_whole_and_leaves_its_line_ends(end: bytes, mark: bytes) -> None:
    data = mark + CSV.replace(b"\n", end)
    cut = without_lines(data, "a.csv", TABLE, {2})
    assert cut == data.replace(b'1,"two' + end + b'lines"', end)
    assert csv_records(cut, TABLE).line_number.to_pylist() == csv_records(data, TABLE).line_number.to_pylist()[1:]


@pytest.mark.parametrize(
    ("name", "data", "lines"),
    [
        ("a.csv", CSV, {4}),
        ("a.csv.gz", gzip.compress(CSV), {2, 6}),
        ("a.jsonl", JSON, {2, 3}),
        ("a.csv", CSV, {2, 4, 5, 6}),
    ],
)
def test_twice_is_once_and_no_neighbour_goes_with_it(name: str, data: bytes, lines: set[int]) -> None:
    once = without_lines(data, name, TABLE, lines)
    assert once != data
    assert without_lines(once, name, TABLE, lines) == once


def test_a_second_person_goes_after_the_first() -> None:
    first = without_lines(CSV, "a.csv", TABLE, {2})
    assert without_lines(first, "a.csv", TABLE, {5}) == b"id,note\n\n\n2,plain\n\n4\n"


def test_a_stray_quote_changes_how_lines_are_counted_and_not_which_goes() -> None:
    data = b'id,note\n1,a\n2,12" pipe\n3,b\n'
    assert without_lines(data, "a.csv", TABLE, {3}) == b"id,note\n1,a\n\n3,b\n"


def test_a_row_of_parquet_leaves_its_place() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2", "3"], "note": ["a", "b", "c"]}), sink)
    cut = without_lines(sink.getvalue(), "a.parquet", TABLE, {2})
    assert pq.read_table(pa.BufferReader(cut))["note"].to_pylist() == ["a", None, "c"]
    assert pq.read_table(pa.BufferReader(without_lines(cut, "a.parquet", TABLE, {3})))["id"].to_pylist() == [
        "1",
        None,
        None,
    ]
