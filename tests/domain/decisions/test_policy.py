"""The policy's own words: what it says where nothing is said, when channels open, how far its rules look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dagster_project.domain.decisions.policy import (
    CAPPED,
    CLASS_ORDER,
    Cap,
    Channel,
    ContactPolicy,
    Package,
    PairRule,
    QuietHours,
    Rest,
)

ZONE = ZoneInfo("Europe/Helsinki")
PHONE = Channel("phone", "has_phone", opens=time(9), closes=time(17), weekdays=frozenset(range(5)))
NIGHT = QuietHours(time(21), time(8), frozenset({"phone"}))
NOONS = QuietHours(time(12), time(14), frozenset({"phone"}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def local(moment: datetime) -> str:
    assert str(moment.tzinfo) == "UTC"
    return moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def test_what_nobody_says_binds_nobody_but_one_action_a_day_and_open_complaints() -> None:
    free = ContactPolicy()
    assert (free.channels, free.caps, free.rests, free.pairs) == ({}, (), (), ())
    assert (free.packages, free.pauses, free.quiet, free.volumes) == ((), (), None, ())
    assert (free.per_customer_per_day, free.open_complaint_suspends_marketing, free.reservation_days) == (1, True, 14)
    assert (free.longest_window, free.asks_households) == (1, False)


def test_a_channel_of_which_nothing_is_said_is_open_free_and_without_end() -> None:
    email = Channel("email", None)
    assert (email.daily_capacity, email.cost, email.minutes, email.responses) == (None, 0, 0, ())
    assert (email.kind, email.carries, email.weekdays) == ("digital", "contacts", frozenset({0, 1, 2, 3, 4, 5, 6}))
    assert (email.consent, email.covered_by, email.lead_time.days) == ("", None, 0)
    assert isinstance(email.cost, Decimal)


def test_rules_of_which_little_is_said() -> None:
    assert (PairRule("never_together", "a", "b").days, Package("p", "email", frozenset()).most) == (1, 3)
    assert (Cap("c", 1, 7).action_class, Cap("c", 1, 7).per, NIGHT.weekdays) == ("marketing", "customer", frozenset())
    assert Cap("c", 1, 7).counts("email", "marketing") == Cap("c", 1, 7).counts("email", "marketing", "news") is True
    assert not Cap("c", 1, 7, purpose="news").counts("email", "marketing")
    assert not Cap("c", 1, 7, channel="phone").counts("email", "marketing")


def test_recalls_are_served_first_and_marketing_last_and_a_recall_is_under_no_cap() -> None:
    assert sorted(CLASS_ORDER, key=lambda name: CLASS_ORDER[name]) == ["mandatory", "transactional", "marketing"]
    assert len(set(CLASS_ORDER.values())) == 3, "no two classes at once"
    assert set(CLASS_ORDER) - set(CAPPED) == {"mandatory"}


def test_a_channel_is_covered_by_another_or_by_any_and_by_itself_it_needs_its_own() -> None:
    assert [Channel("sms", None, consent=one).covered_by for one in ("", "sms", "email", "any")] == [
        None,
        None,
        "email",
        "any",
    ]


def test_the_policy_looks_as_far_as_its_longest_rule() -> None:
    caps, rests, pairs = (Cap("c", 1, 7),), (Rest("a", 9),), (PairRule("never_together", "a", "b", 30),)
    assert ContactPolicy(caps=caps).longest_window == 7
    assert ContactPolicy(caps=caps, rests=rests).longest_window == 9
    assert ContactPolicy(caps=caps, rests=rests, pairs=pairs).longest_window == 30


def test_households_are_asked_where_one_cap_asks_them() -> None:
    home = Cap("h", 1, 7, per="household")
    assert ContactPolicy(caps=(Cap("c", 1, 7), home)).asks_households
    assert not ContactPolicy(caps=(Cap("c", 1, 7),)).asks_households


def test_somebody_new_is_asked_about_where_a_rule_could_stop_her_first_contact() -> None:
    none, one = Cap("none", 0, 7), Cap("one", 1, 7)
    apart, later = PairRule("never_together", "a", "b"), PairRule("only_after", "a", "b")
    assert not ContactPolicy(caps=(one,), pairs=(apart,)).asks_newcomers
    assert ContactPolicy(caps=(one, none)).asks_newcomers
    assert ContactPolicy(caps=(one,), pairs=(apart, later)).asks_newcomers


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-03-02T08:59", "2026-03-02T09:00"),
        ("2026-03-02T12:00", "2026-03-02T12:00"),
        ("2026-03-02T17:00", "2026-03-02T17:00"),
        ("2026-03-02T17:01", "2026-03-03T09:00"),
        ("2026-03-07T12:00", "2026-03-09T09:00"),
    ],
)
def test_a_channel_opens_at_its_hours(asked: str, opens: str) -> None:
    assert local(PHONE.next_open(at(asked), ZONE)) == opens


def test_a_channel_that_works_on_no_day_says_so() -> None:
    closed = replace(PHONE, weekdays=frozenset())
    with pytest.raises(ValueError, match="does not open within 14 days"):
        closed.next_open(at("2026-03-02T12:00"), ZONE)


@pytest.mark.parametrize(
    ("asked", "free"),
    [
        ("2026-03-02T11:59", "2026-03-02T11:59"),
        ("2026-03-02T12:00", "2026-03-02T14:00"),
        ("2026-03-02T13:59", "2026-03-02T14:00"),
        ("2026-03-02T14:00", "2026-03-02T14:00"),
        ("2026-03-02T20:00", "2026-03-02T20:00"),
    ],
)
def test_quiet_hours_may_be_within_a_day(asked: str, free: str) -> None:
    assert local(NOONS.over(at(asked), ZONE)) == free


def test_whole_days_may_be_quiet_and_hours_that_begin_and_end_at_once_are_none() -> None:
    sundays = QuietHours(time(3), time(3), frozenset({"phone"}), frozenset({6}))
    assert local(sundays.over(at("2026-03-08T12:00"), ZONE)) == "2026-03-09T00:00"
    assert local(sundays.over(at("2026-03-09T03:00"), ZONE)) == "2026-03-09T03:00"
    always = replace(sundays, weekdays=frozenset(range(7)))
    with pytest.raises(ValueError, match="the quiet hours never end$"):
        always.over(at("2026-03-08T12:00"), ZONE)


def test_quiet_hours_are_kept_on_the_channels_that_disturb_alone() -> None:
    both = {"phone": Channel("phone", None), "letter": Channel("letter", None)}
    policy = ContactPolicy(both, quiet=NIGHT)
    late = at("2026-03-02T23:00")
    assert local(policy.next_open("phone", late, ZONE)) == "2026-03-03T08:00"
    assert local(policy.next_open("letter", late, ZONE)) == "2026-03-02T23:00"
    assert local(ContactPolicy(both).next_open("phone", late, ZONE)) == "2026-03-02T23:00"


def test_an_action_travels_in_the_package_of_its_channel() -> None:
    policy = ContactPolicy(
        packages=(Package("first", "letter", frozenset({"a"})), Package("second", "email", frozenset({"b/s", "a"})))
    )
    assert policy.package_of("email", "a", "s") == "second"
    assert policy.package_of("email", "b", "s") == "second"
    assert policy.package_of("email", "b", "other") is None
    assert policy.package_of("letter", "a", "s") == "first"
    assert policy.package_of("letter", "b", "s") is None
