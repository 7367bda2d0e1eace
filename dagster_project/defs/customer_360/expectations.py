import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table
from dagster_project.components.suites import check_result
from dagster_project.settings import settings


@dg.asset_check(asset="customer_360", name="expectations", blocking=True, pool=WAREHOUSE_POOL)
def customer_360_expectations(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Nobody is chosen from a customer 360 that fails its suite."""
    from dagster_project.adapters.expectations import keep_outcome, validate_customer_360

    outcome = validate_customer_360(read_table("customer_360", "customer_360"))
    keep_outcome(settings(), outcome, as_of_of(context))
    return check_result(outcome)
