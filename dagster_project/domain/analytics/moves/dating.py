"""When a customer entered the stage they stand in: the day on which the same rules would first have said so."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import Flags, numbers
from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.moves.standing import Standing
from dagster_project.domain.analytics.ranks import Whole
from dagster_project.domain.analytics.rhythm import rhythm
from dagster_project.domain.clock import business_date, end_of_day, naive_utc


def days_in_stage(after: Standing, most: Whole) -> tuple[Whole, Flags]:
    """For how many days each customer has stood in today's stage, looked for among the last ``most`` days.

    The question is asked of each customer's own row with fewer days of silence, so it needs nothing but today's rows;
    the rhythm of the base is taken as it is today. Halving finds the day: the cost grows with the number of customers
    times the logarithm of ``most``.

    Args:
        after: where everyone stands.
        most: per customer, how many days to look back: without a purchase in between. 0 asks nothing.

    Returns:
        Days since the stage was entered (0: today), and whether the customer stood there all these days.
    """
    target = np.asarray(after.stages.to_numpy(zero_copy_only=False))
    always = _stages_ago(after, most) == target
    inside, outside = np.where(always, most, 0), most.copy()
    while np.any(outside - inside > 1):
        middle = (inside + outside) // 2
        same = _stages_ago(after, middle) == target
        inside, outside = np.where(same, middle, inside), np.where(same, outside, middle)
        outside = np.where(always, inside, outside)
    return inside, always


def _stages_ago(after: Standing, days: Whole) -> np.ndarray:
    """The stage of each customer so many days ago, had nothing else been different."""
    rows = after.customers
    silent = numbers(rows, "days_since_last_purchase") - days
    rows = _with(rows, "days_since_last_purchase", pa.array(silent, pa.float64(), mask=np.isnan(silent)))
    # Asked as of today, a customer of so many days fewer is one whose purchases all came so many days later, but not
    # after today.
    latest = np.datetime64(naive_utc(after.as_of), "us")
    for column in ("first_purchase_at", "last_purchase_at"):
        moments = rows.column(column).to_numpy(zero_copy_only=False).astype("datetime64[us]")
        later = np.minimum(moments + days.astype("timedelta64[D]"), latest)
        rows = _with(rows, column, pa.array(later, pa.timestamp("us")))
    rhythms = rhythm(rows, after.as_of, after.zone)
    stages = lifecycle(rows, rhythms, after.as_of, after.zone).column("lifecycle_stage")
    return np.asarray(stages.to_numpy(zero_copy_only=False))


def moments_of(after: Standing, days: Whole) -> np.ndarray:
    """The end of the business day so many days ago; today's is the moment itself."""
    today = business_date(after.as_of, after.zone)
    each, places = np.unique(days, return_inverse=True)
    ends = [
        min(naive_utc(end_of_day(today - timedelta(days=int(ago)), after.zone)), naive_utc(after.as_of)) for ago in each
    ]
    return np.array(ends, dtype="datetime64[us]")[places]


def _with(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(column), column, values)
