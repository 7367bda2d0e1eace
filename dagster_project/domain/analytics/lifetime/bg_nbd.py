"""The BG/NBD model: customers buy at a pace of their own and, after any purchase, may leave without a word.

Paces follow a gamma distribution (``r``, ``alpha``), the chance to leave a beta distribution (``a``, ``b``). Source:
Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2). The expectation is
written in the form that Euler's transformation gives, which stays finite for customers with hundreds of purchases.

Each customer is three numbers: ``repeats`` (purchases after the first), ``recency`` (from the first purchase to the
last) and ``age`` (from the first purchase to now), in one unit of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dagster_project.errors import HoivaError

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FEWEST_REPEATERS = 20  # customers with a repeat purchase: with fewer, four parameters are no knowledge
TOLERANCE = 1e-9  # of the likelihood per customer, where the search ends
BARELY = 1e-7  # the expectation divides by a - 1: this close to it, a is moved aside
LARGEST = 6.0  # logarithm of a parameter: beyond 400 the distributions are points, and larger says nothing more
LEAST_TAIL = 1e-6  # of a customer's distribution of purchases: what lies beyond is not looked at
MOST_PURCHASES = 5_000  # in a forecast of one customer


@dataclass(frozen=True)
class BgNbd:
    """A fitted model; ``alpha`` is in the unit of time of recency and age."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")

    def p_alive(self, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
        """How likely each customer is still there. Who bought once is: the model lets nobody leave before a repeat.

        >>> model = BgNbd(0.243, 4.414, 0.793, 2.426)
        >>> model.p_alive(np.array([0.0, 2.0, 2.0]), np.array([0.0, 30.43, 5.0]), np.full(3, 38.86)).round(3)
        array([1.   , 0.727, 0.124])
        """
        repeats, recency, age = (np.asarray(each, dtype=np.float64) for each in (repeats, recency, age))
        safe = np.maximum(repeats, 1)
        ratio = (self.r + repeats) * (np.log(self.alpha + age) - np.log(self.alpha + recency))
        odds = np.exp(np.log(self.a) - np.log(self.b + safe - 1) + ratio)
        return np.where(repeats > 0, 1 / (1 + odds), 1.0)

    def expected(self, horizon: float, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
        """Purchases to expect of each customer within ``horizon`` from now (equation 10 of the paper)."""
        from scipy.special import hyp2f1

        repeats, age = np.asarray(repeats, dtype=np.float64), np.asarray(age, dtype=np.float64)
        a = self.a if abs(self.a - 1) > BARELY else 1 + BARELY
        z = horizon / (self.alpha + age + horizon)
        c = a + self.b + repeats - 1
        series = hyp2f1(a + self.b - 1 - self.r, a - 1, c, z)
        with np.errstate(invalid="ignore", over="ignore"):
            if_there = c / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
        expected = if_there * self.p_alive(repeats, recency, age)
        lost = ~np.isfinite(expected)  # the series gives up where nearly everyone leaves alike (a in the hundreds)
        if lost.any():
            theirs = (repeats[lost], np.asarray(recency, dtype=np.float64)[lost], age[lost])
            expected[lost] = sum(count * chance for count, chance in self.chances(horizon, *theirs))
        return expected

    def expected_of_new(self, horizon: float) -> float:
        """Repeat purchases to expect of a customer within ``horizon`` after the first purchase (equation 9)."""
        return float(self.expected(horizon, np.zeros(1), np.zeros(1), np.zeros(1))[0])

    def chances(
        self, horizon: float, repeats: Numbers, recency: Numbers, age: Numbers
    ) -> Iterator[tuple[int, Numbers]]:  # fmt: skip
        """The chance that each customer buys exactly 0, 1, 2, ... times within ``horizon``, one count after another.

        A customer who is still there is a new one whose distributions have learned: (r + repeats, alpha + age, a,
        b + repeats), and equation 8 of the paper holds. It ends when hardly anything is left for anyone.
        """
        there = self.p_alive(repeats, recency, age)
        r, b = self.r + np.asarray(repeats, dtype=np.float64), self.b + np.asarray(repeats, dtype=np.float64)
        share = horizon / (self.alpha + np.asarray(age, dtype=np.float64) + horizon)
        paced = np.exp(r * np.log1p(-share))  # chance of so many purchases of somebody who never leaves
        paced_before = np.zeros_like(paced)
        stays = stays_before = np.ones_like(b)  # B(a, b + n) / B(a, b)
        left = np.ones_like(b)
        for count in range(MOST_PURCHASES):
            chance = stays * paced
            if count:
                leaves = stays_before * self.a / (self.a + b + count - 1)  # B(a + 1, b + n - 1) / B(a, b)
                chance = chance + leaves * np.maximum(1 - paced_before, 0)
            of_customer = there * chance + (1 - there) * (count == 0)
            yield count, of_customer
            left = left - of_customer
            if left.max(initial=0) < LEAST_TAIL:
                return
            paced_before = paced_before + paced
            paced = paced * share * (r + count) / (count + 1)
            stays_before = stays
            stays = stays * (b + count) / (self.a + b + count)


def fit(repeats: Numbers, recency: Numbers, age: Numbers, weights: Numbers | None = None) -> BgNbd:
    """The most likely model of these customers.

    Equal customers may be given once with a weight, which makes a million of them as quick as the few ten thousand
    different ones. The cost grows with the number of rows given.

    Args:
        repeats: purchases after the first, of each row.
        recency: from the first purchase to the last.
        age: from the first purchase to now.
        weights: customers of each row; None: one each.

    Raises:
        HoivaError: too few customers came back to learn from, or the search did not end.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    x, t_x, t = (np.asarray(each, dtype=np.float64) for each in (repeats, recency, age))
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w[x > 0].sum() < FEWEST_REPEATERS:
        raise HoivaError(
            f"{int(w[x > 0].sum())} customers have bought a second time: {FEWEST_REPEATERS} are needed to say "
            "anything about lifetimes; wait for more purchases"
        )
    if (t_x > t).any() or (x < 0).any() or ((x == 0) & (t_x > 0)).any():
        raise HoivaError("a customer's last purchase lies after now, or before the first: check the counts")
    unit = float(np.average(t, weights=w)) or 1.0  # one mean age: the search wants parameters of like size
    likelihood = _Likelihood(x, t_x / unit, t / unit, w)
    # On one thread: sums in one order give the same bits everywhere, and threads that wait for each other on a busy
    # machine took eight times the CPU of the sums.
    with threadpool_limits(limits=1):
        found = minimize(
            likelihood, np.log([1.0, 1.0, 1.0, 2.0]), jac=True, method="L-BFGS-B",
            bounds=[(-12, LARGEST)] * 4, options={"maxiter": 1_000, "ftol": TOLERANCE * 1e-3, "gtol": 1e-8},
        )  # fmt: skip
    if not found.success and "ABNORMAL" not in str(found.message):
        raise HoivaError(f"the lifetime model found no best fit: {found.message}")
    r, alpha, a, b = (float(each) for each in np.exp(found.x))
    # The likelihood of days instead of units: a density of repeats per unit of time.
    log_likelihood = -float(found.fun) * w.sum() - float((w * x).sum()) * np.log(unit)
    return BgNbd(r, alpha * unit, a, b, float(log_likelihood))


class _Likelihood:
    """Minus the mean log-likelihood and its slope, by the logarithms of the parameters."""

    def __init__(self, x: Numbers, t_x: Numbers, t: Numbers, weights: Numbers) -> None:
        # Customers without a repeat matter by their age alone; gamma functions are asked once for each count.
        self.total = weights.sum()
        once = x == 0
        self.once_age, self.once_weights = _collapsed(t[once], weights[once])
        self.x, self.t_x, self.t, self.w = x[~once], t_x[~once], t[~once], weights[~once]
        self.counts, self.place = np.unique(self.x, return_inverse=True)
        self.of_count = np.bincount(self.place, self.w, len(self.counts))

    def __call__(self, logs: Numbers) -> tuple[float, Numbers]:
        from scipy.special import gammaln, psi

        r, alpha, a, b = np.exp(logs)
        c, n = self.counts, self.of_count
        value = float(
            n @ (gammaln(r + c) - gammaln(r) + gammaln(a + b) + gammaln(b + c) - gammaln(b) - gammaln(a + b + c))
        )
        repeating = self.w.sum()
        value += r * np.log(alpha) * self.total
        slope_r = float(n @ (psi(r + c) - psi(r))) + np.log(alpha) * self.total
        slope_alpha = r / alpha * self.total
        slope_a = float(n @ (psi(a + b) - psi(a + b + c)))
        slope_b = float(n @ (psi(a + b) + psi(b + c) - psi(b) - psi(a + b + c)))
        since = np.log(alpha + self.once_age)
        value -= r * float(self.once_weights @ since)
        slope_r -= float(self.once_weights @ since)
        slope_alpha -= r * float(self.once_weights @ (1 / (alpha + self.once_age)))
        if repeating:
            log_age, log_recency = np.log(alpha + self.t), np.log(alpha + self.t_x)
            exponent = r + self.x
            gone = np.log(a) - np.log(b + c - 1)
            there, left = -exponent * log_age, gone[self.place] - exponent * log_recency
            both = np.logaddexp(there, left)
            value += float(self.w @ both)
            weight_left = self.w * np.exp(left - both)
            weight_there = self.w - weight_left
            slope_r -= float(weight_there @ log_age + weight_left @ log_recency)
            slope_alpha -= float(exponent @ (weight_there / (alpha + self.t) + weight_left / (alpha + self.t_x)))
            slope_a += float(weight_left.sum()) / a
            slope_b -= float(np.bincount(self.place, weight_left, len(c)) @ (1 / (b + c - 1)))
        slopes = np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])
        return -value / self.total, -slopes / self.total


def _collapsed(values: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    different, place = np.unique(values, return_inverse=True)
    return different, np.bincount(place, weights, len(different)).astype(np.float64)
