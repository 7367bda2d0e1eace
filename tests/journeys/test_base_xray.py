"""The x-ray as published: its SQL, run by a reader on the published tables, gives the page to the last byte."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.pages import find_pages
from dagster_project.adapters.reading import reader
from dagster_project.adapters.xray import xray_of
from dagster_project.domain.pages import render
from dagster_project.domain.synthetic import make_town
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, TOWN_SIZE, at_home
from tests.journeys.personal import found_in, personal_values


@pytest.fixture
def at_town(town_home: Path) -> Iterator[Settings]:
    """The town's home, as the one the command line works in."""
    with at_home(town_home, **TOWN) as own:
        yield own


@pytest.fixture
def page(at_town: Settings) -> Path:
    return [path for name, path in find_pages(at_town).items() if name.endswith("/base_xray")][-1]


def test_its_sql_gives_the_page_again(at_town: Settings, page: Path) -> None:
    with reader(at_town) as published:
        again = xray_of(published.table, at_town, published.version.as_of)
    assert render(again, at_town.zone) == page.read_text()


def test_a_customer_less_would_be_seen(at_town: Settings, page: Path) -> None:
    with reader(at_town) as published:

        def without_one(sql: str) -> pa.Table:
            fewer = "(select * from analytics.customer_analytics order by customer_id offset 1)"
            return published.table(sql.replace("analytics.customer_analytics", fewer))

        other = xray_of(without_one, at_town, published.version.as_of)
    assert render(other, at_town.zone) != page.read_text()


def test_each_query_on_any_page_runs_as_it_is_written(at_town: Settings) -> None:
    failed = []
    with reader(at_town) as published:
        for name, path in find_pages(at_town).items():
            for sql in re.findall(r"<pre>(.*?)</pre>", path.read_text(), re.DOTALL):
                try:
                    published.rows(html.unescape(sql))
                except duckdb.Error as error:
                    failed.append(f"{name}: {error}")
    assert failed == []


def test_every_page_is_free_of_personal_data(at_town: Settings) -> None:
    values = personal_values(make_town(customers=int(TOWN_SIZE[1]), days=int(TOWN_SIZE[3]), seed=1).people)
    assert found_in(at_town.at_home.published / "reports", values) == {}


def test_the_command_says_where_the_page_lies(at_town: Settings, page: Path) -> None:
    told = CliRunner().invoke(cli.app, ["report", "base_xray"])
    assert told.exit_code == 0, told.output
    assert str(page) in told.output
    missing = CliRunner().invoke(cli.app, ["report", "no_such_page"])
    assert missing.exit_code != 0


def test_each_analysis_shows_one_number_and_one_picture_in_dagster(at_town: Settings) -> None:
    lacking = {}
    with reader(at_town) as published, dg.DagsterInstance.from_config(str(at_town.at_home.dagster)) as instance:
        for name, table in published.version.tables.items():
            room, _, asset = name.partition("/")
            if room == "analytics" and table["rows"]:
                event = instance.get_latest_materialization_event(dg.AssetKey(asset))
                assert event is not None, asset
                assert event.asset_materialization is not None, asset
                told = {key for key in event.asset_materialization.metadata if not key.startswith("dagster/")}
                if not told - {"picture", "page"} or "picture" not in told:
                    lacking[asset] = sorted(told)
    assert lacking == {}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not on this machine")
def test_a_browser_without_a_network_draws_every_picture(page: Path, tmp_path: Path) -> None:
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"]
    drawn = subprocess.run(
        [*browser, *offline, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60
    )
    assert drawn.stdout.count("<svg") == page.read_text().count("<svg") > 10
    assert "ERR_" not in drawn.stderr
    picture = tmp_path / "page.png"
    subprocess.run(
        [*browser, *offline, "--window-size=1280,2000", f"--screenshot={picture}", page.as_uri()],
        check=True,
        timeout=60,
    )
    assert picture.stat().st_size > 50_000  # a blank page of this size is about 10,000
