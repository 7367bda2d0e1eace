"""The same customers at the ends of several months, as the report takes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import pandas as pd

from dagster_project.domain.analytics.moves.standing import Standing, standing_at
from dagster_project.domain.clock import end_of_day
from tests.domain.analytics.making import ZONE, base, random_purchases

MONTHS = [
    *(end_of_day(date(2025, month, day), ZONE) for month, day in ((2, 28), (3, 31), (4, 30), (5, 31), (6, 30))),
    *(end_of_day(date(2025, month, day), ZONE) for month, day in ((7, 31), (8, 31), (9, 30), (10, 31), (11, 30))),
    end_of_day(date(2025, 12, 31), ZONE),
    *(end_of_day(date(2026, month, day), ZONE) for month, day in ((1, 31), (2, 28), (3, 31))),
]


def purchases(customers: int = 600, seed: int = 7) -> pd.DataFrame:
    """Customers who buy by a rhythm of their own, some of whom stop one day, beside some at random."""
    rng = np.random.default_rng(seed)
    end = np.datetime64("2026-03-31T18:00:00", "us")
    rows = []
    for number in range(customers):
        gap, stop = rng.uniform(12, 60), rng.uniform(0, 500) if rng.random() < 0.6 else 0
        ago = np.arange(stop, 1_000, gap) + rng.normal(0, gap / 6, len(np.arange(stop, 1_000, gap)))
        if number % 4 == 0:  # pauses of nearly two months every quarter, and a rhythm in between
            ago = ago[(ago + 20 * rng.random()) % 95 > 58]
        moments = end - (ago.clip(0) * 86_400_000_000).astype("timedelta64[us]")
        amount = rng.lognormal(3, 0.8)
        rows.append(
            pd.DataFrame({"customer_id": f"r{number:04d}", "purchased_at": moments, "amount": round(amount, 2)})
        )
    return pd.concat([*rows, random_purchases(100, seed=seed, as_of=MONTHS[-1])])


def standings(rows: pd.DataFrame, months: list[datetime] = MONTHS) -> Iterator[Standing]:
    """Where everyone stood at the end of each month, from what was known then."""
    for month in months:
        yield standing_at(base(rows, as_of=month), month, ZONE)
