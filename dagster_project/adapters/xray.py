"""Asks the questions of the base x-ray: of the warehouse when the page is made, of the published tables by anybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.domain.analytics.xray import Answer, questions, xray_page
from dagster_project.domain.pages import Page

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.settings import Settings


def xray_of(ask: Callable[[str], pa.Table], settings: Settings, as_of: datetime) -> Page:
    """The base x-ray from what ``ask`` answers to each of its queries.

    Args:
        ask: rows of a query over ``room.table``: of the warehouse, or of a published version.
        settings: for the business zone and the reporting currency.
        as_of: the moment the tables are as of.
    """
    answers = {name: Answer(sql, ask(sql).to_pandas()) for name, sql in questions(settings.zone).items()}
    return xray_page(answers, as_of, settings.zone, settings.reporting_currency)
