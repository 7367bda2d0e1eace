"""A rounded plan made better where it matters: among candidates whose value hardly differs from their price."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.exact import best_plan
from dagster_project.domain.decisions.arbitration.local import Rules, part_of, with_members
from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem
from dagster_project.domain.decisions.arbitration.relaxed import Relaxed

NEAR = 400  # candidates that are chosen anew
NODES = 400  # branches that are worth it
ENOUGH = 1e-7  # of the whole bound: nearer need not be looked for


def best_of_near_ties(problem: Problem, relaxed: Relaxed, chosen: Numbers, near: int = NEAR) -> Numbers:
    """Keep the plan of all customers but those nearest a tie; choose theirs anew with what is left for them.

    Args:
        problem: the choice.
        relaxed: its answer in parts, with prices.
        chosen: bool[n]: a plan that keeps every limit.
        near: candidates that are chosen anew, at most.

    Returns:
        bool[n]: a plan at least as good, minimums first.
    """
    if not near:
        return chosen
    full = with_members(problem)
    rules, uses = Rules.of(full), full.uses()
    reduced = full.value - uses @ (relaxed.prices - relaxed.price_least)
    distance = np.abs(reduced - rules.over_groups(relaxed.price_group)) if len(full.group_most) else np.abs(reduced)
    in_parts = (relaxed.parts > 1e-9) & (relaxed.parts < 1 - 1e-9)
    distance[in_parts] = -1.0
    first = np.flatnonzero(np.concatenate([[True], np.diff(rules.owner) > 0]))
    nearest = np.minimum.reduceat(distance, first)
    order = np.argsort(nearest, kind="stable")
    owners = order[np.cumsum(np.diff(np.concatenate([first, [full.count]]))[order]) <= near]
    again = np.zeros(rules.owners, dtype=bool)
    again[owners] = True
    mine = again[rules.owner]
    if not mine.any():
        return chosen
    others = (chosen & ~mine).astype(np.float64) @ uses
    least = np.maximum(full.least - relaxed.missing - others, 0.0)
    part = part_of(full, mine, full.most - others, least)
    worth = max(float(part.value[chosen[mine]].sum()), 1e-9)
    found = best_plan(part, np.zeros(len(least)), nodes=NODES, near=min(0.01, ENOUGH * relaxed.bound / worth))
    if found is None:
        return chosen
    better = chosen.copy()
    better[mine] = found[0]
    return max(chosen, better, key=lambda plan: _worth(full, relaxed, plan))


def _worth(problem: Problem, relaxed: Relaxed, plan: Numbers) -> tuple[float, float]:
    used = plan.astype(np.float64) @ problem.uses()
    return -float(np.maximum(problem.least - relaxed.missing - used, 0.0).sum()), float(problem.value[plan].sum())
