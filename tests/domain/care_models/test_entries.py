"""Who enters a care model: at the right moment, once for each occasion, the same on every run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa
import pytest

from dagster_project.domain.care_models import ENTRIES
from dagster_project.domain.clock import naive_utc
from tests.domain.care_models.making import (
    at,
    customers,
    enter,
    happened,
    ids,
    model,
    purchase_within,
    remembered,
    renamed,
)

EVENING = "2026-03-31T23:59:59.999999"


def moments(rows: pa.Table, column: str = "entered_at") -> list[datetime]:
    return ids(rows, column)


def test_a_state_opens_the_door_for_those_of_whom_it_is_true() -> None:
    found = enter(model(), customers("a", "b", "c", is_fading=[True, False, None]), EVENING)
    assert found.schema == ENTRIES
    assert ids(found) == ["a"]
    assert moments(found) == [naive_utc(at(EVENING))]


def test_an_event_opens_the_door_at_its_own_moment_and_with_its_subject() -> None:
    events = happened(("a", "2026-03-30T12:00", "order-1"), ("b", "2026-03-20T12:00", "order-2"), ("z", EVENING, "o3"))
    found = enter(model(purchase_within("7d")), customers("a", "b"), EVENING, events)
    assert ids(found) == ["a"], "b's event is too old, z is no customer"
    assert moments(found) == [naive_utc(at("2026-03-30T12:00"))]
    assert ids(found, "subject_id") == ["order-1"]


def test_another_type_of_event_opens_nothing() -> None:
    events = happened(("a", "2026-03-30T12:00", "x"), event_type="return")
    assert enter(model(purchase_within("7d")), customers("a"), EVENING, events).num_rows == 0


def test_nothing_that_was_not_known_yet_and_nothing_of_the_future_counts() -> None:
    late = happened(("a", "2026-03-30T12:00", "x"), known="2026-04-01T08:00")
    ahead = happened(("a", "2026-04-01T12:00", "x"), known="2026-03-01T08:00")
    for events in (late, ahead):
        assert enter(model(purchase_within("7d")), customers("a"), EVENING, events).num_rows == 0
    assert enter(model(purchase_within("7d")), customers("a"), "2026-04-01T23:59", late).num_rows == 1


def test_the_condition_of_an_event_sees_the_customer_and_the_event() -> None:
    events = happened(("a", "2026-03-30T12:00", "x"), ("b", "2026-03-30T12:00", "y"))
    base = customers("b", "a", count_orders=[2, 1])
    for where, expected in (
        ("count_orders = 1", ["a"]),
        ("event_subject_id = 'y'", ["b"]),
        ("event_amount > 9 and event_channel = 'web'", ["a", "b"]),
        ("event_occurred_at > as_of - interval 2 day", ["a", "b"]),
        ("event_occurred_at > as_of - interval 1 day", []),
        ("event_source_system = 'ga4'", []),
    ):
        assert ids(enter(model(purchase_within("7d", where)), base, EVENING, events)) == expected


@pytest.mark.parametrize(
    ("as_of", "happened_at", "is_in"),
    [
        # The clock goes forward on 29 March 2026, so these seven days have 167 hours.
        ("2026-04-01T23:59:59.999999", "2026-03-25T23:59:59.999998", False),
        ("2026-04-01T23:59:59.999999", "2026-03-26T00:00:00", True),
        ("2026-04-01T12:00", "2026-03-25T12:00:00", False),
        ("2026-04-01T12:00", "2026-03-25T12:00:00.000001", True),
        # It goes back on 25 October 2026: 169 hours.
        ("2026-10-28T23:59:59.999999", "2026-10-22T00:00:00", True),
        ("2026-10-28T23:59:59.999999", "2026-10-21T23:59:59", False),
        # A moment that the wall clock skipped, seven days after.
        ("2026-04-05T03:30", "2026-03-29T04:30:00", False),
        ("2026-04-05T03:30", "2026-03-29T04:30:01", True),
        # A leap day.
        ("2028-03-01T23:59:59.999999", "2028-02-24T00:00:00", True),
        ("2028-03-01T23:59:59.999999", "2028-02-23T23:59:59", False),
    ],
)
def test_days_are_days_of_the_business_zone(as_of: str, happened_at: str, is_in: bool) -> None:
    found = enter(model(purchase_within("7d")), customers("a"), as_of, happened(("a", happened_at, "x")))
    assert found.num_rows == is_in


def test_hours_are_hours_across_a_clock_change() -> None:
    tested = model(purchase_within("12h"))
    events = happened(("a", "2026-03-28T20:59", "before"), ("b", "2026-03-28T21:01", "within"))
    assert ids(enter(tested, customers("a", "b"), "2026-03-29T10:00", events)) == ["b"]


def test_never_means_once_ever() -> None:
    tested = model(purchase_within("7d"))
    first = enter(tested, customers("a"), EVENING, happened(("a", "2026-03-30T12:00", "1"), ("a", EVENING, "2")))
    assert ids(first, "window_key") == ["once"]
    later = happened(("a", "2027-05-05T10:00", "3"))
    assert enter(tested, customers("a"), "2027-05-05T12:00", later, remembered(first, ended=EVENING)).num_rows == 0
    assert enter(tested, customers("a"), "2027-05-05T12:00", later).num_rows == 1, "negative control"


def test_per_subject_means_once_for_each_and_never_twice() -> None:
    tested = model(purchase_within("7d"), "{per: subject}")
    events = happened(("a", "2026-03-29T12:00", "1"), ("a", "2026-03-30T12:00", "2"), ("a", "2026-03-30T13:00", "2"))
    first = enter(tested, customers("a"), "2026-03-30T23:59", events)
    assert ids(first, "window_key") == ["subject:1", "subject:2"]
    assert moments(first)[1] == naive_utc(at("2026-03-30T12:00")), "the earliest of the subject's events"
    more = pa.concat_tables([events, happened(("a", "2026-03-31T12:00", "3"))])
    second = enter(tested, customers("a"), EVENING, more, remembered(first))
    assert ids(second, "window_key") == ["subject:3"]


def test_an_event_without_a_subject_stands_for_itself() -> None:
    tested = model(purchase_within("7d"), "{per: subject}")
    found = enter(tested, customers("a"), EVENING, happened(("a", "2026-03-30T12:00", ""), ("a", EVENING, "")))
    assert ids(found, "window_key") == ["subject:e0-", "subject:e1-"]


def test_after_some_days_a_state_may_open_the_door_again_and_not_a_day_before() -> None:
    tested = model(reentry="{after: 90d}")
    base = customers("a")
    first = enter(tested, base, "2026-01-15T23:59:59")
    for day, is_new in (("2026-01-16", False), ("2026-04-14", False), ("2026-04-15", True), ("2027-01-01", True)):
        assert enter(tested, base, f"{day}T06:00", past=remembered(first)).num_rows == is_new, day


def test_after_the_exit_and_not_before_the_door_opens_again() -> None:
    tested = model(purchase_within("7d"), "after_exit")
    first = enter(tested, customers("a"), "2026-03-01T23:59", happened(("a", "2026-03-01T10:00", "1")))
    more = happened(("a", "2026-03-02T10:00", "2"), ("a", "2026-03-04T10:00", "3"))
    inside = remembered(first)
    assert enter(tested, customers("a"), "2026-03-04T23:59", more, inside).num_rows == 0, "it still goes on"
    left = remembered(first, ended="2026-03-03T12:00")
    assert ids(enter(tested, customers("a"), "2026-03-04T23:59", more, left), "subject_id") == ["3"], (
        "what happened while it went on opens no door afterwards"
    )


def test_after_some_days_another_event_opens_the_door_again() -> None:
    tested = model(purchase_within("7d"), "{after: 7d}")
    base = customers("a")
    events = happened(("a", "2026-03-01T10:00", "1"), ("a", "2026-03-06T10:00", "2"), ("a", "2026-03-09T10:00", "3"))
    first = enter(tested, base, "2026-03-01T23:59", events)
    assert ids(first, "subject_id") == ["1"]
    past = remembered(first)
    assert enter(tested, base, "2026-03-06T23:59", events, past).num_rows == 0, "five days are too few"
    third = enter(tested, base, "2026-03-09T23:59", events, past)
    assert ids(third, "subject_id") == ["3"], "the second event, too near, does not hide the third"
    assert enter(tested, base, "2026-03-09T23:59", events, pa.concat_tables([past, remembered(third)])).num_rows == 0


@pytest.mark.parametrize("reentry", ["never", "{after: 90d}", "{per: subject}"])
def test_the_same_moment_asked_again_gives_the_same_entries(reentry: str) -> None:
    tested = model(purchase_within("14d"), reentry, control=0.5)
    base = customers(*[f"c{number}" for number in range(50)])
    bought = [(f"c{number}", f"2026-03-{day}T12:00", f"{number}-{day}") for number in range(50) for day in (20, 25)]
    events = happened(*bought)
    first = enter(tested, base, EVENING, events)
    assert first.num_rows >= 50
    assert enter(tested, base, EVENING, events, remembered(first)).num_rows == 0, "what is written is not new"
    shuffled = events.take(pa.array(reversed(range(events.num_rows)), pa.int64()))
    assert enter(tested, base, EVENING, shuffled).equals(first)


@pytest.mark.parametrize("reentry", ["never", "{after: 90d}"])
def test_a_state_asked_twice_within_a_day_is_one_entry(reentry: str) -> None:
    tested = model(reentry=reentry)
    noon = enter(tested, customers("a"), "2026-03-31T12:00")
    assert enter(tested, customers("a"), EVENING, past=remembered(noon)).num_rows == 0


@pytest.mark.parametrize("reentry", ["never", "{after: 90d}"])
def test_a_replay_of_an_earlier_day_enters_nobody_a_second_time(reentry: str) -> None:
    tested = model(reentry=reentry)
    later = enter(tested, customers("a"), EVENING)
    assert enter(tested, customers("a"), "2026-03-30T23:59", past=remembered(later)).num_rows == 0


def test_a_new_version_does_not_enter_anyone_again() -> None:
    first = enter(model(version=1), customers("a"), EVENING)
    second = enter(model(version=2), customers("a", "b"), "2026-04-01T12:00", past=remembered(first))
    assert (ids(second), ids(second, "version")) == (["b"], ["2"])


@pytest.mark.parametrize(("day", "count"), [("2026-03-30", 0), ("2026-03-31", 1), ("2026-04-02", 1), ("2026-04-03", 0)])
def test_outside_its_days_nobody_enters(day: str, count: int) -> None:
    tested = replace(model(), valid_from=date(2026, 3, 31), valid_until=date(2026, 4, 2))
    assert enter(tested, customers("a"), f"{day}T12:00").num_rows == count


def test_the_past_of_another_model_bars_nobody() -> None:
    other = remembered(enter(model(name="another"), customers("a"), "2026-03-30T23:59"))
    assert ids(enter(model(), customers("a"), EVENING, past=other)) == ["a"]


def test_when_two_customers_become_one_neither_past_is_forgotten() -> None:
    tested = model(reentry="{after: 90d}")
    early = remembered(enter(tested, customers("a"), "2026-03-01T12:00"))
    later = remembered(enter(tested, customers("b"), "2026-03-10T12:00"))
    past = renamed(pa.concat_tables([later, early]), {"b": "a"})
    assert enter(tested, customers("a"), "2026-06-07T12:00", past=past).num_rows == 0, "90 days after the later one"
    assert enter(tested, customers("a"), "2026-06-08T12:00", past=past).num_rows == 1


def test_the_same_subject_is_not_served_twice_after_a_merge() -> None:
    tested = model(purchase_within("14d"), "{per: subject}")
    past = remembered(enter(tested, customers("b"), "2026-03-30T12:00", happened(("b", "2026-03-29T12:00", "1"))))
    bought = happened(("a", "2026-03-29T12:00", "1"))
    assert enter(tested, customers("a"), EVENING, bought, renamed(past, {"b": "a"})).num_rows == 0
    assert enter(tested, customers("a"), EVENING, bought, past).num_rows == 1, "negative control"


def test_no_customers_no_events_no_entries() -> None:
    for tested in (model(), model(purchase_within("7d")), model(purchase_within("7d"), "{per: subject}")):
        found = enter(tested, customers(), EVENING)
        assert found.schema == ENTRIES
        assert found.num_rows == 0
