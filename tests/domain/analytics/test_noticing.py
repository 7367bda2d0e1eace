"""Where the truth is known, the own rhythm notices a change before any rule of fixed days at equal false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from tests.domain.analytics.noticing import (
    Noticed,
    Spells,
    at_as_many_alarms,
    fixed_days,
    noticed,
    own_rhythm,
    spells_of,
)

FIXED_DAYS = (35, 40, 50, 60, 75, 90, 105)
STRICTNESS = np.geomspace(0.01, 3_000, 30)  # settings of the own rhythm, from many alarms to few
PEOPLE, SEED = 1_500, 1


@pytest.fixture(scope="module")
def spells() -> Spells:
    return spells_of(PEOPLE, SEED)


def curve_of(spells: Spells) -> list[Noticed]:
    return [noticed(spells, own_rhythm(spells, strictness)) for strictness in STRICTNESS]


def test_a_change_is_noticed_before_any_fixed_number_of_days_at_equal_false_alarms(spells: Spells) -> None:
    own = curve_of(spells)
    for days in FIXED_DAYS:
        fixed = noticed(spells, fixed_days(spells, days))
        rhythm = at_as_many_alarms(own, fixed.false_alarms)
        assert rhythm.mean_days <= fixed.mean_days, f"{days} days"
        assert rhythm.share >= fixed.share, f"{days} days"


def test_the_rule_as_it_is_notices_a_week_before_the_fixed_rule_with_as_many_alarms(spells: Spells) -> None:
    rule = noticed(spells, own_rhythm(spells))
    fixed = [noticed(spells, fixed_days(spells, days)) for days in range(20, 121)]
    same = at_as_many_alarms(fixed, rule.false_alarms)
    assert rule.false_alarms < 0.8, "of a customer and year"
    assert rule.mean_days < same.mean_days - 5
    assert rule.share > same.share + 0.03


def test_without_the_customers_own_history_nothing_is_won() -> None:
    blind = spells_of(PEOPLE, SEED, without_history=True)
    own = curve_of(blind)
    gains = []
    for days in (40, 50, 60, 75):
        fixed = noticed(blind, fixed_days(blind, days))
        gains.append(fixed.mean_days - at_as_many_alarms(own, fixed.false_alarms).mean_days)
    assert max(gains) < 2
