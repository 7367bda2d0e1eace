"""The rule of fading on the real shop: against a rule of fixed days, at equal false alarms. docs/decisions/0007."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dagster_project.domain.analytics.rhythm import GAPS_OF_THE_BASE, fading
from tests.domain.analytics.real_shop import fixed_rule, outcomes, purchases_of

CUT_DAYS = ["2011-03-31", "2011-04-15", "2011-04-30", "2011-05-15", "2011-05-31"]

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def rows(gift_shop: Path) -> pd.DataFrame:
    return outcomes(purchases_of(gift_shop), CUT_DAYS)


def found_and_fixed(rows: pd.DataFrame, gaps: pd.Series) -> tuple[int, int, float, float]:
    """False alarms and leavers found by the own rhythm; the fixed rule's days and leavers found at as many alarms."""
    flags = fading((rows["silent_days"] / gaps).to_numpy(), rows["count_days"].to_numpy())
    left = rows["has_left"].to_numpy()
    alarms, found = int((flags & ~left).sum()), int((flags & left).sum())
    return alarms, found, *fixed_rule(rows, alarms)


def test_the_cut_days_hold_what_the_page_says(rows: pd.DataFrame) -> None:
    assert len(rows) == 2_981
    assert rows["has_left"].sum() == 497


def test_the_own_rhythm_finds_as_many_leavers_as_any_fixed_number_of_days(rows: pd.DataFrame) -> None:
    alarms, found, days, found_by_days = found_and_fixed(rows, rows["expected_gap"])
    assert (alarms, found) == (134, 107)
    assert round(days) == 65
    assert found > found_by_days
    assert found_by_days == pytest.approx(101, abs=1)


def test_the_own_median_alone_would_be_worse(rows: pd.DataFrame) -> None:
    _, found, _, found_by_days = found_and_fixed(rows, rows["own_gap"].clip(lower=1))
    assert found < 0.6 * found_by_days


def test_regular_customers_are_noticed_weeks_earlier(rows: pd.DataFrame) -> None:
    regular = rows[(rows["count_days"] >= 9) & (rows["own_gap"] <= 14)]
    assert len(regular) > 100
    warned_after = 1.8 * regular["expected_gap"]
    *_, days, _ = found_and_fixed(rows, rows["expected_gap"])
    assert days - warned_after.median() > 20


def test_the_weight_of_the_base_is_where_the_gain_is(rows: pd.DataFrame) -> None:
    def gain(weight: int) -> float:
        count_gaps = rows["count_days"] - 1
        gaps = (count_gaps * rows["own_gap"].clip(lower=1) + weight * rows["base_gap"]) / (count_gaps + weight)
        _, found, _, by_days = found_and_fixed(rows, gaps)
        return found - by_days

    assert gain(GAPS_OF_THE_BASE) == max(gain(weight) for weight in (0, 1, 3, 5, GAPS_OF_THE_BASE, 12))
