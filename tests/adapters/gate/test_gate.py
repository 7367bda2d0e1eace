"""What fits is loaded, what does not is kept with its line, column and reason, and every record is one or the other."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project.adapters.gate.typing import MISFITS
from tests.adapters.small_deliveries import GOOD, HEADER, Gate, packed, parquet

PLANTED = "Ruusu-Åkerlund"


def row(**changed: str) -> str:
    """The good row with some of its values changed."""
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changed
    return ",".join(values.values())


MISFIT_ROWS = {
    "too few values": (GOOD.rsplit(",", 1)[0], "", "field_count"),
    "too many values": (GOOD + ",more", "", "field_count"),
    "a stray quote": (row(note='12" pipe'), "", "misplaced_quote"),
    "no key": (row(id=" "), "id", "missing_key"),
    "no required value": (row(came_at=""), "came_at", "missing_value"),
    "no integer": (row(guests="two"), "guests", "not_an_integer"),
    "half a guest": (row(guests="2.5"), "guests", "not_an_integer"),
    "an integer that does not fit": (row(guests="9" * 30), "guests", "not_an_integer"),
    "no number": (row(weight="heavy"), "weight", "not_a_number"),
    "no finite number": (row(weight="nan"), "weight", "not_a_number"),
    "no decimal": (row(price="12.50 EUR"), "price", "not_a_decimal"),
    "five decimals": (row(price="0.12345"), "price", "not_a_decimal"),
    "no boolean": (row(is_regular="maybe"), "is_regular", "not_a_boolean"),
    "no moment": (row(came_at="yesterday"), "came_at", "not_a_timestamp"),
    "a day that is none": (row(came_at="2026-02-30 10:00:00"), "came_at", "not_a_timestamp"),
    "a moment of another age": (row(came_at="1026-02-03 10:00:00"), "came_at", "not_a_timestamp"),
}


@pytest.mark.parametrize(("bad", "column", "reason"), MISFIT_ROWS.values(), ids=MISFIT_ROWS)
def test_a_row_that_does_not_fit_is_quarantined_with_its_line(gate: Gate, bad: str, column: str, reason: str) -> None:
    delivery = gate.land("visits.csv", [HEADER, row(id="a"), bad, row(id="b")])
    assert gate.misfits(delivery) == [(3, column, reason)]
    assert (delivery.count_delivered, delivery.count_loaded, delivery.count_quarantined) == (3, 2, 1)
    assert [(kept["id"], kept["line_number"]) for kept in gate.rows(delivery)] == [("a", 2), ("b", 4)]


def test_dates_and_json_that_are_none_are_quarantined(gate: Gate) -> None:
    lines = [
        HEADER + ",born,order",
        GOOD + ",20260331,[1]",
        GOOD + ",20260231,[1]",
        GOOD + ",20260331,[1",
        GOOD + ",,",
    ]
    delivery = gate.land("visits.csv", lines)
    assert gate.misfits(delivery) == [(3, "born", "not_a_date"), (4, "order", "not_json")]
    assert [(kept["born"], kept["order"]) for kept in gate.rows(delivery)] == [(date(2026, 3, 31), "[1]"), (None, None)]


def test_every_type_but_text_has_a_reason_of_its_own() -> None:
    assert set(MISFITS) == {"integer", "number", "decimal", "boolean", "date", "timestamp", "json"}
    assert len(set(MISFITS.values())) == len(MISFITS)


def test_json_lines_that_are_no_objects_are_quarantined_with_their_line(gate: Gate) -> None:
    good = json.dumps({"id": "a", "came_at": "2026-03-30 18:00:00", **dict.fromkeys(HEADER.split(",")[2:])})
    delivery = gate.land("visits.jsonl", [good, "", "[1, 2]", good[:-3], good.replace('"a"', "null"), good])
    assert gate.misfits(delivery) == [
        (3, "", "not_a_json_object"),
        (4, "", "not_a_json_object"),
        (5, "id", "missing_key"),
    ]
    assert (delivery.count_delivered, delivery.count_loaded) == (5, 2)


def test_raw_records_are_kept_in_the_vault_alone(gate: Gate) -> None:
    bad = [row(guests=PLANTED), PLANTED, row(note=f'{PLANTED}"')]
    delivery = gate.land("visits.csv", [HEADER, GOOD, *bad])
    assert delivery.count_quarantined == 3
    home = gate.settings.at_home
    needle = PLANTED.encode()
    holding = {path for path in home.root.rglob("*") if path.is_file() and needle in path.read_bytes()}
    assert any(path.is_relative_to(home.vault_quarantine) for path in holding), "negative control: the vault has it"
    assert {path for path in holding if not path.is_relative_to(home.vault)} == set()
    assert PLANTED not in str(gate.ledger.deliveries())


def test_values_are_read_as_they_were_written(gate: Gate) -> None:
    notes = ['"two\nlines"', '"two\r\nlines"', '"a ""quoted"" word"', '"a, b"', "Äyräpää", '""', "  spaces  "]
    delivery = gate.land("visits.csv", "\n".join([HEADER, *(row(note=note) for note in notes)]))
    read = [(kept["line_number"], kept["note"]) for kept in gate.rows(delivery)]
    assert read == [
        (2, "two\nlines"),
        (4, "two\r\nlines"),
        (6, 'a "quoted" word'),
        (7, "a, b"),
        (8, "Äyräpää"),
        (9, None),
        (10, "spaces"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
def test_line_ends_and_a_byte_order_mark_change_nothing(gate: Gate, end: str, mark: bytes) -> None:
    text = end.join([HEADER, row(id="a"), "", row(id="b", note='"x, y"'), "short", row(id="c")])
    delivery = gate.land("visits.csv", mark + text.encode())
    assert [kept["id"] for kept in gate.rows(delivery)] == ["a", "b", "c"]
    assert [reason for _, _, reason in gate.misfits(delivery)] == ["field_count"]
    assert gate.misfits(delivery)[0][0] == 5


def test_a_stray_quote_hides_no_neighbour_and_no_quoted_value(gate: Gate) -> None:
    lines = [row(id="a", note='12" pipe'), row(id="b", note='"x, ""y"""'), row(id="c", note='7" single'), row(id="d")]
    delivery = gate.land("visits.csv", [HEADER, *lines])
    assert gate.misfits(delivery) == [(2, "", "misplaced_quote"), (4, "", "misplaced_quote")]
    assert [(kept["id"], kept["note"]) for kept in gate.rows(delivery)] == [("b", 'x, "y"'), ("d", "window seat")]


