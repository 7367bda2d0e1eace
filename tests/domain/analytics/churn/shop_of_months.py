"""A small shop over many months: who buys in a steady rhythm and who leaves, and its months as known then."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from dagster_project.domain.clock import end_of_day, naive_utc
from tests.domain.analytics.making import ZONE, base

LAST = date(2026, 3, 31)


def month_ends(count: int, last: date = LAST) -> list[datetime]:
    """The last moments of so many months, with their zone, oldest first."""
    days = pd.date_range(end=pd.Timestamp(last), periods=count, freq="ME")
    return [end_of_day(day.date(), ZONE) for day in days]


@lru_cache
def purchases(customers: int = 500, days: int = 400, seed: int = 5) -> pd.DataFrame:
    """Customers of rhythms between one and eight weeks, a third of whom leave on some day for good."""
    rng = np.random.default_rng(seed)
    gap = rng.uniform(7, 55, customers)
    end = np.where(rng.random(customers) < 0.35, rng.uniform(60, days, customers), days)
    many = 80
    at = rng.uniform(0, 60, customers)[:, None] + np.cumsum(rng.gamma(4, gap[:, None] / 4, (customers, many)), axis=1)
    owner = np.repeat(np.arange(customers), many)[(at < end[:, None]).ravel()]
    day = at[at < end[:, None]]
    last = pd.Timestamp(naive_utc(end_of_day(LAST, ZONE)))
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in owner],
            "purchased_at": (last - pd.to_timedelta(((days - day) * 86_400).round(), unit="s")).astype(
                "datetime64[us]"
            ),
            "amount": rng.lognormal(3, 0.5, len(owner)).round(2),
        }
    )


def months(bought: pd.DataFrame, count: int = 9, last: date = LAST) -> dict[datetime, pa.Table]:
    """Each month's end (UTC without a zone) and every customer as known then."""
    return {naive_utc(end): base(bought, as_of=end) for end in month_ends(count, last)}


@lru_cache
def known(count: int = 9) -> dict[datetime, pa.Table]:
    """The months of the shop above; not to be changed."""
    return months(purchases(), count)
