"""The search for contact data finds it as people write it, and where compression hides it."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journeys.personal import found_in

VALUES = {"email": {b"aino@mail.example.com"}, "phone": {b"481234567"}, "last_name": {b"Honkala"}}
ALL = {"email": 1, "phone": 1, "last_name": 1}


@pytest.mark.parametrize(
    "phone", ["+358481234567", "0481234567", "048 123 4567", "00358481234567", "+358 (0)48-123 4567", "48 1234567"]
)
def test_each_spelling_is_found(tmp_path: Path, phone: str) -> None:
    (tmp_path / "log.txt").write_text(f"Honkala, {phone}; Aino@Mail.Example.COM.")
    assert found_in(tmp_path, VALUES) == {"log.txt": ALL}


def test_tables_and_archives_are_opened(tmp_path: Path) -> None:
    text = "Honkala 0481234567 aino@mail.example.com"
    many = [text, *(f"row {number}" for number in range(5000))]
    pq.write_table(pa.table({"note": many}), tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b.gz").write_bytes(gzip.compress(text.encode()))
    with duckdb.connect(str(tmp_path / "c.duckdb")) as connection:
        connection.execute("create schema room")
        connection.execute("create table room.notes as select ? as note", [text])
    assert found_in(tmp_path, VALUES) == {"a.parquet": ALL, "b.gz": ALL, "c.duckdb": ALL}


def test_other_numbers_and_words_are_not_taken_for_them(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("Honkalampi 1481234567 48123456 aino@mail.example.org 4812345678")
    assert found_in(tmp_path, VALUES) == {}
