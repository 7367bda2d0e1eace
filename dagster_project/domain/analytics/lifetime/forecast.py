"""Forecasts with intervals that hold what they promise: checked on months already past, and corrected by them.

The model's own intervals are too wide for people who buy like clockwork and too narrow where a base changes. So the
model as it would have been some months ago is asked about the months since: at which levels of its distributions did
what happened fall? The levels between which eight of ten fell are the levels of tonight's intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.lifetime import bg_nbd, gamma_gamma
from dagster_project.domain.analytics.lifetime.counts import Counts, Kinds, kinds_of

HORIZON = 365  # days of a forecast
INTERVAL = 0.8  # share of customers whose future should lie within their interval
FEWEST_TO_CHECK = 200  # customers: below, the levels of the model are taken as they are
SEED = 20  # of the draws inside the steps of a distribution of whole numbers


@dataclass(frozen=True)
class Model:
    """How often, and for how much."""

    purchases: bg_nbd.BgNbd
    amounts: gamma_gamma.GammaGamma


@dataclass(frozen=True)
class Levels:
    """Between which levels of the model's distributions the interval lies."""

    purchases: tuple[float, float]
    value: tuple[float, float]


@dataclass(frozen=True)
class Check:
    """How the model of some time ago did on what has happened since.

    ``repeats``, ``expected`` and ``made`` are of each customer: what they had done by then, what the model said of the
    time since, and what they did.
    """

    days: int
    repeats: Numbers
    expected: Numbers
    made: Numbers
    coverage_uncorrected: float
    levels: Levels

    @property
    def forecast(self) -> float:
        """Purchases the model said of all of them."""
        return float(self.expected.sum())

    @property
    def actual(self) -> int:
        """Purchases they made."""
        return int(self.made.sum())


@dataclass(frozen=True)
class Forecast:
    """Of each customer; arrays of one length."""

    p_alive: Numbers
    purchases: Numbers
    purchases_low: npt.NDArray[np.int64]
    purchases_high: npt.NDArray[np.int64]
    amount: Numbers  # of one purchase
    value: Numbers
    value_low: Numbers
    value_high: Numbers


def learn(counts: Counts) -> Model:
    """The models of these customers.

    Raises:
        HoivaError: too few of them came back, or spent anything.
    """
    kinds = kinds_of(counts)
    return Model(
        bg_nbd.fit(kinds.repeats, kinds.recency, kinds.age, kinds.weights),
        gamma_gamma.fit(counts.repeats + 1, counts.mean_amount),
    )


def nominal(interval: float = INTERVAL) -> Levels:
    """The levels of an interval as the model has it.

    >>> tuple(round(level, 3) for level in nominal(0.8).value)
    (0.1, 0.9)
    """
    both = ((1 - interval) / 2, (1 + interval) / 2)
    return Levels(both, both)


def forecast(model: Model, counts: Counts, horizon: int = HORIZON, levels: Levels | None = None) -> Forecast:
    """What each customer is likely to do within so many days.

    Args:
        model: of these customers.
        counts: what each has done.
        horizon: days.
        levels: of the intervals; None: the model's own for ``INTERVAL``.
    """
    from scipy.special import ndtri

    levels = levels or nominal()
    kinds = kinds_of(counts)
    low, high, first, second, none = _distribution(model, kinds, horizon, levels)
    amount = model.amounts.expected(counts.repeats + 1, counts.mean_amount)
    logarithm, spread = _value_shape(model, counts, first[kinds.kind], second[kinds.kind], none[kinds.kind])
    ends = []
    for level in levels.value:
        inside = (level - none[kinds.kind]) / np.maximum(1 - none[kinds.kind], 1e-12)
        ends.append(np.where(inside > 0, np.exp(logarithm + spread * ndtri(np.clip(inside, 1e-9, 1 - 1e-9))), 0.0))
    purchases = model.purchases.expected(horizon, kinds.repeats, kinds.recency, kinds.age)[kinds.kind]
    return Forecast(
        p_alive=model.purchases.p_alive(counts.repeats, counts.recency, counts.age),
        purchases=purchases,
        purchases_low=low[kinds.kind],
        purchases_high=high[kinds.kind],
        amount=amount,
        value=purchases * amount,
        value_low=ends[0],
        value_high=ends[1],
    )


