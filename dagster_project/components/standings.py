"""Where everyone stood at the ends of past months and stands tonight, read from the warehouse month by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster_project.components.running import read_table
from dagster_project.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.analytics.moves.standing import Standing


def standings_until(as_of: datetime) -> Iterator[Standing]:
    """Where everyone stood at the end of each past month, oldest first, and last as of the moment asked about."""
    from dagster_project.domain.analytics.moves.standing import standings

    yield from standings(_moments(as_of), settings().zone)


def _moments(as_of: datetime) -> Iterator[tuple[datetime, pa.Table]]:
    from dagster_project.adapters.warehouse import open_warehouse

    months = "select distinct as_of from customer_360.customer_months order by as_of"
    with open_warehouse(settings()) as warehouse:
        ends = warehouse.read(months).column("as_of").to_pylist()
    for month in ends:
        yield month.replace(tzinfo=UTC), read_table("customer_360", "customer_months", "as_of = $month", month=month)
    yield as_of, read_table("customer_360", "customer_360")
