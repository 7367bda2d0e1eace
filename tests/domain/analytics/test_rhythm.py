"""Rhythm: a loyal customer's silence is noticed against their own pace, and nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.domain.analytics import rhythm as rules
from dagster_project.domain.analytics.rhythm import base_gap, expected_gaps, fading, rhythm
from dagster_project.errors import HoivaError
from tests.domain.analytics.making import AS_OF, ZONE, base, bought, random_purchases


def monthly_base(*others: pd.DataFrame) -> pa.Table:
    """Thirty customers who come every 30 days, and some others."""
    monthly = [bought(f"monthly{number:02d}", list(range(3, 300, 30))) for number in range(30)]
    return base(pd.concat([*monthly, *others]))


def row_of(table: pa.Table, customer_id: str) -> dict[str, object]:
    return next(row for row in table.to_pylist() if row["customer_id"] == customer_id)


def test_a_quiet_loyal_customer_is_noticed_before_leaving() -> None:
    weekly = bought("weekly", list(range(30, 300, 7)))  # then nothing for 30 days
    monthly = bought("as_ever", list(range(30, 300, 30)))  # 30 days are their pace
    rows = rhythm(monthly_base(weekly, monthly), AS_OF, ZONE)
    assert row_of(rows, "weekly")["is_fading"]
    assert not row_of(rows, "as_ever")["is_fading"]


def test_two_purchases_are_no_rhythm() -> None:
    rows = rhythm(monthly_base(bought("twice", [70, 77]), bought("thrice", [70, 77, 84])), AS_OF, ZONE)
    assert row_of(rows, "thrice")["is_fading"]
    assert not row_of(rows, "twice")["is_fading"]
    assert row_of(rows, "twice")["quiet_ratio"] > rules.QUIET_AFTER


def test_who_is_long_gone_is_not_fading() -> None:
    gone = row_of(rhythm(monthly_base(bought("gone", [400, 430, 460])), AS_OF, ZONE), "gone")
    assert gone["quiet_ratio"] >= rules.GONE_AFTER
    assert not gone["is_fading"]


@pytest.mark.parametrize(
    ("silence", "chance", "ratio", "days", "is_fading"),
    [
        (2.0, 0.0625, 1.9, 3, True),  # 2 / 4 is a half, and its fourth power 0.0625
        (2.0, 0.0626, 1.9, 3, False),
        (1.99, 0.0625, 1.9, 3, False),
        (2.0, 0.0625, 3.99, 3, True),
        (2.0, 0.0625, 4.0, 3, False),
        (2.0, 0.0625, 1.0, 3, True),
        (2.0, 0.0625, 0.99, 3, False),
        (2.0, 0.0625, 1.9, 2, False),
        (np.nan, np.nan, np.nan, 0, False),
    ],
)
def test_the_edges_of_fading(silence: float, chance: float, ratio: float, days: float, is_fading: bool) -> None:
    flags = fading(np.array([silence]), np.array([chance]), np.array([ratio]), np.array([days]))
    assert flags.tolist() == [is_fading]


def test_few_gaps_lean_on_the_base_and_many_stand_alone() -> None:
    gaps = expected_gaps(np.full(4, 7.0), np.array([0.0, 2.0, 8.0, 1_000.0]), base=60.0)
    assert gaps[0] == pytest.approx(60.0)
    assert gaps[2] == pytest.approx((8 * 7 + 8 * 60) / 16)
    assert gaps[3] == pytest.approx(7.0, abs=0.5)
    assert (np.diff(gaps) < 0).all()


def test_prospects_have_no_rhythm() -> None:
    row = row_of(rhythm(base(random_purchases(20, seed=1), prospects=1), AS_OF, ZONE), "prospect00000")
    assert row == {
        "customer_id": "prospect00000",
        "expected_gap_days": None,
        "quiet_ratio": None,
        "silence_chance": None,
        "is_fading": False,
        "next_visit_expected_on": None,
    }


def test_the_next_visit_is_a_business_day() -> None:
    # 22:30 UTC on the first is half past midnight on the second in Helsinki.
    late = pd.DataFrame(
        {"customer_id": "late", "purchased_at": pd.to_datetime(["2026-03-01T22:30:00"]), "amount": 10.0}
    )
    row = row_of(rhythm(base(late), AS_OF, ZONE), "late")
    assert row["next_visit_expected_on"] == date(2026, 5, 1)  # 2 March and 60 days, as the base has no rhythm yet


def test_a_base_without_a_second_visit_still_has_an_answer() -> None:
    assert base_gap(np.array([np.nan])) == rules.GAP_WITHOUT_A_BASE
    row = row_of(rhythm(base(bought("only", [120])), AS_OF, ZONE), "only")
    assert row["quiet_ratio"] == pytest.approx(2.0)


def test_a_customer_360_of_another_moment_is_refused() -> None:
    customers = base(random_purchases(20, seed=2))
    with pytest.raises(HoivaError, match="customer_360.as_of: .* another moment"):
        rhythm(customers, datetime(2026, 2, 28, tzinfo=UTC), ZONE)


def test_a_row_that_knows_the_future_is_refused() -> None:
    customers = base(random_purchases(20, seed=3))
    place = customers.schema.get_field_index("last_web_visit_at")
    future = pa.array(
        [AS_OF.replace(tzinfo=None) + timedelta(days=1)] + [None] * (customers.num_rows - 1), pa.timestamp("us")
    )
    with pytest.raises(HoivaError, match=r"customer_360.last_web_visit_at: 1 rows hold a moment after it"):
        rhythm(customers.set_column(place, "last_web_visit_at", future), AS_OF, ZONE)
