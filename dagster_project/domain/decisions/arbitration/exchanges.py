"""What rounding left of scarce things is used up: one customer gives back just what another can use."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Numbers, Problem

MOST_EXCHANGES = 60  # from one start
NEAREST = 2_500  # exchanges that are looked at in pairs
STARTS, LOOKS = 6, 60_000  # so often is exchanging begun again; small choices oftener, up to so many candidates in all
DROPPED = 8  # candidates of the best plan, each time
SEED = 20_220  # the same candidates are dropped in every run


def used_up(problem: Problem, solved: Arbitrated, uses: Numbers, enough: float) -> Numbers:
    """A plan near enough to the bound, or the best of a few starts.

    Args:
        problem: the choice; its groups are its owners, one group each.
        solved: its answer, with prices and a bound.
        uses: float64[n, r]: what each candidate takes.
        enough: below the bound, in value: nearer need not be looked for.

    Returns:
        bool[n].
    """
    if not problem.count:
        return solved.chosen
    best = _improved(problem, solved.chosen.copy(), uses, solved.prices)
    worth = float(problem.value[best].sum())
    random = np.random.default_rng(SEED)
    for _ in range(max(STARTS, LOOKS // problem.count)):
        if worth >= solved.bound - enough or not best.any():
            break
        again = best.copy()
        again[random.choice(np.flatnonzero(best), min(DROPPED, int(best.sum())), replace=False)] = False
        again = _improved(problem, again, uses, solved.prices)
        if float(problem.value[again].sum()) > worth:
            best, worth = again, float(problem.value[again].sum())
    return best


def _improved(problem: Problem, chosen: Numbers, uses: Numbers, prices: Numbers) -> Numbers:
    """A plan in which no exchange within a customer's actions, and no two at once, would be better.

    So what rounding left of the resources is used up: one customer gives back just what another can use.

    Args:
        problem: the choice; its groups are its owners.
        chosen: bool[n]: a plan; changed in place.
        uses: float64[n, r]: what each candidate takes.
        prices: float64[r]: exchanges that cost least at these prices are looked at.
    """
    from dagster_project.domain.decisions.arbitration.dense_loops import best_pair

    left = problem.most - chosen @ uses
    for _ in range(MOST_EXCHANGES):
        goes, comes = _exchanges(problem, chosen)
        gain = np.where(comes < 0, 0.0, problem.value[comes]) - np.where(goes < 0, 0.0, problem.value[goes])
        more = np.where((comes < 0)[:, None], 0.0, uses[comes]) - np.where((goes < 0)[:, None], 0.0, uses[goes])
        cheap = np.argsort(more @ prices - gain, kind="stable")[:NEAREST]
        cheap = cheap[np.argsort(-gain[cheap], kind="stable")]
        owner = problem.owner[np.where(comes < 0, goes, comes)]
        first, second = best_pair(
            np.concatenate([gain[cheap], [0.0]]), np.concatenate([more[cheap], np.zeros((1, len(left)))]),
            np.concatenate([owner[cheap], [-1]]), left,
        )  # fmt: skip
        if first < 0:
            break
        for place in {first, second} - {len(cheap)}:  # the last one stands for no exchange at all
            one = cheap[place]
            left = left - more[one]
            if goes[one] >= 0:
                chosen[goes[one]] = False
            if comes[one] >= 0:
                chosen[comes[one]] = True
    return chosen


def _exchanges(problem: Problem, chosen: Numbers) -> tuple[Numbers, Numbers]:
    """Every exchange within one customer: which candidate goes (-1: none) and which comes (-1: none)."""
    met = np.bincount(problem.owner[chosen], minlength=len(problem.group_most))
    out, wait = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    free = wait[met[problem.owner[wait]] < problem.group_most[problem.owner[wait]]]
    starts = np.searchsorted(problem.owner[wait], problem.owner[out], side="left")
    ends = np.searchsorted(problem.owner[wait], problem.owner[out], side="right")
    goes = np.repeat(out, ends - starts)
    offsets = np.arange(len(goes)) - np.repeat(np.cumsum(ends - starts) - (ends - starts), ends - starts)
    comes = wait[np.repeat(starts, ends - starts) + offsets]
    none = -np.ones(1, dtype=np.int64)
    return (
        np.concatenate([goes, out, np.repeat(none, len(free))]),
        np.concatenate([comes, np.repeat(none, len(out)), free]),
    )
