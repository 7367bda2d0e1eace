"""The real shop's purchases, and what became of its customers: to weigh a rule against what came after."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from dagster_project.domain.analytics.columns import numbers
from dagster_project.domain.analytics.rhythm import rhythm
from tests.domain.analytics.making import base

LONDON = ZoneInfo("Europe/London")
HORIZON = 90  # days looked ahead


def purchases_of(gift_shop: Path) -> pd.DataFrame:
    """One row per invoice of a known customer: customer_id, purchased_at (UTC), amount of its sold lines."""
    lines = pd.concat(pd.read_parquet(path) for path in sorted((gift_shop / "shop").glob("*.parquet")))
    is_sale = lines["CustomerID"].notna() & ~lines["InvoiceNo"].str.startswith("C")
    lines = lines[is_sale & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    local = lines["InvoiceDate"].dt.tz_localize(LONDON, ambiguous=False, nonexistent="shift_forward")
    lines = lines.assign(
        customer_id=lines["CustomerID"].astype(str),
        purchased_at=local.dt.tz_convert("UTC").dt.tz_localize(None),
        amount=lines["Quantity"] * lines["UnitPrice"],
    )
    invoices = lines.groupby(["customer_id", "InvoiceNo"], as_index=False)
    return invoices.agg(purchased_at=("purchased_at", "min"), amount=("amount", "sum"))


def end_of(day: str) -> datetime:
    """The last second of a day in the shop's zone."""
    return datetime.fromisoformat(f"{day}T23:59:59").replace(tzinfo=LONDON).astimezone(UTC)


def outcomes(purchases: pd.DataFrame, days: list[str]) -> pd.DataFrame:
    """At each cut day, one row per customer with at least three purchase days: how quiet they were, and whether they
    bought nothing in the 90 days after."""
    parts = []
    for day in days:
        as_of = end_of(day)
        customers = base(purchases, as_of=as_of, zone=LONDON)
        limit = pd.Timestamp(as_of.replace(tzinfo=None))
        later = purchases[
            purchases["purchased_at"].between(limit, limit + pd.Timedelta(days=HORIZON), inclusive="right")
        ]
        rows = rhythm(customers, as_of, LONDON)
        frame = pd.DataFrame(
            {
                "day": day,
                "customer_id": customers.column("customer_id").to_pylist(),
                "count_days": numbers(customers, "count_purchase_days"),
                "own_gap": numbers(customers, "median_gap_days"),
                "silent_days": numbers(customers, "days_since_last_purchase"),
                "quiet_ratio": numbers(rows, "quiet_ratio"),
                "silence_chance": numbers(rows, "silence_chance"),
                "is_fading": rows.column("is_fading").to_numpy(zero_copy_only=False),
            }
        )
        frame["has_left"] = ~frame["customer_id"].isin(later["customer_id"])
        parts.append(frame[frame["count_days"] >= 3])
    return pd.concat(parts, ignore_index=True)


def fixed_rule(rows: pd.DataFrame, false_alarms: float) -> tuple[float, float]:
    """The fixed number of silent days that gives so many false alarms, and how many leavers it finds.

    Both are interpolated between whole days.
    """
    silent = rows["silent_days"].to_numpy().astype(int)
    left = rows["has_left"].to_numpy()
    limits = np.arange(silent.max() + 2)
    alarms = np.array([((silent >= limit) & ~left).sum() for limit in limits])
    found = np.array([((silent >= limit) & left).sum() for limit in limits])
    limit = float(np.interp(-false_alarms, -alarms, limits))
    return limit, float(np.interp(limit, limits, found))
