"""The rule of fading on the real shop: against a rule of fixed days, at equal false alarms. docs/decisions/0007."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.domain.analytics.real_shop import fixed_rule, outcomes, purchases_of

CUT_DAYS = ["2011-03-31", "2011-04-15", "2011-04-30", "2011-05-15", "2011-05-31"]

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def rows(gift_shop: Path) -> pd.DataFrame:
    return outcomes(purchases_of(gift_shop), CUT_DAYS)


def found_and_fixed(rows: pd.DataFrame, flags: pd.Series) -> tuple[int, int, float, float]:
    """False alarms and leavers found by the flags; the fixed rule's days and leavers found at as many alarms."""
    alarms, found = int((flags & ~rows["has_left"]).sum()), int((flags & rows["has_left"]).sum())
    return alarms, found, *fixed_rule(rows, alarms)


def test_the_cut_days_hold_what_the_page_says(rows: pd.DataFrame) -> None:
    assert len(rows) == 2_981
    assert rows["has_left"].sum() == 497


def test_the_own_rhythm_finds_as_many_leavers_as_any_fixed_number_of_days(rows: pd.DataFrame) -> None:
    alarms, found, days, found_by_days = found_and_fixed(rows, rows["is_fading"])
    assert (alarms, found) == (79, 76)
    assert round(days) == 76
    assert found > found_by_days == pytest.approx(68, abs=1)


def test_the_own_median_alone_would_be_worse(rows: pd.DataFrame) -> None:
    ratio = rows["silent_days"] / rows["own_gap"].clip(lower=1)
    _, found, _, found_by_days = found_and_fixed(rows, (ratio >= 1.8) & (ratio < 4))
    assert found < 0.6 * found_by_days


def test_chance_alone_without_the_length_of_the_silence_finds_no_more(rows: pd.DataFrame) -> None:
    _, found, _, found_by_days = found_and_fixed(rows, (rows["silence_chance"] <= 0.05) & (rows["quiet_ratio"] < 4))
    assert found <= found_by_days


def test_of_regular_customers_who_stay_few_are_flagged(rows: pd.DataFrame) -> None:
    regular = rows[(rows["count_days"] >= 9) & (rows["own_gap"] <= 14)]
    assert len(regular) > 100
    assert regular["is_fading"].mean() < 0.03
