"""The base x-ray as a page: one section a question a board asks, each figure with the SQL behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dagster_project.domain.analytics.xray.habits import cohorts_section, habits_section
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.reach import reach_section
from dagster_project.domain.analytics.xray.size import headline, size_section
from dagster_project.domain.analytics.xray.standing import lifecycle_section, migration_section
from dagster_project.domain.analytics.xray.value import rfm_section, value_section
from dagster_project.domain.analytics.xray.words import Setting
from dagster_project.domain.clock import business_date
from dagster_project.domain.pages import Page


def xray_page(answers: Mapping[str, Answer], as_of: datetime, zone: ZoneInfo, currency: str) -> Page:
    """How big the base is, how it flows, what it is worth, how it buys, and whom we may reach.

    Args:
        answers: to every question of :func:`questions`, by its name.
        as_of: the moment the tables are as of.
        zone: the business zone, which decides months, weekdays and hours.
        currency: the reporting currency: ``EUR``.

    Returns:
        A page. What has no numbers yet (a base without purchases, a first month) says so instead of being drawn.
    """
    setting = Setting(business_date(as_of, zone), currency)
    sections = [
        size_section(answers, setting),
        value_section(answers, setting),
        lifecycle_section(answers, setting),
        migration_section(answers),
        rfm_section(answers, setting),
        cohorts_section(answers),
        habits_section(answers, setting),
        reach_section(answers, setting),
    ]
    return Page(
        "Base x-ray",
        "Who our customers are, what they bring, how they come and go, and whom we may reach.",
        as_of,
        headline(answers["base"], setting),
        sections,
    )
