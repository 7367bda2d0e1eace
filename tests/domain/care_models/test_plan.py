"""What a plan adds for its reader besides figures and differences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.effects import Effect
from dagster_project.domain.care_models.plan import Plan, Planned, in_markdown, notes
from dagster_project.domain.decisions.overlaps import Conflicts
from tests.domain.care_models import making


def test_a_door_that_compares_says_that_its_first_night_lets_nobody_in() -> None:
    becomes = making.model("{trigger: becomes, where: is_fading}", "after_exit")
    assert any("first night" in note for note in notes(None, becomes))
    assert list(notes(None, making.model())) == [], "a state lets in at once"


LOST = {"care_model": "welcome", "department": "crm", "stopped_by": "priority", "rule": "per_customer_per_day"}
MET = {"care_model": "welcome", "department": "crm", "channel": "email", "week": "2026-W10"}


def told(found: Conflicts | None) -> str:
    planned = Planned("new", "New", (), None, Effect("new"), (), (), found)
    return in_markdown(Plan(datetime(2026, 3, 2, tzinfo=UTC), "main", (planned,)), ZoneInfo("UTC"))


def test_a_pull_request_reads_who_gives_way_by_week_and_by_rule() -> None:
    amounts: dict[str, Any] = {"count_displaced": 1200, "value_displaced": 3600.5}
    found = Conflicts(({**MET, "count_shared_customers": 1300, **amounts},), ({**LOST, **amounts},), 9, 8, 70.0, 65.5)
    text = told(found)
    assert "It displaces 1,200 contacts of others worth 3,600.50." in text
    assert "| welcome | crm | email | 2026-W10 | 1,300 | 1,200 | 3,600.50 |" in text
    assert "| welcome | crm | priority | per\\_customer\\_per\\_day | 1,200 | 3,600.50 |" in text
    assert "| contacts of others it displaces | 0 | 1,200 |" in text


def test_where_nobody_is_met_a_sentence_is_enough() -> None:
    text = told(Conflicts((), (), 9, 8, 70.0, 65.5))
    assert "It displaces no contact of others." in text
    assert "gives way" not in text
    assert "shared customers" not in text


def test_where_no_conflict_was_looked_for_none_is_told() -> None:
    assert "displaces" not in told(None)


def test_several_changes_are_summed_up_at_the_end() -> None:
    found = Conflicts(
        ({**MET, "count_shared_customers": 3, "count_displaced": 2, "value_displaced": 4.0},), (), 9, 8, 7, 6
    )
    alone = Planned("new", "New", (), None, Effect("new"), (), (), Conflicts((), (), 9, 9, 7, 7))
    text = in_markdown(Plan(datetime(2026, 3, 2, tzinfo=UTC), "main", (alone,), found), ZoneInfo("UTC"))
    assert text.index("It displaces no contact") < text.index("### All of these at once") < text.index("They displace")
    assert "9 contacts worth 7.00 with them, 8 worth 6.00 without them." in text
