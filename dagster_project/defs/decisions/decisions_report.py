import dagster as dg

from dagster_project.components.decisions_report import write_decisions_report
from dagster_project.components.running import WAREHOUSE_POOL, as_of_of


@dg.asset(
    pool=WAREHOUSE_POOL,
    deps=["contact_plan", "funnel", "constraint_use", "comparison", "displacements"],
    kinds={"python"},
)
def decisions_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The month's newest run as a page: `published/reports/<month>/decisions_report.html`, each figure with its SQL."""
    return dg.MaterializeResult(metadata=write_decisions_report(as_of_of(context)))
