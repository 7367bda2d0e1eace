"""The page tells the month in words, numbers and pictures, the same bytes each time, and its SQL gives its numbers."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.domain.analytics.fading import page
from dagster_project.domain.analytics.fading.page import fading_page
from dagster_project.domain.analytics.fading.report import FadingReport, fading_report
from dagster_project.domain.pages import Numbers, render
from tests.domain.analytics.fading.town_of_months import MONTHS, purchases, standings
from tests.domain.analytics.making import ZONE


@pytest.fixture(scope="module")
def report() -> FadingReport:
    return fading_report(standings(purchases(300)), MONTHS[-1])


def test_the_same_month_gives_the_same_page(report: FadingReport) -> None:
    html = render(fading_page(report, MONTHS[-1], ZONE), ZONE)
    assert html == render(fading_page(report, MONTHS[-1], ZONE), ZONE)
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "28 February 2026" in html


def test_each_table_of_the_page_is_what_its_sql_gives(report: FadingReport) -> None:
    told = fading_page(report, MONTHS[-1], ZONE)
    with duckdb.connect() as connection:
        connection.execute("create schema analytics")
        for name, rows in (("fading_high_value", report.members), ("fading_high_value_flow", report.flow)):
            connection.register(f"rows_of_{name}", rows)
            connection.execute(f"create view analytics.{name} as from rows_of_{name}")
        (month,) = connection.execute(page.THE_MONTH).fetchall()
        members = connection.execute(page.THE_LIST).fetchall()
        months = connection.execute(page.THE_MONTHS).fetchall()
        reasons = connection.execute(page.THE_REASONS).fetchall()
        flags = connection.execute(page.THE_FLAG).fetchall()
    numbers = {
        block.title: block for section in told.sections for block in section.blocks if isinstance(block, Numbers)
    }
    steps = numbers["The same in numbers, adding up"].rows
    assert [row[1] for row in steps if row[1] is not None] == list(month[:6])
    assert [row[2] for row in steps] == list(month[6:])
    told_list = numbers["The group, most at risk first"].rows
    assert [list(row) for row in members] == [[row[0], row[1], row[2], row[3], row[4], row[5]] for row in told_list]
    assert [list(row[2:]) for row in months] == [list(row[1:]) for row in numbers["Month by month"].rows]
    assert [list(row) for row in reasons] == numbers["Everyone of this month and the last"].rows
    assert [list(row[1:]) for row in flags] == [list(row[1:]) for row in numbers["What became of them"].rows]
    assert told.headline[0][1] == month[5]
