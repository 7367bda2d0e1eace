"""Which rows of a table hold one of the values anywhere in a text: found in one pass, however many values there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from dagster_project.adapters.erasing.patterns import Patterns


def held_rows(rows: pa.Table | pa.RecordBatch, patterns: Patterns) -> npt.NDArray[np.bool_]:
    """True for each row that holds a value within one cell of text; what runs on from cell to cell is none.

    >>> from dagster_project.adapters.erasing.patterns import Patterns
    >>> rows = pa.table({"said": ["aino@example.com wrote", None, "aino@exam"], "more": ["", "", "ple.com"]})
    >>> held_rows(rows, Patterns(["aino@example.com"])).tolist()
    [True, False, False]
    """
    held = np.zeros(rows.num_rows, bool)
    for field, column in zip(rows.schema, rows.columns, strict=True):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            first = 0
            for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                held[first + held_cells(chunk, patterns)] = True
                first += len(chunk)
    return held


def held_cells(texts: pa.Array, patterns: Patterns) -> npt.NDArray[np.int64]:
    """The places of the texts, coded or not, that hold a value."""
    if pa.types.is_dictionary(texts.type):
        codes = held_cells(texts.dictionary, patterns)
        return np.flatnonzero(np.isin(texts.indices.fill_null(-1).to_numpy(), codes))
    _, ends_buffer, letters_buffer = texts.buffers()
    if letters_buffer is None or not len(texts):
        return np.empty(0, np.int64)
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    ends = np.frombuffer(ends_buffer, width)[texts.offset :][: len(texts) + 1].astype(np.int64)
    letters = np.frombuffer(letters_buffer, np.uint8)[ends[0] : ends[-1]]
    found = [(start, start + len(pattern)) for start, pattern, _, _ in patterns.matches(letters)]
    if not found:
        return np.empty(0, np.int64)
    starts, stops = np.array(found, np.int64).T + ends[0]
    cells = np.searchsorted(ends, starts, side="right") - 1
    return np.unique(cells[stops <= ends[cells + 1]])
