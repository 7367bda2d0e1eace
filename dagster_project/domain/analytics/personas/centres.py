"""Personas found by clustering: groups of customers who are alike, grown from centres that already have a name.

A clustering that begins anywhere gives groups without a meaning and other ones every month. Here each group begins at a
centre somebody named, from a survey or from knowing the shop, in places in the base: 0.9 of ``count_orders_365d`` is a
customer who orders more than nine in ten. The groups may then move to where the customers really are, as long as each
stays nearest to its own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.ranks import twice_the_place

FEWEST_TO_CLUSTER = 200  # customers: below, the centres stay where they were declared
MOST_TO_CLUSTER = 50_000  # customers the centres are grown from; more move them by less than a hundredth
MIDDLE = 0.5  # the place of a column a centre says nothing about
SEED = 14  # of the halves a clustering is checked on
WORD = 0.25  # docs/decisions/0015
ROUNDS = 60  # of the search; after some forty nothing moves by a thousandth
LEAST_APART = 0.25  # normal scores between two centres: nearer, they are one persona with two names
FURTHEST = 0.02  # place: who is further out is as far as that, lest one column decide alone
SMALLEST_SPREAD = 0.03  # normal scores: a group of equals is sure, not infinitely so


@dataclass(frozen=True)
class Centre:
    """A persona as a point in the base: for each column, which share of customers has less."""

    persona: str
    places: Mapping[str, float]


@dataclass(frozen=True)
class Clustering:
    """Named groups of customers.

    Attributes:
        personas: names, in the order of the rows of ``centres``.
        columns: in the order of the columns of ``centres``.
        centres: places, one row a persona.
        has_moved: whether the base was asked; else the centres are the declared ones.
        spread: of customers around their centre, in normal scores, per column.
        stability: share of customers to whom either half of the base gives the same persona; NaN: not checked.
    """

    personas: tuple[str, ...]
    columns: tuple[str, ...]
    centres: Numbers
    has_moved: bool
    spread: float
    stability: float

    def confidences(self, places: Numbers) -> Numbers:
        """How likely each customer is of each persona: one row each, that sum to 1; NaN where a place is unknown.

        Customers are taken to lie around their centre as a normal distribution, equally wide for all personas and in
        all columns.
        """
        return _likely(_scores(places), _scores(self.centres), self.spread)


def columns_of(centres: Sequence[Centre]) -> tuple[str, ...]:
    """The columns that any of the centres speaks of, sorted.

    >>> columns_of([Centre("a", {"y": 0.9}), Centre("b", {"x": 0.1})])
    ('x', 'y')
    """
    return tuple(sorted({column for centre in centres for column in centre.places}))


def places_of(values: Mapping[str, Numbers], columns: Sequence[str]) -> Numbers:
    """The share of customers below each customer in each column, equals counted half; NaN where nothing is known.

    >>> places_of({"x": np.array([1.0, 2.0, 2.0, np.nan])}, ["x"]).ravel().round(2)
    array([0.17, 0.67, 0.67,  nan])
    """
    result = np.full((len(next(iter(values.values()))), len(columns)), np.nan)
    for number, column in enumerate(columns):
        known = ~np.isnan(values[column])
        if known.any():
            place, of = twice_the_place(values[column][known])
            result[known, number] = place / of
    return result


def cluster(centres: Sequence[Centre], places: Numbers) -> Clustering:
    """The groups around these centres in a base.

    The cost grows with the customers, the columns and the centres; the search itself looks at ``MOST_TO_CLUSTER``.

    Args:
        centres: at least one.
        places: of :func:`places_of`, with the columns of :func:`columns_of`; customers with a gap are left out.
    """
    columns = columns_of(centres)
    declared = np.array([[centre.places.get(column, MIDDLE) for column in columns] for centre in centres])
    names = tuple(centre.persona for centre in centres)
    known = places[~np.isnan(places).any(axis=1)]
    sample = known[:: max(1, -(-len(known) // MOST_TO_CLUSTER))]
    sample, begun = _scores(sample), _scores(declared)
    moved, spread = _grown(begun, sample)
    if len(sample) < FEWEST_TO_CLUSTER or not _keeps_its_names(moved, begun):
        return Clustering(names, columns, declared, False, _grown(begun, sample, moves=False)[1], float("nan"))
    halves = np.random.default_rng(SEED).random(len(sample)) < 0.5
    one, other = (_grown(begun, sample[half])[0] for half in (halves, ~halves))
    stability = float((_nearest(sample, one) == _nearest(sample, other)).mean())
    return Clustering(names, columns, _places(moved), True, spread, stability)


def _scores(places: Numbers) -> Numbers:
    """Places as points of a normal distribution: in them, groups are as round as the normal distributions they are
    taken for. With places themselves, of those said to be 0.81 sure 0.70 were right; so, 0.80."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(places, FURTHEST, 1 - FURTHEST)))


def _places(scores: Numbers) -> Numbers:
    from scipy.special import ndtr

    return np.asarray(ndtr(scores))


def _grown(declared: Numbers, places: Numbers, *, moves: bool = True) -> tuple[Numbers, float]:
    """The most likely centres and spread: normal distributions of one spread and equal size, begun at the declared.

    Who declared a centre has a say in where it comes to lie: ``WORD``, in customers of an average persona. Without it
    the halves of the town agree about 49 of 100 customers, with it about 94, and confidences stay as right.
    Each customer counts for every centre as likely as they are of it. Counted for the nearest alone (k-means), groups
    that overlap come out too far apart, and every confidence too high. With sizes and spreads of their own (a full
    Gaussian mixture), one persona took 672 of the town's 1,100 customers.
    """
    from threadpoolctl import threadpool_limits

    centres, spread, word = declared, 1.0, WORD * len(places) / len(declared)
    if not len(places):
        return centres, spread
    with threadpool_limits(limits=1):  # sums in one order: the same centres in every run
        for _ in range(ROUNDS):
            likely = _likely(places, centres, spread)
            if moves:
                centres = (likely.T @ places + word * declared) / (likely.sum(axis=0) + word)[:, None]
            squares = (likely * _squares(places, centres)).sum() / places.size
            spread = max(float(np.sqrt(squares)), SMALLEST_SPREAD)
    return centres, spread


def _keeps_its_names(moved: Numbers, declared: Numbers) -> bool:
    """Whether every centre is still nearest to its own declared place, and no two have become one."""
    apart = np.sqrt(_squares(moved, moved))[~np.eye(len(moved), dtype=bool)]
    is_own = (_nearest(moved, declared) == np.arange(len(declared))).all()
    return bool(is_own and (apart > LEAST_APART).all())


def _likely(places: Numbers, centres: Numbers, spread: float) -> Numbers:
    nearness = -_squares(places, centres) / (2 * spread**2)
    likely = np.exp(nearness - nearness.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _squares(places: Numbers, centres: Numbers) -> Numbers:
    squares = [((places - centre) ** 2).sum(axis=1) for centre in centres]
    return np.stack(squares, axis=1)


def _nearest(places: Numbers, centres: Numbers) -> npt.NDArray[np.int64]:
    return _squares(places, centres).argmin(axis=1)
