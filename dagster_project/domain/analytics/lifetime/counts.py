"""The three numbers of each customer that a lifetime model learns from, and the mean of what they spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dagster_project.domain.analytics.columns import Numbers, business_days, days_until, numbers


@dataclass(frozen=True)
class Counts:
    """Customers who have bought; arrays of one length. Times are business days.

    Attributes:
        customer_ids: who.
        repeats: purchase days after the first.
        recency: days from the first purchase to the last.
        age: days from the first purchase to the moment asked about.
        mean_amount: what was bought and kept per purchase day; 0 when all of it went back.
    """

    customer_ids: pa.ChunkedArray
    repeats: Numbers
    recency: Numbers
    age: Numbers
    mean_amount: Numbers

    @property
    def total_amount(self) -> Numbers:
        """What each bought and kept."""
        return self.mean_amount * (self.repeats + 1)


def counts_of(customer_360: pa.Table, as_of: datetime, zone: ZoneInfo) -> Counts:
    """The counts of everyone who has bought by a moment.

    Args:
        customer_360: as of this moment; a month of ``customer_months`` will do.
        as_of: the moment.
        zone: the business zone.
    """
    days = numbers(customer_360, "count_purchase_days")
    bought = days > 0
    age = days_until(business_days(customer_360, "first_purchase_at", zone), as_of, zone)
    since = numbers(customer_360, "days_since_last_purchase")
    kept = np.maximum(numbers(customer_360, "total_purchase_amount") - numbers(customer_360, "return_amount"), 0)
    return Counts(
        customer_360.column("customer_id").filter(pa.array(bought)),
        days[bought] - 1,
        (age - since)[bought],
        age[bought],
        (kept / np.maximum(days, 1))[bought],
    )


@dataclass(frozen=True)
class Kinds:
    """Customers with equal counts, once each; ``kind`` gives the number of each customer's kind."""

    repeats: Numbers
    recency: Numbers
    age: Numbers
    weights: Numbers
    kind: npt.NDArray[np.int64]


def kinds_of(counts: Counts) -> Kinds:
    """Equal customers taken together: of a million there are some ten thousand different ones."""
    span = int(counts.age.max(initial=0)) + 1
    key = (counts.repeats.astype(np.int64) * span + counts.recency.astype(np.int64)) * span + counts.age.astype(
        np.int64
    )
    different, kind, weights = np.unique(key, return_inverse=True, return_counts=True)
    return Kinds(
        repeats=(different // (span * span)).astype(np.float64),
        recency=(different // span % span).astype(np.float64),
        age=(different % span).astype(np.float64),
        weights=weights.astype(np.float64),
        kind=kind.astype(np.int64),
    )
