"""Forecasts on the synthetic town: totals, intervals that hold what they promise, and no look into the future."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.lifetime.counts import Counts, counts_of, kinds_of
from dagster_project.domain.analytics.lifetime.forecast import check, forecast, learn, nominal
from dagster_project.domain.analytics.lifetime.tables import lifetime
from dagster_project.domain.synthetic import Town, make_town
from tests.domain.analytics.making import AS_OF, ZONE, base, random_purchases

YEAR = 365


def bought_by(town: Town, day: int) -> tuple[np.ndarray, Counts]:
    """Purchase days of each person by the end of a day, and the counts of those who have any."""
    people = len(town.people)
    on = np.floor(town.lives.bought_at).astype(np.int64)
    pairs = np.unique(town.lives.buyer.astype(np.int64)[on <= day] * 100_000 + on[on <= day])
    who, when = pairs // 100_000, pairs % 100_000
    days = np.bincount(who, minlength=people).astype(float)
    first, last = np.full(people, 10**6), np.full(people, -1)
    np.minimum.at(first, who, when)
    np.maximum.at(last, who, when)
    there = days > 0
    ids = pa.chunked_array([pa.array([f"p{one}" for one in np.flatnonzero(there)])])
    counts = Counts(
        ids, days[there] - 1, (last - first)[there] * 1.0, (day - first)[there] * 1.0, town.lives.spend[there]
    )
    return days, counts


@lru_cache(maxsize=3)
def three_years(seed: int) -> tuple[np.ndarray, Counts, np.ndarray, Counts, np.ndarray]:
    """Purchase days and counts after one year and after two, and purchase days after three."""
    town = make_town(customers=3_000, days=3 * YEAR, seed=seed)
    return (*bought_by(town, YEAR - 1), *bought_by(town, 2 * YEAR - 1), bought_by(town, 3 * YEAR - 1)[0])


def of(counts: Counts, chosen: np.ndarray) -> Counts:
    """Some of the customers."""
    arrays = (counts.repeats, counts.recency, counts.age, counts.mean_amount)
    return Counts(counts.customer_ids.filter(pa.array(chosen)), *(array[chosen] for array in arrays))


@pytest.mark.parametrize(("share", "seed"), [(0.8, 1), (0.8, 2), (0.95, 1), (0.95, 2)])
def test_a_years_purchases_fall_into_their_intervals_as_often_as_promised(share: float, seed: int) -> None:
    first, early, second, counts, third = three_years(seed)
    then, now = first > 0, second > 0
    made = (second - first)[then]
    checked = check(early, made, made * early.mean_amount, YEAR, share)
    told = forecast(learn(counts), counts, YEAR, checked.levels)
    truth = (third - second)[now]
    covered = ((truth >= told.purchases_low) & (truth <= told.purchases_high)).mean()
    assert covered == pytest.approx(share, abs=0.03)
    assert told.purchases.sum() == pytest.approx(truth.sum(), rel=0.06)
    if share == 0.8:
        own = forecast(learn(counts), counts, YEAR, nominal(share))
        uncorrected = ((truth >= own.purchases_low) & (truth <= own.purchases_high)).mean()
        assert uncorrected > 0.85, "the model alone is too careful: the town's people buy more regularly than it thinks"


@pytest.mark.parametrize("share", [0.8, 0.95])
def test_intervals_learned_from_half_of_the_customers_hold_for_the_other_half(share: float) -> None:
    """The halves of two towns together: one half alone is 1,400 people, whose coverage strays by two points itself."""
    held = []
    for seed in (1, 2):
        first, early, second, counts, third = three_years(seed)
        mine = np.random.default_rng(seed).random(len(first)) < 0.5
        then, now = first > 0, second > 0
        made, truth = (second - first)[then & mine], (third - second)[now & ~mine]
        learned = of(early, mine[then])
        checked = check(learned, made, made * learned.mean_amount, YEAR, share)
        others = forecast(learn(of(counts, mine[now])), of(counts, ~mine[now]), YEAR, checked.levels)
        held.append((truth >= others.purchases_low) & (truth <= others.purchases_high))
    assert np.concatenate(held).mean() == pytest.approx(share, abs=0.03)


def test_a_wrong_correction_would_be_noticed() -> None:
    town = make_town(customers=3_000, days=2 * YEAR, seed=3)
    first, early = bought_by(town, YEAR - 1)
    second, _ = bought_by(town, 2 * YEAR - 1)
    made = (second - first)[first > 0]
    right, wrong = (check(early, many, many * early.mean_amount, YEAR) for many in (made, np.round(made * 0.3)))
    assert wrong.levels.purchases[1] < right.levels.purchases[1] - 0.1
    assert wrong.forecast / wrong.actual > 2


def test_kinds_hold_every_customer() -> None:
    _, counts = bought_by(make_town(customers=500, days=YEAR, seed=4), YEAR - 1)
    kinds = kinds_of(counts)
    assert (kinds.repeats[kinds.kind] == counts.repeats).all()
    assert (kinds.recency[kinds.kind] == counts.recency).all()
    assert (kinds.age[kinds.kind] == counts.age).all()
    assert kinds.weights.sum() == len(counts.repeats)


def test_the_table_says_who_has_bought_and_the_same_again() -> None:
    customers = base(random_purchases(800, seed=5), prospects=7)
    months = base(random_purchases(800, seed=5), prospects=7, as_of=AS_OF.replace(year=2025))
    found = lifetime(customers, months, AS_OF, ZONE)
    rows = found.lifetime_value
    assert rows.num_rows == 800, "prospects have no lifetime value yet"
    assert found.check is not None
    assert found.check.days == YEAR
    shuffled = customers.take(np.random.default_rng(1).permutation(customers.num_rows))
    assert lifetime(shuffled, months, AS_OF, ZONE).lifetime_value.equals(rows)
    low, high = rows["purchases_low"].to_numpy(), rows["purchases_high"].to_numpy()
    assert (low <= high).all()
    assert counts_of(customers, AS_OF, ZONE).repeats.min() == 0


def test_too_little_history_gives_no_scores_and_says_why() -> None:
    customers = base(random_purchases(30, seed=6))
    once = customers.filter(pa.array(np.arange(customers.num_rows) < 5))
    found = lifetime(once, once, AS_OF, ZONE)
    assert found.lifetime_value.num_rows == 0
    assert "are needed" in found.refused
