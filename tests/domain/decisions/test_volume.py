"""Amounts, periods and the limits over all customers, one day beside each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dagster_project.domain.decisions.allocate import Count, Request, allocate, requests_of
from dagster_project.domain.decisions.policy import Channel, ContactPolicy
from dagster_project.domain.decisions.resources import Resource, left_of, prices_of, resources_of
from dagster_project.domain.decisions.standing import Standing
from dagster_project.domain.decisions.volume import (
    EVER,
    MEASURES,
    PERIODS,
    VolumeConstraint,
    period_end,
    period_start,
    scaled,
)

DAY = date(2026, 3, 2)
USE = Request("x", "c1", "email", "marketing", DAY, 1.0, cost=35000, minutes=80000, units=10000)
LIMIT = VolumeConstraint("v", "cost", "day", most=Decimal(7))


def test_amounts_are_whole_ten_thousandths() -> None:
    assert [scaled(one) for one in (Decimal("3.50"), 0.1, None, 0, 2.00004)] == [35000, 1000, 0, 0, 20000]


@pytest.mark.parametrize(
    ("measure", "use"), [("contacts", 10000), ("cost", 35000), ("minutes", 80000), ("units", 10000)]
)
def test_a_contact_takes_of_each_measure(measure: str, use: int) -> None:
    assert replace(LIMIT, measure=measure).use(USE) == use


def test_a_constraint_binds_by_its_most_unless_it_only_reports() -> None:
    assert LIMIT.limit == 70000
    assert replace(LIMIT, most=Decimal(0)).limit == 0
    assert replace(LIMIT, most=None).limit is None
    assert replace(LIMIT, report_only=True).limit is None
    bare = VolumeConstraint("v", "cost", "day")
    assert (bare.most, bare.least, bare.report_only, bare.of) == (None, None, False, {})


def test_a_constraint_counts_what_meets_all_its_words() -> None:
    of = {"channel": frozenset({"email", "sms"}), "action_class": frozenset({"marketing"})}
    assert replace(LIMIT, of=of).counts(USE)
    assert not replace(LIMIT, of=of).counts(replace(USE, channel="phone"))
    assert not replace(LIMIT, of=of).counts(replace(USE, action_class="transactional"))


SPANS = [
    ("day", "2026-03-02", "2026-03-02", "2026-03-02"),
    ("week", "2026-03-01", "2026-02-23", "2026-03-01"),
    ("week", "2026-03-02", "2026-03-02", "2026-03-08"),
    ("month", "2026-02-28", "2026-02-01", "2026-02-28"),
    ("month", "2026-03-31", "2026-03-01", "2026-03-31"),
    ("month", "2026-04-30", "2026-04-01", "2026-04-30"),
    *(
        ("quarter", f"2026-{month:02d}-15", f"2026-{first:02d}-01", end)
        for first, end in ((1, "2026-03-31"), (4, "2026-06-30"), (7, "2026-09-30"), (10, "2026-12-31"))
        for month in range(first, first + 3)
    ),
    ("year", "2026-12-31", "2026-01-01", "2026-12-31"),
    ("year", "2028-02-29", "2028-01-01", "2028-12-31"),
    ("all", "2026-03-02", "1970-01-01", "9999-12-31"),
]


@pytest.mark.parametrize(("per", "day", "first", "last"), SPANS)
def test_a_period_begins_and_ends(per: str, day: str, first: str, last: str) -> None:
    start = period_start(per, date.fromisoformat(day))
    assert (start.isoformat(), period_end(per, start).isoformat()) == (first, last)
    assert replace(LIMIT, per=per).period(date.fromisoformat(day)) == start


def test_every_measure_and_every_period_there_is_can_be_counted() -> None:
    assert [replace(LIMIT, measure=one).use(USE) for one in MEASURES] == [10000, 35000, 80000, 10000]
    assert all(period_start(one, DAY) <= DAY <= period_end(one, period_start(one, DAY)) for one in PERIODS)


def test_a_word_that_is_no_period_is_refused() -> None:
    with pytest.raises(ValueError, match="fortnight is no period; known: day, week, month, quarter, year, all$"):
        period_start("fortnight", DAY)


ROW = {
    "contact_id": ["x"], "customer_id": ["c1"], "channel": ["email"], "action_class": ["marketing"],
    "planned_date": [DAY], "score": [2.0], "purpose": ["p"], "department": ["d"], "care_model": ["m"], "step": ["s"],
    "treatment": ["t"], "offer": ["o"], "cost": [Decimal("3.50")], "minutes": [8.0], "units": [1.0],
}  # fmt: skip


def test_a_row_becomes_a_request_and_what_is_unknown_is_empty() -> None:
    assert requests_of(ROW) == [
        Request("x", "c1", "email", "marketing", DAY, 2.0, "p", "d", "m", "s", "t", "o", 35000, 80000, 10000)
    ]
    texts = ("purpose", "department", "care_model", "step", "treatment", "offer")
    unknown = requests_of(ROW | {name: [None] for name in (*texts, "cost", "minutes", "units")})
    assert unknown == [Request("x", "c1", "email", "marketing", DAY, 2.0)]
    assert unknown[0].purpose == unknown[0].department == unknown[0].care_model == ""
    assert unknown[0].step == unknown[0].treatment == ""
    assert (unknown[0].offer, unknown[0].cost, unknown[0].minutes, unknown[0].units) == (None, 0, 0, 0)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        requests_of(ROW | {"cost": [Decimal(1), Decimal(2)]})


def test_a_better_score_comes_first_within_its_class_and_the_id_ends_a_tie() -> None:
    first, second = replace(USE, contact_id="b", score=2.0), replace(USE, contact_id="a")
    recall = replace(USE, contact_id="z", action_class="mandatory", score=0.1)
    assert sorted([USE, second, recall, first], key=lambda one: one.turn) == [recall, first, second, USE]
    assert USE.taken.contact_id == "x"
    assert not USE.taken.is_made


def test_what_stands_keeps_its_place_and_the_next_finds_it_taken() -> None:
    policy = ContactPolicy({"email": Channel("email", None)}, per_customer_per_day=None, volumes=(LIMIT,))
    other = replace(USE, contact_id="y", score=9.0)
    full = Standing(stands=frozenset({"x"}), volumes={("v", DAY): 70000})
    assert allocate([USE, other], full, policy) == {"y": ("volume_constraint", "v")}
    given_back = Count(policy, full, [USE])
    assert given_back.volumes["v", DAY] == 35000
    assert given_back.limit(other) is None
    given_back.add(other)
    assert (given_back.volumes["v", DAY], given_back.used["email", DAY]) == (70000, 0)
    assert given_back.limit(replace(USE, contact_id="w")) == ("volume_constraint", "v")


def test_what_a_contact_takes_what_is_left_and_what_it_is_worth() -> None:
    silent = replace(LIMIT, name="r", report_only=True)
    of_others = replace(LIMIT, name="o", of={"channel": frozenset({"phone"})})
    channels = {"email": Channel("email", None, daily_capacity=3), "phone": Channel("phone", None)}
    policy = ContactPolicy(channels, volumes=(LIMIT, silent, of_others, replace(LIMIT, name="n", most=None)))
    count = Count(policy, Standing(used={("email", DAY): 2}, volumes={("v", DAY): 50000}))
    capacity, cost = Resource("capacity", "email", DAY), Resource("volume_constraint", "v", DAY)
    endless = Resource("volume_constraint", "n", DAY)
    assert resources_of(USE, count) == {capacity: 1, cost: 35000, endless: 35000}
    assert resources_of(replace(USE, cost=0), count) == {capacity: 1}
    calls = Resource("capacity", "phone", DAY)
    assert left_of([capacity, cost, endless, calls], count) == {capacity: 1, cost: 20000, endless: None, calls: None}
    over = Count(policy, Standing(used={("email", DAY): 9}, volumes={("v", DAY): 90000}))
    assert left_of([capacity, cost], over) == {capacity: 0, cost: 0}
    assert prices_of({capacity: 1, cost: 35000, endless: 5}, {capacity: 2.0, cost: 4.0}) == 2.0 + 4.0 * 3.5
    assert (EVER, capacity.scale, cost.scale) == (date(1970, 1, 1), 1, 10_000)
