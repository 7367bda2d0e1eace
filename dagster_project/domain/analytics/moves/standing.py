"""Where everyone stood at one moment: stage, tier and rhythm side by side, of the same customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm


@dataclass(frozen=True)
class Standing:
    """Everyone known at a moment.

    Attributes:
        as_of: the moment (UTC).
        customers: one row per customer known then, sorted by customer_id: columns of ``customer_360``.
        rhythm: the table of that name, in the same order.
        lifecycle: the table of that name, in the same order.
    """

    as_of: datetime
    customers: pa.Table
    rhythm: pa.Table
    lifecycle: pa.Table
    zone: ZoneInfo

    @property
    def ids(self) -> pa.Array:
        """Who was known, sorted."""
        return self.customers.column("customer_id").combine_chunks()

    @property
    def stages(self) -> pa.Array:
        """The stage of each."""
        return self.lifecycle.column("lifecycle_stage").combine_chunks()

    def rfm(self) -> pa.Table:
        """Value and tier of each, in the same order."""
        return rfm(self.customers, self.as_of, self.zone)


def standing_at(customers: pa.Table, as_of: datetime, zone: ZoneInfo) -> Standing:
    """Where each of these customers stands at the moment the rows were made for.

    Args:
        customers: one row per customer, as of this moment: ``customer_360``, or one month of ``customer_months``.
        as_of: the moment (aware).
        zone: the business zone.
    """
    rows = customers.sort_by("customer_id")
    rhythms = rhythm(rows, as_of, zone)
    return Standing(as_of, rows, rhythms, lifecycle(rows, rhythms, as_of, zone), zone)


def standings(moments: Iterable[tuple[datetime, pa.Table]], zone: ZoneInfo) -> Iterator[Standing]:
    """Where everyone stood at each of these moments, oldest first, made one at a time so that memory holds few."""
    for as_of, customers in moments:
        yield standing_at(customers, as_of, zone)


def places_of(these: pa.Array, among: pa.Array) -> pa.Array:
    """The row of each of these customers among the others; null for whoever is not there."""
    return pc.index_in(these, value_set=among)
