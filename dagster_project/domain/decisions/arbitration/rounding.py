"""Whole plans: served in an order, each candidate that every limit still allows."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Numbers, Problem


def fill(problem: Problem, order: Numbers, chosen: Numbers | None = None) -> Numbers:
    """Choose candidates in this order, each as far as the limits allow.

    Args:
        problem: the limits.
        order: int64: candidates to try, each once.
        chosen: bool[n]: chosen before; nothing unless told.

    Returns:
        bool[n].
    """
    picked = np.zeros(problem.count, dtype=bool) if chosen is None else chosen.copy()
    uses, members = problem.uses(), problem.groups()
    left = problem.most - picked.astype(float) @ uses
    room = problem.group_most - (members @ picked.astype(float)).astype(problem.group_most.dtype)
    free = ~picked  # who does not fit at the beginning never will: what is left only shrinks
    free[np.repeat(np.arange(problem.count), np.diff(uses.indptr))[left[uses.indices] < uses.data]] = False
    free[members.indices[np.repeat(room < 1, np.diff(members.indptr))]] = False
    order = order[free[order]]
    if not len(order):
        return picked
    uses, of_candidate = uses[order], members.T.tocsr()[order]
    starts, groups = of_candidate.indptr.tolist(), of_candidate.indices.tolist()
    use_start, resources, amounts = uses.indptr.tolist(), uses.indices.tolist(), uses.data.tolist()
    lefts, rooms = left.tolist(), room.tolist()
    for place, one in enumerate(order.tolist()):
        used = range(use_start[place], use_start[place + 1])
        mine = groups[starts[place] : starts[place + 1]]
        if any(rooms[group] < 1 for group in mine) or any(lefts[resources[at]] < amounts[at] for at in used):
            continue
        picked[one] = True
        for group in mine:
            rooms[group] -= 1
        for at in used:
            lefts[resources[at]] -= amounts[at]
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
