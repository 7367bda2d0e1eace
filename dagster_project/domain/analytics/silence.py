"""How unusual each customer's silence is: the distribution of the gaps between their visits, from own and base's gaps.

A month of silence says nothing about a customer who comes every two months and much about one who comes weekly; after
two visits the base knows more about a customer than those two visits do. Both are in one formula here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.analytics.columns import Numbers

GAPS_TO_JUDGE_BY = 5  # gaps: from here on a spread between quartiles says something about one customer's regularity
LEAST_CUSTOMERS = 30  # with fewer to judge by, the base counts as irregular as chance alone, and as mixed as MIXED
IRREGULAR, REGULAR = 0.5, 20.0  # shapes of the gamma: half a scatter of chance, and a clock; the bounds of the estimate
BY_CHANCE = 1.0  # shape: visits as at random moments; regular customers have more
MIXED = 2.0  # shape: paces as different as a base has; a base of equals has more
QUARTILES_APART = 1.349  # standard deviations between the quartiles of a normal distribution


@dataclass(frozen=True)
class Paces:
    """The visits of the base: what is known about a customer before they have a history.

    Attributes:
        mean_gap: the mean gap of the middle customer, in days.
        regularity: shape of the gamma distribution of one customer's gaps; 1 is chance, 5 a habit, 20 a clock.
        likeness: shape of the gamma distribution of the customers' paces; the higher, the more alike they are, and the
            more gaps it takes to believe that one is different.
    """

    mean_gap: float
    regularity: float
    likeness: float


def paces_of(mean_gaps: Numbers, median_gaps: Numbers, spreads: Numbers, count_gaps: Numbers, default: float) -> Paces:
    """Learn the base's rhythm from its customers' own figures.

    How: regularity is the gamma shape whose spread between quartiles, over its median, is that of the middle customer
    with at least five gaps. Likeness follows from how far the customers' mean gaps lie apart (logarithms, quartiles),
    less what the scatter of so few gaps explains by itself.

    Args:
        mean_gaps: mean days between purchase days; NaN without a gap.
        median_gaps: the median of the same.
        spreads: days between their quartiles; NaN with fewer than two gaps.
        count_gaps: how many gaps.
        default: the mean gap in days while no customer has come back yet.
    """
    known = (count_gaps > 0) & (mean_gaps > 0)
    if not known.any():
        return Paces(default, BY_CHANCE, MIXED)
    middle = max(float(np.median(mean_gaps[known])), 1.0)
    judged = known & (count_gaps >= GAPS_TO_JUDGE_BY) & ~np.isnan(spreads)
    regularity = BY_CHANCE
    if judged.sum() >= LEAST_CUSTOMERS:
        regularity = regularity_of(float(np.median(spreads[judged] / np.maximum(median_gaps[judged], 1))))
    if known.sum() < LEAST_CUSTOMERS:
        return Paces(middle, regularity, MIXED)
    logs = np.log(np.maximum(mean_gaps[known], 1))
    apart = float(np.subtract(*np.percentile(logs, [75, 25]))) / QUARTILES_APART
    by_scatter = float(np.mean(1 / (regularity * count_gaps[known])))
    differing = max(apart**2 - by_scatter, 1 / REGULAR)
    return Paces(middle, regularity, float(np.clip(1 / differing + 0.5, IRREGULAR, REGULAR)))


def regularity_of(spread_over_median: float) -> float:
    """The gamma shape whose quartiles lie so many medians apart.

    >>> [round(regularity_of(ratio), 1) for ratio in (1.585, 0.63, 0.0)]
    [1.0, 4.9, 20.0]
    """
    from scipy.special import gammaincinv

    shapes = np.geomspace(IRREGULAR, REGULAR, 200)
    ratios = (gammaincinv(shapes, 0.75) - gammaincinv(shapes, 0.25)) / gammaincinv(shapes, 0.5)
    return float(np.exp(np.interp(-spread_over_median, -ratios, np.log(shapes))))


def silence_chances(silent_days: Numbers, mean_gaps: Numbers, count_gaps: Numbers, base: Paces) -> Numbers:
    """How often a customer who keeps their rhythm is silent for so long or longer, between 0 and 1.

    A customer without own gaps is judged by the base alone; with every gap the own rhythm counts for more, and what is
    not known about the pace makes long silences likelier. The same silence in three histories, of a base of 30 days:

    >>> base = Paces(mean_gap=30.0, regularity=5.0, likeness=4.0)
    >>> silence_chances(np.full(3, 60.0), np.array([np.nan, 30.0, 30.0]), np.array([0.0, 2.0, 40.0]), base).round(3)
    array([0.169, 0.073, 0.032])

    How: gaps are gamma with shape ``regularity`` around the customer's mean; the inverse means of the base are gamma
    with shape ``likeness``, which own gaps update in closed form. The next gap then is a beta-prime variable, and its
    tail a regularised incomplete beta function.
    """
    from scipy.special import betainc

    own_days = np.where(count_gaps > 0, np.nan_to_num(count_gaps * np.maximum(mean_gaps, 1)), 0.0)
    shape = base.likeness + base.regularity * np.maximum(np.nan_to_num(count_gaps), 0)
    rate = base.likeness * base.mean_gap + base.regularity * own_days
    since = base.regularity * np.maximum(silent_days, 0)
    return np.asarray(betainc(shape, base.regularity, rate / (rate + since)), dtype=np.float64)
