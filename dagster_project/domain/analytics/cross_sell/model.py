"""Which items go together: a linear model of the whole basket, and how well it foretold what was bought next.

Each item is foretold from all others a customer has, by weights that the closed form of a ridge regression gives, with
an item barred from foretelling itself. Source: Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data".
What most customers have, or have lately begun to buy, is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from dagster_project.domain.analytics.cross_sell.shelf import Shelf

Scores = npt.NDArray[np.float32]
CHUNK = 10_000  # customers scored at a time: 80 MB of scores for 2,000 items
PLACES = 3  # of a list
COMPARED = 10  # places that settings are compared on
RIDGES = (300.0, 1_000.0, 3_000.0)  # how many customers' worth of doubt is laid on each weight
POPULARITIES = (0.0, 0.02, 0.05, 0.1)  # weight of what many have, beside
MOST_TO_CHOOSE = 20_000  # customers settings are compared on: enough to know a hit-rate to 0.004
DIGITS = 6  # of a weight: far above what threads change in a sum, far below what changes a list
FEWEST_TO_CHOOSE = 100  # customers who bought something new: with fewer, nothing is learned


@dataclass(frozen=True)
class Setting:
    """How the model is made: what stands beside the weights, and how much of it. ``ridge`` None: that alone."""

    ridge: float | None = RIDGES[0]
    popularity: float = POPULARITIES[1]
    by: Literal["most", "lately"] = "lately"  # what most customers have, or what most began to buy lately

    def __str__(self) -> str:
        beside = "what most customers have" if self.by == "most" else "what sells now"
        return beside if self.ridge is None else f"ridge {self.ridge:g}, {self.popularity:g} of {beside}"


@dataclass(frozen=True)
class Hits:
    """Of how many customers who bought something new one of three items foretold was among it."""

    customers: int
    model: int
    popular: int  # by what most customers have
    lately: int  # by what most customers began to buy

    @property
    def rate(self) -> float:
        """Of the model."""
        return self.model / self.customers if self.customers else float("nan")

    @property
    def baseline(self) -> float:
        """Of the better of the two simple lists."""
        return max(self.popular, self.lately) / self.customers if self.customers else float("nan")

    def interval(self) -> tuple[float, float]:
        """Where the rate of the model lies, 95 % sure (Wilson).

        >>> [round(end, 3) for end in Hits(customers=100, model=30, popular=20, lately=10).interval()]
        [0.219, 0.396]
        """
        from scipy.stats import binomtest

        if not self.customers:
            return float("nan"), float("nan")
        low, high = binomtest(self.model, self.customers).proportion_ci(method="wilson")
        return float(low), float(high)


MOST = Setting(None, 1.0, "most")
LATELY_ALONE = Setting(None, 1.0, "lately")


def weights(shelf: Shelf, ridge: float | None) -> Scores:
    """How far each item (row) speaks for each other (column). The cost grows with the cube of the items."""
    count = len(shelf.item_ids)
    if ridge is None or not count:
        return np.zeros((count, count), dtype=np.float32)
    together = (shelf.owned.T @ shelf.owned).toarray().astype(np.float64)
    inverse = np.linalg.inv(together + ridge * np.eye(count))
    found = inverse / -np.diag(inverse)
    np.fill_diagonal(found, 0)
    return np.round(found, DIGITS).astype(np.float32)


def score_chunks(
    shelf: Shelf, found: Scores, setting: Setting, rows: npt.NDArray[np.int64]
) -> Iterator[tuple[npt.NDArray[np.int64], Scores]]:
    """The scores of customers, some thousand at a time; what they have is barred."""
    customers = shelf.lately if setting.by == "lately" else shelf.customers_of
    beside = (setting.popularity * np.log1p(customers)).astype(np.float32)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        owned = shelf.owned[chunk]
        scores = np.asarray(owned @ found, dtype=np.float32) + beside
        scores[owned.nonzero()] = -np.inf
        yield chunk, scores


def best(scores: Scores, places: int) -> npt.NDArray[np.int64]:
    """The items of the highest scores, best first; equal ones by their number of customers."""
    count = scores.shape[1]
    if count <= places:
        return np.argsort(-scores, axis=1, kind="stable")
    few = np.sort(np.argpartition(-scores, places - 1, axis=1)[:, :places], axis=1)
    order = np.argsort(-np.take_along_axis(scores, few, axis=1), axis=1, kind="stable")
    return np.take_along_axis(few, order, axis=1)


def choose(then: Shelf, new: dict[str, set[str]]) -> tuple[Setting, Hits]:
    """The setting that would have foretold best what customers bought since, and how well.

    Settings are compared by how many of the new items stood among the first ten, which chance moves less than whether
    one stood among three; of equal ones the simplest is taken.

    Args:
        then: the shelf some time ago.
        new: customer_id to the items bought for the first time since then.

    Returns:
        the setting, and its hits beside those of the two simple lists. They are of the choosing itself: on later
        months they are a little lower.
    """
    rows, bought = _at_most(MOST_TO_CHOOSE, *_truth(then, new))
    plain = weights(then, None)
    tried = {
        MOST: _found(then, plain, bought, rows, MOST),
        LATELY_ALONE: _found(then, plain, bought, rows, LATELY_ALONE),
    }
    for ridge in RIDGES if len(rows) >= FEWEST_TO_CHOOSE else ():
        found = weights(then, ridge)
        for popularity, by in product(POPULARITIES, ("most", "lately")):
            setting = Setting(ridge, popularity, by)  # type: ignore[arg-type]
            tried[setting] = _found(then, found, bought, rows, setting)
    setting = max(tried, key=lambda one: (tried[one][1], one.ridge is None, one.ridge or 0))
    return setting, Hits(len(rows), *(int(tried[one][0].sum()) for one in (setting, MOST, LATELY_ALONE)))


def evaluate(then: Shelf, new: dict[str, set[str]], setting: Setting) -> npt.NDArray[np.bool_]:
    """Customer by customer, of those who bought something new, whether one of three foretold was among it."""
    rows, bought = _truth(then, new)
    return _found(then, weights(then, setting.ridge), bought, rows, setting)[0]


def _truth(then: Shelf, new: dict[str, set[str]]) -> tuple[npt.NDArray[np.int64], list[set[int]]]:
    place = {item: number for number, item in enumerate(then.item_ids)}
    rows, bought = [], []
    for number, customer in enumerate(then.customer_ids.tolist()):
        items = new.get(customer)
        if items:
            rows.append(number)
            bought.append({place[item] for item in items if item in place})
    return np.array(rows, dtype=np.int64), bought


def _at_most(
    count: int, rows: npt.NDArray[np.int64], bought: list[set[int]]
) -> tuple[npt.NDArray[np.int64], list[set[int]]]:
    """So many of them, evenly by place: a customer_id says nothing of what its customer buys."""
    if len(rows) <= count:
        return rows, bought
    chosen = np.arange(count) * len(rows) // count
    return rows[chosen], [bought[number] for number in chosen.tolist()]


def _found(
    then: Shelf, found: Scores, bought: list[set[int]], rows: npt.NDArray[np.int64], setting: Setting
) -> tuple[npt.NDArray[np.bool_], int]:
    """Whether one of the first three was bought, of each customer; and how many of the first ten, of all."""
    hits, many, done = np.zeros(len(rows), dtype=bool), 0, 0
    for chunk, scores in score_chunks(then, found, setting, rows):
        for number, items in enumerate(best(scores, COMPARED).tolist()):
            truth = bought[done + number]
            hits[done + number] = not truth.isdisjoint(items[:PLACES])
            many += len(truth.intersection(items))
        done += len(chunk)
    return hits, many
