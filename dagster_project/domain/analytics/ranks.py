"""Places in the base that do not hang on chance: equal values share a place, and the order of rows says nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dagster_project.domain.analytics.columns import Numbers

Whole = npt.NDArray[np.int64]


def twice_the_place(values: Numbers) -> tuple[Whole, int]:
    """Twice the number of rows below each value, its equals counted half; and twice the number of rows.

    The quotient is the mid-rank share in (0, 1). Whole numbers, so that the edge of a class is exact: with floats,
    0.6 of 5 rows is 3.0000000000000004.

    >>> twice_the_place(np.array([10.0, 20.0, 20.0, 30.0]))
    (array([1, 4, 4, 7]), 8)
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return (2 * below + counts)[inverse].astype(np.int64), 2 * len(values)


def scores(values: Numbers, *, classes: int = 5) -> Numbers:
    """A score from 1 (lowest) to ``classes`` (highest) by equal shares of the base; NaN stays without a score.

    Equal values get the score of the middle of their block: when half the base bought once, all of them get the
    same score, and a base of equals is all in the middle.

    >>> scores(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]))
    array([ 1.,  2.,  3.,  4.,  5., nan])
    >>> scores(np.array([1.0, 1.0, 1.0, 1.0, 9.0]))
    array([3., 3., 3., 3., 5.])
    """
    result = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    if known.any():
        place, of = twice_the_place(values[known])
        result[known] = 1 + (classes * place) // of
    return result
