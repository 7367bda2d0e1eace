"""Whole plans: served in an order, each candidate that every limit still allows."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Numbers, Problem


def fill(problem: Problem, order: Numbers, chosen: Numbers | None = None) -> Numbers:
    """Choose candidates in this order, each as far as the limits allow.

    Args:
        problem: the limits.
        order: int64: candidates to try.
        chosen: bool[n]: chosen before; nothing unless told.

    Returns:
        bool[n].
    """
    picked = np.zeros(problem.count, dtype=bool) if chosen is None else chosen.copy()
    left = problem.most.copy()
    room = problem.group_most.copy()
    of_candidate = problem.groups().T.tocsr()
    starts, groups = of_candidate.indptr.tolist(), of_candidate.indices.tolist()
    use_start, use_resource = problem.use_start.tolist(), problem.use_resource.tolist()
    amounts = problem.use_amount.tolist()
    if chosen is not None and chosen.any():
        left -= chosen.astype(float) @ problem.uses()
        room -= (problem.groups() @ chosen.astype(float)).astype(room.dtype)
    lefts, rooms = left.tolist(), room.tolist()
    for one in order.tolist():
        if picked[one]:
            continue
        uses = range(use_start[one], use_start[one + 1])
        mine = groups[starts[one] : starts[one + 1]]
        if any(rooms[group] < 1 for group in mine) or any(lefts[use_resource[at]] < amounts[at] for at in uses):
            continue
        picked[one] = True
        for group in mine:
            rooms[group] -= 1
        for at in uses:
            lefts[use_resource[at]] -= amounts[at]
    return picked


def greedy(problem: Problem) -> Arbitrated:
    """The plan that serves the best value first: what people do by hand."""
    order = np.argsort(-problem.value, kind="stable")
    chosen = fill(problem, order[problem.value[order] > 0])
    nothing = np.zeros(len(problem.most))
    return Arbitrated.of(problem, chosen, float("inf"), nothing, nothing.copy(), "greedy")


def is_feasible(problem: Problem, chosen: Numbers) -> bool:
    """Whether a plan keeps every limit and group, to the unit. Minimums are not looked at."""
    used = chosen.astype(float) @ problem.uses()
    met = problem.groups() @ chosen.astype(float)
    return bool((used <= problem.most).all() and (met <= problem.group_most).all())
