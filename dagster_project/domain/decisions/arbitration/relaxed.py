"""The choice with parts of candidates allowed: its prices prove what no plan can exceed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Relaxed:
    """The best choice when parts count, and its prices.

    Attributes:
        parts: float64[n] between 0 and 1.
        prices: float64[r] of ``most``; ``price_least`` of ``least``; ``price_group``: float64[g] of groups.
        bound: the value that no plan exceeds, worked out from the prices alone.
        missing: float64[r]: of the minimums, what cannot be kept even in parts.
    """

    parts: Numbers
    prices: Numbers
    price_least: Numbers
    price_group: Numbers
    bound: float
    missing: Numbers


def relax(problem: Problem) -> Relaxed:
    """Solve the choice in parts with HiGHS.

    Minimums that cannot be kept together with the limits are lowered to what can be.
    """
    from scipy.optimize import linprog

    limits = Limits.of(problem)
    missing = limits.missing(problem)
    rows, most = limits.rows(problem, missing)
    if not rows.shape[0]:
        chosen = (problem.value > 0).astype(float)
        nothing = np.zeros(len(problem.most))
        return Relaxed(chosen, nothing, nothing.copy(), np.zeros(0), float(problem.value @ chosen), missing)
    solved = linprog(-problem.value, A_ub=rows, b_ub=most, bounds=(0, 1), method="highs")
    if solved.x is None:
        raise ArithmeticError(f"the choice in parts was not solved: {solved.message}")
    dual = np.maximum(-solved.ineqlin.marginals, 0.0)
    reduced = problem.value - dual @ rows
    bound = float(dual @ most + np.maximum(reduced, 0.0).sum())
    prices, price_least = np.zeros(len(problem.most)), np.zeros(len(problem.most))
    prices[limits.bounded] = dual[: len(limits.bounded)]
    ends = len(limits.bounded) + len(limits.promised)
    price_least[limits.promised] = dual[len(limits.bounded) : ends]
    return Relaxed(solved.x, prices, price_least, dual[ends:], bound, missing)


@dataclass(frozen=True)
class Limits:
    """Which resources have a limit, and which a minimum."""

    bounded: Numbers
    promised: Numbers

    @classmethod
    def of(cls, problem: Problem) -> Limits:
        """Of a problem."""
        return cls(np.flatnonzero(np.isfinite(problem.most)), np.flatnonzero(problem.least > 0))

    def rows(self, problem: Problem, missing: Numbers) -> tuple[csr_array, Numbers]:
        """Every limit as one row "at most": of resources, of minimums (negated, less what is missing), of groups."""
        from scipy.sparse import vstack

        uses = problem.uses().T.tocsr()
        blocks = [uses[self.bounded], -uses[self.promised], problem.groups()]
        promised = problem.least[self.promised] - missing[self.promised]
        most = np.concatenate([problem.most[self.bounded], -promised, problem.group_most.astype(float)])
        return vstack(blocks, format="csr"), most

    def missing(self, problem: Problem) -> Numbers:
        """The least that must be missing of the minimums, in parts; nothing where all of them can be kept."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, hstack

        missing = np.zeros(len(problem.most))
        if not len(self.promised):
            return missing
        rows, most = self.rows(problem, missing)
        count = len(self.promised)
        places = len(self.bounded) + np.arange(count)
        slack = csr_array((-np.ones(count), (places, np.arange(count))), shape=(rows.shape[0], count))
        goal = np.concatenate([np.zeros(problem.count), np.ones(count)])
        upper = [(0, 1)] * problem.count + [(0, None)] * count
        solved = linprog(goal, A_ub=hstack([rows, slack], format="csr"), b_ub=most, bounds=upper, method="highs")
        if solved.x is None:
            raise ArithmeticError(f"the minimums were not weighed: {solved.message}")
        found = np.maximum(solved.x[problem.count :], 0.0)
        missing[self.promised] = np.where(found > 1e-9, found * (1 + 1e-9) + 1e-9, 0.0)
        return missing
