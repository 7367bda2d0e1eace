"""How far tonight's customers have drifted from those the model learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.analytics.churn.features import FEATURES
from dagster_project.domain.analytics.columns import Numbers

PARTS = 10  # tenths of the customers learned from; the edges everything is held against
FLOOR = 1e-3  # the least share of a part: an empty one would make the index endless
MOVED, FAR = 0.1, 0.25  # the usual reading of the index: below .1 the same, from .25 on another population


@dataclass(frozen=True)
class Drift:
    """One feature then and now.

    Attributes:
        feature: which.
        index: the population stability index: 0 for the same distribution.
        then, now: its middle value when it was learned from, and tonight; NaN when most have none.
    """

    feature: str
    index: float
    then: float
    now: float

    @property
    def word(self) -> str:
        """What the index says."""
        return "far from what was learned" if self.index >= FAR else "has moved" if self.index >= MOVED else "as it was"


def drift(learned: Numbers, tonight: Numbers) -> list[Drift]:
    """Every feature, the most drifted first."""
    pairs = [(name, learned[:, place], tonight[:, place]) for place, name in enumerate(FEATURES)]
    found = [Drift(name, stability_index(then, now), middle(then), middle(now)) for name, then, now in pairs]
    return sorted(found, key=lambda one: (-one.index, one.feature))


def stability_index(learned: Numbers, tonight: Numbers) -> float:
    """The sum of (share now - share then) x log(share now / share then) over tenths and the customers without a value.

    >>> stability_index(np.arange(100.0), np.arange(100.0))
    0.0
    >>> stability_index(np.arange(100.0), np.arange(100.0) + 30) > FAR
    True
    """
    known = learned[~np.isnan(learned)]
    edges = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS, method="lower")) if len(known) else np.zeros(0)
    then, now = shares(learned, edges), shares(tonight, edges)
    return float(((now - then) * np.log(now / then)).sum())


def shares(values: Numbers, edges: Numbers) -> Numbers:
    """The share of the values in each part, those without a value last."""
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    every = np.append(counts, len(values) - len(known))
    return np.maximum(every / max(len(values), 1), FLOOR)


def middle(values: Numbers) -> float:
    """The median of the values there are; NaN when most are missing."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) * 2 >= max(len(values), 1) else float("nan")
