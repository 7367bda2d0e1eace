"""Files damaged at random: refused as a whole, or every record accounted for and no undamaged row altered."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.adapters.gate import csv_records as csv_module
from dagster_project.adapters.gate.csv_records import csv_records
from dagster_project.adapters.gate.json_records import json_records
from dagster_project.adapters.gate.records import Records
from dagster_project.adapters.gate.typing import Typed, type_records
from dagster_project.domain.sources.contract import Column, Table
from dagster_project.errors import Refused
from tests.adapters.small_deliveries import NOON

SALES = Table(
    key=("id",),
    columns={"id": Column(required=True), "note": Column(), "pieces": Column(type="integer"), "name": Column()},
)
NAMES = list(SALES.columns)
TEXT = st.text(alphabet='aö ,"\n\r;x', max_size=8).map(str.strip)
ROWS = st.lists(st.tuples(TEXT, st.integers(0, 999).map(str), TEXT), min_size=1, max_size=8)
DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["delete", "quote", "cut", "comma", "newline", "swap", "repeat"]), st.integers(0, 10_000)
    ),
    max_size=3,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def records_of(rows: list[tuple[str, str, str]]) -> list[list[str]]:
    """Rows as delivered: the key tells which row of the undamaged file it was."""
    return [[f"key{place}", note, pieces, name] for place, (note, pieces, name) in enumerate(rows)]


def as_csv(records: list[list[str]], end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(
        text,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if any("\r" in value for record in records for value in record) else 0,
    ).writerows([NAMES, *records])
    return text.getvalue()


def as_json(records: list[list[str]]) -> str:
    return "".join(json.dumps(dict(zip(NAMES, record, strict=True)), ensure_ascii=False) + "\n" for record in records)


def damaged(text: str, damage: list[tuple[str, int]], start: int) -> tuple[str, int, int]:
    """The text with each damage done to it, all behind ``start``; and the first and last place that was touched."""
    first, last = len(text), -1
    for kind, at in damage:
        place = start + at % max(1, len(text) - start)
        width = {"delete": -1, "quote": 1, "comma": 1, "newline": 1, "cut": -5, "swap": 0, "repeat": 5}[kind]
        if last > place and kind != "swap":
            last += width
        first, last = min(first, place), max(last, place + max(width, 2))
        match kind:
            case "delete":
                text = text[:place] + text[place + 1 :]
            case "cut":
                text = text[:place] + text[place + 5 :]
            case "quote":
                text = text[:place] + '"' + text[place:]
            case "comma":
                text = text[:place] + "," + text[place:]
            case "newline":
                text = text[:place] + "\n" + text[place:]
            case "swap":
                text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
            case "repeat":
                text = text[:place] + text[place : place + 5] * 2 + text[place + 5 :]
    return text, first, last


def gate_of(records: Records) -> Typed:
    """What the gate does with records, without files."""
    typed = type_records(records, SALES, "file", NOON, "salt-of-the-test", 1)
    if typed.rows.num_rows + typed.misfits.num_rows != records.count_delivered:
        raise Refused("count_mismatch", "not accounted for")
    return typed


def texts_of(typed: Typed) -> dict[str, list[dict[str, object]]]:
    """The loaded rows by key."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in typed.rows.select(NAMES).to_pylist():
        found.setdefault(str(row["id"]), []).append(row)
    return found


def expected(record: list[str]) -> dict[str, object]:
    key, note, pieces, name = record
    return {"id": key, "note": note.strip(" \t") or None, "pieces": int(pieces), "name": name.strip(" \t") or None}


@given(ROWS, DAMAGE, st.sampled_from(["\n", "\r\n"]))
@QUICK
def test_a_damaged_csv_is_refused_or_accounted_for(
    rows: list[tuple[str, str, str]], damage: list[tuple[str, int]], end: str
) -> None:
    records = records_of(rows)
    whole = as_csv(records, end)
    start = len(as_csv([], end))
    text, first, _ = damaged(whole, damage, start)
    try:
        typed = gate_of(csv_records(text.encode(), SALES))
    except Refused:
        assert damage, "an undamaged file is never refused"
        return
    loaded = texts_of(typed)
    for place, record in enumerate(records):
        end_of_record = len(as_csv(records[: place + 1], end))
        if not damage or end_of_record <= first:  # nothing before the first damage may change
            assert loaded.get(record[0], []).count(expected(record)) >= 1
    if not damage:
        assert typed.misfits.num_rows == 0
        assert typed.rows.num_rows == len(records)


def test_a_lone_return_in_a_text_cuts_no_record_in_two() -> None:
    text = "id,note,pieces,name\nkey0,x,1,a\rb\nkey1,x,2,c\n"
    typed = gate_of(csv_records(text.encode(), SALES))
    assert typed.misfits.select(["line_number", "reason_code"]).to_pylist() == [
        {"line_number": 2, "reason_code": "misplaced_line_end"}
    ]
    assert texts_of(typed) == {"key1": [expected(["key1", "x", "2", "c"])]}


@given(
    st.lists(st.tuples(st.text("aö ;x", max_size=8).map(str.strip), st.integers(0, 999).map(str)), min_size=2), DAMAGE
)
@QUICK
def test_damage_in_lines_without_quotes_reaches_no_other_line(
    rows: list[tuple[str, str]], damage: list[tuple[str, int]]
) -> None:
    records = [[f"key{place}", note, pieces, "n"] for place, (note, pieces) in enumerate(rows)]
    whole = as_csv(records)
    text, first, last = damaged(whole, damage, len(as_csv([])))
    try:
        typed = gate_of(csv_records(text.encode(), SALES))
    except Refused:
        assert damage
        return
    loaded = texts_of(typed)
    unread = len(text) - last  # what lies behind the last damage, counted from the end
    for place, record in enumerate(records):
        before = len(as_csv(records[:place]))
        behind = len(whole) - before
        if len(as_csv(records[: place + 1])) <= first or behind < unread:
            assert expected(record) in loaded.get(record[0], [])


@given(ROWS, DAMAGE)
@QUICK
def test_damaged_json_lines_are_refused_or_accounted_for(
    rows: list[tuple[str, str, str]], damage: list[tuple[str, int]]
) -> None:
    records = records_of(rows)
    text, first, last = damaged(as_json(records), damage, 0)
    try:
        typed = gate_of(json_records(text.encode(), SALES))
    except Refused:
        assert damage
        return
    loaded = texts_of(typed)
    whole, unread = as_json(records), len(text) - last
    for place, record in enumerate(records):
        begins, ends = len(as_json(records[:place])), len(as_json(records[: place + 1]))
        if not damage or ends <= first or len(whole) - begins < unread:
            assert expected(record) in loaded.get(record[0], [])


def test_a_reader_that_skips_what_is_ragged_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = csv_module._numbered

    def skips(reader: object) -> object:
        return ((line, row, why) for line, row, why in real(reader) if len(row) == len(NAMES))

    text = as_csv(records_of([("a", "1", "b"), ("c", "2", "d")])) + "ragged\n"
    assert csv_records(text.encode(), SALES).count_delivered == 3
    monkeypatch.setattr(csv_module, "_numbered", skips)
    with pytest.raises(Refused) as refused:
        csv_records(text.encode(), SALES)
    assert refused.value.reason_code == "count_mismatch"


def test_typing_that_loses_a_row_is_caught() -> None:
    read = csv_records(as_csv(records_of([("a", "1", "b"), ("c", "2", "d")])).encode(), SALES)
    lost = Records(read.texts.slice(0, 1), pa.array([2]), [], read.count_delivered)
    with pytest.raises(Refused):
        gate_of(lost)
