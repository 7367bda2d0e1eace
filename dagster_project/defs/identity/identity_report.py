import dagster as dg

from dagster_project.components.identity_report import write_identity_report
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of


@dg.asset(pool=WAREHOUSE_POOL, deps=["review_queue", "merge_suspects", "identity_changes"], kinds={"python"})
def identity_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The month's page about identity: `published/reports/<month>/identity_report.html`, each figure with its SQL."""
    return dg.MaterializeResult(metadata=write_identity_report(as_of_of(context)))
