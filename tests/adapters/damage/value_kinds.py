"""Damage to the values of a CSV, to its letters and to its gzip."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

from tests.adapters.damage.clean import Broken, Clean, Kind, some
from tests.adapters.damage.csv_kinds import delivered, lines_of, refused, whole

KINDS: dict[str, Kind] = {}
NEEDS: dict[str, tuple[str, ...]] = {}  # types of which the table must have a column
WRONG: dict[str, tuple[str, list[str]]] = {
    "integer": ("not_an_integer", ["two", "2.5", "1,234", "0x10", "1e3", "9" * 30, "²", "--1", "1 000", "٣a"]),
    "number": ("not_a_number", ["heavy", "nan", "NaN", "Infinity", "-inf", "1e999", "1,5", "1.2.3", "5 kg"]),
    "decimal": ("not_a_decimal", ["12.50 EUR", "0.12345", "1,50", "9" * 20, "NaN", "€5", "1e400", "12.5%"]),
    "boolean": ("not_a_boolean", ["maybe", "2", "-1", "oui", "truefalse", "on"]),
    "date": ("not_a_date", ["30.3.2026", "2026-02-30", "0000-00-00", "9999-12-31", "45000.5", "soon", "12/31/2026"]),
    "timestamp": (
        "not_a_timestamp",
        ["yesterday", "1026-02-03 10:00:00", "2300-01-01 00:00:00", "2026-13-01"],
    ),
    "json": ("not_json", ["[1", "{'a': 1}", "{", "nul", "[1]]", '{"a":1} x']),
}


def kind(function: Kind) -> Kind:
    KINDS[f"csv {function.__name__.replace('_', ' ')}"] = function
    return function


def _wrong(type_: str) -> Kind:
    reason, texts = WRONG[type_]

    def damage(rng: random.Random, clean: Clean) -> Broken:
        bad = {}
        for place in some(rng, clean):
            name = rng.choice(clean.of_type(type_))
            clean.records[place][name] = rng.choice(texts)
            bad[place] = (name, reason)
        return delivered(clean, lines_of(clean), bad)

    return damage


for each in WRONG:
    KINDS[f"csv wrong {each}"] = _wrong(each)
    NEEDS[f"csv wrong {each}"] = (each,)


@kind
def key_is_blank(rng: random.Random, clean: Clean) -> Broken:
    name = clean.table.key[0]
    bad = {place: (name, "missing_key") for place in some(rng, clean)}
    for place in bad:
        clean.records[place][name] = rng.choice(["", "  ", "\t"])
    first = {place: _first_blank(clean, place) for place in bad}
    return delivered(clean, lines_of(clean), first)


@kind
def required_value_is_blank(rng: random.Random, clean: Clean) -> Broken:
    needed = [name for name, column in clean.table.columns.items() if column.required or name in clean.table.key]
    bad = {}
    for place in some(rng, clean):
        clean.records[place][rng.choice(needed)] = ""
        bad[place] = _first_blank(clean, place)
    return delivered(clean, lines_of(clean), bad)


def _first_blank(clean: Clean, place: int) -> tuple[str, str]:
    for name, column in clean.table.columns.items():
        if (column.required or name in clean.table.key) and not (clean.records[place][name] or "").strip(" \t"):
            return (name, "missing_key" if name in clean.table.key else "missing_value")
    raise AssertionError("no blank")


def _lettered(clean: Clean) -> str:
    """The file, with a letter that is not ASCII in it for certain."""
    name = clean.of_type("string")[-1] if clean.of_type("string") else clean.columns[0]
    clean.records[0][name] = "pöytä"
    return whole(clean)


def _encoding(*names: str, codes: tuple[str, ...] = ("not_utf8", "nul_byte", "missing_key_column")) -> Kind:
    def damage(rng: random.Random, clean: Clean) -> Broken:
        text = _lettered(clean)
        return refused(clean, text.encode(rng.choice(names), errors="replace"), *codes)

    return damage


KINDS["csv in Latin-1"] = _encoding("latin-1", "cp1252", codes=("not_utf8",))
KINDS["csv in UTF-16"] = _encoding("utf-16", "utf-16-le", "utf-16-be")
KINDS["csv in UTF-32"] = _encoding("utf-32", "utf-32-le")
KINDS["csv in EBCDIC"] = _encoding("cp500", codes=("not_utf8", "missing_key_column", "nul_byte", "damaged_header"))


@kind
def invalid_utf_8(rng: random.Random, clean: Clean) -> Broken:
    data = bytearray(_lettered(clean).encode())
    damage = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xc3"]
    place = data.index("ö".encode())
    data[place : place + 2] = rng.choice(damage)
    return refused(clean, bytes(data), "not_utf8")


@kind
def nul_bytes(rng: random.Random, clean: Clean) -> Broken:
    data = bytearray(whole(clean).encode())
    place = rng.randrange(len(data))
    data[place:place] = b"\x00" * rng.choice([1, 3, 512])
    return refused(clean, bytes(data), "nul_byte")


@kind
def byte_order_mark(_: random.Random, clean: Clean) -> Broken:
    broken = delivered(clean, lines_of(clean))
    broken.content = b"\xef\xbb\xbf" + broken.content
    return broken


@kind
def byte_order_mark_twice(_: random.Random, clean: Clean) -> Broken:
    return refused(clean, b"\xef\xbb\xbf" * 2 + whole(clean).encode(), "damaged_header", "missing_key_column")


@kind
def byte_order_mark_inside(rng: random.Random, clean: Clean) -> Broken:
    lines, bad = lines_of(clean), {}
    for place in some(rng, clean):
        if clean.records[place][clean.columns[0]]:
            lines[place + 1] = "\ufeff" + lines[place + 1]
            bad[place] = (clean.columns[0], "damaged_text")
    return delivered(clean, lines, bad)


def gzipped(broken: Broken, data: bytes | None = None, *codes: str) -> Broken:
    """The same under a name that ends in .gz."""
    broken.ending += ".gz"
    broken.content = gzip.compress(broken.content, mtime=0) if data is None else data
    if codes:
        broken.refused = frozenset(codes)
    return broken


def _packed(clean: Clean) -> tuple[Broken, bytes]:
    broken = delivered(clean, lines_of(clean))
    return broken, gzip.compress(broken.content, mtime=0)


def _gzip(name: str, damage: Callable[[random.Random, bytes, bytes], bytes], *codes: str) -> None:
    def function(rng: random.Random, clean: Clean) -> Broken:
        broken, packed = _packed(clean)
        return gzipped(broken, damage(rng, packed, broken.content), *codes)

    KINDS[f"gzip {name}"] = function


def _flipped(rng: random.Random, data: bytes, low: int, high: int) -> bytes:
    place = rng.randrange(low, high) % len(data)
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


_gzip("as it should be", lambda rng, packed, plain: packed)
_gzip("cut", lambda rng, packed, plain: packed[: rng.randrange(1, len(packed) - 1)], "damaged_gzip")


def _flipped_bit(rng: random.Random, clean: Clean) -> Broken:
    """Of the last byte of what is packed some bits mean nothing: then every value is as it was."""
    broken, packed = _packed(clean)
    told = gzipped(broken, _flipped(rng, packed, 10, len(packed) - 4), "damaged_gzip")
    told.or_sound = True
    return told


KINDS["gzip with a flipped bit"] = _flipped_bit
_gzip(
    "with a wrong sum", lambda rng, packed, plain: _flipped(rng, packed, len(packed) - 8, len(packed)), "damaged_gzip"
)
_gzip("with rubbish behind it", lambda rng, packed, plain: packed + b"rubbish", "damaged_gzip")
_gzip("with zeros behind it", lambda rng, packed, plain: packed + bytes(512))
_gzip(
    "in two members",
    lambda rng, packed, plain: gzip.compress(plain[:40], mtime=0) + gzip.compress(plain[40:], mtime=0),
)
_gzip("inside a gzip", lambda rng, packed, plain: gzip.compress(packed), "not_utf8", "nul_byte")
_gzip("that is plain text", lambda rng, packed, plain: plain, "damaged_gzip")
_gzip(
    "of a bomb",
    lambda rng, packed, plain: gzip.compress(plain + b"0,\n" * (30 * 2**20), compresslevel=1, mtime=0),
    "too_large",
)


@kind
def gzip_under_a_plain_name(_: random.Random, clean: Clean) -> Broken:
    return refused(clean, _packed(clean)[1], "not_utf8", "nul_byte")
