"""When a row is known, what makes it the same row, and what landing it again does."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.adapters.gate import land, passing
from dagster_project.adapters.ledger import open_ledger
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.settings import Settings
from tests.adapters.small_deliveries import CAFE, GOOD, HEADER, NOON, Gate

EARLIER = NOON - timedelta(days=30)


def came_at(gate: Gate, text: str) -> datetime:
    """What the gate makes of this event time, which the contract says is written in Helsinki."""
    delivery = gate.land("visits.csv", [HEADER, GOOD.replace("2026-03-30 18:00:00", text)])
    moment = gate.rows(delivery)[0]["occurred_at"]
    assert isinstance(moment, datetime)
    return moment


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-30 18:00:00", "2026-03-30 15:00:00"),  # summer
        ("2026-01-30 18:00:00", "2026-01-30 16:00:00"),  # winter
        ("2026-03-29 02:59:59", "2026-03-29 00:59:59"),  # before the clocks go forward
        ("2026-03-29 04:00:00", "2026-03-29 01:00:00"),  # after
        ("2026-03-29 03:30:00", "2026-03-29 01:30:00"),  # does not exist: an hour on
        ("2026-10-25 03:30:00", "2026-10-25 01:30:00"),  # exists twice: the later one
        ("2026-03-30T18:00:00Z", "2026-03-30 18:00:00"),
        ("2026-03-30 18:00:00 UTC", "2026-03-30 18:00:00"),
        ("2026-03-30T18:00:00+05:30", "2026-03-30 12:30:00"),
        ("2026-03-30 18:00:00-0800", "2026-03-31 02:00:00"),
        ("2026-03-30 18:00:00+02", "2026-03-30 16:00:00"),
        ("2026-03-30 18:00:00.123456", "2026-03-30 15:00:00.123456"),
        ("2026-03-30", "2026-03-29 21:00:00"),
    ],
)
def test_event_times_become_utc(gate: Gate, written: str, utc: str) -> None:
    assert came_at(gate, written) == datetime.fromisoformat(utc)


def test_a_row_is_known_when_its_file_came(gate: Gate) -> None:
    now = gate.land("visits_1.csv", [HEADER, GOOD], arrived_at=None, landed_at=NOON)
    past = gate.land("visits_2.csv", [HEADER, GOOD, GOOD], arrived_at=EARLIER, landed_at=NOON)
    assert {row["known_at"] for row in gate.rows(now)} == {NOON.replace(tzinfo=None)}
    assert {row["known_at"] for row in gate.rows(past)} == {EARLIER.replace(tzinfo=None)}
    assert (now.known_mode, past.known_mode, past.landed_at) == ("arrival", "arrival", NOON)


def test_history_is_known_when_it_happened(gate: Gate) -> None:
    visits = gate.land("visits.csv", [HEADER, GOOD], arrived_at=None, history=True)
    timeless = gate.land("guests.csv", "number,name\n1,Aino\n", arrived_at=None, history=True)
    row = gate.rows(visits)[0]
    assert row["known_at"] == row["occurred_at"] == datetime.fromisoformat("2026-03-30 15:00:00")
    assert [(row["occurred_at"], row["known_at"]) for row in gate.rows(timeless)] == [
        (None, datetime.fromisoformat("1970-01-01"))
    ]
    assert visits.known_mode == "history"


def test_pseudonyms_are_equal_across_tables_and_lead_nowhere_without_the_key(gate: Gate) -> None:
    address = "aino@example.com"
    read = gate.rows(gate.land("visits.csv", [HEADER + ",reader", f"{GOOD},{address}", f"{GOOD}, {address} "]))
    mine = gate.rows(gate.land("guests.csv", f"number,name\n{address},Aino\n"))[0]["number"]
    assert {row["reader"] for row in read} == {mine}
    assert len(str(mine)) == 32
    gate.settings = gate.settings.model_copy(update={"identity_salt": "another-salt"})
    other = gate.rows(gate.land("guests.csv", f"number,name\n{address},Eero\n"))[0]["number"]
    assert other != mine
    lake = [path.read_bytes() for path in gate.settings.at_home.lake.rglob("*.parquet")]
    assert lake
    assert not any(address.encode() in content for content in lake)


def test_a_blank_is_nobody_and_not_one_person_with_a_pseudonym(gate: Gate) -> None:
    read = gate.rows(gate.land("visits.csv", [HEADER + ",reader", f"{GOOD},", f"{GOOD},  "]))
    assert [row["reader"] for row in read] == [None, None]
    delivery = gate.land("guests.csv", "number,name\n1,Aino\n,Eero\n")
    assert gate.misfits(delivery) == [(3, "number", "missing_key")]


def ids(gate: Gate, lines: list[str], name: str = "visits.csv") -> list[object]:
    """The row ids of a file."""
    return [row["row_id"] for row in gate.rows(gate.land(name, lines))]


def test_only_what_means_something_makes_another_row(gate: Gate) -> None:
    header = HEADER + ",synced_at"
    first = ids(gate, [header, GOOD + ",2026-03-31 01:00:00"])
    assert ids(gate, [header, GOOD + ",2026-04-01 01:00:00"]) == first, "a volatile column"
    assert ids(gate, [HEADER, GOOD]) == first, "an absent one"
    assert ids(gate, [HEADER, GOOD.replace("12.50", "12.5000")]) == first, "the same price"
    assert ids(gate, [HEADER, GOOD.replace("12.50", "12.51")]) != first, "negative control"
    moved = ",".join(reversed(HEADER.split(","))), ",".join(reversed(GOOD.split(",")))
    assert ids(gate, list(moved)) == first, "columns in another order"


def test_values_do_not_run_into_each_other(gate: Gate) -> None:
    one = GOOD.replace("2,0.5", ",2")  # guests blank, weight 2
    other = GOOD.replace("2,0.5", "2,")
    assert len(set(ids(gate, [HEADER, one, other]))) == 2


def test_equal_lines_are_one_fact_or_counted_as_the_contract_says(gate: Gate) -> None:
    assert len(set(ids(gate, [HEADER, GOOD, GOOD]))) == 1
    twice = ids(gate, ["number,name", "1,Aino", "2,Eero", "1,Aino"], "guests.csv")
    assert len(set(twice)) == 3
    again = ids(gate, ["number,name", "2,Eero", "1,Aino", "1,Aino"], "guests.csv")
    assert set(again) == set(twice), "the same lines in another file are the same rows"


def test_the_same_bytes_again_change_nothing(gate: Gate) -> None:
    first = gate.land("visits.csv", [HEADER, GOOD])
    files = {path: path.read_bytes() for path in gate.settings.at_home.root.rglob("*.parquet")}
    again = gate.land("visits_renamed.csv", [HEADER, GOOD], arrived_at=NOON + timedelta(days=1))
    assert (first.status, again.status, again.count_loaded) == ("loaded", "repeated", 0)
    assert {path: path.read_bytes() for path in gate.settings.at_home.root.rglob("*.parquet")} == files
    assert [delivery.status for delivery in gate.ledger.deliveries()] == ["loaded", "repeated"]
    assert gate.land("visits.csv", [HEADER, GOOD, GOOD]).status == "loaded", "negative control: other bytes"


@pytest.mark.parametrize("point", ["write_rows", "keep_misfits", "archive"])
def test_a_crash_before_the_record_is_mended_by_landing_again(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    real = getattr(passing, point)

    def dies(*arguments: object) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    content = [HEADER, GOOD, "short"]
    with monkeypatch.context() as patched:
        patched.setattr(passing, point, dies)
        with pytest.raises(KeyboardInterrupt):
            gate.land("visits.csv", content, arrived_at=EARLIER)
    assert gate.ledger.deliveries() == []
    delivery = gate.land("visits.csv", content)
    assert (delivery.status, delivery.count_loaded, delivery.count_quarantined) == ("loaded", 1, 1)
    assert [row["known_at"] for row in gate.rows(delivery)] == [NOON.replace(tzinfo=None)]
    assert gate.ledger.accepted_files() == [delivery]


def _land_one(settings: Settings, contract: SourceContract, file: Path, day: int, queue: object) -> None:
    with open_ledger(settings.ledger_address) as ledger:
        arrived = datetime(2026, 3, day, tzinfo=UTC)
        told = land(
            settings, ledger, contract, file, arrived_at=arrived, history=False, landed_at=NOON, expectations=False
        )
    queue.put(told.status)  # type: ignore[attr-defined]


def test_two_processes_landing_the_same_bytes_load_them_once(gate: Gate) -> None:
    file = gate.file("visits.csv", [HEADER, *([GOOD] * 20_000)])
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_land_one, args=(gate.settings, CAFE, file, day, queue)) for day in (1, 2)]
    for process in processes:
        process.start()
    statuses = sorted(queue.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert statuses == ["loaded", "repeated"]
    (accepted,) = gate.ledger.accepted_files()
    assert {row["known_at"] for row in gate.rows(accepted)} == {accepted.arrived_at.replace(tzinfo=None)}


def test_a_held_delivery_is_judged_anew_when_it_comes_again(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "_failed_expectations", lambda *_: "price: 1 of 1 rows out of range")
    held = gate.land("visits.csv", [HEADER, GOOD], expectations=True)
    still = gate.land("visits.csv", [HEADER, GOOD], expectations=True)
    assert (held.status, still.status, held.reason_code) == ("held", "held", "expectation_failed")
    assert gate.ledger.accepted_files() == []
    monkeypatch.setattr(passing, "_failed_expectations", lambda *_: "")
    assert gate.land("visits.csv", [HEADER, GOOD], expectations=True).status == "loaded"
    assert gate.land("visits.csv", [HEADER, GOOD], expectations=True).status == "repeated"
