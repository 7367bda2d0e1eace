"""How the identity report is made, by the nightly run and by hand, and how it shows in Dagster."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.components.match_rules import load_match_rules, load_probable_model
from dagster_project.settings import Settings, settings

if TYPE_CHECKING:
    from dagster_project.domain.pages import Page

NAME = "identity_report"


def write_identity_report(as_of: datetime) -> dict[str, Any]:
    """Make the month's page from the warehouse; the metadata of its asset: where it is read, numbers, a picture."""
    import dagster as dg

    from dagster_project.adapters.identity_report import identity_report_of
    from dagster_project.adapters.pages import write_page
    from dagster_project.adapters.warehouse import open_warehouse
    from dagster_project.domain.pages import Figure, render
    from dagster_project.domain.pages.charts import picture

    own, rules = settings(), load_match_rules()
    with open_warehouse(own) as warehouse:
        page = identity_report_of(
            warehouse.read,
            lambda table: warehouse.has(*table.split("/")),
            own,
            rules,
            load_probable_model(rules),
            as_of,
        )
    told: dict[str, Any] = {
        "page": dg.MetadataValue.path(str(write_page(own, NAME, as_of, render(page, own.zone)))),
        **{label.replace(" ", "_"): value for label, value in page.headline},
    }
    figures = [block for section in page.sections for block in section.blocks if isinstance(block, Figure)]
    if figures:
        told["picture"] = dg.MetadataValue.md(picture(figures[0].title, figures[0].svg))
    return told


def published_report(own: Settings) -> tuple[Page, datetime]:
    """The report as anybody can make it from the published tables, and the moment it is about.

    Raises:
        NotPublished: nothing has been published yet.
    """
    from dagster_project.adapters.identity_report import identity_report_of
    from dagster_project.adapters.reading import reader

    rules = load_match_rules()
    with reader(own) as published:
        as_of = published.version.as_of
        page = identity_report_of(published.table, published.has, own, rules, load_probable_model(rules), as_of)
    return page, as_of


def write_report_to(own: Settings, file: Path) -> tuple[Path, Page]:
    """Write the report made from the published tables to a file of one's choice."""
    from dagster_project.domain.pages import render

    page, _ = published_report(own)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render(page, own.zone), encoding="utf-8")
    return file, page
