"""Random choices as matrices, for tests and measurements, with scarce resources."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration import Problem
from dagster_project.domain.decisions.arbitration.dense import Matrix

LOOKED_AT = 20_000  # customers whose wishes say how much would be wanted


def matrix(count: int, seed: int, *, k: int = 1, own: int = 0, actions: int = 20, resources: int = 10) -> Matrix:
    """Customers with a value for every action; of each resource 30 to 80 % of what the best actions would take.

    Args:
        count: customers.
        seed: of everything.
        k: actions a customer may meet.
        own: how many further resources are used by each customer differently.
        actions: of each customer.
        resources: used by everybody alike.
    """
    rng = np.random.default_rng(seed)
    value = rng.gamma(2.0, 10.0, (count, actions)) * rng.uniform(0.5, 1.5, actions)
    use = np.where(rng.random((actions, resources)) < 0.5, rng.integers(1, 9, (actions, resources)), 0).astype(float)
    wanted = value[:LOOKED_AT].argsort(axis=1)[:, -k:]
    demand = use[wanted.ravel()].sum(axis=0) * (count / len(wanted))
    most = np.floor(demand * rng.uniform(0.3, 0.8, resources))
    if not own:
        return Matrix(value, use, most, k=k)
    own_use = rng.integers(1, 9, (count, actions, own)).astype(float)
    return Matrix(value, use, most, own_use, np.floor(np.full(own, 4.5 * k * count * 0.5)), k)


def night(given: Matrix, seed: int | None = None) -> Problem:
    """The same choice as a night states it, candidate by candidate.

    Args:
        given: the choice.
        seed: of who lacks which candidates, one in five; nobody lacks any unless told.
    """
    count, actions = given.value.shape
    there = np.ones((count, actions), dtype=bool)
    if seed is not None:
        there = np.random.default_rng(seed).random((count, actions)) < 0.8
    owner, action = np.nonzero(there)
    takes = given.use > 0
    entries = np.cumsum(takes.sum(axis=1)) - takes.sum(axis=1)
    resource, amount = np.nonzero(takes)[1].astype(np.int32), given.use[takes]
    size = takes.sum(axis=1)[action]
    start = np.concatenate([[0], np.cumsum(size)])
    places = np.repeat(entries[action] - start[:-1], size) + np.arange(start[-1])
    resource, amount = resource[places], amount[places]
    if given.own_use is not None:
        own = given.own_use[owner, action]
        same, more = given.use.shape[1], own.shape[1]
        ends = np.repeat(start[1:], more)
        resource = np.insert(resource, ends, np.tile(same + np.arange(more, dtype=np.int32), len(owner)))
        amount = np.insert(amount, ends, own.ravel())
        start = start + more * np.arange(len(start))
    per_owner = np.bincount(owner, minlength=count)
    return Problem(
        value=given.value[owner, action],
        owner=owner,
        use_start=start,
        use_resource=resource,
        use_amount=amount,
        most=given.limits,
        least=np.zeros(len(given.limits)),
        group_start=np.concatenate([[0], np.cumsum(per_owner)]),
        group_candidate=np.arange(len(owner)),
        group_most=np.full(count, given.k),
    )


def limits_passed(given: Matrix, chosen: np.ndarray) -> list[str]:
    """Every limit a plan passes, counted action by action; and who meets an action twice."""
    used = np.zeros(len(given.limits))
    same = given.use.shape[1]
    for column in range(chosen.shape[1]):
        there = np.flatnonzero(chosen[:, column] >= 0)
        actions = chosen[there, column]
        used[:same] += given.use[actions].sum(axis=0)
        if given.own_use is not None:
            used[same:] += given.own_use[there, actions].sum(axis=0)
    passed = [f"resource {at}" for at in np.flatnonzero(used > given.limits)]
    for first in range(chosen.shape[1]):
        for second in range(first):
            if ((chosen[:, first] == chosen[:, second]) & (chosen[:, first] >= 0)).any():
                passed.append("an action twice")
    return passed


def optimum(given: Matrix, gap: float = 0.0, seconds: float = 60.0) -> float:
    """The value of the best plan, by HiGHS over everything at once."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, kron, vstack

    count, actions = given.value.shape
    rows = kron(csr_array(np.ones((1, count))), csr_array(given.use.T), format="csr")
    if given.own_use is not None:
        own = given.own_use.reshape(count * actions, -1).T
        rows = vstack([rows, csr_array(own)], format="csr")
    meets = kron(eye_array(count), csr_array(np.ones((1, actions))), format="csr")
    found = milp(
        -given.value.ravel(),
        integrality=np.ones(count * actions),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(rows, ub=given.limits), LinearConstraint(meets, ub=np.full(count, given.k))],
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )
    return float(-found.fun)
