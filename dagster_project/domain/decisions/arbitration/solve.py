"""Which way a problem is solved: exactly while it is small, by prices where it is not."""

from __future__ import annotations

import numpy as np

from dagster_project.domain.decisions.arbitration.exact import best_plan
from dagster_project.domain.decisions.arbitration.near_ties import NEAR, best_of_near_ties
from dagster_project.domain.decisions.arbitration.problem import Arbitrated, Numbers, Problem
from dagster_project.domain.decisions.arbitration.relaxed import Relaxed
from dagster_project.domain.decisions.arbitration.rounding import fill
from dagster_project.domain.decisions.arbitration.sampled import relax_by_samples

EXACT_UP_TO = 2_000  # candidates
MATRIX_FROM = 200_000  # candidates: fewer are settled before the loops of the matrix are compiled (5 s)


def arbitrate(
    problem: Problem, *, exact_up_to: int = EXACT_UP_TO, near_ties: int = NEAR, matrix_from: int = MATRIX_FROM
) -> Arbitrated:
    """The plan of most value, or one proved to be near it.

    Args:
        problem: the choice.
        exact_up_to: candidates up to which HiGHS looks for the very best.
        near_ties: beyond those, candidates of a rounded plan that are chosen once more; it takes up to a few seconds.
        matrix_from: candidates from which a problem that is a matrix is solved as one.
    """
    if not problem.count:
        nothing = np.zeros(len(problem.most))
        return Arbitrated.of(problem, np.zeros(0, dtype=bool), 0.0, nothing, nothing.copy(), "exact")
    if problem.count >= max(matrix_from, exact_up_to + 1):
        from dagster_project.domain.decisions.arbitration.matrix_form import by_matrix

        if (plain := by_matrix(problem)) is not None:
            chosen, bound, prices = plain
            chosen = fill(problem, _worth(problem), chosen)
            return Arbitrated.of(problem, chosen, bound, prices, np.zeros(len(prices)), "prices")
    relaxed = relax_by_samples(problem)
    found = best_plan(problem, relaxed.missing) if problem.count <= exact_up_to else None
    chosen, bound, way = (
        (*found, "exact") if found is not None else (_rounded(problem, relaxed, near_ties), np.inf, "prices")
    )
    chosen = fill(problem, _worth(problem), chosen)
    bound = min(bound, relaxed.bound)
    return Arbitrated.of(problem, chosen, bound, relaxed.prices, relaxed.price_least, way)


def _worth(problem: Problem) -> Numbers:
    """Candidates of any value, the best first."""
    order = np.argsort(-problem.value, kind="stable")
    return order[problem.value[order] > 0]


def _rounded(problem: Problem, relaxed: Relaxed, near_ties: int) -> Numbers:
    """A whole plan out of one in parts: whole candidates first, then parts, then what minimums lack, then the rest.

    What lies near a tie is chosen once more, by branching and bounding.
    """
    uses = problem.uses()
    reduced = problem.value - uses @ (relaxed.prices - relaxed.price_least)
    whole = np.flatnonzero(relaxed.parts > 1 - 1e-9)
    chosen = fill(problem, whole[np.argsort(-reduced[whole], kind="stable")])
    partly = np.flatnonzero((relaxed.parts > 1e-9) & ~chosen)
    chosen = fill(problem, partly[np.lexsort((-reduced[partly], -relaxed.parts[partly]))], chosen)
    short = problem.least - relaxed.missing - chosen.astype(float) @ uses
    if (short > 0).any():
        helps = np.flatnonzero(uses @ (short > 0).astype(float) > 0)
        chosen = fill(problem, helps[np.argsort(-reduced[helps], kind="stable")], chosen)
    order = np.argsort(-reduced, kind="stable")
    order = order[problem.value[order] > 0]
    return fill(problem, order, best_of_near_ties(problem, relaxed, fill(problem, order, chosen), near_ties))
