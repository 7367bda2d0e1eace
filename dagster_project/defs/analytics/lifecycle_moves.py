from collections.abc import Iterator

import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, write_table
from dagster_project.components.standings import standings_until

TABLES = {
    "lifecycle_moves": "Each move of a customer from one stage to another, as an event that may begin a care model.",
    "lifecycle_migration": "How many moved from which stage to which: month by month, and from each month to tonight.",
    "lifecycle_before": "The stage each customer had at the end of last month.",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(table, deps=["customer_months", "customer_360"], description=told, kinds={"python"})
        for table, told in TABLES.items()
    ],
    pool=WAREHOUSE_POOL,
)
def find_lifecycle_moves(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Hold each month's stages against the month before."""
    from dagster_project.domain.analytics.moves.report import migration_picture, year_of_moves

    as_of, met_at = (
        as_of_of(context),
        read_table("customer_360", "customer_360").select(["customer_id", "first_seen_at"]),
    )
    year = year_of_moves(standings_until(as_of), met_at, as_of)
    moved, staying = year.count_since_last_month, f"{year.share_staying:.1%}"
    yield write_table("analytics", "lifecycle_moves", year.moves, number=("count_since_last_month", moved))
    yield write_table(
        "analytics",
        "lifecycle_migration",
        year.migration,
        number=("share_staying_since_last_month", staying),
        picture=migration_picture(year.newest),
    )
    yield write_table("analytics", "lifecycle_before", year.before)
