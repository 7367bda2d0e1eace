"""How the decisions' page is made by a run, and how it shows in Dagster."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dagster_project.settings import settings

NAME = "decisions_report"


def write_decisions_report(as_of: datetime) -> dict[str, Any]:
    """Make the month's page from the warehouse; the metadata of its asset: where it is read, numbers, a picture."""
    import dagster as dg

    from dagster_project.adapters.decisions_report import decisions_report_of
    from dagster_project.adapters.pages import write_page
    from dagster_project.adapters.warehouse import open_warehouse
    from dagster_project.domain.pages import Figure, render
    from dagster_project.domain.pages.charts import picture

    own = settings()
    with open_warehouse(own) as warehouse:
        page = decisions_report_of(warehouse.read, as_of)
    told: dict[str, Any] = {
        "page": dg.MetadataValue.path(str(write_page(own, NAME, as_of, render(page, own.zone)))),
        **{label.replace(", ", "_").replace(" ", "_"): value for label, value in page.headline},
    }
    figures = [block for section in page.sections for block in section.blocks if isinstance(block, Figure)]
    if figures:
        told["picture"] = dg.MetadataValue.md(picture(figures[0].title, figures[0].svg))
    return told
