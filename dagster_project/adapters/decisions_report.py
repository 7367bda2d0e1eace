"""Asks the questions of the decisions' page: of the warehouse when it is made, of the published tables later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.domain.decisions.report import decisions_page, questions
from dagster_project.domain.pages import Page
from dagster_project.domain.pages.asked import Answer

if TYPE_CHECKING:
    import pyarrow as pa


def decisions_report_of(ask: Callable[[str], pa.Table], as_of: datetime) -> Page:
    """The page from what ``ask`` answers to each of its queries over ``room.table``."""
    answers = {name: Answer(sql, ask(sql).to_pandas()) for name, sql in questions().items()}
    return decisions_page(answers, as_of)
