"""The lists: three items for each customer, each with its reason, without what they have or cannot buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.cross_sell.model import (
    PLACES,
    Hits,
    Scores,
    Setting,
    best,
    choose,
    score_chunks,
    weights,
)
from dagster_project.domain.analytics.cross_sell.shelf import LATELY, Shelf, shelf_of
from dagster_project.domain.analytics.schema import MOMENT
from dagster_project.domain.clock import naive_utc

SELLS_NOW = -1  # the reason of an item that no item of the customer speaks for
FEWEST_TOGETHER = 3  # customers with both, for a rule


@dataclass(frozen=True)
class Lists:
    """Items for customers: arrays of one length, customer by customer, best item first.

    Attributes:
        customer: number of the customer in the shelf.
        item: number of the item.
        position: from 1.
        because: number of the customer's item that speaks most for it, or ``SELLS_NOW``.
    """

    shelf: Shelf
    setting: Setting
    hits: Hits
    customer: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    because: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """Pairs of items: of the customers with one, how many have the other."""

    because: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    customers: npt.NDArray[np.int64]  # with both
    confidence: npt.NDArray[np.float64]
    lift: npt.NDArray[np.float64]  # times as many as among all customers


def new_since(bought: pa.Table, moment: datetime) -> dict[str, set[str]]:
    """Customer to the items they bought for the first time after a moment."""
    later = bought.filter(pc.greater(bought["first_bought_at"].cast(MOMENT), pa.scalar(naive_utc(moment), MOMENT)))
    found: dict[str, set[str]] = {}
    for customer, item in zip(later["customer_id"].to_pylist(), later["item_id"].to_pylist(), strict=True):
        found.setdefault(customer, set()).add(item)
    return found


def lists_of(bought: pa.Table, barred: set[str], as_of: datetime) -> Lists | None:
    """Three items for each customer who has bought anything; None while nobody has.

    The setting is the one that would have done best on the last ``LATELY`` days.

    Args:
        bought: customer_id, item_id, first_bought_at; by ``as_of``.
        barred: items nobody is to be offered, as they cannot be bought now.
        as_of: the moment.
    """
    shelf = shelf_of(bought, as_of)
    if not len(shelf.customer_ids):
        return None
    earlier = as_of - timedelta(days=LATELY)
    known = bought.filter(pc.less_equal(bought["first_bought_at"].cast(MOMENT), pa.scalar(naive_utc(as_of), MOMENT)))
    setting, hits = choose(shelf_of(known, earlier), new_since(known, earlier))
    found = weights(shelf, setting.ridge)
    out = np.array([item in barred for item in shelf.item_ids], dtype=bool)
    parts = []
    for rows, scores in score_chunks(shelf, found, setting, np.arange(len(shelf.customer_ids))):
        scores[:, out] = -np.inf
        top = best(scores, PLACES)
        value = np.take_along_axis(scores, top, axis=1)
        position = np.broadcast_to(np.arange(1, top.shape[1] + 1), top.shape)
        because = np.stack([_because(shelf, found, rows, top[:, place]) for place in range(top.shape[1])], axis=1)
        known_ones = np.isfinite(value)
        customer = np.broadcast_to(rows[:, None], top.shape)
        parts.append([each[known_ones] for each in (customer, top, position, value, because)])
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Lists(shelf, setting, hits, *columns)


def _because(
    shelf: Shelf, found: Scores, rows: npt.NDArray[np.int64], items: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Of each customer, the own item with the largest weight for the item offered; not one that all went back of."""
    owned = shelf.owned[rows]
    sizes = np.diff(owned.indptr)
    values = np.where(shelf.kept[rows].data > 0, found[owned.indices, np.repeat(items, sizes)], 0)
    because = np.full(len(rows), SELLS_NOW, dtype=np.int64)
    filled = np.flatnonzero(sizes)
    if not len(filled):
        return because
    most = np.maximum.reduceat(values, owned.indptr[:-1][filled])
    of_row = np.repeat(np.arange(len(filled)), sizes[filled])
    is_most = values == most[of_row]
    first = np.full(len(filled), -1, dtype=np.int64)
    places = np.flatnonzero(is_most)[::-1]
    first[of_row[places]] = owned.indices[places]
    because[filled] = np.where(most > 0, first, SELLS_NOW)
    return because


def rules_of(shelf: Shelf, because: npt.NDArray[np.int64], item: npt.NDArray[np.int64]) -> Rules:
    """The rule behind each different pair of a reason and an item; pairs that stand on too few are left out."""
    given = because >= 0
    pairs = np.unique(np.stack([because[given], item[given]], axis=1), axis=0)
    if not len(pairs):
        empty = np.empty(0, dtype=np.int64)
        return Rules(empty, empty, empty, np.empty(0), np.empty(0))
    both = (shelf.owned.T @ shelf.owned).toarray()
    together = both[pairs[:, 0], pairs[:, 1]].astype(np.int64)
    of_all = shelf.customers_of
    confidence = together / of_all[pairs[:, 0]]
    lift = confidence / (of_all[pairs[:, 1]] / len(shelf.customer_ids))
    enough = together >= FEWEST_TOGETHER
    return Rules(pairs[enough, 0], pairs[enough, 1], together[enough], confidence[enough], lift[enough])
