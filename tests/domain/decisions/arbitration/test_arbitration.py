"""Arbitration beside the exact optimum: as good, never past a limit, and honest about how near it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dagster_project.domain.decisions.arbitration import Problem, arbitrate, greedy, worth_of_one_more
from dagster_project.domain.decisions.arbitration.relaxed import relax
from tests.domain.decisions.arbitration.instances import instance, limits_broken, optimum, with_more

SOME, MANY = range(15), range(300)


def held_to_the_optimum(seeds: range) -> dict[str, float]:
    """Each instance both ways against the optimum; the mean share of the optimum's value each way reaches."""
    shares: dict[str, list[float]] = {"exact": [], "prices": [], "greedy": []}
    for seed in seeds:
        problem = instance(seed)
        best = optimum(problem)
        for way, solved in (
            ("exact", arbitrate(problem)),
            ("prices", arbitrate(problem, exact_up_to=0)),
            ("greedy", greedy(problem)),
        ):
            assert limits_broken(problem, solved.chosen) == [], (seed, way)
            shares[way].append(solved.value / best)
            if way != "greedy" and not solved.shortfall.any():
                assert solved.way == way
                assert solved.bound >= best - 1e-6, (seed, way, "the bound lies below the optimum")
                assert solved.gap >= 1 - solved.value / best - 1e-9, (seed, way, "the gap covers less than is missing")
        assert shares["exact"][-1] >= 0.999, (seed, shares["exact"][-1])
    return {way: float(np.mean(some)) for way, some in shares.items()}


def test_small_choices_are_the_best_there_are_and_large_ones_near() -> None:
    mean = held_to_the_optimum(SOME)
    assert mean["exact"] >= 0.999
    assert mean["prices"] > mean["greedy"]
    assert mean["prices"] >= 0.999


@pytest.mark.slow
def test_three_hundred_choices(capsys: pytest.CaptureFixture[str]) -> None:
    mean = held_to_the_optimum(MANY)
    with capsys.disabled():
        print("mean share of the optimum:", {way: round(share, 5) for way, share in mean.items()})
    assert mean["exact"] >= 0.999 > mean["greedy"]


def test_a_plan_past_a_limit_would_be_seen() -> None:
    problem = instance(1)
    everything = np.ones(problem.count, dtype=bool)
    assert {line.split()[0] for line in limits_broken(problem, everything)} == {"resource", "group"}


def test_a_bound_made_of_too_low_prices_would_be_seen() -> None:
    """Half the prices prove nothing unless what they leave over is counted too."""
    problem = instance(2, promises=False)
    relaxed = relax(problem)
    halved = float(relaxed.prices[:4] @ problem.most[:4] + relaxed.price_group @ problem.group_most) / 2
    assert halved < optimum(problem) <= relaxed.bound


def priced(seeds: range) -> int:
    """The prices of these instances between what one less and one more would change; how many are above zero."""
    count = 0
    for seed in seeds:
        problem = instance(seed, promises=False)
        relaxed = relax(problem)
        value = relaxed.bound
        for resource in np.flatnonzero(np.isfinite(problem.most)):
            more = relax(replace(problem, most=with_more(problem, resource, 1.0))).bound - value
            less = value - relax(replace(problem, most=with_more(problem, resource, -1.0))).bound
            price = relaxed.prices[resource]
            assert more - 1e-6 <= price <= less + 1e-6, (seed, resource, more, price, less)
            count += price > 1e-6
    return count


def test_a_price_is_what_one_more_or_one_less_would_change() -> None:
    assert priced(range(8)) > 8


@pytest.mark.slow
def test_the_prices_of_a_hundred_choices() -> None:
    assert priced(range(100)) > 100


def gained(seeds: range) -> int:
    """What one more of each scarce resource is said to bring, against the optimum with one more."""
    count = 0
    for seed in seeds:
        problem = instance(seed, promises=False)
        solved = arbitrate(problem)
        worth = worth_of_one_more(problem, solved, np.ones(5))
        best = optimum(problem)
        for resource in np.flatnonzero(solved.prices > 0):
            more = optimum(problem, with_more(problem, resource, 1.0))
            assert worth[resource] == pytest.approx(more - best, abs=1e-6), (seed, resource)
            count += worth[resource] > 0
    return count


def test_one_more_brings_what_it_is_said_to_bring() -> None:
    assert gained(range(8)) > 4


@pytest.mark.slow
def test_one_more_of_everything_scarce_in_a_hundred_choices() -> None:
    assert gained(range(100)) > 50


def test_a_price_of_something_that_is_not_scarce_is_nothing() -> None:
    problem = instance(3, promises=False)
    plenty = replace(problem, most=problem.most + 1e6)
    assert not arbitrate(plenty).prices.any()


def test_a_minimum_is_kept_where_it_can_be_and_what_is_missing_is_told() -> None:
    promised = [instance(seed) for seed in range(0, 30, 3)]
    for problem in promised:
        without = arbitrate(replace(problem, least=np.zeros(5)))
        solved = arbitrate(problem)
        used = solved.chosen.astype(float) @ problem.uses()
        assert (solved.shortfall == np.maximum(problem.least - used, 0)).all()
        assert solved.shortfall.sum() <= max(0.0, problem.least[4] - (without.chosen.astype(float) @ problem.uses())[4])
    assert any(problem.least[4] > 0 for problem in promised)
    impossible = replace(promised[1], least=np.array([0, 0, 0, 0, 1e6]))
    assert arbitrate(impossible).shortfall[4] > 0
    assert limits_broken(impossible, arbitrate(impossible).chosen) == []


def test_nothing_of_value_is_left_that_could_still_be() -> None:
    for seed in range(20):
        problem = instance(seed, promises=False)
        for exact_up_to in (0, 1000):
            solved = arbitrate(problem, exact_up_to=exact_up_to)
            for one in np.flatnonzero(~solved.chosen & (problem.value > 0)):
                more = solved.chosen.copy()
                more[one] = True
                assert limits_broken(problem, more), (seed, exact_up_to, one)


def test_nobody_and_nothing() -> None:
    none = np.zeros(0)
    empty = Problem(
        none,
        none,
        np.zeros(1, int),
        none.astype(int),
        none,
        none,
        none,
        np.zeros(1, int),
        none.astype(int),
        none.astype(int),
    )
    solved = arbitrate(empty)
    assert (solved.value, solved.gap, len(solved.chosen)) == (0.0, 0.0, 0)
    free = instance(4, promises=False)
    unbound = replace(free, most=np.full(5, np.inf), group_most=np.full(len(free.group_most), 99))
    assert (arbitrate(unbound).chosen == (free.value > 0)).all()
