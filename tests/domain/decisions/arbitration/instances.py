"""Random small choices with scarce resources, and the best plan of each by a formulation of its own."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration import Problem


def instance(seed: int, owners: int = 24, *, promises: bool = True) -> Problem:
    """Customers with a few candidates each, five scarce things, pairs that exclude each other, and windows of caps."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 6, owners)
    owner = np.repeat(np.arange(owners), counts)
    count = len(owner)
    resources = 5
    takes = rng.random((count, resources)) < 0.45
    amounts = np.where(takes, rng.integers(1, 9, (count, resources)), 0)
    value = np.round(rng.gamma(2.0, 10.0, count), 2)
    value[rng.random(count) < 0.05] = 0.0
    scarcity = rng.uniform(0.15, 0.6, resources)
    most = np.floor(amounts.sum(axis=0) * scarcity)
    most[4] = np.inf
    least = np.zeros(resources)
    if promises and seed % 3 == 0:
        least[4] = np.floor(amounts[:, 4].sum() * 0.3)
    groups: list[tuple[list[int], int]] = []
    for one in range(owners):
        own = np.flatnonzero(owner == one).tolist()
        groups.append((own, int(rng.integers(1, 3))))  # at most k
        if len(own) > 2:
            groups.append((rng.choice(own, 2, replace=False).tolist(), 1))  # a pair
            groups.append((own[: len(own) - 1], int(rng.integers(1, 3))))  # a window
    starts = np.concatenate([[0], np.cumsum((amounts > 0).sum(axis=1))])
    rows, columns = np.nonzero(amounts)
    return Problem(
        value=value,
        owner=owner,
        use_start=starts.astype(np.int64),
        use_resource=columns.astype(np.int32),
        use_amount=amounts[rows, columns].astype(np.float64),
        most=most,
        least=least,
        group_start=np.cumsum([0, *(len(places) for places, _ in groups)]).astype(np.int64),
        group_candidate=np.array([place for places, _ in groups for place in places], dtype=np.int64),
        group_most=np.array([most for _, most in groups], dtype=np.int64),
    )


def limits_broken(problem: Problem, chosen: np.ndarray) -> list[str]:
    """Every limit a plan breaks, counted candidate by candidate."""
    used = [0.0] * len(problem.most)
    for one in np.flatnonzero(chosen):
        for at in range(problem.use_start[one], problem.use_start[one + 1]):
            used[problem.use_resource[at]] += problem.use_amount[at]
    broken = [
        f"resource {at}: {have} of {most}"
        for at, (have, most) in enumerate(zip(used, problem.most, strict=True))
        if have > most
    ]
    for at, most in enumerate(problem.group_most):
        members = problem.group_candidate[problem.group_start[at] : problem.group_start[at + 1]]
        if chosen[members].sum() > most:
            broken.append(f"group {at}: {chosen[members].sum()} of {most}")
    return broken


def optimum(problem: Problem, most: np.ndarray | None = None) -> float:
    """The value of the best plan, by HiGHS over dense rows; minimums are kept where they can be."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    limits = problem.most if most is None else most
    dense = np.zeros((len(limits), problem.count))
    for one in range(problem.count):
        for at in range(problem.use_start[one], problem.use_start[one + 1]):
            dense[problem.use_resource[at], one] = problem.use_amount[at]
    members = np.zeros((len(problem.group_most), problem.count))
    for at in range(len(problem.group_most)):
        members[at, problem.group_candidate[problem.group_start[at] : problem.group_start[at + 1]]] = 1
    rows = [LinearConstraint(dense, ub=limits), LinearConstraint(members, ub=problem.group_most)]
    for least in (problem.least, np.zeros(len(limits))):
        kept = [*rows, LinearConstraint(dense, lb=least)]
        found = milp(-problem.value, integrality=np.ones(problem.count), bounds=Bounds(0, 1), constraints=kept)
        if found.x is not None:
            return float(problem.value @ np.round(found.x))
    raise AssertionError("no plan at all")


def with_more(problem: Problem, resource: int, more: float) -> np.ndarray:
    """The limits with one of them moved."""
    most = problem.most.copy()
    most[resource] += more
    return most
