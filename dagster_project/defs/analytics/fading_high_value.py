from collections.abc import Iterator

import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, write_table
from dagster_project.components.standings import standings_until
from dagster_project.settings import settings

TABLES = {
    "fading_high_value": "The valuable customers growing quiet tonight, what each has at risk, and who left since.",
    "fading_high_value_flow": "The group month by month: new, returned, saved and lost, adding up exactly.",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(table, deps=["customer_months", "customer_360"], description=told, kinds={"python"})
        for table, told in TABLES.items()
    ],
    pool=WAREHOUSE_POOL,
)
def find_fading_high_value(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Hold each month's group against the one before, and write the page `fading_high_value`."""
    from dagster_project.adapters.pages import write_page
    from dagster_project.domain.analytics.fading.page import NAME, at_risk, fading_page
    from dagster_project.domain.analytics.fading.pictures import flow_svg
    from dagster_project.domain.analytics.fading.report import fading_report
    from dagster_project.domain.pages import render
    from dagster_project.domain.pages.charts import picture

    as_of, own = as_of_of(context), settings()
    report = fading_report(standings_until(as_of), as_of)
    page = write_page(own, NAME, as_of, render(fading_page(report, as_of, own.zone), own.zone))
    drawn = picture("The month of the group", flow_svg(report.flow.to_pylist()[-1]))
    risk = ("value_at_risk_amount", float(at_risk(report)))
    yield write_table("analytics", "fading_high_value", report.members, number=risk, picture=drawn)
    flow = write_table("analytics", "fading_high_value_flow", report.flow, number=risk, picture=drawn)
    where = str(page.relative_to(own.at_home.root))
    yield flow._replace(metadata={**(flow.metadata or {}), "page": dg.MetadataValue.path(where)})
