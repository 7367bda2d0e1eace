"""Whole plans: filled in an order, made better near ties, and never past a limit."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.domain.decisions.arbitration import Problem, arbitrate, greedy
from dagster_project.domain.decisions.arbitration.near_ties import best_of_near_ties
from dagster_project.domain.decisions.arbitration.relaxed import relax
from dagster_project.domain.decisions.arbitration.rounding import fill, is_feasible
from tests.domain.decisions.arbitration.instances import instance, limits_broken, optimum


def filled_one_by_one(problem: Problem, order: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Every candidate tried against all limits, from the beginning each time."""
    plan = chosen.copy()
    for one in order:
        more = plan.copy()
        more[one] = True
        if not limits_broken(problem, more):
            plan = more
    return plan


def test_a_plan_is_filled_as_if_each_were_tried_alone() -> None:
    for seed in range(10):
        problem, rng = instance(seed), np.random.default_rng(seed)
        order = rng.permutation(problem.count)
        before = fill(problem, order[: seed * 2])
        assert (fill(problem, order, before) == filled_one_by_one(problem, order, before)).all(), seed


def test_near_ties_never_make_a_plan_worse_and_often_better() -> None:
    better = 0
    for seed in range(12):
        problem = instance(seed, owners=40)
        plan = greedy(problem).chosen
        again = best_of_near_ties(problem, relax(problem), plan)
        assert is_feasible(problem, again)
        assert limits_broken(problem, again) == []
        short = [np.maximum(problem.least - one.astype(float) @ problem.uses(), 0).sum() for one in (plan, again)]
        assert (short[1], -problem.value[again].sum()) <= (short[0] + 1e-9, -problem.value[plan].sum() + 1e-9)
        better += bool(problem.value[again].sum() > problem.value[plan].sum())
    assert better > 6


def shares_of_the_optimum(seeds: range, near: int) -> tuple[float, float]:
    """The mean share of the optimum's value that prices reach, and that greed does; every bound is held to it."""
    shares = []
    for seed in seeds:
        problem = instance(seed)
        best, solved, greed = optimum(problem), arbitrate(problem, exact_up_to=0, near_ties=near), greedy(problem)
        assert limits_broken(problem, solved.chosen) == [], seed
        if not solved.shortfall.any():
            assert solved.bound >= best - 1e-6, seed
            assert solved.gap >= 1 - solved.value / best - 1e-9, seed
        shares.append((solved.value / best, greed.value / best))
    prices, greed_too = np.mean(shares, axis=0)
    return float(prices), float(greed_too)


@pytest.mark.parametrize("near", [0, 15])
def test_rounding_alone_is_feasible_and_its_gap_covers_what_is_missing(near: int) -> None:
    """Small choices lie wholly near ties; here next to nothing may be looked at twice."""
    prices, greed = shares_of_the_optimum(range(12), near)
    assert 0.98 < prices < 1
    assert prices > greed


@pytest.mark.slow
@pytest.mark.parametrize("near", [0, 15])
def test_rounding_alone_of_three_hundred_choices(capsys: pytest.CaptureFixture[str], near: int) -> None:
    prices, greed = shares_of_the_optimum(range(300), near)
    with capsys.disabled():
        print(f"mean share of the optimum: {prices:.5f} with {near} candidates looked at twice, greed {greed:.5f}")
    assert prices > 0.985 > greed