def check(then: Counts, made: Numbers, spent: Numbers, days: int, interval: float = INTERVAL) -> Check:
    """Hold the model of some time ago against what has happened since.

    Args:
        then: the customers as they were.
        made: purchase days of each since then.
        spent: what each has bought and kept since then; below 0 where more came back than was bought.
        days: how long ago it was.
        interval: share of customers that the levels should hold.

    Raises:
        HoivaError: too few customers came back by then.
    """
    from scipy.special import ndtr

    model = learn(then)
    kinds = kinds_of(then)
    rng = np.random.default_rng(SEED)
    at = _levels_of_counts(model, kinds, days, made, rng)
    _, _, first, second, none = _distribution(model, kinds, days, nominal(interval))
    logarithm, spread = _value_shape(model, then, first[kinds.kind], second[kinds.kind], none[kinds.kind])
    of_zero = none[kinds.kind]
    above = of_zero + (1 - of_zero) * ndtr((np.log(np.maximum(spent, 1e-9)) - logarithm) / spread)
    of_value = np.where(spent > 0, above, of_zero * rng.random(len(spent)))
    low, high = nominal(interval).purchases
    expected = model.purchases.expected(days, kinds.repeats, kinds.recency, kinds.age)
    levels = nominal(interval)
    if len(made) >= FEWEST_TO_CHECK:
        levels = Levels(_quantiles(at, low, high), _quantiles(of_value, low, high))
    return Check(
        days=days,
        repeats=then.repeats,
        expected=expected[kinds.kind],
        made=made,
        coverage_uncorrected=float(((at >= low) & (at <= high)).mean()),
        levels=levels,
    )


def _quantiles(values: Numbers, low: float, high: float) -> tuple[float, float]:
    return float(np.quantile(values, low)), float(np.quantile(values, high))


def _distribution(
    model: Model, kinds: Kinds, horizon: float, levels: Levels
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Numbers, Numbers, Numbers]:
    """Of each kind: the ends of its interval, the mean, the mean square, and the chance of no purchase at all.

    A whole number stands for the middle of its step of the distribution: the interval holds the numbers whose middle
    lies between the levels, which neither favours nor denies those at its ends.
    """
    size = len(kinds.repeats)
    low, high = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    first, second, none, below = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    for count, chance in model.purchases.chances(horizon, kinds.repeats, kinds.recency, kinds.age):
        if count == 0:
            none = chance.copy()
        middle = below + chance / 2
        low[middle < levels.purchases[0]] = count + 1
        high[middle <= levels.purchases[1]] = count
        first += count * chance
        second += count * count * chance
        below += chance
    return low, np.maximum(low, high), first, second, none


def _levels_of_counts(model: Model, kinds: Kinds, days: float, made: Numbers, rng: np.random.Generator) -> Numbers:
    """At which level of its distribution each customer's number lies, drawn within the number's step."""
    levels, below = np.ones(len(made)), np.zeros(len(kinds.repeats))
    drawn = rng.random(len(made))
    for count, chance in model.purchases.chances(days, kinds.repeats, kinds.recency, kinds.age):
        here = made == count
        levels[here] = below[kinds.kind[here]] + drawn[here] * chance[kinds.kind[here]]
        below += chance
    return levels


def _value_shape(
    model: Model, counts: Counts, first: Numbers, second: Numbers, none: Numbers
) -> tuple[Numbers, Numbers]:
    """The log-normal of the money of those who buy at all: centre and spread of the logarithm, by its moments."""
    amount = model.amounts.expected(counts.repeats + 1, counts.mean_amount)
    within, of_mean = model.amounts.variance(counts.repeats + 1, counts.mean_amount)
    square = second * (amount**2 + of_mean) + first * within
    buys = np.maximum(1 - none, 1e-12)
    mean, square = first * amount / buys, square / buys
    spread = np.log(np.maximum(square / np.maximum(mean, 1e-12) ** 2, 1 + 1e-9))
    return np.log(np.maximum(mean, 1e-12)) - spread / 2, np.sqrt(spread)
