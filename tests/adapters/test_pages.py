"""Pages on their way: kept by month, published with the tables, replaced as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.pages import choose_pages, find_pages, pages_to_publish, write_page
from dagster_project.adapters.published import publish
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings

MARCH = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
APRIL = datetime(2026, 3, 31, 21, 1, tzinfo=UTC)  # it is April in Helsinki
TABLES = {"analytics/rfm": pa.table({"customer_id": ["c1"]})}


def publish_all(home: Settings) -> str:
    return publish(home, TABLES, APRIL, pages=pages_to_publish(home)).name


def test_a_page_is_read_where_it_was_said_to_be(home: Settings) -> None:
    told = write_page(home, "base_xray", MARCH, "<p>March</p>")
    write_page(home, "base_xray", APRIL, "<p>April</p>")
    publish_all(home)
    assert told.read_text() == "<p>March</p>"
    assert list(find_pages(home)) == ["2026-03/base_xray", "2026-04/base_xray"]


def test_a_later_page_of_the_month_takes_its_place(home: Settings) -> None:
    write_page(home, "base_xray", MARCH, "<p>first</p>")
    before = publish_all(home)
    told = write_page(home, "base_xray", MARCH, "<p>second</p>")
    assert publish_all(home) != before
    assert told.read_text() == "<p>second</p>"


def test_the_same_pages_are_the_same_version(home: Settings) -> None:
    write_page(home, "base_xray", MARCH, "<p>March</p>")
    first = publish_all(home)
    write_page(home, "base_xray", MARCH, "<p>March</p>")
    assert publish_all(home) == first


def test_a_damaged_page_is_written_again(home: Settings) -> None:
    told = write_page(home, "base_xray", MARCH, "<p>March</p>")
    publish_all(home)
    told.write_text("<p>damaged</p>")
    publish_all(home)
    assert told.read_text() == "<p>March</p>"


@pytest.mark.parametrize("name", ["base_xray", "2026-03/../../etc", "2026-3/x", "2026-03/Base"])
def test_nothing_else_becomes_a_path(home: Settings, name: str) -> None:
    with pytest.raises(HoivaError, match="not a page's name"):
        publish(home, TABLES, MARCH, pages={name: b"x"})
    assert not list(Path(home.at_home.root).glob(".published-*"))


def test_without_pages_there_is_a_hint(home: Settings) -> None:
    with pytest.raises(HoivaError, match="run hoiva run first"):
        find_pages(home)


@pytest.fixture
def two_months(home: Settings) -> Settings:
    for moment in (MARCH, APRIL):
        for name in ("base_xray", "churn_model"):
            write_page(home, name, moment, f"<p>{name}</p>")
    publish_all(home)
    return home


def test_the_newest_page_of_a_name_is_chosen_unless_a_month_is_named(two_months: Settings) -> None:
    newest = choose_pages(two_months, "base_xray", None)
    assert [page["month"] for page in newest] == ["2026-04"]
    assert [page["month"] for page in choose_pages(two_months, "base_xray", "2026-03")] == ["2026-03"]
    assert len(choose_pages(two_months, None, None)) == 4
    assert Path(newest[0]["path"]).read_text() == "<p>base_xray</p>"


def test_a_page_that_is_not_there_is_answered_with_those_that_are(two_months: Settings) -> None:
    with pytest.raises(HoivaError, match="base_xray, churn_model, 2026-03 to 2026-04"):
        choose_pages(two_months, "lorenz", None)
