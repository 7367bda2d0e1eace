"""The identity report: the same numbers as the tables, its SQL gives them again, and it grows with what there is."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.identity_report import identity_report_of
from dagster_project.adapters.reading import reader
from dagster_project.components.match_rules import load_match_rules
from dagster_project.domain.identity.rules import MatchRules, ProbableRule
from dagster_project.domain.pages import Figure, Numbers, Page, render
from dagster_project.settings import Settings
from tests.adapters.identified import AINO, AS_OF, publish_identity

WITH_A_MODEL = ProbableRule("probable_matches.json", 0.999, 0.9)
MODEL = {
    "trained_on": "2026-03-31",
    "records": 1234,
    "weights": [
        {"comparison": "first_name", "level": "the same", "bits": 5.4},
        {"comparison": "first_name", "level": "anything else", "bits": -8.9},
        {"comparison": "birth_date", "level": "the same", "bits": 11.2},
    ],
}


@pytest.fixture
def identified(home: Settings) -> Settings:
    publish_identity(home)
    return home


def report(settings: Settings, rules: MatchRules | None = None, model: dict[str, object] | None = None) -> Page:
    with reader(settings) as published:
        used = rules or replace(load_match_rules(), probable=None)
        return identity_report_of(published.table, published.has, settings, used, model, AS_OF)


def block(page: Page, title: str) -> Figure | Numbers:
    return next(one for section in page.sections for one in section.blocks if one.title == title)


def rows_of(page: Page, title: str) -> list[list[object]]:
    found = block(page, title)
    assert isinstance(found, Numbers)
    return [list(row) for row in found.rows]


def test_its_numbers_are_those_of_the_tables(identified: Settings) -> None:
    page = report(identified)
    assert dict(page.headline) == {
        "records of persons": 5,
        "customers": 3,
        "browsers": 1,
        "pairs to review": 3,
        "customers who may be several": 1,
    }
    assert ["customer number", 1, 1, 0] in rows_of(page, "Each rule")
    assert ["email", 1, 1, 1] in rows_of(page, "Each rule")
    assert ["the trained model", 0, 0, 1] in rows_of(page, "Each rule")
    held = {str(row[0]): row[2:] for row in rows_of(page, "By reason")}
    assert held == {"below_threshold": [1, 1], "names_differ": [1, 1], "two_customer_numbers": [1, 1]}
    assert rows_of(page, "Distinct values") == [[AINO, 3, 3, 2, 2, 2, 0, None]]


def test_every_query_on_it_runs_as_it_is_written(identified: Settings) -> None:
    queries = re.findall(r"<pre>(.*?)</pre>", render(report(identified), identified.zone), re.DOTALL)
    assert len(queries) >= 6
    with reader(identified) as published:
        assert all(published.rows(html.unescape(sql)) for sql in queries)


def test_the_weights_of_the_model_are_drawn_where_one_is_in_use(identified: Settings) -> None:
    without = report(identified)
    assert "No model is in use" in render(without, identified.zone)
    page = report(identified, replace(load_match_rules(), probable=WITH_A_MODEL), MODEL)
    drawn = block(page, "What each agreement is worth")
    assert isinstance(drawn, Figure)
    assert "+11.2" in drawn.svg
    assert "−8.9" in drawn.svg
    assert "1\u202f234 records" in next(
        section.told for section in page.sections if section.title == "The trained model"
    )


def test_changes_are_told_once_they_are_published(home: Settings) -> None:
    publish_identity(home)
    assert "Changes of customers" not in render(report(home), home.zone)
    nights = [datetime(2026, 2, 28, 20), datetime(2026, 3, 31, 20), datetime(2026, 3, 31, 20)]  # noqa: DTZ001 - UTC
    changes = pa.table({"as_of": pa.array(nights, pa.timestamp("us")), "change": ["merged", "split", "split"]})
    publish_identity(home, {"identity_changes": changes})
    assert rows_of(report(home), "Changes of customers") == [["2026-02", 1, 0], ["2026-03", 0, 2]]


def test_a_house_without_any_match_has_a_page(home: Settings) -> None:
    publish_identity(home)
    with reader(home) as published:
        matches = published.table("select * from identity.matches where false")
        queue = published.table("select * from identity.review_queue where false")
        suspects = published.table("select * from identity.merge_suspects where false")
    publish_identity(home, {"matches": matches, "review_queue": queue, "merge_suspects": suspects})
    told = render(report(home), home.zone)
    for words in ("No two records match.", "Nothing was held.", "No customer&#x27;s records differ"):
        assert words in told


def test_the_command_writes_it_where_it_is_asked_to(identified: Settings, tmp_path: Path) -> None:
    file = tmp_path / "pages" / "identity.html"
    told = CliRunner().invoke(cli.app, ["identity", "report", "--out", str(file), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["pairs_to_review"] == 3
    assert "<h1>Identity report</h1>" in file.read_text()
    again = CliRunner().invoke(cli.app, ["identity", "report"])
    assert "identity_report.html" in again.output
    assert (identified.at_home.root / "identity_report.html").read_text() == file.read_text()
