import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, write_table
from dagster_project.components.xray import latest_two_standings, write_xray

READ = (
    "customer_360",
    "customer_events",
    "customer_analytics",
    "rfm",
    "rhythm",
    "lifecycle_migration",
    "value_tier_migration",
    "segment_sizes",
)


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_months", "customer_360"], kinds={"python"})
def value_tier_migration(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """How many customers moved from which value tier to which since the end of last month."""
    from dagster_project.domain.analytics.xray.tiers import count_changed, tier_migration, tier_picture

    rows = tier_migration(*latest_two_standings(as_of_of(context)))
    number = ("count_in_another_tier", count_changed(rows))
    return write_table("analytics", "value_tier_migration", rows, number=number, picture=tier_picture(rows))


@dg.asset(pool=WAREHOUSE_POOL, deps=READ, kinds={"python"})
def base_xray(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The month's page about the whole base: `published/reports/<month>/base_xray.html`, each figure with its SQL."""
    return dg.MaterializeResult(metadata=write_xray(as_of_of(context)))
