"""Months replayed through the warehouse: each month's page is the one a house says that begins on that day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components.standings import standings_until
from dagster_project.domain.analytics.fading.page import fading_page
from dagster_project.domain.analytics.fading.report import fading_report
from dagster_project.domain.analytics.moves.report import year_of_moves
from dagster_project.domain.pages import render
from dagster_project.settings import settings
from tests.domain.analytics.fading.town_of_months import MONTHS, purchases
from tests.domain.analytics.making import ZONE, base
from tests.journeys.homes import at_home

LAST_TWO = MONTHS[-2:]


@pytest.fixture(scope="module")
def town() -> dict[datetime, pa.Table]:
    """The base at the end of each month, from what was known then."""
    rows = purchases(90)
    return {month: base(rows, as_of=month) for month in MONTHS}


def told(town: dict[datetime, pa.Table], as_of: datetime) -> tuple[str, pa.Table, pa.Table]:
    """The page, the moves and the migration of a night in the home that is open."""
    past = [town[month] for month in MONTHS if month < as_of][-13:]
    met_at = town[as_of].select(["customer_id", "first_seen_at"])
    with open_warehouse(settings()) as warehouse:
        warehouse.write("customer_360", "customer_months", pa.concat_tables(past))
        warehouse.write("customer_360", "customer_360", town[as_of])
    moments = list(standings_until(as_of))
    page = render(fading_page(fading_report(moments, as_of), as_of, ZONE), ZONE)
    year = year_of_moves(moments, met_at, as_of)
    return page, year.moves, year.migration


def test_months_replayed_say_what_clean_runs_say(town: dict[datetime, pa.Table], tmp_path: Path) -> None:
    with at_home(tmp_path / "lived"):
        lived = {month: told(town, month) for month in LAST_TWO}
    for month in LAST_TWO:
        with at_home(tmp_path / f"clean_{month:%m}"):
            page, moves, migration = told(town, month)
        assert page == lived[month][0]
        assert moves.equals(lived[month][1])
        assert migration.equals(lived[month][2])
    pages = [page for page, _, _ in lived.values()]
    assert len(set(pages)) == len(LAST_TWO), "negative control: another month is another page"


def test_a_month_that_knew_too_much_is_found_out(town: dict[datetime, pa.Table], tmp_path: Path) -> None:
    """Negative control: a purchase of March slipped into February makes another page of February."""
    february, march = MONTHS[-2:]
    rows = purchases(90)
    later = rows[rows["purchased_at"] > pd.Timestamp(february.replace(tzinfo=None))]
    early = later.assign(purchased_at=pd.Timestamp(february.replace(tzinfo=None)) - pd.Timedelta(days=1))
    leaking = {**town, february: base(pd.concat([rows, early]), as_of=february)}
    with at_home(tmp_path / "a"):
        honest = told(town, march)[0]
        assert told(leaking, march)[0] != honest
