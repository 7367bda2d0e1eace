"""Asks the questions of the identity report: of the warehouse when the page is made, of the published tables later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.report import identity_page, questions
from dagster_project.domain.pages import Page
from dagster_project.domain.pages.asked import Answer

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.domain.identity.rules import MatchRules
    from dagster_project.settings import Settings


def identity_report_of(
    ask: Callable[[str], pa.Table],
    has: Callable[[str], bool],
    settings: Settings,
    rules: MatchRules,
    model: Mapping[str, Any] | None,
    as_of: datetime,
) -> Page:
    """The identity report from what ``ask`` answers to each of its queries.

    Args:
        ask: rows of a query over ``room.table``: of the warehouse, or of a published version.
        has: whether a ``room/table`` is there.
        settings: for the business zone.
        rules: the match rules in force.
        model: the trained model they name, or None.
        as_of: the moment the tables are as of.
    """
    answers = {name: Answer(sql, ask(sql).to_pandas()) for name, sql in questions(settings.zone, has).items()}
    return identity_page(answers, model, rules, as_of)
