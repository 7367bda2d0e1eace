"""What the x-ray asks, against a base small enough to count by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dagster_project.domain.analytics.xray import Answer
from tests.domain.analytics.xray.small_base import answers_of, small_base


@pytest.fixture(scope="module")
def answers() -> Mapping[str, Answer]:
    return answers_of(small_base())


def rows(answers: Mapping[str, Answer], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answers[name].rows.to_dict("records")
    return found


def test_the_base_is_counted(answers: Mapping[str, Answer]) -> None:
    base = rows(answers, "base")[0]
    counted = {name: base[name] for name in ("count_customers", "count_buyers", "count_active", "count_fading")}
    assert counted == {"count_customers": 5, "count_buyers": 4, "count_active": 2, "count_fading": 1}
    assert base["purchase_amount_365d"] == 10_500
    # c1 by e-mail and letter, c2 by phone, c3 by phone and letter; c4 by e-mail; c5 permits e-mail but has none.
    assert base["count_reachable"] == 4


def test_value_is_what_was_kept_and_its_concentration_is_right(answers: Mapping[str, Answer]) -> None:
    curve = rows(answers, "concentration")
    kept = [5000, 3000, 1500, 500]
    assert [round(row["share_of_amount"], 6) for row in curve] == [0.5, 0.8, 0.95, 1.0]
    assert [row["percent"] for row in curve] == [25, 50, 75, 100]
    mean_distance = sum(abs(one - other) for one in kept for other in kept) / len(kept) ** 2
    assert curve[0]["gini"] == pytest.approx(mean_distance / (2 * sum(kept) / len(kept)))


def test_a_month_is_the_business_zones(answers: Mapping[str, Answer]) -> None:
    # Half past ten in the evening of 31 January in UTC is February in Helsinki.
    months = {row["month"]: row for row in rows(answers, "months")}
    assert {month: row["count_orders"] for month, row in months.items()} == {"2026-01": 1, "2026-02": 2, "2026-03": 2}
    assert months["2026-02"]["count_first_time"] == 1
    assert months["2026-02"]["count_again"] == 1
    assert months["2026-02"]["return_amount"] == 50


def test_the_flow_adds_up_and_takes_only_the_month_before(answers: Mapping[str, Answer]) -> None:
    flow = rows(answers, "flow")
    assert [row["month"] for row in flow] == ["2026-02", "2026-03"]
    march = flow[1]
    assert march == {
        "month": "2026-03", "count_before": 20, "count_new": 5, "count_returned": 1, "count_lost": 5,
        "count_corrected": 1, "count_after": 20,
    }  # fmt: skip
    for row in flow:
        gone = row["count_lost"] + row["count_corrected"]
        assert row["count_after"] == row["count_before"] + row["count_new"] + row["count_returned"] - gone


def test_the_migration_is_the_newest(answers: Mapping[str, Answer]) -> None:
    pairs = {(row["from_stage"], row["to_stage"]): row["count_customers"] for row in rows(answers, "migration")}
    assert pairs[("active", "active")] == 10
    assert sum(pairs.values()) == 33


def test_history_holds_each_month_against_tonight(answers: Mapping[str, Answer]) -> None:
    history = rows(answers, "stage_history")
    january = {row["lifecycle_stage"]: row["count_customers"] for row in history if row["month"] == "2026-01"}
    assert january == {"prospect": 1, "active": 3}
    assert sum(row["count_customers"] for row in history if row["month"] == "now") == 5


def test_a_cohort_is_counted_once_a_month_however_often_they_buy(answers: Mapping[str, Answer]) -> None:
    cohorts = {(row["first_month"], row["months_since"]): row for row in rows(answers, "cohorts")}
    assert cohorts[("2026-01", 1)]["share"] == 1.0
    assert cohorts[("2026-01", 2)]["count_buyers"] == 1
    assert ("2026-02", 1) not in cohorts


def test_reach_needs_an_address_and_a_permission(answers: Mapping[str, Answer]) -> None:
    channels = {row["channel"]: row for row in rows(answers, "reach")}
    email = channels["e-mail"]
    assert (email["count_reachable"], email["count_not_permitted"], email["count_without_address"]) == (2, 1, 1)
    counts = ("count_reachable", "count_not_permitted", "count_without_address", "count_neither")
    assert {sum(row[name] for name in counts) for row in channels.values()} == {5}


def test_machines_are_not_taken_for_people(answers: Mapping[str, Answer]) -> None:
    march = rows(answers, "newsletters")[0]
    assert (march["count_sent"], march["count_opened"], march["count_met_by_machines"]) == (2, 1, 1)


def test_visits_are_expected_after_tonight(answers: Mapping[str, Answer]) -> None:
    assert [(row["week"], row["count_customers"]) for row in rows(answers, "due")] == [(1, 3)]


def test_the_fading_are_among_the_quiet(answers: Mapping[str, Answer]) -> None:
    quiet = rows(answers, "quiet")
    assert sum(row["count_customers"] for row in quiet) == 3
    assert [(row["times"], row["count_fading"]) for row in quiet if row["count_fading"]] == [(2.0, 1)]


def test_hours_are_those_of_the_shop(answers: Mapping[str, Answer]) -> None:
    hours = {(row["weekday"], row["hour"]): row["count_orders"] for row in rows(answers, "hours")}
    assert hours[(7, 0)] == 1  # half past midnight on Sunday, 1 February
