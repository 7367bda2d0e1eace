"""Scores and value tiers: fair to young and old customers, and blind to the order of rows."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.ranks import scores
from dagster_project.domain.analytics.rfm import VALUE_TIERS, kept_amount, rfm, value_tiers
from tests.domain.analytics.making import AS_OF, ZONE, base, bought, filled, random_purchases


def row_of(table: pa.Table, customer_id: str) -> dict[str, object]:
    rows = [row for row in table.to_pylist() if row["customer_id"] == customer_id]
    assert len(rows) == 1
    return rows[0]


def test_tiers_partition_the_base() -> None:
    customers = base(random_purchases(3_000, seed=1), prospects=200)
    tiers = rfm(customers, AS_OF, ZONE).column("value_tier").to_pylist()
    assert len(tiers) == customers.num_rows
    assert set(tiers) == set(VALUE_TIERS)
    buying = [tier for tier in tiers if tier != "none"]
    shares = {tier: buying.count(tier) / len(buying) for tier in VALUE_TIERS}
    assert shares["top"] == pytest.approx(0.05, abs=0.01)
    assert shares["high"] == pytest.approx(0.15, abs=0.01)
    assert shares["middle"] == pytest.approx(0.30, abs=0.01)
    assert shares["low"] == pytest.approx(0.50, abs=0.01)


def test_every_amount_of_a_better_tier_is_larger() -> None:
    rows = rfm(base(random_purchases(2_000, seed=2)), AS_OF, ZONE).to_pandas()
    amounts = rows["steady_amount"].astype(float)
    for better, worse in pairwise(VALUE_TIERS[:4]):
        assert amounts[rows["value_tier"] == better].min() > amounts[rows["value_tier"] == worse].max()


def test_one_purchase_two_weeks_ago_makes_no_top_customer() -> None:
    steady = pd.concat([bought(f"steady{number}", list(range(5, 365, 30)), 100.0) for number in range(30)])
    customers = base(pd.concat([steady, bought("fresh", [14], 150.0)]))
    fresh = row_of(rfm(customers, AS_OF, ZONE), "fresh")
    assert fresh["value_tier"] == "low"
    # Without the floor the fortnight would count 365 / 15 times: 3650 a year, three times a steady customer's 1200.
    assert fresh["monetary_amount"] == Decimal("456.2500")
    assert 150 * 365 / 15 > 1200 > 456.25


def test_a_customer_of_half_a_year_is_not_punished_for_being_young() -> None:
    young = bought("young", list(range(5, 182, 30)), 100.0)  # six purchases in half a year
    old = bought("old", list(range(5, 900, 60)), 100.0)  # six or seven in a year
    rows = rfm(base(pd.concat([young, old])), AS_OF, ZONE)
    assert row_of(rows, "young")["monetary_amount"] > row_of(rows, "old")["monetary_amount"]
    assert row_of(rows, "young")["frequency"] > row_of(rows, "old")["frequency"]


def test_what_was_sent_back_does_not_count_as_value() -> None:
    rows = filled(
        pd.DataFrame(
            {
                "customer_id": ["kept", "sent_back", "half", "nothing_bought"],
                "purchase_amount_365d": [100.0, 77_000.0, 100.0, 0.0],
                "total_purchase_amount": [100.0, 77_000.0, 400.0, 0.0],
                "return_amount": [0.0, 77_000.0, 200.0, 10.0],
                "count_orders_365d": [1, 1, 1, 0],
                "first_purchase_at": pd.to_datetime(["2025-01-01"] * 3 + [None]),
                "days_since_last_purchase": [10, 10, 10, None],
            }
        )
    )
    assert kept_amount(rows).tolist() == [100.0, 0.0, 50.0, 0.0]
    assert row_of(rfm(rows, AS_OF, ZONE), "sent_back")["value_tier"] == "none"


def test_prospects_have_no_scores() -> None:
    rows = rfm(base(random_purchases(50, seed=3), prospects=1), AS_OF, ZONE)
    prospect = row_of(rows, "prospect00000")
    assert prospect["value_tier"] == "none"
    amounts = ("monetary_amount", "steady_amount", "monetary_score")
    empty = ("recency_days", "frequency", "recency_score", "frequency_score", *amounts)
    assert [prospect[column] for column in empty] == [None] * 7


def test_equal_values_get_equal_scores_and_larger_ones_never_smaller() -> None:
    rng = np.random.default_rng(4)
    values = rng.integers(0, 12, 1_000).astype(float)
    given = scores(values)
    order = np.argsort(values)
    assert (np.diff(given[order]) >= 0).all()
    assert all(len(set(given[values == value])) == 1 for value in np.unique(values))


def test_distinct_values_fill_the_five_scores_evenly() -> None:
    given = scores(np.random.default_rng(5).permutation(1_000).astype(float))
    assert np.unique(given, return_counts=True)[1].tolist() == [200] * 5


def test_one_more_customer_hardly_moves_the_others() -> None:
    amounts = np.random.default_rng(6).lognormal(3, 1, 1_000)
    before, after = value_tiers(amounts), value_tiers(np.append(amounts, 20.0))[:-1]
    assert (before != after).sum() <= 3


def test_a_base_of_equals_has_no_extremes() -> None:
    assert set(value_tiers(np.full(100, 9.99))) == {"middle"}
    assert set(scores(np.full(100, 9.99))) == {3.0}


def test_nobody_at_all_is_an_empty_table() -> None:
    assert rfm(base(random_purchases(5, seed=7)).slice(0, 0), AS_OF, ZONE).num_rows == 0
