"""Rows that hold one of many values: the same that looking for each value in each cell finds."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters import arrow_files
from dagster_project.adapters.erasing.databases import without_values
from dagster_project.adapters.erasing.held_rows import held_rows
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import scan
from dagster_project.adapters.erasing.sweeping import marked, sweep
from dagster_project.settings import Settings

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


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(CELLS, max_size=12), start=st.integers(0, 5))
def test_a_mark_stands_in_every_cell_that_held_a_value(cells: list[str | None], start: int) -> None:
    patterns = Patterns(VALUES)
    table = pa.table({"said": pa.array(cells, pa.string()), "number": pa.array(range(len(cells)), pa.int64())})
    rows = pa.concat_tables([table.slice(0, start), table.slice(start)])
    clean = [None if cell is None else without_values(cell.encode(), patterns).decode() for cell in cells]
    assert marked(rows, patterns)["said"].to_pylist() == clean
    assert not held_rows(marked(rows, patterns), patterns).any()


def test_of_coded_texts_the_rows_are_found(home: Settings) -> None:
    rows = pa.table({"town": pa.array(["Turku", "by aino@example.com", None, "Turku"]).dictionary_encode()})
    assert held_rows(rows, Patterns(VALUES)).tolist() == [False, True, False, False]
    assert held_rows(rows.slice(1), Patterns(VALUES)).tolist() == [True, False, False]


def test_rows_sent_that_hold_a_value_of_others_go_and_their_file_stays(home: Settings) -> None:
    """What somebody was told who is forgotten goes by her id; a value of hers may stand in a row of another."""
    folder = home.at_home.make().vault / "sent" / "plain"
    folder.mkdir(parents=True)
    path = folder / "000001-b1.arrow"
    towns = pa.array(["Turku", "Turku", "c/o Virtanen Aino"]).dictionary_encode()
    rows = pa.table({"customer_id": ["c1", "c2", "c3"], "said": ["hello", "to aino@example.com", None], "town": towns})
    arrow_files.write(path, rows, is_read_soon=False)
    (folder / "damaged.arrow").write_bytes(b"ARROW1\0\0 aino@example.com")
    patterns = Patterns(VALUES)
    assert scan(home.at_home, patterns).files == [
        f"vault/sent/plain/{name}" for name in ("000001-b1.arrow", "damaged.arrow")
    ]
    counts, found = sweep(home, patterns, "e1")
    assert (counts, found.hits) == ({"tables": 1, "removed_files": 1}, {})
    assert arrow_files.read(path).to_pylist() == [{"customer_id": "c1", "said": "hello", "town": "Turku"}]
