"""Texts that every engine would keep and some later reader would choke on: found here, and their records set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Column

DEEPEST = 64  # levels of lists and objects in a value; readers that call themselves for each level end near 1,000
NUL = "\x00"
MARK = "\ufeff"  # a byte-order mark before a value: files were put together, and it is not what it looks like


def flaw_of(values: pa.ChunkedArray, column: Column) -> pa.Array | None:
    """The reason against each value, null where there is none; None where no value of the column has a flaw."""
    values = values.combine_chunks()
    is_damaged = pc.or_(pc.match_substring(values, NUL), pc.starts_with(values, MARK))
    is_damaged = pc.fill_null(is_damaged, False)
    reasons = pc.if_else(is_damaged, "damaged_text", pa.scalar(None, pa.string()))
    is_flawed = pc.any(is_damaged).as_py()
    if column.type == "json":
        opens = pc.add(pc.count_substring(values, "["), pc.count_substring(values, "{"))
        suspects = pc.fill_null(pc.greater(opens, DEEPEST), False)
        if pc.any(suspects).as_py():
            told = pa.array(
                [
                    "nested_too_deeply" if suspect and depth_of(text) > DEEPEST else None
                    for suspect, text in zip(suspects.to_pylist(), values.to_pylist(), strict=True)
                ],
                pa.string(),
            )
            reasons, is_flawed = pc.coalesce(reasons, told), True
    return reasons if is_flawed else None


def depth_of(text: str) -> int:
    """How many lists and objects stand inside each other at most; brackets inside texts do not count.

    >>> depth_of('[[1], {"a": "[[[", "b": [2]}]'), depth_of("1")
    (3, 0)
    """
    depth = deepest = 0
    within, escaped = False, False
    for letter in text:
        if within:
            within, escaped = letter != '"' or escaped, letter == "\\" and not escaped
        elif letter == '"':
            within = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest
