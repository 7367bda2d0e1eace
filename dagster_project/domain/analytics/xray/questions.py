"""What the x-ray asks of the published tables, in SQL that anybody can run on them again."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from dagster_project.domain.analytics.xray import asked_of_events, asked_of_stages, asked_of_value
from dagster_project.domain.pages.asked import Answer

__all__ = ["Answer", "questions"]

ASKED: Mapping[str, str] = {**asked_of_value.ASKED, **asked_of_stages.ASKED, **asked_of_events.ASKED}


def questions(zone: ZoneInfo) -> dict[str, str]:
    """Every query by its name, with days and months of the business zone.

    Each is one statement over ``room.table`` whose rows are in a stated order and whose sums are exact, so that the
    same tables always give the same page.

    >>> "Europe/Helsinki" in questions(ZoneInfo("Europe/Helsinki"))["cohorts"]
    True
    """
    return {name: sql.strip().replace("{zone}", zone.key) for name, sql in ASKED.items()}
