"""A town lived through month by month: each month's reports are those of a house that begins on that day."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from dagster_project.domain.clock import end_of_day
from dagster_project.domain.synthetic import make_town, raw_files
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home, land, run_day

# The registry of models is a log of what was trained when: a house that has run each month has trained more often.
LOGS = {"churn_model"}
PEOPLE, DAYS = 200, 151  # November to March
MONTHS = [date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def deliveries_by_month(folder: Path) -> dict[date, list[tuple[str, Path]]]:
    """The files of each month as (source, path), by the last day of the month."""
    found: dict[date, list[tuple[str, Path]]] = {}
    for file in raw_files(make_town(PEOPLE, DAYS, seed=4), by="month"):
        day = file.last_day
        end = day.replace(day=monthrange(day.year, day.month)[1])
        path = folder / file.source / file.table / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        found.setdefault(end, []).append((file.source, path))
    return found


def land_until(own: Settings, deliveries: dict[date, list[tuple[str, Path]]], first: date, last: date) -> None:
    """Each month's files as they arrived, at the end of its last day."""
    for end in sorted(deliveries):
        if first <= end <= last:
            land(own, deliveries[end], arrived_at=end_of_day(end, own.zone))


def reports_of(own: Settings, month: date) -> dict[str, str]:
    """The SHA-256 of each page of a month and of each table of the analyses."""
    pages = sorted((own.at_home.published / "reports" / f"{month:%Y-%m}").glob("*.html"))
    tables = sorted((own.at_home.published / "analytics").glob("*.parquet"))
    files = [*pages, *(table for table in tables if table.stem not in LOGS)]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def replay(
    folder: Path, make_home: Callable[[str], Path], months: list[date], asked: list[date]
) -> tuple[dict[date, dict[str, str]], dict[date, dict[str, str]]]:
    """What each month's run said in a house that lived through all, and what clean houses say of the same days."""
    deliveries = deliveries_by_month(folder)
    lived: dict[date, dict[str, str]] = {}
    with at_home(make_home("lived"), **TOWN) as own:
        landed = date.min
        for month in months:
            land_until(own, deliveries, landed, month)
            landed = month + timedelta(days=1)
            run_day(own, month)
            lived[month] = reports_of(own, month)
        pages = {name for month in months for name in lived[month] if name.endswith(".html")}
        for month in months:
            kept = {name: told for name, told in reports_of(own, month).items() if name in pages}
            assert kept == {name: lived[month][name] for name in kept}, (
                "a later month changes no page of an earlier one"
            )
    clean: dict[date, dict[str, str]] = {}
    for month in asked:
        with at_home(make_home(f"clean_{month:%Y_%m}"), **TOWN) as own:
            land_until(own, deliveries, date.min, max(deliveries))  # also what arrives later: it must not be seen
            run_day(own, month)
            clean[month] = reports_of(own, month)
    return lived, clean


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.slow
def test_each_month_of_a_town_tells_what_a_clean_run_tells(tmp_path: Path, make_home: Callable[[str], Path]) -> None:
    lived, clean = replay(tmp_path, make_home, MONTHS, MONTHS)
    assert "fading_high_value.html" in lived[MONTHS[-1]]
    assert {month: differing(lived[month], clean[month]) for month in MONTHS} == {month: [] for month in MONTHS}
    assert differing(lived[MONTHS[0]], lived[MONTHS[1]]), "negative control: another month is another report"
