"""The Gamma-Gamma model: what a customer spends at a time, learned from few purchases with the base's help.

Amounts of one customer follow a gamma distribution of shape ``p``; its scale differs between customers as another gamma
(``q``, ``v``). Source: Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value". How much somebody spends and
how often are taken to be independent; :func:`dependence` says how far that holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dagster_project.errors import HoivaError

Numbers = npt.NDArray[np.float64]
FEWEST_SPENDERS = 20  # customers with an amount: with fewer, three parameters are no knowledge


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model; ``v`` is in the unit of money."""

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")

    def expected(self, purchases: Numbers, mean_amount: Numbers) -> Numbers:
        """The mean amount to expect of each customer's next purchases: their own, drawn towards the base's.

        >>> model = GammaGamma(6.25, 3.74, 15.44)
        >>> model.expected(np.array([0.0, 1.0, 20.0]), np.array([np.nan, 100.0, 100.0])).round(1)
        array([35.2, 80.3, 98.6])
        """
        counts = np.asarray(purchases, dtype=np.float64)
        total = np.where(counts > 0, counts * np.nan_to_num(mean_amount), 0.0)
        return self.p * (self.v + total) / (self.p * counts + self.q - 1)

    def variance(self, purchases: Numbers, mean_amount: Numbers) -> tuple[Numbers, Numbers]:
        """How far one purchase's amount lies from the customer's own mean, and that mean from the one expected.

        Both as variances: of an amount given the customer (expected), and of the customer's mean.
        """
        counts = np.asarray(purchases, dtype=np.float64)
        total = np.where(counts > 0, counts * np.nan_to_num(mean_amount), 0.0)
        shape, scale = self.p * counts + self.q, self.v + total
        # The inverse scale is gamma(shape, scale); the mean is p over it: an inverse gamma times p.
        mean = self.p * scale / (shape - 1)
        of_mean = np.where(shape > 2, mean**2 / np.maximum(shape - 2, 1e-9), mean**2)
        return (of_mean + mean**2) / self.p, of_mean


def fit(purchases: Numbers, mean_amount: Numbers) -> GammaGamma:
    """The most likely model of customers who bought at least once and spent something.

    Args:
        purchases: how many of each.
        mean_amount: the mean of their amounts, above 0.

    Raises:
        HoivaError: too few customers to learn from.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln
    from threadpoolctl import threadpool_limits

    known = (np.asarray(purchases) > 0) & (np.nan_to_num(mean_amount) > 0)
    x, m = np.asarray(purchases, dtype=np.float64)[known], np.asarray(mean_amount, dtype=np.float64)[known]
    if len(x) < FEWEST_SPENDERS:
        raise HoivaError(f"{len(x)} customers have spent something: {FEWEST_SPENDERS} are needed for amounts to expect")
    unit = float(np.median(m))
    m = m / unit
    counts, place = np.unique(x, return_inverse=True)
    of_count = np.bincount(place)
    log_m, total = np.log(m), x * m
    constant = float((x * np.log(x)).sum())

    def minus(logs: Numbers) -> float:
        p, q, v = np.exp(logs)
        value = float(of_count @ (gammaln(p * counts + q) - gammaln(p * counts))) - len(x) * float(gammaln(q))
        value += len(x) * q * np.log(v) + p * float(x @ log_m) - float(log_m.sum()) + p * constant
        return -(value - float((p * x + q) @ np.log(total + v))) / len(x)

    bounds = [(-6, 8), (np.log(1.01), 8), (-12, 12)]
    with threadpool_limits(limits=1):  # sums in one order: the same bits everywhere
        found = minimize(minus, np.log([2.0, 3.0, 2.0]), method="L-BFGS-B", bounds=bounds)
    p, q, v = (float(each) for each in np.exp(found.x))
    return GammaGamma(p, q, v * unit, float(-found.fun * len(x) - len(x) * np.log(unit)))


def dependence(purchases: Numbers, mean_amount: Numbers) -> float:
    """How far those who buy often also spend more at a time: the rank correlation, from -1 to 1; 0 is independent."""
    from scipy.stats import spearmanr

    known = (np.asarray(purchases) > 1) & (np.nan_to_num(mean_amount) > 0)
    if known.sum() < FEWEST_SPENDERS:
        return 0.0
    return float(spearmanr(np.asarray(purchases)[known], np.asarray(mean_amount)[known]).statistic)
