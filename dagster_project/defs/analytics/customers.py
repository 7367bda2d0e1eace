import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, write_table
from dagster_project.settings import settings

# What customer_analytics joins to the customer 360.
ANALYSES = ("rfm", "rhythm", "lifecycle", "lifecycle_before", "churn_scores", "lifetime_value", "personas")


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_360"], kinds={"python"})
def rfm(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Recency, frequency and value of each customer, and the value tier, corrected for how long they have been one."""
    from dagster_project.domain.analytics.rfm import rfm as computed

    customers = read_table("customer_360", "customer_360")
    return write_table("analytics", "rfm", computed(customers, as_of_of(context), settings().zone))


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_360"], kinds={"python"})
def rhythm(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Each customer's own rhythm of purchases, and who has become quieter than it."""
    from dagster_project.domain.analytics.rhythm import rhythm as computed

    customers = read_table("customer_360", "customer_360")
    return write_table("analytics", "rhythm", computed(customers, as_of_of(context), settings().zone))


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_360", "rhythm"], kinds={"python"})
def lifecycle(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Where each customer stands: prospect, new, active, fading, passive, lost or returned."""
    from dagster_project.domain.analytics.lifecycle import lifecycle as computed

    customers, own_rhythm = read_table("customer_360", "customer_360"), read_table("analytics", "rhythm")
    return write_table("analytics", "lifecycle", computed(customers, own_rhythm, as_of_of(context), settings().zone))


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_360", *ANALYSES], kinds={"python"})
def customer_analytics() -> dg.MaterializeResult:
    """One row per customer with everything a condition may ask: the customer 360, tier, rhythm, stage and scores."""
    from dagster_project.domain.analytics.customers import customer_analytics as joined

    analyses = {table: read_table("analytics", table) for table in ANALYSES}
    return write_table("analytics", "customer_analytics", joined(read_table("customer_360", "customer_360"), analyses))
