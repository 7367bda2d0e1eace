"""Damage to JSON lines."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.adapters.damage.clean import Broken, Clean, Kind, some
from tests.adapters.damage.value_kinds import WRONG, gzipped

KINDS: dict[str, Kind] = {}
NEEDS: dict[str, tuple[str, ...]] = {}
NO_OBJECT = ("", "not_a_json_object")
NOTHING = frozenset({"no_row_fits", "missing_key_column", "damaged_header"})


def kind(function: Kind) -> Kind:
    KINDS[f"json {function.__name__.replace('_', ' ')}"] = function
    return function


def object_of(clean: Clean, record: dict[str, str | None]) -> dict[str, Any]:
    """A record as an object: JSON columns nested, booleans as such, the rest as text."""
    told: dict[str, Any] = {}
    for name, text in record.items():
        kind_ = clean.table.columns[name].type
        if text is None:
            told[name] = None
        elif kind_ in ("json", "boolean", "integer") and not clean.table.columns[name].pseudonym:
            told[name] = json.loads(text)
        else:
            told[name] = text
    return told


def lines_of(clean: Clean) -> list[str]:
    return [json.dumps(object_of(clean, record), ensure_ascii=False) for record in clean.records]


def delivered(clean: Clean, lines: list[str], bad: dict[int, tuple[str, str]] | None = None) -> Broken:
    bad = bad or {}
    sound = {place + 1: record for place, record in enumerate(clean.records) if place not in bad}
    content = ("\n".join(lines) + "\n").encode(errors="surrogatepass")
    told = Broken(clean, ".jsonl", content, sound, {place + 1: why for place, why in bad.items()})
    if clean.table.extra_columns == "refused":  # where a damaged line brings a key of its own, that says it first
        told.refused, told.or_sound = frozenset({"unknown_columns"}), True
    return told


def refused(clean: Clean, content: bytes, *codes: str) -> Broken:
    sound = {place + 1: record for place, record in enumerate(clean.records)}
    return Broken(clean, ".jsonl", content, sound, refused=frozenset(codes))


def _lines(name: str, change: Callable[[random.Random, str], str], reason: tuple[str, str] = NO_OBJECT) -> None:
    def damage(rng: random.Random, clean: Clean) -> Broken:
        lines, bad = lines_of(clean), {}
        for place in some(rng, clean):
            lines[place] = change(rng, lines[place])
            bad[place] = reason
        return delivered(clean, lines, bad)

    KINDS[f"json {name}"] = damage


_lines("cut lines", lambda rng, line: line[: rng.randrange(1, len(line) - 1)])
_lines("without a brace", lambda rng, line: line[1:] if rng.random() < 0.5 else line[:-1])
_lines("with single quotes", lambda rng, line: line.replace('"', "'"))
_lines("with bare keys", lambda rng, line: line.replace('"', "", 2))
_lines("with a missing colon", lambda rng, line: line.replace(": ", " ", 1))
_lines("with a missing comma", lambda rng, line: line.replace('", "', '" "', 1) if '", "' in line else line[:-1])
_lines("with a comment", lambda rng, line: line + " // the last one")
_lines("with lists for objects", lambda rng, line: f"[{line}]")
_lines("with values for objects", lambda rng, line: rng.choice(["1", "null", '"text"', "true", "[]"]))
_lines("with two objects on a line", lambda rng, line: line + line)
_lines("with NaN", lambda rng, line: line[:-1] + f', "more": {rng.choice(["NaN", "Infinity", "-Infinity"])}}}')
_lines("with a lone surrogate", lambda rng, line: line[:-1] + ', "more": "\\ud800"}')
_lines("with a control character", lambda rng, line: line[:-1] + ', "more": "a\tb\x01"}')
_lines("with a bad escape", lambda rng, line: line[:-1] + ', "more": "\\x41"}')
_lines("with a leading zero", lambda rng, line: line[:-1] + ', "more": 007}')
_lines("with a key twice", lambda rng, line: line[:-1] + ", " + line[1:], ("", "duplicate_key"))


def _wrong(type_: str) -> Kind:
    reason, texts = WRONG[type_]

    def damage(rng: random.Random, clean: Clean) -> Broken:
        objects, bad = [object_of(clean, record) for record in clean.records], {}
        for place in some(rng, clean):
            name = rng.choice(clean.of_type(type_))
            objects[place][name] = rng.choice(texts)
            bad[place] = (name, reason)
        return delivered(clean, [json.dumps(each) for each in objects], bad)

    return damage


for each in set(WRONG) - {"json"}:
    KINDS[f"json wrong {each}"] = _wrong(each)
    NEEDS[f"json wrong {each}"] = (each,)


@kind
def nothing_is_damaged(_: random.Random, clean: Clean) -> Broken:
    return delivered(clean, lines_of(clean))


def _values(name: str, make: Callable[[random.Random], Any], reason: str, *types: str) -> None:
    def damage(rng: random.Random, clean: Clean) -> Broken:
        objects, bad = [object_of(clean, record) for record in clean.records], {}
        for place in some(rng, clean):
            column = rng.choice(clean.of_type(*types))
            objects[place][column] = make(rng)
            bad[place] = (column, reason)
        return delivered(clean, [json.dumps(each) for each in objects], bad)

    KINDS[f"json {name}"] = damage
    NEEDS[f"json {name}"] = types


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


_values("with a nested value", lambda rng: rng.choice([{"a": 1}, [1, 2], [], {}]), "nested_value", "string", "integer")
_values("with a depth bomb as a value", lambda rng: _deep(rng.randint(3, 400)), "nested_value", "string", "decimal")
_values("with a depth bomb", lambda rng: _deep(rng.randint(70, 400)), "nested_too_deeply", "json")
_values("with an escaped NUL", lambda rng: "a\x00b", "damaged_text", "string")
_values("with a number beyond measure", lambda rng: 10**400, "not_an_integer", "integer")


@kind
def depth_bomb_of_a_hundred_thousand(rng: random.Random, clean: Clean) -> Broken:
    lines, bad = lines_of(clean), {}
    name = next((name for name in clean.columns if clean.table.columns[name].type != "json"), clean.columns[0])
    for place in some(rng, clean)[:2]:
        rest = {key: value for key, value in object_of(clean, clean.records[place]).items() if key != name}
        lines[place] = json.dumps(rest)[:-1] + f', "{name}": {"[" * 100_000}{"]" * 100_000}}}'
        bad[place] = (name, "nested_value")
    return delivered(clean, lines, bad)


@kind
def empty_objects(rng: random.Random, clean: Clean) -> Broken:
    first = next(name for name, column in clean.table.columns.items() if column.required or name in clean.table.key)
    code = "missing_key" if first in clean.table.key else "missing_value"
    lines, bad = lines_of(clean), {}
    for place in some(rng, clean):
        lines[place], bad[place] = "{}", (first, code)
    return delivered(clean, lines, bad)


@kind
def blank_lines(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(1, len(lines))
    blank = rng.choice(["", "  ", "\t"])
    broken = delivered(clean, [*lines[:at], blank, *lines[at:]])
    broken.sound = {place + 1 + (place >= at): record for place, record in enumerate(clean.records)}
    return broken


@kind
def line_ends_of_another_system(_: random.Random, clean: Clean) -> Broken:
    broken = delivered(clean, lines_of(clean))
    broken.content = broken.content.replace(b"\n", b"\r\n")
    return broken


@kind
def byte_order_mark(_: random.Random, clean: Clean) -> Broken:
    broken = delivered(clean, lines_of(clean))
    broken.content = b"\xef\xbb\xbf" + broken.content
    return broken


@kind
def one_list_for_all(rng: random.Random, clean: Clean) -> Broken:
    objects = [object_of(clean, record) for record in clean.records]
    text = json.dumps(objects, indent=rng.choice([None, 1]))
    return refused(clean, text.encode(), *NOTHING)


@kind
def one_object_over_many_lines(_: random.Random, clean: Clean) -> Broken:
    text = "\n".join(json.dumps(object_of(clean, record), indent=1) for record in clean.records)
    return refused(clean, text.encode(), *NOTHING)


@kind
def another_encoding(rng: random.Random, clean: Clean) -> Broken:
    text = "\n".join(lines_of(clean)) + '\n{"more": "pöytä"}\n'
    return refused(
        clean, text.encode(rng.choice(["latin-1", "utf-16", "utf-32"]), errors="replace"), "not_utf8", "nul_byte"
    )


@kind
def nul_bytes(rng: random.Random, clean: Clean) -> Broken:
    data = bytearray("\n".join(lines_of(clean)).encode())
    data[(place := rng.randrange(len(data))) : place] = b"\x00"
    return refused(clean, bytes(data), "nul_byte")


@kind
def key_gone_everywhere(_: random.Random, clean: Clean) -> Broken:
    key = clean.table.key[0]
    lines = [
        json.dumps({name: value for name, value in object_of(clean, record).items() if name != key})
        for record in clean.records
    ]
    return refused(clean, "\n".join(lines).encode(), "missing_key_column")


@kind
def keys_in_capitals(_: random.Random, clean: Clean) -> Broken:
    lines = [
        json.dumps({name.swapcase(): value for name, value in object_of(clean, record).items()})
        for record in clean.records
    ]
    return refused(clean, "\n".join(lines).encode(), "damaged_header")


@kind
def some_keys_in_capitals(rng: random.Random, clean: Clean) -> Broken:
    lines, bad = lines_of(clean), {}
    name = rng.choice([name for name in clean.columns if clean.records[0][name]])
    for place in some(rng, clean):
        if place:
            told = object_of(clean, clean.records[place])
            lines[place] = json.dumps({key.swapcase() if key == name else key: value for key, value in told.items()})
            bad[place] = ("", "respelled_key")
    return delivered(clean, lines, bad)


@kind
def separators_of_unicode_inside(rng: random.Random, clean: Clean) -> Broken:
    free = [name for name in clean.of_type("string") if name not in clean.table.key]
    for record in clean.records:
        if free:
            record[rng.choice(free)] = rng.choice(["a\u2028b", "a\x85b", 'a "b"', "a\\b", "a\nb", "a\U0001f600b"])
    return delivered(clean, lines_of(clean))


@kind
def gzip_cut(rng: random.Random, clean: Clean) -> Broken:
    broken = gzipped(delivered(clean, lines_of(clean)))
    broken.content = broken.content[: rng.randrange(12, len(broken.content) - 1)]
    broken.refused = frozenset({"damaged_gzip"})
    return broken
