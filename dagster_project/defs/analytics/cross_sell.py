from collections.abc import Iterator

import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, as_of_of, read_table, write_table
from dagster_project.settings import settings

TOLD = {
    "next_products": "Three products for each customer, of those they do not have, each with its reason.",
    "next_categories": "Three categories for each customer, of those they have bought nothing of.",
    "product_rules": "The pairs of products behind the lists: support, confidence and lift.",
}


@dg.multi_asset(
    name="find_next_products",
    specs=[
        dg.AssetSpec(name, deps=["customer_products", "current_products"], description=told, kinds={"python"})
        for name, told in TOLD.items()
    ],
    pool=WAREHOUSE_POOL,
)
def find_next_products(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Learn which products go together, list what to offer each customer, and write the page."""
    from dagster_project.adapters.pages import write_page
    from dagster_project.domain.analytics.cross_sell.page import cross_sell_page, hits_figure
    from dagster_project.domain.analytics.cross_sell.tables import cross_sell
    from dagster_project.domain.pages import render
    from dagster_project.domain.pages.charts import picture

    own, as_of = settings(), as_of_of(context)
    products = read_table("customer_360", "current_products")
    found = cross_sell(read_table("customer_360", "customer_products"), products, as_of)
    write_page(own, "cross_sell", as_of, render(cross_sell_page(found, products, as_of), own.zone))
    for name, rows, lists in (
        ("next_products", found.next_products, found.products),
        ("next_categories", found.next_categories, found.categories),
    ):
        drawn = None if lists is None else picture("One of three was bought next", hits_figure(lists).svg)
        rate = None if lists is None else ("hit_rate_at_3", round(lists.hits.rate, 4))
        yield write_table("analytics", name, rows, number=rate, picture=drawn)
    yield write_table("analytics", "product_rules", found.product_rules)
