"""What one more of something scarce would bring: found by giving one more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Numbers, Problem
from dagster_project.domain.decisions.arbitration.sampled import relax_by_samples
from dagster_project.domain.decisions.arbitration.solve import EXACT_UP_TO, arbitrate

EFFORT = 400_000  # candidates in all the problems that may be solved again


def worth_of_one_more(problem: Problem, solved: Arbitrated, units: Numbers) -> Numbers:
    """What the best plan would gain if there were one unit more of each resource.

    Where several prices prove the same bound, the solver's are anything between what one more would bring and what one
    less would cost. So each scarce resource is given one unit more, and the problem is solved again: wholly while it is
    small, in parts where it is not. Beyond the effort that is worth it, the solver's price stands: it is never too low.

    Args:
        problem: the choice.
        solved: its answer.
        units: float64[r]: how much of each resource one unit is.

    Returns:
        float64[r], per unit, at least 0.
    """
    worth = solved.prices * units
    scarce = np.flatnonzero(solved.prices > 0)
    if len(scarce) * problem.count > EFFORT:
        return worth
    in_parts = problem.count > EXACT_UP_TO
    now = relax_by_samples(problem).bound if in_parts else solved.value
    for resource in scarce:
        most = problem.most.copy()
        most[resource] += units[resource]
        larger = replace(problem, most=most)
        gain = (relax_by_samples(larger).bound if in_parts else arbitrate(larger).value) - now
        worth[resource] = min(max(gain, 0.0), worth[resource]) if in_parts else max(gain, 0.0)
    return worth
