"""How the base x-ray is made and shown in Dagster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.components.running import read_table
from dagster_project.settings import settings

if TYPE_CHECKING:
    from dagster_project.domain.analytics.moves.standing import Standing

LATEST_MONTH = "as_of = (select max(as_of) from customer_360.customer_months)"


def write_xray(as_of: datetime) -> dict[str, Any]:
    """Make the month's page; the metadata of its asset: where it is read, its first number, one of its pictures."""
    from dagster_project.adapters.pages import write_page
    from dagster_project.adapters.warehouse import open_warehouse
    from dagster_project.adapters.xray import xray_of
    from dagster_project.domain.pages import Figure, render
    from dagster_project.domain.pages.charts import picture

    own = settings()
    with open_warehouse(own) as warehouse:
        page = xray_of(warehouse.read, own, as_of)
    told: dict[str, Any] = {
        "page": dg.MetadataValue.path(str(write_page(own, "base_xray", as_of, render(page, own.zone)))),
        "count_customers": page.headline[0][1],
    }
    figures = [block for section in page.sections for block in section.blocks if isinstance(block, Figure)]
    if figures:
        told["picture"] = dg.MetadataValue.md(picture(figures[0].title, figures[0].svg))
    return told


def latest_two_standings(as_of: datetime) -> tuple[Standing | None, Standing]:
    """Where everyone stood at the end of last month (None when nobody was known), and where they stand now."""
    from dagster_project.domain.analytics.moves.standing import standing_at

    zone = settings().zone
    now = standing_at(read_table("customer_360", "customer_360"), as_of, zone)
    rows = read_table("customer_360", "customer_months", LATEST_MONTH)
    if not rows.num_rows:
        return None, now
    return standing_at(rows, rows.column("as_of")[0].as_py().replace(tzinfo=UTC), zone), now
