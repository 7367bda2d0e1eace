import dagster as dg

from dagster_project.components.churn import (
    HAS_SIGNAL,
    current_version,
    learned_for,
    may_be_shown,
    registry_rows,
    scores_of,
)
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, write_table


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_months", "customer_360"], kinds={"python"})
def churn_model(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The registry of churn models: data hash, settings and figures of each. A new month's end trains a new version."""
    as_of = as_of_of(context)
    return write_table("analytics", "churn_model", registry_rows(learned_for(as_of), as_of))


@dg.asset(
    pool=WAREHOUSE_POOL,
    deps=["churn_model", "customer_360"],
    check_specs=[dg.AssetCheckSpec(HAS_SIGNAL, asset="churn_scores", blocking=False)],
    kinds={"python"},
)
def churn_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """How likely each customer is to buy nothing for three months, and why; empty while there is no signal."""
    current = current_version()
    result = write_table("analytics", "churn_scores", scores_of(current, as_of_of(context)))
    return result._replace(check_results=[may_be_shown(current)])
