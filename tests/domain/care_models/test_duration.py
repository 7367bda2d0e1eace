"""Spans of time across the nights the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dagster_project.domain.care_models.duration import Duration

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize("hour", range(-3, 4))
@pytest.mark.parametrize("change", [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)])
def test_an_hour_is_an_hour_also_when_the_clocks_change(change: datetime, hour: int) -> None:
    moment = change + timedelta(hours=hour, minutes=30)
    assert Duration(hours=5).after(moment, HELSINKI) - moment == timedelta(hours=5)
    assert moment - Duration(hours=5).before(moment, HELSINKI) == timedelta(hours=5)


def test_a_day_keeps_the_hour_of_the_wall_clock() -> None:
    noon = datetime(2026, 10, 24, 9, tzinfo=UTC)  # 12:00 in Helsinki, summer time
    assert Duration(days=1).after(noon, HELSINKI) - noon == timedelta(hours=25)
