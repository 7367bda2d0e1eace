"""A past time lived through again: with what was known then, and nothing of the house changed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.adapters.backtest import house_of, relive
from dagster_project.cli import app
from dagster_project.components.care_model import MODELS, model_of
from dagster_project.components.trying import backtest_of, contact_policy, model_named
from dagster_project.domain.care_models.backtest.figures import Figures
from dagster_project.domain.clock import end_of_day, naive_utc
from dagster_project.errors import HoivaError
from tests.journeys.homes import TOWN, at_home, files_of

STORES = ("lake", "vault", "published", "outbox", "quarantine")


def played(home: Path, care_model: str, first: date, last: date, **variables: str) -> Figures:
    with at_home(home, **variables) as own:
        return backtest_of(own, care_model, first, last, False, lambda day: None)[1]


def ledger_of(home: Path) -> bytes:
    return (home / "ledger.db").read_bytes()


def test_a_backtest_changes_nothing_and_says_what_it_found(town_home: Path, tmp_path: Path) -> None:
    before = files_of(town_home, *STORES), ledger_of(town_home)
    page = tmp_path / "page.html"
    with at_home(town_home, **TOWN):
        command = ["backtest", "welcome_after_first_purchase", "--from", "2026-02-01", "--to", "2026-03-02"]
        result = CliRunner().invoke(app, [*command, "--out", str(page), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["entered"] > 3
    assert sum(found["contacts"].values()) > 0
    assert sum(count for _, count, _ in found["by_month"]) == found["entered"]
    assert sum(found["outcomes"].values()) == found["entered"]
    assert "Welcome after the first purchase" in page.read_text()
    assert (files_of(town_home, *STORES), ledger_of(town_home)) == before


def test_a_shorter_time_is_the_beginning_of_a_longer_one(town_home: Path) -> None:
    """What comes later is not known yet: the first nights are the same, whatever follows them."""
    first, last = date(2026, 2, 1), date(2026, 2, 20)
    with at_home(town_home, **TOWN) as own:
        house, model = house_of(own), model_named("welcome_after_first_purchase")
        short, long = (
            relive(own, house, [model], contact_policy(), first, end, model_of)
            for end in (last - timedelta(days=8), last)
        )
        house.past.close()
        until = naive_utc(end_of_day(last - timedelta(days=8), own.zone))
    key = ["customer_id", "care_model", "window_key", "is_control", "entered_at", "enrolled_as_of"]
    entered = {tuple(row.values()) for row in short.enrolments.select(key).to_pylist()}
    later = {tuple(row.values()) for row in long.enrolments.select(key).to_pylist()}
    assert entered == {row for row in later if row[-1] <= until}
    assert entered < later, "negative control: the longer time has more"
    decided = {row["contact_id"] for row in short.contacts.to_pylist()}
    assert decided == {row["contact_id"] for row in long.contacts.to_pylist() if row["decided_as_of"] <= until}


def test_a_model_of_a_segment_is_refused_instead_of_told_empty(tmp_path: Path) -> None:
    text = (MODELS / "welcome_after_first_purchase.yaml").read_text()
    drawn = tmp_path / "drawn.yaml"
    drawn.write_text(text.replace("control_share: 0.1", "control_share: 0.1\nsegment: new_customers"))
    with at_home(tmp_path) as own, pytest.raises(HoivaError, match="draws on the segment new_customers"):
        backtest_of(own, str(drawn), date(2026, 2, 1), date(2026, 2, 2), False, lambda day: None)


@pytest.mark.slow
@pytest.mark.real_data
def test_the_fading_of_the_gift_shop_from_december_to_august(shop_home: Path) -> None:
    """The figures of docs/care_models/high_value_fading_backtest.md."""
    found = played(shop_home, "high_value_fading", date(2010, 12, 1), date(2011, 8, 31))
    page = (Path(__file__).parents[2] / "docs" / "care_models" / "high_value_fading_backtest.md").read_text()
    told = (
        f"| entered | {found.entered} enrolments, {found.in_control} of them in the control group;",
        f"| met | {found.contacts['email']} letters and {found.contacts['phone']} calls, at a cost of",
        f"at a cost of {found.cost:.2f};",
        f"| {found.bought_again} of {found.followed} entries that could be followed so long |",
        f"| ended | {found.outcomes['goal_reached']} by buying, {found.outcomes['left']} as they kept",
        f"({found.stopped['consent']} candidates, each night counted)",
    )
    assert [text for text in told if text not in page] == []
