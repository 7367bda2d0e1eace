"""What the engine's JSON reader lets through and no other reader would understand in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.gate.records import Misfit

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

NO_NUMBER = r"(?i)[:\[,]\s*[-+]?(nan|inf)"  # a bare NaN or Infinity is no JSON; pandas and JavaScript write it
NESTED = r"^\s*[\[{]"


def lines_without_numbers(numbers: pa.Array, lines: pa.Array) -> Iterator[int]:
    """Lines with a bare ``NaN`` or ``Infinity``: no JSON, and as a text it would pass for a value."""
    suspects = pc.match_substring_regex(lines, NO_NUMBER)
    for number, line in _picked(numbers, lines, suspects):
        if _strictly(line) is None:
            yield number


def nested_values(
    read: pa.Table, numbers: pa.Array, lines: pa.Array, table: Table, taken: Mapping[str, str]
) -> list[Misfit]:
    """Records with an object or a list where the contract has one value: as a text it would pass for one."""
    found: dict[int, Misfit] = {}
    for name, delivered in taken.items():
        if table.columns[name].type == "json":
            continue
        opens = pc.fill_null(pc.match_substring_regex(read.column(name), NESTED), False)
        if not pc.any(opens).as_py():
            continue
        suspects = pc.is_in(numbers, read.column("line_number").filter(opens).combine_chunks())
        for number, line in _picked(numbers, lines, suspects):
            values = _strictly(line)
            if number not in found and (values is None or isinstance(values.get(delivered), dict | list)):
                found[number] = Misfit(number, name, "nested_value", line.removesuffix("\n"))
    return list(found.values())


def without(rows: pa.Table, lines: Iterable[int]) -> pa.Table:
    """The rows of other lines."""
    return rows.filter(pc.invert(pc.is_in(rows.column("line_number"), pa.array(list(lines), pa.int64()))))


def _picked(numbers: pa.Array, lines: pa.Array, suspects: pa.Array) -> Iterator[tuple[int, str]]:
    yield from zip(numbers.filter(suspects).to_pylist(), lines.filter(suspects).to_pylist(), strict=True)


def _strictly(line: str) -> dict[str, Any] | None:
    """The object of a line, or None where a strict reader finds none."""
    try:
        values = json.loads(line, parse_constant=_no_number, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)
