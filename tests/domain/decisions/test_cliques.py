"""Items that exclude each other, joined: the same plans are allowed, and parts are held tighter."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from dagster_project.domain.decisions.arbitration import Problem
from dagster_project.domain.decisions.arbitration.relaxed import relax
from dagster_project.domain.decisions.cliques import Group, as_cliques


def allowed(groups: list[Group], count: int) -> list[int]:
    """Every plan, as bits, that keeps all groups."""
    bits = [(sum(1 << place for place in places), most) for places, most in groups]
    return [plan for plan in range(1 << count) if all((plan & held).bit_count() <= most for held, most in bits)]


def drawn(seed: int, count: int = 8) -> list[Group]:
    """Some pairs, a few larger sets of which one may be, and one of which two may be."""
    rng = np.random.default_rng(seed)
    pairs: list[Group] = [
        ([*pair], 1) for pair in combinations(range(count), 2) if rng.random() < rng.uniform(0.2, 0.8)
    ]
    sets: list[Group] = [(sorted(rng.choice(count, 3, replace=False).tolist()), 1) for _ in range(int(rng.integers(3)))]
    return [*pairs, *sets, (list(range(5)), 2)]


def test_the_same_plans_are_allowed() -> None:
    for seed in range(60):
        groups = drawn(seed)
        joined = as_cliques(groups)
        assert allowed(joined, 8) == allowed(groups, 8), seed


def test_a_pair_left_out_would_be_seen() -> None:
    """Negative control: without one of the joined sets other plans are allowed."""
    groups = [([0, 1], 1), ([1, 2], 1), ([0, 2], 1), ([2, 3], 1)]
    assert allowed(as_cliques(groups)[:-1], 4) != allowed(groups, 4)


def worth_in_parts(groups: list[Group], count: int) -> float:
    """What the choice in parts is worth where every item is worth one."""
    none = np.zeros(0)
    return relax(
        Problem(
            value=np.ones(count),
            owner=np.zeros(count, dtype=np.int64),
            use_start=np.zeros(count + 1, dtype=np.int64),
            use_resource=none.astype(np.int32),
            use_amount=none,
            most=none,
            least=none,
            group_start=np.cumsum([0, *(len(places) for places, _ in groups)]).astype(np.int64),
            group_candidate=np.array([place for places, _ in groups for place in places], dtype=np.int64),
            group_most=np.array([most for _, most in groups], dtype=np.int64),
        )
    ).bound


def test_parts_are_held_tighter_and_never_looser() -> None:
    triangle: list[Group] = [([0, 1], 1), ([1, 2], 1), ([0, 2], 1)]
    assert (worth_in_parts(triangle, 3), worth_in_parts(as_cliques(triangle), 3)) == (1.5, 1.0)
    for seed in range(20):
        groups = drawn(seed)
        best = max(plan.bit_count() for plan in allowed(groups, 8))
        assert best - 1e-9 <= worth_in_parts(as_cliques(groups), 8) <= worth_in_parts(groups, 8) + 1e-9
