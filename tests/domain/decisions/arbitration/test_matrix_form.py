"""A choice that is a matrix, solved as one: the same worth as the general way, and nothing else taken for a matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dagster_project.domain.decisions.arbitration import Problem, arbitrate
from dagster_project.domain.decisions.arbitration.matrix_form import as_matrix
from tests.domain.decisions.arbitration.instances import limits_broken
from tests.domain.decisions.arbitration.matrices import matrix, night


def both_ways(problem: Problem) -> None:
    """As a matrix and the general way: no limit broken, and each value under the other's bound."""
    plain = arbitrate(problem, exact_up_to=0, matrix_from=0)
    general = arbitrate(problem, exact_up_to=0, matrix_from=10**9)
    assert limits_broken(problem, plain.chosen) == []
    assert plain.value == pytest.approx(float(problem.value[plain.chosen].sum()))
    assert general.value <= plain.bound + 1e-6
    assert plain.value <= general.bound + 1e-6
    assert abs(plain.value - general.value) <= max(plain.gap, general.gap) * plain.bound + 1e-6
    assert plain.gap < 5e-3


@pytest.mark.parametrize(("k", "own"), [(1, 0), (2, 0), (2, 1)])
def test_both_ways_are_worth_the_same_within_their_gap(k: int, own: int) -> None:
    for seed in range(2):
        problem = night(matrix(300, seed, k=k, own=own, actions=6, resources=4), seed)
        stated = as_matrix(problem)
        assert stated is not None
        assert stated.matrix.k == k
        both_ways(problem)


def test_every_candidate_has_its_cell_and_every_cell_takes_what_its_candidate_takes() -> None:
    problem = night(matrix(80, 3, own=1, actions=6, resources=4), 3)
    stated = as_matrix(problem)
    assert stated is not None
    rows, columns = np.nonzero(stated.candidate >= 0)
    candidates = stated.candidate[rows, columns]
    assert sorted(candidates.tolist()) == list(range(problem.count))
    assert (stated.matrix.value[rows, columns] == problem.value[candidates]).all()
    assert stated.matrix.own_use is not None
    takes = np.concatenate([stated.matrix.use[columns], stated.matrix.own_use[rows, columns]], axis=1)
    assert (takes == problem.uses().toarray()[candidates][:, stated.bounded]).all()
    assert (stated.matrix.value[stated.candidate < 0] == 0).all()


def with_groups(problem: Problem, *groups: tuple[list[int], int]) -> Problem:
    """The same choice with more said about some candidates."""
    return replace(
        problem,
        group_start=np.concatenate(
            [problem.group_start, problem.group_start[-1] + np.cumsum([len(places) for places, _ in groups])]
        ),
        group_candidate=np.concatenate([problem.group_candidate, *(np.array(places) for places, _ in groups)]),
        group_most=np.concatenate([problem.group_most, [most for _, most in groups]]),
    )


def test_what_says_more_than_at_most_k_is_no_matrix() -> None:
    problem = night(matrix(40, 4, k=2, actions=6, resources=4), 4)
    first = np.flatnonzero(problem.owner == problem.owner[0]).tolist()
    assert as_matrix(problem) is not None
    assert as_matrix(with_groups(problem, (first[:2], 1))) is None, "a pair"
    assert as_matrix(with_groups(problem, (first, 1))) is None, "another k for one customer"
    assert as_matrix(replace(problem, least=problem.least + 1)) is None, "a promise"
    assert as_matrix(with_groups(problem, (first[:2], 2), (first, 4))) is not None, "nothing her k does not say"


def test_a_pair_that_were_overlooked_would_be_seen() -> None:
    """Negative control: the plan of the choice without the pair breaks it."""
    problem = night(matrix(40, 4, k=2, actions=6, resources=4), 4)
    chosen = arbitrate(problem, exact_up_to=0, matrix_from=0).chosen
    owner = next(one for one in np.unique(problem.owner) if chosen[problem.owner == one].sum() == 2)
    pair = np.flatnonzero(chosen & (problem.owner == owner)).tolist()
    assert limits_broken(with_groups(problem, (pair, 1)), chosen) != []


def test_too_many_ways_of_using_are_no_matrix() -> None:
    problem = night(matrix(2_000, 5, actions=6, resources=4), 5)
    rng = np.random.default_rng(5)
    assert as_matrix(replace(problem, use_amount=rng.integers(1, 20, len(problem.use_amount)).astype(float))) is None
