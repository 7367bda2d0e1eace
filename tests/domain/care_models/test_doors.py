"""The other doors: becoming, segments, waves, silence and dates, each where it opens and where it stays shut."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.care_models import Duration
from dagster_project.domain.care_models.doors import Seen, doors
from dagster_project.domain.care_models.model import DateEntry
from dagster_project.domain.clock import naive_utc
from tests.domain.care_models.making import MOMENT, NOTHING, ZONE, at, customers, enter, ids, model

EVENING = "2026-03-31T23:59:59.999999"


def looked(members: list[str] | None, at_text: str = "2026-03-30T23:59:59") -> dict[str, Any]:
    return {
        "group_before": None if members is None else frozenset(members),
        "last_look": None if members is None else at(at_text),
    }


def with_columns(base: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, values in columns.items():
        base = base.append_column(name, values)
    return base


def test_becoming_opens_for_whom_it_was_not_so_before() -> None:
    tested = model("{trigger: becomes, where: is_fading}", "after_exit")
    base = customers("was", "becomes", "is_not", is_fading=[True, True, False])
    assert ids(enter(tested, base, EVENING, seen=looked(["was"]))) == ["becomes"]
    assert enter(tested, base, EVENING, seen=looked(None)).num_rows == 0, "at the first look nothing has become"
    found = doors(tested, Seen(base, NOTHING, **looked(["was"])), at(EVENING), ZONE, evaluate)
    assert found.group == {"was", "becomes"}, "what the next look compares with"


@pytest.mark.parametrize(("when", "expected"), [("entered", ["came"]), ("left", ["went"])])
def test_a_segment_is_entered_or_left(when: str, expected: list[str]) -> None:
    tested = model(f"{{trigger: segment, segment: regulars, when: {when}}}", "after_exit")
    seen = looked(["stayed", "went"]) | {"members": frozenset(["stayed", "came"])}
    base = customers("stayed", "went", "came", "never")
    assert ids(enter(tested, base, EVENING, seen=seen)) == expected
    assert enter(tested, base, EVENING, seen=seen | looked(None)).num_rows == 0


def test_whoever_enters_a_segment_must_fit_besides() -> None:
    tested = model("{trigger: segment, segment: regulars, when: entered, where: count_orders > 1}", "after_exit")
    seen = looked([]) | {"members": frozenset(["one", "two"])}
    assert ids(enter(tested, customers("one", "two", count_orders=[1, 2]), EVENING, seen=seen)) == ["two"]


@pytest.mark.parametrize(
    ("as_of", "last", "expected"),
    [
        ("2026-03-14T23:59", "2026-02-20T23:59", []),  # the wave of 15 February was looked at, the next is tomorrow
        ("2026-03-15T23:59", "2026-03-14T23:59", ["new"]),
        ("2026-03-15T23:59", "2026-03-15T12:00", []),  # the same wave again
        ("2026-03-20T23:59", "2026-03-14T23:59", ["new"]),  # no run was made on the day itself
    ],
)
def test_a_wave_comes_once_a_month_for_those_who_were_not_in_the_last(
    as_of: str, last: str, expected: list[str]
) -> None:
    tested = model("{trigger: wave, every: month, day: 15, where: is_fading}", "{after: 20d}")
    base = customers("before", "new")
    assert ids(enter(tested, base, as_of, seen=looked(["before"], last))) == expected


def test_the_first_run_is_a_wave_and_a_short_month_has_a_last_day() -> None:
    tested = model("{trigger: wave, day: 31, where: is_fading}", "{after: 20d}")
    assert ids(enter(tested, customers("a"), "2026-02-10T12:00", seen=looked(None))) == ["a"]
    assert ids(enter(tested, customers("a"), "2026-02-28T12:00", seen=looked([], "2026-02-27T12:00"))) == ["a"]
    assert enter(tested, customers("a"), "2026-02-27T12:00", seen=looked([], "2026-02-01T12:00")).num_rows == 0


def test_silence_opens_when_it_is_long_enough_and_once() -> None:
    tested = model("{trigger: silence, for: 30d, of: [purchase, web_visit], within: 7d}", "after_exit")
    last = ["2026-03-01T12:00", "2026-03-02T12:00", "2026-02-20T12:00", "2026-02-01T12:00"]
    visits = [None, None, "2026-03-20T12:00", None]
    base = with_columns(
        customers("silent", "not_yet", "visited", "long_ago"),
        last_purchase_at=pa.array([naive_utc(at(one)) for one in last], MOMENT),
        last_web_visit_at=pa.array([one and naive_utc(at(one)) for one in visits], MOMENT),
    )
    found = enter(tested, base, EVENING)
    assert ids(found) == ["silent"]
    assert ids(found, "entered_at") == [naive_utc(at("2026-03-31T12:00"))], "30 days on the wall clock"
    assert ids(found, "window_key") == ["silent:2026-03-01T10:00:00"], "another silence has another name"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-04-04T23:59", []),
        ("2026-04-05T23:59", ["a"]),
        ("2026-04-07T23:59", ["a"]),  # no run was made on the day itself
        ("2026-04-08T23:59", []),
    ],
)
def test_a_birthday_opens_the_door_days_before(as_of: str, expected: list[str]) -> None:
    tested = replace(model(reentry="{after: 300d}"), entry=DateEntry("birthday", -7, True, Duration(days=3)))
    base = with_columns(customers("a", "b"), birthday=pa.array([date(2000, 4, 12), None], pa.date32()))
    found = enter(tested, base, as_of)
    assert ids(found) == expected
    assert ids(found, "window_key") == ["date:2026-04-05"] * len(expected)


def test_who_was_born_on_a_leap_day_is_met_in_every_year() -> None:
    tested = replace(model(reentry="{after: 300d}"), entry=DateEntry("birthday", 0, True, Duration(days=1)))
    base = with_columns(customers("a"), birthday=pa.array([date(2000, 2, 29)], pa.date32()))
    assert [enter(tested, base, f"{day}T12:00").num_rows for day in ("2026-02-28", "2026-03-01")] == [1, 0]
    assert [enter(tested, base, f"{day}T12:00").num_rows for day in ("2028-02-28", "2028-02-29")] == [0, 1]


def test_an_anniversary_over_the_turn_of_the_year() -> None:
    tested = model("{trigger: date, date: first_purchase_at, days_after: 10, yearly: true}", "{after: 300d}")
    bought = pa.array([naive_utc(at("2024-12-28T00:30"))], MOMENT)  # still the 27th in UTC
    base = with_columns(customers("a"), first_purchase_at=bought)
    assert ids(enter(tested, base, "2026-01-07T12:00"), "window_key") == ["date:2026-01-07"]
    assert enter(tested, base, "2026-01-06T23:59").num_rows == 0


def test_a_single_date_comes_once() -> None:
    tested = model("{trigger: date, date: first_purchase_at, days_after: 30}", "{after: 300d}")
    base = with_columns(customers("a"), first_purchase_at=pa.array([naive_utc(at("2026-03-01T12:00"))], MOMENT))
    opened = [enter(tested, base, f"{day}T12:00").num_rows for day in ("2026-03-30", "2026-03-31", "2027-03-31")]
    assert opened == [0, 1, 0]
