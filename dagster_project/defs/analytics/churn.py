import dagster as dg

from dagster_project.components import churn
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, write_table


@dg.asset(pool=WAREHOUSE_POOL, deps=["customer_months", "customer_360"], kinds={"python"})
def churn_model(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The registry of churn models: data hash, settings and figures of each. A new month's end trains a new version."""
    as_of = as_of_of(context)
    current = churn.learned_for(as_of)
    return write_table("analytics", "churn_model", churn.registry_rows(current, as_of), **churn.telling(current))


@dg.asset(
    pool=WAREHOUSE_POOL,
    deps=["churn_model", "customer_360"],
    check_specs=[dg.AssetCheckSpec(churn.HAS_SIGNAL, asset="churn_scores", blocking=False)],
    kinds={"python"},
)
def churn_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """How likely each customer is to buy nothing for three months, and why; empty while there is no signal."""
    current, as_of = churn.current_version(), as_of_of(context)
    scores = churn.scores_of(current, as_of)
    result = write_table("analytics", "churn_scores", scores, number=("model", current.version))
    page = {"page": dg.MetadataValue.path(churn.write_card(current, scores, as_of))}
    return result._replace(metadata={**(result.metadata or {}), **page}, check_results=[churn.may_be_shown(current)])
