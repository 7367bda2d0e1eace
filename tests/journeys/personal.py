"""Looks for a town's contact data in every file of a home, also inside Parquet, DuckDB and gzip."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.domain.town.people import People

EMAIL = re.compile(rb"[\w.+-]+@[\w.-]+\w")
PHONE = re.compile(rb"(?<!\d)(?:\+?358|00358)?0?(48\d{7})(?!\d)")
WORD = re.compile(rb"[A-Za-z\x80-\xff]{5,}")
SPACING = re.compile(rb"(?<=\d)[ ()/-]+(?=[\d(])")

TOKENS = {  # an address stands in one line: the others need no look
    "email": lambda text: {
        found.lower() for line in text.split(b"\n") if b"@" in line for found in EMAIL.findall(line)
    },
    "phone": lambda text: set(PHONE.findall(SPACING.sub(b"", text))),
    "last_name": lambda text: set(WORD.findall(text)),
}


def personal_values(people: People) -> dict[str, set[bytes]]:
    """What must not be found: e-mail addresses in small letters, phone digits, last names."""
    return {
        "email": {str(email).lower().encode() for email in people.email},
        "phone": {str(phone).encode() for phone in people.phone},
        "last_name": {str(name).encode() for name in people.last_name},
    }


def found_in(home: Path, values: dict[str, set[bytes]]) -> dict[str, dict[str, int]]:
    """Per file or folder of the home: how many different values of each kind are in it; places with none left out."""
    hits: dict[str, dict[str, set[bytes]]] = {}
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        place = path.relative_to(home).parts[0]
        for text in texts_of(path):
            for kind, wanted in values.items():
                if same := TOKENS[kind](text) & wanted:
                    hits.setdefault(place, {}).setdefault(kind, set()).update(same)
    return {place: {kind: len(same) for kind, same in kinds.items()} for place, kinds in hits.items()}


def texts_of(path: Path) -> Iterator[bytes]:
    """A file's text: its bytes, or the text columns of a table that would hide them by compression."""
    if path.suffix == ".parquet":
        yield from _texts_of_table(pq.read_table(path))
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.sql(
                "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                yield from _texts_of_table(connection.sql(f'select * from "{schema}"."{table}"').to_arrow_table())
    elif path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    else:
        yield path.read_bytes()


def _texts_of_table(table: pa.Table) -> Iterator[bytes]:
    for name in table.column_names:
        if pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type):
            yield "\n".join(value for value in table[name].unique().to_pylist() if value).encode()
