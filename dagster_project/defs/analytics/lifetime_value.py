from collections.abc import Iterator

import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, write_table
from dagster_project.settings import settings


@dg.multi_asset(
    name="forecast_purchases",
    specs=[
        dg.AssetSpec(
            "lifetime_value",
            deps=["customer_360", "customer_months"],
            description="What each customer is likely to buy within 365 days, with intervals, and whether still there.",
            kinds={"python"},
        ),
        dg.AssetSpec(
            "lifetime_value_model",
            deps=["customer_360", "customer_months"],
            description="The model behind it and how it did on past months. Page: `reports/<month>/lifetime_value`.",
            kinds={"python"},
        ),
    ],
    pool=WAREHOUSE_POOL,
)
def forecast_purchases(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Learn how often and for how much customers buy, forecast a year, and write the page."""
    from dagster_project.adapters.pages import write_page
    from dagster_project.domain.analytics.lifetime.page import lifetime_page, value_by_tenth
    from dagster_project.domain.analytics.lifetime.tables import lifetime
    from dagster_project.domain.pages import render
    from dagster_project.domain.pages.charts import picture

    own, as_of = settings(), as_of_of(context)
    customers, months = read_table("customer_360", "customer_360"), read_table("customer_360", "customer_months")
    found = lifetime(customers, months, as_of, own.zone)
    page = write_page(
        own, "lifetime_value", as_of, render(lifetime_page(found, as_of, own.reporting_currency), own.zone)
    )
    drawn = None
    if found.forecast is not None:
        drawn = picture(
            "Where next year's value lies", value_by_tenth(found.forecast.value, own.reporting_currency).svg
        )
    value = round(float(found.forecast.value.sum())) if found.forecast is not None else found.refused
    yield write_table(
        "analytics", "lifetime_value", found.lifetime_value, number=("value_to_expect_365d", value), picture=drawn
    )
    told = write_table("analytics", "lifetime_value_model", found.lifetime_value_model)
    yield told._replace(metadata={**(told.metadata or {}), "page": dg.MetadataValue.path(str(page))})
