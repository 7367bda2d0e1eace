"""Prices from samples: the same bound as the whole linear program has, and a proof per customer that holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from dagster_project.domain.decisions.arbitration import Problem, arbitrate, greedy
from dagster_project.domain.decisions.arbitration import sampled as sampled_module
from dagster_project.domain.decisions.arbitration.local import Rules, best_of_each, bound_of, part_of, proved
from dagster_project.domain.decisions.arbitration.relaxed import relax
from dagster_project.domain.decisions.arbitration.sampled import relax_by_samples
from tests.domain.decisions.arbitration.instances import instance, limits_broken


def asked(problem: Problem) -> np.ndarray:
    """What all candidates together would use of each resource."""
    return np.asarray(problem.uses().sum(axis=0)).ravel()


def scarce_choices() -> dict[str, Problem]:
    """Choices of some hundred customers that are hard in different ways."""
    plain = instance(3, owners=400, promises=False)
    total = asked(plain)
    return {
        "plain": plain,
        "a minimum that costs": replace(plain, least=np.array([0, 0, 0, 0, np.floor(0.45 * total[4])])),
        "a minimum nobody can keep": replace(plain, least=np.array([0, 0, 0, 0, np.floor(0.9 * total[4])])),
        "a limit and a minimum of one thing": replace(
            plain, most=np.floor(total * [0.3, 0.3, 0.3, 0.3, 0.42]), least=np.floor(total * [0, 0, 0, 0, 0.4])
        ),
        "next to nothing": replace(plain, most=np.floor(total * 0.02)),
        "nothing at all": replace(plain, most=np.zeros(5)),
        "ties everywhere": replace(plain, value=np.round(plain.value / 20) * 20),
        "no groups": replace(
            plain,
            group_start=np.zeros(1, dtype=np.int64),
            group_candidate=np.zeros(0, dtype=np.int64),
            group_most=np.zeros(0, dtype=np.int64),
        ),
        "groups of nobody": replace(
            plain,
            group_start=np.concatenate([[0, 0], plain.group_start[1:], plain.group_start[-1:]]),
            group_most=np.concatenate([[1], plain.group_most, [0]]),
        ),
    }


@pytest.mark.parametrize("name", scarce_choices())
def test_samples_lead_to_the_bound_of_the_whole_linear_program(name: str) -> None:
    problem = scarce_choices()[name]
    whole = relax(problem)
    found = relax_by_samples(problem, small=200, in_sample=100)
    close = 1e-4 if whole.missing.any() else 1e-6  # a hair more missing is worth much where the prices are high
    assert found.missing.sum() == pytest.approx(whole.missing.sum(), rel=1e-6, abs=1e-6)
    assert found.bound == pytest.approx(whole.bound, rel=close)
    assert problem.value @ found.parts == pytest.approx(found.bound, rel=close)
    assert (found.parts @ problem.uses() <= problem.most + 1e-6).all()


def test_most_customers_are_settled_by_the_samples() -> None:
    search = sampled_module._Search(instance(5, owners=3000, promises=False), 1_000, 1_000)
    search.settle()
    assert search.open.mean() < 0.5


@pytest.mark.parametrize("rounds", [1, 6])
def test_too_sure_a_guess_of_the_prices_costs_no_bound(monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    """With no width around the first guess everybody is settled at wrong prices: those who would change are found."""
    monkeypatch.setattr(sampled_module, "WIDE", 0.0)
    monkeypatch.setattr(sampled_module, "NARROWEST", 0.0)
    monkeypatch.setattr(sampled_module, "ROUNDS", rounds)
    for seed in range(4):
        problem = instance(seed, owners=400, promises=False)
        whole, found = relax(problem), relax_by_samples(problem, small=100, in_sample=60)
        assert found.bound >= whole.bound * (1 - 1e-9), seed
        assert rounds == 1 or found.bound <= whole.bound * (1 + 1e-6), seed


def every_plan(problem: Problem, owner: int) -> list[np.ndarray]:
    """All plans of one customer that keep her groups."""
    own = np.flatnonzero(problem.owner == owner)
    plans = []
    for some in product([False, True], repeat=len(own)):
        chosen = np.zeros(problem.count, dtype=bool)
        chosen[own] = some
        if not any(line.startswith("group") for line in limits_broken(problem, chosen)):
            plans.append(chosen)
    return plans


def best_values(problem: Problem, reduced: np.ndarray) -> np.ndarray:
    """The most each customer can have, by trying all her plans."""
    owners = np.unique(problem.owner)
    return np.array([max(float(reduced[plan].sum()) for plan in every_plan(problem, owner)) for owner in owners])


def test_who_is_proved_has_the_best_plan_wherever_the_values_lie() -> None:
    proofs, unproved_best = 0, 0
    for seed in range(12):
        problem = instance(seed)
        rules, rng = Rules.of(problem), np.random.default_rng(seed)
        middle = problem.value - problem.uses() @ rng.uniform(0, 4, 5)
        width = rng.choice([0.0, 0.5, 3.0])
        chosen = best_of_each(rules, middle)
        assert not any(line.startswith("group") for line in limits_broken(problem, chosen))
        price, whole = proved(rules, chosen, middle - width, middle + width)
        assert (price >= 0).all()
        for reduced in (middle, middle - width, middle + width, middle + rng.uniform(-width, width, problem.count)):
            best = best_values(problem, reduced)
            mine = np.bincount(rules.owner[chosen], weights=reduced[chosen], minlength=rules.owners)
            assert mine[whole] == pytest.approx(best[whole]), seed
            assert bound_of(rules, reduced, price) >= best.sum() - 1e-9
        proofs += int(whole.sum())
        unproved_best += int((~whole & (width == 0)).sum())
    assert proofs > 150
    assert unproved_best < 40


def test_a_plan_that_is_not_the_best_is_never_proved() -> None:
    for seed in range(6):
        problem = instance(seed)
        rules = Rules.of(problem)
        worse = best_of_each(rules, problem.value)
        worse[np.unique(rules.owner, return_index=True)[1]] = False  # everybody's first candidate goes without
        _, whole = proved(rules, worse, problem.value, problem.value)
        mine = np.bincount(rules.owner[worse], weights=problem.value[worse], minlength=rules.owners)
        below = mine < best_values(problem, problem.value) - 1e-6
        assert below.sum() > 5
        assert not whole[below].any()


def test_a_part_of_the_customers_keeps_their_uses_and_groups() -> None:
    problem = instance(7)
    keep = problem.owner % 2 == 0
    part = part_of(problem, keep, problem.most, problem.least)
    assert (part.value == problem.value[keep]).all()
    assert (part.uses().toarray() == problem.uses().toarray()[keep]).all()
    members = problem.groups().toarray()[:, keep]
    inside = members.any(axis=1)
    assert (part.groups().toarray() == members[inside]).all()
    assert (part.group_most == problem.group_most[inside]).all()


def test_a_large_choice_is_near_its_bound_and_keeps_every_limit() -> None:
    problem = instance(4, owners=8_000)
    solved = arbitrate(problem)
    assert problem.count > sampled_module.SMALL
    assert solved.way == "prices"
    assert limits_broken(problem, solved.chosen) == []
    assert solved.gap < 1e-4
    assert greedy(problem).value < 0.99 * solved.value
    assert (arbitrate(problem).chosen == solved.chosen).all()  # the same answer again


@pytest.mark.slow
def test_a_hundred_thousand_customers() -> None:
    problem = instance(3, owners=100_000)
    solved = arbitrate(problem)
    assert (solved.chosen.astype(float) @ problem.uses() <= problem.most).all()
    assert (problem.groups() @ solved.chosen.astype(float) <= problem.group_most).all()
    assert solved.gap <= 1e-6
