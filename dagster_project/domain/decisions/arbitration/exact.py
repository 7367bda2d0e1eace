"""The best plan of a small problem, by branching and bounding (HiGHS)."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem
from dagster_project.domain.decisions.arbitration.relaxed import Limits
from dagster_project.domain.decisions.arbitration.rounding import is_feasible

SECONDS = 20.0  # a problem that takes longer is answered by prices


def best_plan(
    problem: Problem, missing: Numbers, *, nodes: int | None = None, near: float = 0.0
) -> tuple[Numbers, float] | None:
    """The plan of most value and the bound HiGHS proved; None where it did not end in time.

    Minimums that no whole plan keeps, though one in parts does, are answered with None too.

    Args:
        problem: the choice.
        missing: float64[r]: of the minimums, what need not be kept.
        nodes: branches after which the best plan so far will do; unless told, time alone ends the search.
        near: a share of the value that need not be looked for.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    limits = Limits.of(problem)
    rows, most = limits.rows(problem, missing)
    if not rows.shape[0]:
        chosen = problem.value > 0
        return chosen, float(problem.value[chosen].sum())
    solved = milp(
        -problem.value,
        integrality=np.ones(problem.count),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, ub=most),
        options={"mip_rel_gap": near, **({"time_limit": SECONDS} if nodes is None else {"node_limit": nodes})},
    )
    if solved.x is None:
        return None
    chosen = solved.x > 0.5
    return (chosen, float(-solved.mip_dual_bound)) if is_feasible(problem, chosen) else None
