"""Who is in the group of valuable customers growing quiet at one moment, and what each is worth in a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.moves.standing import Standing, places_of
from dagster_project.domain.analytics.schema import MOMENT

HIGH_TIERS = ("top", "high")  # the best fifth of those who bought within the year
SHOWN = ("value_tier", "monetary_amount", "is_fading", "quiet_ratio", "expected_gap_days")


@dataclass(frozen=True)
class Group:
    """The base at one moment with what decides about the group.

    Attributes:
        as_of: the moment (UTC).
        rows: one row per customer known then, sorted: customer_id, value_tier, monetary_amount (decimal, a year's),
            is_fading, quiet_ratio, expected_gap_days, days_since_last_purchase, last_purchase_at, is_in_group.
    """

    as_of: datetime
    rows: pa.Table

    @property
    def ids(self) -> pa.Array:
        """Everyone known at the moment, sorted."""
        return self.rows.column("customer_id").combine_chunks()

    @property
    def members(self) -> pa.Array:
        """The customers of the group, sorted."""
        return self.ids.filter(self.rows.column("is_in_group").combine_chunks())

    def of(self, these: pa.Array) -> pa.Table:
        """The rows of these customers, in their order; empty where somebody was not known."""
        return self.rows.take(places_of(these, self.ids))


def group_at(standing: Standing) -> Group:
    """The group at a moment: fading against their own rhythm, and of the highest two value tiers.

    The same as the condition of the segment ``fading_high_value``.
    """
    worth, rows = standing.rfm(), standing.customers
    tiers, is_fading = worth.column("value_tier"), standing.rhythm.column("is_fading")
    inside = pc.and_(is_fading, pc.is_in(tiers, pa.array(HIGH_TIERS)))
    table = pa.table(
        {
            "customer_id": standing.ids,
            "value_tier": tiers,
            "monetary_amount": worth.column("monetary_amount"),
            "is_fading": is_fading,
            "quiet_ratio": standing.rhythm.column("quiet_ratio"),
            "expected_gap_days": standing.rhythm.column("expected_gap_days"),
            "days_since_last_purchase": rows.column("days_since_last_purchase").cast(pa.int64()),
            "last_purchase_at": rows.column("last_purchase_at").cast(MOMENT),
            "is_in_group": inside,
        }
    )
    return Group(standing.as_of, table)


def has_bought_since(before: Group, after: Group, these: pa.Array) -> np.ndarray:
    """Whether each of these customers has a newer purchase at the later moment than at the earlier one."""
    then = before.of(these).column("last_purchase_at").to_numpy(zero_copy_only=False).astype("datetime64[us]")
    now = after.of(these).column("last_purchase_at").to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return ~np.isnat(now) & (np.isnat(then) | (now > then))