def test_a_stray_quote_beside_a_value_of_two_lines_is_refused_with_the_line(gate: Gate) -> None:
    delivery = gate.land("visits.csv", [HEADER, row(note='12" pipe'), row(note='"two\nlines"')])
    assert (delivery.status, delivery.reason_code) == ("refused", "damaged_quotes")
    assert "line 3" in delivery.message


def test_columns_may_come_in_another_order_and_with_others(gate: Gate) -> None:
    names, values = HEADER.split(","), GOOD.split(",")
    delivery = gate.land("visits.csv", [",".join(["more", *reversed(names)]), ",".join(["x", *reversed(values)])])
    kept = gate.rows(delivery)[0]
    assert (kept["id"], kept["guests"], kept["price"]) == ("v1", 2, Decimal("12.5000"))
    assert "more" not in kept


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_the_same_content_in_any_kind_of_file_is_the_same_row(gate: Gate, kind: str) -> None:
    plain = gate.rows(gate.land("visits.csv", [HEADER, GOOD]))[0]
    typed = {
        "id": ["v1"],
        "came_at": [datetime.fromisoformat("2026-03-30 18:00:00")],
        "guests": [2.0],  # as pandas writes integers beside a gap
        "weight": [0.5],
        "price": [12.5],
        "is_regular": [True],
        "note": ["window seat"],
    }
    csv = f"\ufeff{HEADER}\r\n{GOOD}\r\n"
    as_json = json.dumps({name: values[0] for name, values in typed.items()}, default=str) + "\n"
    contents = {"csv": csv, "csv.gz": packed(csv), "jsonl": as_json, "jsonl.gz": packed(as_json)}
    content = parquet(typed) if kind == "parquet" else contents[kind]
    again = gate.rows(gate.land(f"visits_2.{kind}", content))[0]
    file_of = {"file_id", "line_number"}
    assert {name: value for name, value in again.items() if name not in file_of} == {
        name: value for name, value in plain.items() if name not in file_of
    }
    assert again["file_id"] != plain["file_id"]


def test_the_table_is_read_off_the_name_or_told(gate: Gate) -> None:
    assert gate.land("visits-2026.03.csv", [HEADER, GOOD]).table_name == "visits"
    assert gate.land("visitsandmore.csv", [HEADER, GOOD]).reason_code == "unknown_table"
    assert gate.land("march.csv", [HEADER, GOOD, GOOD], table="visits").status == "loaded"


def test_long_numbers_keep_every_digit(gate: Gate) -> None:
    number = "123456789012345678901234567890"
    line = GOOD.replace("v1", number)
    as_json = json.dumps({**dict(zip(HEADER.split(","), GOOD.split(","), strict=True)), "id": int(number)})
    assert [
        gate.rows(gate.land(name, text))[0]["id"]
        for name, text in [
            ("visits.csv", f"{HEADER}\n{line}\n"),
            ("visits.jsonl", as_json),
        ]
    ] == [number, number]


def test_damaged_bytes_inside_parquet_are_refused(gate: Gate) -> None:
    whole = parquet({name: [value] * 500 for name, value in zip(HEADER.split(","), GOOD.split(","), strict=True)})
    statuses = set()
    for place in range(10, len(whole) - 10, max(1, len(whole) // 60)):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        delivery = gate.land(f"visits_{place}.parquet", damaged)
        statuses.add(delivery.status)
        assert delivery.status == "refused" or delivery.count_delivered == len(gate.rows(delivery)) + len(
            gate.misfits(delivery)
        )
    assert "refused" in statuses


def test_nothing_half_written_is_left_behind(gate: Gate) -> None:
    gate.land("visits.csv", [HEADER, GOOD, "short"])
    hidden = [path for path in gate.settings.at_home.root.rglob(".*") if not path.name.startswith(".landing-")]
    assert hidden == []


def test_files_with_personal_data_are_readable_by_their_owner_alone(gate: Gate) -> None:
    gate.land("guests.csv", "number,name\n1,Aino\n2,Eero\nshort\n")
    vault = gate.settings.at_home.vault
    files = [path for path in vault.rglob("*") if path.is_file()]
    folders = [vault, *(path for path in vault.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o077 for path in folders if path.parent == vault.parent} == {0}
    assert {folder_of(path, vault) for path in files} >= {"lake", "archive", "quarantine"}


def folder_of(path: Path, vault: Path) -> str:
    """Which part of the vault a file lies in."""
    return path.relative_to(vault).parts[0]
