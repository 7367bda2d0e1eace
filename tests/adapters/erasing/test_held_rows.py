"""Rows that hold one of many values: the same that looking for each value in each cell finds."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters.erasing.held_rows import held_rows
from dagster_project.adapters.erasing.patterns import Patterns

VALUES = ["aino@example.com", "Virtanen Aino", "+358401234567"]
PIECES = ["aino@exam", "ple.com", "Virtanen", " Aino", "aino@example.com", "+3584012", "34567", "ä", "", "x"]
CELLS = st.none() | st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(cells=st.lists(st.tuples(CELLS, CELLS), max_size=12), start=st.integers(0, 5), large=st.booleans())
def test_a_row_is_found_if_a_cell_of_it_holds_a_value(
    cells: list[tuple[str | None, str | None]], start: int, large: bool
) -> None:
    kind = pa.large_string() if large else pa.string()
    columns = [pa.array([row[place] for row in cells], kind) for place in (0, 1)]
    number = pa.array(range(len(cells)), pa.int64())
    table = pa.table([*columns, number], names=["one", "two", "number"])
    rows = pa.concat_tables([table.slice(0, start), table.slice(start)])
    one_by_one = [any(Patterns(VALUES).found_in((cell or "").encode()) for cell in row) for row in cells]
    assert held_rows(rows, Patterns(VALUES)).tolist() == one_by_one
    assert held_rows(rows.slice(start), Patterns(VALUES)).tolist() == one_by_one[start:]


@pytest.mark.parametrize("count", [0, 5_000])
def test_the_number_of_values_does_not_matter(count: int) -> None:
    others = [f"someone{number}@example.org" for number in range(count)]
    rows = pa.table({"said": ["to aino@example.com", "to nobody", None, "someone4999@example.org"]})
    assert held_rows(rows, Patterns([*VALUES, *others])).tolist() == [True, False, False, count > 0]
