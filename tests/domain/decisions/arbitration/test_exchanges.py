"""Exchanges use up what rounding left: never past a limit, and never worse than they began."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dagster_project.domain.decisions.arbitration import Arbitrated, Problem, arbitrate, greedy
from dagster_project.domain.decisions.arbitration.exchanges import used_up
from tests.domain.decisions.arbitration.instances import instance, limits_broken, optimum


def with_one_group_each(seed: int) -> Problem:
    """A choice whose only groups are "at most two of each customer's"."""
    problem = instance(seed, owners=40, promises=False)
    sizes = np.bincount(problem.owner, minlength=40)
    return replace(
        problem,
        group_start=np.concatenate([[0], np.cumsum(sizes)]),
        group_candidate=np.arange(problem.count),
        group_most=np.full(40, 2),
    )


def exchanged(problem: Problem, start: Arbitrated, enough: float) -> np.ndarray:
    return used_up(problem, start, problem.uses().toarray(), enough)


def test_exchanges_pass_no_limit_and_make_a_plan_better() -> None:
    shares = []
    for seed in range(10):
        problem = with_one_group_each(seed)
        rounded = arbitrate(problem, exact_up_to=0, near_ties=0)
        plan = exchanged(problem, rounded, 0.0)
        best = optimum(problem)
        assert limits_broken(problem, plan) == [], seed
        assert rounded.value - 1e-9 <= problem.value[plan].sum() <= best + 1e-6, seed
        shares.append((rounded.value / best, problem.value[plan].sum() / best))
    rounded_share, exchanged_share = np.mean(shares, axis=0)
    assert exchanged_share > 0.997 > rounded_share


def test_a_greedy_start_is_made_better_too() -> None:
    problem = with_one_group_each(3)
    prices = arbitrate(problem, exact_up_to=0).prices
    start = replace(greedy(problem), prices=prices, bound=optimum(problem))
    plan = exchanged(problem, start, 0.0)
    assert problem.value[plan].sum() > start.value
    assert limits_broken(problem, plan) == []


def test_a_plan_near_enough_is_not_begun_again() -> None:
    problem = with_one_group_each(5)
    rounded = arbitrate(problem, exact_up_to=0, near_ties=0)
    once = exchanged(problem, rounded, np.inf)
    again = exchanged(problem, rounded, 0.0)
    assert problem.value[once].sum() <= problem.value[again].sum()
    assert (exchanged(problem, rounded, 0.0) == again).all()
