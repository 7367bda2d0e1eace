"""Damage to Parquet."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.adapters.damage.clean import Broken, Clean, Kind, some, value_of
from tests.adapters.damage.value_kinds import WRONG

KINDS: dict[str, Kind] = {}
NEEDS: dict[str, tuple[str, ...]] = {}
TYPED = {"integer": pa.int64(), "number": pa.float64(), "decimal": pa.decimal128(18, 4), "boolean": pa.bool_()}


def kind(function: Kind) -> Kind:
    KINDS[f"parquet {function.__name__.replace('_', ' ')}"] = function
    return function


def columns_of(clean: Clean, *, typed: bool = True) -> dict[str, pa.Array]:
    """The records by column, in the types of the contract where Parquet has them, else as text."""
    arrays = {}
    for name, column in clean.table.columns.items():
        texts = [record[name] for record in clean.records]
        if typed and column.type in TYPED and not column.pseudonym:
            arrays[name] = pa.array([value_of(text, column) for text in texts], TYPED[column.type])
        else:
            arrays[name] = pa.array(texts, pa.string())
    return arrays


def written(columns: dict[str, pa.Array], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **{"write_page_checksum": True, **options})
    return sink.getvalue()


def delivered(clean: Clean, content: bytes, bad: dict[int, tuple[str, str]] | None = None, *codes: str) -> Broken:
    bad = bad or {}
    sound = {place + 1: record for place, record in enumerate(clean.records) if place not in bad}
    told = {place + 1: why for place, why in bad.items()}
    return Broken(clean, ".parquet", content, sound, told, frozenset(codes))


def _whole(name: str, change: Callable[[random.Random, bytes], bytes], *codes: str) -> None:
    def damage(rng: random.Random, clean: Clean) -> Broken:
        options = {"compression": rng.choice(["snappy", "zstd", "none", "gzip"]), "use_dictionary": rng.random() < 0.5}
        return delivered(clean, change(rng, written(columns_of(clean), **options)), None, *codes)

    KINDS[f"parquet {name}"] = damage


def _footer(data: bytes) -> int:
    return len(data) - 8 - int.from_bytes(data[-8:-4], "little")


def _flip(rng: random.Random, data: bytes, low: int, high: int) -> bytes:
    place = rng.randrange(low, high)
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


_whole("as it should be", lambda rng, data: data)
_whole("cut", lambda rng, data: data[: rng.randrange(5, len(data) - 1)], "not_parquet")
_whole("without its footer", lambda rng, data: data[: _footer(data)], "not_parquet")
_whole("without its last mark", lambda rng, data: data[:-4], "not_parquet")
_whole("without its beginning", lambda rng, data: data[rng.randrange(1, 200) :], "not_parquet")
_whole("with a wrong length of footer", lambda rng, data: data[:-8] + b"\xff\xff\xff\x7f" + data[-4:], "not_parquet")
_whole("of marks alone", lambda rng, data: b"PAR1PAR1", "not_parquet")
_whole("of rubbish", lambda rng, data: rng.randbytes(500), "not_parquet")
_whole("behind another", lambda rng, data: data + data, "not_parquet")
_whole("that is CSV", lambda rng, data: b"id,note\n1,x\n", "not_parquet")
_whole("with zeros for a page", lambda rng, data: data[:60] + bytes(40) + data[100:], "not_parquet")


@kind
def flipped_bit_in_a_page(rng: random.Random, clean: Clean) -> Broken:
    """Pages carry checksums here: a changed value must be noticed; a changed size or statistic may mean nothing."""
    data = written(columns_of(clean), compression=rng.choice(["snappy", "none"]))
    broken = delivered(clean, _flip(rng, data, 4, _footer(data)), None, "not_parquet", "count_mismatch")
    broken.or_sound = True
    return broken


@kind
def flipped_bit_in_a_dictionary(rng: random.Random, clean: Clean) -> Broken:
    data = written(columns_of(clean, typed=False), compression="none", use_dictionary=True)
    chunk = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(rng.randrange(len(clean.columns)))
    start = chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset
    broken = delivered(clean, _flip(rng, data, start, start + 30), None, "not_parquet", "count_mismatch")
    broken.or_sound = True
    return broken


@kind
def flipped_byte_in_the_footer(rng: random.Random, clean: Clean) -> Broken:
    """A footer has no checksum: what is not refused must at least be counted, and name its rows."""
    data = written(columns_of(clean))
    place = rng.randrange(_footer(data), len(data) - 8)
    content = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
    codes = ("not_parquet", "count_mismatch", "missing_key_column", "damaged_header", "nested_column", "no_row_fits")
    broken = delivered(clean, content, None, *codes, "empty_file", "unreadable", "too_large")
    broken.or_sound = True
    return broken


def _column(name: str, make: Callable[[random.Random, pa.Array], pa.Array], *codes: str) -> None:
    def damage(rng: random.Random, clean: Clean) -> Broken:
        columns = columns_of(clean)
        at = rng.choice(clean.columns)
        columns[at] = make(rng, columns[at])
        return delivered(clean, written(columns), None, *codes)

    KINDS[f"parquet {name}"] = damage


_column("with a list", lambda rng, values: pa.array([[1]] * len(values)), "nested_column")
_column("with a struct", lambda rng, values: pa.array([{"a": 1}] * len(values)), "nested_column")
_column("with bytes", lambda rng, values: pa.array([b"\xff\x00"] * len(values)), "nested_column")
_column(
    "with a map",
    lambda rng, values: pa.array([[("a", 1)]] * len(values), pa.map_(pa.string(), pa.int64())),
    "nested_column",
)
_column("with a dictionary", lambda rng, values: values.cast(pa.string()).dictionary_encode())
_column("with a large text", lambda rng, values: values.cast(pa.string()).cast(pa.large_string()))


@kind
def key_column_gone(_: random.Random, clean: Clean) -> Broken:
    columns = columns_of(clean)
    del columns[clean.table.key[0]]
    return delivered(clean, written(columns or {"x": pa.array([1])}), None, "missing_key_column")


@kind
def key_column_of_nulls(_: random.Random, clean: Clean) -> Broken:
    columns = columns_of(clean)
    columns[clean.table.key[0]] = pa.nulls(len(clean.records))
    return delivered(clean, written(columns), None, "no_row_fits")


@kind
def a_name_twice(rng: random.Random, clean: Clean) -> Broken:
    arrays = columns_of(clean)
    name = rng.choice(clean.columns)
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([*arrays.values(), arrays[name]], [*arrays, name]), sink)
    return delivered(clean, sink.getvalue(), None, "damaged_header")


@kind
def no_row(_: random.Random, clean: Clean) -> Broken:
    empty = {name: values.slice(0, 0) for name, values in columns_of(clean).items()}
    broken = delivered(clean, written(empty), None, "empty_file")
    broken.sound = {}
    return broken


@kind
def every_row_in_a_group_of_its_own(_: random.Random, clean: Clean) -> Broken:
    return delivered(clean, written(columns_of(clean), row_group_size=1))


@kind
def texts_for_types(rng: random.Random, clean: Clean) -> Broken:
    bad = {}
    typed = [name for type_ in WRONG for name in clean.of_type(type_)]
    for place in some(rng, clean):
        name = rng.choice(typed)
        reason, texts = WRONG[clean.table.columns[name].type]
        clean.records[place][name] = rng.choice(texts)
        bad[place] = (name, reason)
    return delivered(clean, written(columns_of(clean, typed=False)), bad)


NEEDS["parquet texts for types"] = tuple(WRONG)


@kind
def numbers_that_are_none(rng: random.Random, clean: Clean) -> Broken:
    name = rng.choice(clean.of_type("number"))
    columns, bad = columns_of(clean), {}
    values = columns[name].to_pylist()
    for place in some(rng, clean):
        values[place] = rng.choice([float("nan"), float("inf"), float("-inf")])
        bad[place] = (name, "not_a_number")
    columns[name] = pa.array(values, pa.float64())
    return delivered(clean, written(columns), bad)


NEEDS["parquet numbers that are none"] = ("number",)


@kind
def integers_beyond_measure(rng: random.Random, clean: Clean) -> Broken:
    name = rng.choice(clean.of_type("integer"))
    columns, bad = columns_of(clean), {}
    values = [abs(value or 0) for value in columns[name].to_pylist()]
    for place, value in enumerate(values):
        clean.records[place][name] = str(value)
    for place in some(rng, clean):
        values[place] = 2**64 - 1
        bad[place] = (name, "not_an_integer")
    columns[name] = pa.array(values, pa.uint64())
    return delivered(clean, written(columns), bad)


NEEDS["parquet integers beyond measure"] = ("integer",)


@kind
def texts_with_nul(rng: random.Random, clean: Clean) -> Broken:
    name = rng.choice(clean.of_type("string"))
    columns, bad = columns_of(clean), {}
    values = columns[name].to_pylist()
    for place in some(rng, clean):
        values[place] = "a\x00b"
        bad[place] = (name, "damaged_text")
    columns[name] = pa.array(values, pa.string())
    return delivered(clean, written(columns), bad)


NEEDS["parquet texts with nul"] = ("string",)


@kind
def inside_a_gzip(_: random.Random, clean: Clean) -> Broken:
    broken = delivered(clean, gzip.compress(written(columns_of(clean)), mtime=0))
    broken.ending = ".parquet.gz"
    return broken


@kind
def a_bomb_of_rows(_: random.Random, clean: Clean) -> Broken:
    columns = {name: pa.nulls(50_000_000, pa.string()) for name in clean.columns[:1]}
    columns |= {name: pa.nulls(50_000_000) for name in clean.columns[1:]}
    broken = delivered(clean, written(columns, compression="zstd"), None, "too_large")
    broken.sound = {}
    return broken
