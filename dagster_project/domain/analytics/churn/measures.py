"""How good a score is: whom it puts first, how many leavers stand at its top, and whether its shares come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.analytics.columns import Flags, Numbers

SURE = 0.95  # of the intervals
Z = 1.959963984540054  # standard deviations of a normal distribution that hold 95 %
TOP_SHARE = 0.1  # of the customers, the highest scores first: as many as a care model could speak to
RESAMPLES = 400
BINS = 10


@dataclass(frozen=True)
class Between:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Bin:
    """A tenth of the customers, by score: what was foretold and what came."""

    count: int
    foretold: float
    came: Between


def auc(has_left: Flags, score: Numbers) -> Between:
    """How often somebody who left stands above somebody who stayed; ties count half. Interval after DeLong.

    >>> print(auc(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1])))
    0.875 (0.529 to 1.000)
    """
    among_left, among_stayed = placements(has_left, score)
    value = float(among_left.mean())
    spread = Z * float(np.sqrt(variance_of_mean(among_left) + variance_of_mean(among_stayed)))
    return Between(value, max(0.0, value - spread), min(1.0, value + spread))


def auc_gain(has_left: Flags, score: Numbers, other: Numbers) -> Between:
    """By how much one score's AUC is above another's for the same customers (DeLong, paired)."""
    left, stayed = placements(has_left, score)
    other_left, other_stayed = placements(has_left, other)
    gain = float(left.mean() - other_left.mean())
    spread = Z * float(np.sqrt(variance_of_mean(left - other_left) + variance_of_mean(stayed - other_stayed)))
    return Between(gain, gain - spread, gain + spread)


def placements(has_left: Flags, score: Numbers) -> tuple[Numbers, Numbers]:
    """For each who left the share of stayers below, and for each who stayed the share of leavers above."""
    from scipy.stats import rankdata

    left, stayed = score[has_left], score[~has_left]
    everyone = rankdata(score)
    below = (everyone[has_left] - rankdata(left)) / max(len(stayed), 1)
    above = 1 - (everyone[~has_left] - rankdata(stayed)) / max(len(left), 1)
    return below, above


def variance_of_mean(values: Numbers) -> float:
    """The variance of the mean of these values; 0 for a single one."""
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def lift(has_left: Flags, score: Numbers, rng: np.random.Generator, share: float = TOP_SHARE) -> Between:
    """How many times the usual share of leavers the top of the list holds; interval from resampled customers.

    Equal scores at the edge are taken in part, as if drawn by lot: a score with few values gains nothing by order.

    >>> left = np.arange(100) < 20
    >>> round(lift(left, np.arange(100, 0, -1.0), np.random.default_rng(0)).value, 2)
    5.0
    """
    _, block = np.unique(-score, return_inverse=True)  # block 0 holds the highest score
    blocks = int(block.max()) + 1 if len(block) else 0
    drawn = [lift_of_counts(*counts(block, has_left, np.ones(len(score)), blocks), share)]
    if not np.isfinite(drawn[0]):
        return Between(np.nan, np.nan, np.nan)
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, len(score), len(score)), minlength=len(score)).astype(float)
        drawn.append(lift_of_counts(*counts(block, has_left, times, blocks), share))
    low, high = np.nanquantile(drawn[1:], [(1 - SURE) / 2, (1 + SURE) / 2])
    return Between(drawn[0], float(low), float(high))


def counts(block: np.ndarray, has_left: Flags, times: Numbers, blocks: int) -> tuple[Numbers, Numbers]:
    """Customers and leavers of each block of equal scores, each customer counted so many times."""
    customers, leavers = np.bincount(block, times, blocks), np.bincount(block, times * has_left, blocks)
    return customers.astype(np.float64), leavers.astype(np.float64)


def lift_of_counts(customers: Numbers, leavers: Numbers, share: float) -> float:
    """The leavers' share among the first blocks, up to this share of all, by their share among all."""
    if leavers.sum() == 0:
        return float("nan")
    places = share * customers.sum()
    before = np.cumsum(customers) - customers
    part = np.clip((places - before) / np.maximum(customers, 1), 0, 1)
    return float((part * leavers).sum() / places / (leavers.sum() / customers.sum()))


def bins_of(has_left: Flags, probability: Numbers, bins: int = BINS) -> tuple[Bin, ...]:
    """Customers by probability in equal parts, lowest first: the mean foretold, and the share that really left."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple(
        Bin(len(part), float(probability[part].mean()), share_between(int(has_left[part].sum()), len(part)))
        for part in parts
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """How far what was foretold lay from what came, on average over the bins.

    >>> calibration_error((Bin(10, 0.2, Between(0.3, 0, 1)), Bin(10, 0.8, Between(0.8, 0, 1))))
    0.05
    """
    everyone = sum(part.count for part in bins)
    far = sum(part.count * abs(part.foretold - part.came.value) for part in bins)
    return round(far / everyone, 12) if everyone else float("nan")


def share_between(count: int, of: int) -> Between:
    """A share with Wilson's interval, which also holds for shares near none and all.

    >>> print(share_between(0, 20))
    0.000 (0.000 to 0.161)
    """
    value = count / of
    middle = (value + Z**2 / (2 * of)) / (1 + Z**2 / of)
    spread = Z * np.sqrt(value * (1 - value) / of + Z**2 / (4 * of**2)) / (1 + Z**2 / of)
    return Between(value, max(0.0, float(middle - spread)), min(1.0, float(middle + spread)))
