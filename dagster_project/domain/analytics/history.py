"""What each customer looked like at the ends of past months: the same figures, from what was known then."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.schema import MOMENT
from dagster_project.domain.clock import naive_utc
from dagster_project.errors import HoivaError


def months_of(customer_months: pa.Table) -> list[datetime]:
    """The ends of the months there is something to say about (UTC), oldest first.

    >>> rows = pa.table({"as_of": pa.array([datetime(2026, 2, 28), datetime(2026, 1, 31)], MOMENT)})
    >>> [month.date().isoformat() for month in months_of(rows)]
    ['2026-01-31', '2026-02-28']
    """
    found = pc.unique(customer_months.column("as_of")).to_pylist()
    return sorted(moment.replace(tzinfo=UTC) for moment in found)


def at_month(customer_months: pa.Table, month: datetime) -> pa.Table:
    """The customers at the end of one month, in the form in which the analyses take ``customer_360``.

    Args:
        customer_months: one row per customer and month.
        month: the end of it (aware), one of :func:`months_of`.

    Returns:
        one row per customer known then, sorted by customer_id.

    Raises:
        HoivaError: nothing is told about that month.
    """
    rows = customer_months.filter(pc.equal(customer_months.column("as_of"), pa.scalar(naive_utc(month), MOMENT)))
    if not rows.num_rows:
        raise HoivaError(f"customer_months says nothing about {month.date().isoformat()}: ask one of months_of")
    return rows.sort_by("customer_id")
