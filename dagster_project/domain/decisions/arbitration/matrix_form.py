"""A choice so plain that it is a matrix: whoever it is about, at most k of all her candidates, and what is scarce."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.decisions.arbitration import matrix_loops as loops
from dagster_project.domain.decisions.arbitration.dense import Matrix, share_out
from dagster_project.domain.decisions.arbitration.problem import Numbers, Problem

MOST_OWN = 3  # resources of which each customer takes amounts of her own
MOST_KINDS = 200  # different ways of using what everybody uses alike
LOOKED_AT = 100_000  # candidates that tell which resources those are
EMPTIEST = 3  # cells of the matrix for each candidate: beyond that most of the work would be about nobody


@dataclass(frozen=True)
class AsMatrix:
    """A problem as a matrix, and back.

    Attributes:
        matrix: one row for each customer, one column for each kind of candidate; what is not there is worth nothing.
        candidate: int32[m, a]: the candidate in each cell, -1 for none.
        bounded: int64[r]: the problem's resources, in the order of the matrix.
    """

    matrix: Matrix
    candidate: Numbers
    bounded: Numbers

    def chosen(self, actions: Numbers, count: int) -> Numbers:
        """bool[n] of int32[m, k] actions of each customer."""
        rows, places = np.nonzero(actions >= 0)
        candidates = self.candidate[rows, actions[rows, places]]
        picked = np.zeros(count, dtype=bool)
        picked[candidates[candidates >= 0]] = True
        return picked


def by_matrix(problem: Problem) -> tuple[Numbers, float, Numbers] | None:
    """The plan, the bound and the prices of a problem that is a matrix; None of one that is not."""
    stated = as_matrix(problem)
    if stated is None:
        return None
    shared = share_out(stated.matrix)
    prices = np.zeros(len(problem.most))
    prices[stated.bounded] = shared.prices
    return stated.chosen(shared.chosen, problem.count), shared.bound, prices


def as_matrix(problem: Problem) -> AsMatrix | None:
    """State a problem as a matrix; None where something else than "at most k" holds between candidates.

    A minimum, a group of only some of a customer's candidates, or another k for another customer is something else,
    unless it says no more than her k says already.
    """
    bounded = np.isfinite(problem.most)
    if not problem.count or (problem.least > 0).any() or not bounded.any():
        return None
    owner = np.zeros(problem.count, dtype=np.int64)
    owner[1:] = np.cumsum(problem.owner[1:] != problem.owner[:-1])
    k = _at_most(problem, owner)
    own = None if k is None else _own(problem, owner, bounded)
    if k is None or own is None:
        return None
    same = bounded & ~own
    placed = _columns(problem, owner, same, problem.count)
    if placed is None:
        return None
    column, use = placed
    rows, columns = int(owner[-1]) + 1, len(use)
    value, candidate = np.zeros((rows, columns)), np.full((rows, columns), -1, dtype=np.int32)
    value[owner, column] = problem.value
    candidate[owner, column] = np.arange(problem.count, dtype=np.int32)
    most, own_use, own_most = problem.most[same], None, None
    if own.any():
        own_most = problem.most[own]
        own_use = np.zeros((rows, columns, len(own_most)))
        number = np.where(own, np.cumsum(own) - 1, -1)
        loops.place_own(
            problem.use_start, problem.use_resource, problem.use_amount, number, owner, column, own_use
        )  # fmt: skip
    matrix = Matrix(value, use, most, own_use, own_most, min(k, columns))
    return AsMatrix(matrix, candidate, np.concatenate([np.flatnonzero(same), np.flatnonzero(own)]))


def _at_most(problem: Problem, owner: Numbers) -> int | None:
    """How many of her candidates any customer may meet; None where that is not all that is said."""
    size = np.bincount(owner)
    held = np.diff(problem.group_start)
    there = held > 0
    whose = owner[problem.group_candidate[problem.group_start[:-1][there]]]
    held, most = held[there], problem.group_most[there]
    full = held == size[whose]
    at_most = size.copy()
    np.minimum.at(at_most, whose[full], most[full])
    if (most[~full] < np.minimum(held[~full], at_most[whose[~full]])).any():
        return None
    is_bound = at_most < size
    ks = np.unique(at_most[is_bound])
    if not len(ks):
        return int(size.max())
    return int(ks[0]) if len(ks) == 1 and ks[0] > 0 and (size[~is_bound] <= ks[0]).all() else None


def _own(problem: Problem, owner: Numbers, bounded: Numbers) -> Numbers | None:
    """bool[r]: the resources of which each customer takes amounts of her own, as the first customers tell.

    They are those without which the fewest columns remain. None where no matrix comes of it.
    """
    count = min(problem.count, LOOKED_AT)
    own = np.zeros(len(bounded), dtype=bool)
    while _columns(problem, owner, bounded & ~own, count) is None:
        if own.sum() == MOST_OWN or own.sum() + 1 >= bounded.sum():
            return None
        without = {}
        for resource in np.flatnonzero(bounded & ~own):
            less = bounded & ~own
            less[resource] = False
            without[resource] = len(np.unique(_keys(problem, less, count)))
        own[min(without, key=lambda resource: (without[resource], resource))] = True
    return own


def _keys(problem: Problem, same: Numbers, count: int) -> Numbers:
    return loops.row_keys(problem.use_start[: count + 1], problem.use_resource, problem.use_amount, same)


def _columns(problem: Problem, owner: Numbers, same: Numbers, count: int) -> tuple[Numbers, Numbers] | None:
    """int64[n]: a column for each of the first candidates, and what each column takes: float64[columns, r].

    Candidates that take the same share a column, or several where one customer has several of them. They are told apart
    by a hash, and then compared. None where most cells would be empty.
    """
    import pandas as pd

    kind, different = pd.factorize(_keys(problem, same, count))
    if len(different) > MOST_KINDS:
        return None
    before, width = loops.columns_of(owner[:count], kind, len(different))
    begins = np.concatenate([[0], np.cumsum(width)])
    if begins[-1] * (owner[count - 1] + 1) > EMPTIEST * count:
        return None
    first = loops.first_of_each(kind, len(different))
    rows = (problem.use_start[: count + 1], problem.use_resource, problem.use_amount, same)
    if not loops.all_alike(*rows, first, kind):
        return None
    use = np.zeros((len(different), len(same)))
    for number, one in enumerate(first):
        entries = slice(problem.use_start[one], problem.use_start[one + 1])
        use[number, problem.use_resource[entries]] = problem.use_amount[entries]
    return begins[kind] + before, np.repeat(use[:, same], width, axis=0)
