"""What the churn model may look at: one row per customer and moment, from the house's own features of that moment.

Nothing here is counted anew: every number comes from the columns of ``customer_360`` as they stood at the moment asked
about (``customer_months`` for the past, ``customer_360`` for tonight), or is a ratio of them.

Purchases and returns alone, because whose they are is known at once, by the company's own number. Whose a visit, a
letter or a service contact was is often learned later: a browser that logs in today gives its earlier visits to a
customer. Past months are told with tonight's knowledge of who is who, so those columns know a little of the future: on
the real shop 165 of 2,718 customers had another last visit at the end of May when asked in August. A model with visits
had an AUC of 0.769 in its check and of 0.755 on a night that could not know; without them 0.761 both times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.columns import Numbers, business_days, days_until, numbers
from dagster_project.domain.analytics.ranks import twice_the_place
from dagster_project.domain.analytics.rhythm import rhythm

ACTIVE_DAYS = 365  # since the last purchase: who has been away for a year has left, and needs no model to say so

# What a person would call one reason, and the features that tell of it. A reason is weighed as a whole
# (``reasons.py``), because its features move together.
GROUPS: dict[str, tuple[str, ...]] = {
    "silence": ("days_since_last_purchase", "quiet_ratio", "silence_place"),
    "habit": (
        "count_purchase_days",
        "count_orders",
        "purchase_days_per_day",
        "mean_gap_days",
        "median_gap_days",
        "last_gap_days",
        "frequency_place",
    ),
    "standing": ("days_since_first_purchase",),
    "spending": ("total_purchase_amount", "average_order_amount", "purchase_amount_90d", "amount_place"),
    "returns": ("return_share",),
}
FEATURES: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
TAKEN_AS_THEY_ARE = (  # columns of customer_360
    *("days_since_last_purchase", "count_purchase_days", "count_orders", "median_gap_days", "last_gap_days"),
    *("total_purchase_amount", "average_order_amount", "purchase_amount_90d"),
)
AGE_MARGIN = 30  # days: somebody of yesterday with one purchase does not buy daily


@dataclass(frozen=True)
class Asked:
    """The customers a moment's question is about, and what is known of each.

    Attributes:
        customer_id: who, in the order of the rows given.
        values: one row each, one column for each of ``FEATURES``; NaN where there is nothing to know.
    """

    customer_id: pa.ChunkedArray
    values: Numbers


def asked_at(rows: pa.Table, as_of: datetime, zone: ZoneInfo) -> Asked:
    """Everyone who bought within the year before ``as_of``, with the features of that moment.

    Args:
        rows: ``customer_360``, or one month of ``customer_months``, built for this ``as_of``.
        as_of: the moment, with its zone.
        zone: the business zone.

    Raises:
        HoivaError: a column is missing, or a row knows something after ``as_of``.
    """
    own_rhythm = rhythm(rows, as_of, zone)  # of the whole base: it also refuses rows of another moment
    silence = pc.fill_null(rows.column("days_since_last_purchase"), ACTIVE_DAYS)
    is_active = pc.less(silence, ACTIVE_DAYS)
    return Asked(
        rows.column("customer_id").filter(is_active),
        values_of(rows.filter(is_active), numbers(own_rhythm.filter(is_active), "quiet_ratio"), as_of, zone),
    )


def values_of(rows: pa.Table, quiet_ratio: Numbers, as_of: datetime, zone: ZoneInfo) -> Numbers:
    """The features of these customers as one array, a column for each of ``FEATURES``."""
    known = {name: numbers(rows, name) for name in TAKEN_AS_THEY_ARE}
    age = days_until(business_days(rows, "first_purchase_at", zone), as_of, zone)
    days, silence = known["count_purchase_days"], known["days_since_last_purchase"]
    with np.errstate(divide="ignore", invalid="ignore"):
        known["mean_gap_days"] = np.where(days > 1, (age - silence) / (days - 1), np.nan)
        returned = numbers(rows, "return_amount") / known["total_purchase_amount"]
    known["return_share"] = np.where(known["total_purchase_amount"] > 0, np.clip(returned, 0, 1), 0.0)
    known["quiet_ratio"] = quiet_ratio
    known["days_since_first_purchase"] = age
    known["purchase_days_per_day"] = days / (age + AGE_MARGIN)
    known["silence_place"] = place(silence)
    known["frequency_place"] = place(days)
    known["amount_place"] = place(known["total_purchase_amount"])
    return np.column_stack([known[name] for name in FEATURES])


def place(values: Numbers) -> Numbers:
    """Where each value stands among these customers, from 0 to 1: comparable between a young base and an old one.

    >>> place(np.array([5.0, 1.0, 5.0, 9.0])).tolist()
    [0.5, 0.125, 0.5, 0.875]
    """
    if not len(values):
        return values
    below, of = twice_the_place(values)
    return below / of
