"""New, returned, saved and lost: each customer is one of them, and they add up exactly, in customers and in money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dagster_project.domain.analytics.fading.flow import flow, movements
from dagster_project.domain.analytics.fading.group import Group
from dagster_project.domain.analytics.fading.report import MONTHS_TOLD, FadingReport, fading_report
from dagster_project.domain.clock import naive_utc
from tests.domain.analytics.fading.town_of_months import MONTHS, purchases, standings

THEN, NOW = MONTHS[-2], MONTHS[-1]
OLD, LATELY = datetime.fromisoformat("2026-01-10T12:00:00"), datetime.fromisoformat("2026-03-12T12:00:00")


def group(as_of: datetime, **customers: tuple[bool, str, bool, float, str, datetime]) -> Group:
    """A group from customer=(is in it, tier, is fading, quiet ratio, amount, last purchase)."""
    names = ["is_in_group", "value_tier", "is_fading", "quiet_ratio", "monetary_amount", "last_purchase_at"]
    columns = {name: [row[place] for row in customers.values()] for place, name in enumerate(names)}
    columns["monetary_amount"] = [Decimal(amount) for amount in columns["monetary_amount"]]
    count = len(customers)
    rows = pa.table(
        {
            "customer_id": pa.array(list(customers), pa.string()),
            **{name: pa.array(values) for name, values in columns.items() if name != "monetary_amount"},
            "monetary_amount": pa.array(columns["monetary_amount"], pa.decimal128(18, 4)),
            "expected_gap_days": pa.array([30.0] * count),
            "days_since_last_purchase": pa.array([60] * count),
        }
    )
    return Group(as_of, rows.set_column(5, "last_purchase_at", rows["last_purchase_at"].cast(pa.timestamp("us"))))


BEFORE = group(
    THEN,
    anna=(True, "top", True, 2.0, "900", OLD),
    bo=(True, "high", True, 3.5, "500", OLD),
    cleo=(True, "high", True, 2.0, "400", OLD),
    dan=(False, "top", False, 1.0, "800", OLD),
    eva=(False, "high", False, 1.2, "300.5", OLD),
    finn=(True, "high", True, 2.0, "310", OLD),
    gus=(True, "high", True, 2.0, "305", OLD),
)
AFTER = group(
    NOW,
    anna=(True, "top", True, 2.9, "890.25", OLD),
    bo=(False, "high", False, 4.5, "500", OLD),
    cleo=(False, "high", False, 0.4, "480", LATELY),
    dan=(True, "top", True, 1.9, "780", OLD),
    eva=(True, "high", True, 2.1, "300.5", OLD),
    finn=(False, "middle", True, 2.6, "290", OLD),
    gus=(False, "high", False, 1.7, "305", OLD),
)
EARLIER = group(MONTHS[-4], eva=(True, "high", True, 2.0, "350", OLD), dan=(False, "top", False, 1.0, "800", OLD))


def test_each_customer_of_either_month_has_one_movement_and_its_reason() -> None:
    told = {row["customer_id"]: row for row in movements(BEFORE, AFTER, [EARLIER]).to_pylist()}
    assert {name: (row["movement"], row["reason"]) for name, row in told.items()} == {
        "anna": ("stayed", "still quiet"),
        "bo": ("lost", "silent for so long that the old rhythm is over"),
        "cleo": ("saved", "bought again"),
        "dan": ("new", "grew quiet"),
        "eva": ("returned", "grew quiet again"),
        "finn": ("lost", "no longer among the most valuable"),
        "gus": ("lost", "the rhythm to expect has changed"),
    }
    assert told["bo"]["value_at_risk_amount"] == 0
    assert told["bo"]["value_before_amount"] == Decimal(500)


def test_who_was_not_in_it_within_the_months_seen_is_new() -> None:
    (row,) = [row for row in movements(BEFORE, AFTER, []).to_pylist() if row["customer_id"] == "eva"]
    assert row["movement"] == "new"


def test_the_month_in_one_row_adds_up() -> None:
    (row,) = flow(BEFORE, AFTER, [EARLIER]).to_pylist()
    assert [row[f"count_{name}"] for name in ("before", "new", "returned", "saved", "lost", "after")] == [
        5,
        1,
        1,
        1,
        3,
        3,
    ]
    assert row["value_before_amount"] == Decimal(2415)
    assert row["value_changed_amount"] == Decimal("-9.75")
    assert row["value_after_amount"] == Decimal("1970.75")


@pytest.fixture(scope="module")
def town() -> pd.DataFrame:
    return purchases()


@pytest.fixture(scope="module")
def report(town: pd.DataFrame) -> FadingReport:
    return fading_report(standings(town), NOW)


def adds_up(row: dict[str, object]) -> bool:
    count = row["count_before"] + row["count_new"] + row["count_returned"] - row["count_saved"] - row["count_lost"]
    value = row["value_before_amount"] + row["value_new_amount"] + row["value_returned_amount"]
    value += row["value_changed_amount"] - row["value_saved_amount"] - row["value_lost_amount"]
    return count == row["count_after"] and value == row["value_after_amount"]


def test_every_month_of_a_town_adds_up_and_begins_where_the_one_before_ended(report: FadingReport) -> None:
    rows = report.flow.to_pylist()
    assert len(rows) == MONTHS_TOLD
    assert all(adds_up(row) for row in rows)
    for earlier, later in pairwise(rows):
        assert later["count_before"] == earlier["count_after"]
        assert later["value_before_amount"] == earlier["value_after_amount"]
    for name in ("new", "returned", "saved", "lost"):
        assert sum(row[f"count_{name}"] for row in rows) > 0, name
    assert not adds_up(rows[0] | {"count_lost": rows[0]["count_lost"] + 1}), "negative control"


def test_the_list_of_customers_is_the_last_row_of_the_flow(report: FadingReport) -> None:
    last = report.flow.to_pylist()[-1]
    for name in ("new", "returned", "saved", "lost"):
        assert pc.sum(pc.equal(report.members["movement"], name)).as_py() == last[f"count_{name}"]
    inside = report.members.filter(pc.field("is_in_group"))
    assert inside.num_rows == last["count_after"]
    assert pc.sum(inside["value_at_risk_amount"]).as_py() == last["value_after_amount"]


def test_what_a_month_said_then_is_what_later_months_say_of_it(town: pd.DataFrame, report: FadingReport) -> None:
    for place in (-2, -3):
        then = fading_report(standings(town, MONTHS[max(0, len(MONTHS) + place - 13) : place + 1]), MONTHS[place])
        said_then = then.flow.drop_columns("as_of").to_pylist()[-1]
        assert said_then == report.flow.drop_columns("as_of").to_pylist()[place]


def test_a_purchase_after_the_moment_changes_nothing(town: pd.DataFrame, report: FadingReport) -> None:
    later = pd.DataFrame({"customer_id": "r0001", "purchased_at": [pd.Timestamp("2026-04-02")], "amount": 900.0})
    assert fading_report(standings(pd.concat([town, later])), NOW).members.equals(report.members)


def test_the_first_month_of_a_base_has_only_new_ones(town: pd.DataFrame) -> None:
    told = fading_report(standings(town, MONTHS[-1:]), NOW)
    (row,) = told.flow.to_pylist()
    assert row["count_before"] == 0
    assert row["count_new"] == row["count_after"] > 0
    assert adds_up(row)
    assert row["quality"] is None


def test_the_flag_is_judged_by_what_came_after(report: FadingReport) -> None:
    for row in report.flow.to_pylist():
        assert row["count_followed"] > 0
        assert row["quality"] == row["count_still_silent"] / row["count_followed"]
    assert report.members["as_of"].to_pylist()[0] == naive_utc(NOW)
