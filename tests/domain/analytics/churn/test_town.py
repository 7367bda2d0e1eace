from __future__ import annotations

from datetime import UTC

import numpy as np
import pandas as pd
import pytest

from dagster_project.domain.analytics.churn.checking import Check, check_at
from dagster_project.domain.analytics.churn.features import asked_at
from dagster_project.domain.analytics.churn.measures import auc
from dagster_project.domain.synthetic import Town, make_town
from tests.domain.analytics.churn.observer import hazard, observed_hazard, purchases_of
from tests.domain.analytics.churn.shop_of_months import months
from tests.domain.analytics.making import ZONE

DAYS = 365


def lived(customers: int, seed: int) -> tuple[Town, Check, np.ndarray, float, float]:
    """A town, the check of its model three months before the last day, who was asked about, and the days of both."""
    town = make_town(customers=customers, days=DAYS, seed=seed)
    known = months(purchases_of(town), 12)
    cut, end = sorted(known)[-4], sorted(known)[-1]
    asked = asked_at(known[cut].sort_by("customer_id"), cut.replace(tzinfo=UTC), ZONE)
    persons = np.array([int(name[1:]) for name in asked.customer_id.to_pylist()])
    first = pd.Timestamp(town.first_day)
    now, ahead = ((moment - other) / pd.Timedelta(days=1) for moment, other in ((cut, first), (end, pd.Timestamp(cut))))
    return town, check_at(known, cut, ZONE), persons, now, ahead


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_score_ranks_nearly_as_well_as_the_true_hazard_of_what_can_be_seen(seed: int) -> None:
    town, check, persons, now, ahead = lived(4000, seed)
    best = auc(check.has_left, observed_hazard(town, persons, now, ahead, DAYS)).value
    truth = auc(check.has_left, hazard(town, persons, now, ahead)).value
    print(f"seed {seed}: model {check.model.auc}, observer {best:.4f}, all that is true {truth:.4f}")
    assert check.model.auc.value >= 0.97 * best
    assert best < 0.97 * truth, "who has just left shows in no purchase: even the best observer is that far behind"
    assert max(told.auc.value for told in check.told[1:]) < 0.97 * best, "negative control: no simple score gets there"


def test_the_observer_believes_in_what_comes_true() -> None:
    town = make_town(customers=1500, days=DAYS, seed=3)
    known = months(purchases_of(town), 12)
    cut, end = sorted(known)[-4], sorted(known)[-1]
    first = pd.Timestamp(town.first_day)
    now, ahead = (pd.Timestamp(cut) - first) / pd.Timedelta(days=1), (end - cut).total_seconds() / 86_400
    before, after = town.lives.bought_at < now, (town.lives.bought_at > now) & (town.lives.bought_at <= now + ahead)
    persons = np.unique(town.lives.buyer[before])
    left = ~np.isin(persons, town.lives.buyer[after])
    foretold = observed_hazard(town, persons, now, ahead, DAYS)
    assert foretold.mean() == pytest.approx(left.mean(), abs=0.03)
    assert auc(left, foretold).value > 0.85
    assert auc(left, hazard(town, persons, now, ahead)).value > auc(left, foretold).value
