"""Who did not react to the last contacts is left alone, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.pauses import paused
from dagster_project.domain.decisions.policy import Pause
from tests.domain.decisions.builders import NOON

DAY = timedelta(days=1)
TWO = Pause(ignored=2, days=10, within=3)
CONTACTS = pa.schema(
    [(name, pa.string()) for name in ("contact_id", "customer_id", "channel", "action_class", "status")]
)
CONTACTS = CONTACTS.append(pa.field("planned_for", pa.timestamp("us")))
RESPONSES = pa.schema([("contact_id", pa.string()), ("response", pa.string()), ("known_at", pa.timestamp("us"))])


def met(days_ago: float, customer_id: str = "c1", **given: Any) -> dict[str, Any]:
    usual = {
        "contact_id": f"{customer_id} {days_ago}",
        "customer_id": customer_id,
        "channel": "email",
        "action_class": "marketing",
        "status": "published",
        "planned_for": naive_utc(NOON - days_ago * DAY),
    }
    return usual | given


def reacted(contact_id: str, response: str = "opened", days_ago: float = 0) -> dict[str, Any]:
    return {"contact_id": contact_id, "response": response, "known_at": naive_utc(NOON - days_ago * DAY)}


def left_alone(
    contacts: list[dict[str, Any]], *responses: dict[str, Any], pauses: Any = (TWO,), as_of: datetime = NOON
) -> dict[str, list[Pause]]:
    told = pa.Table.from_pylist(list(responses), schema=RESPONSES)
    return paused(pauses, pa.Table.from_pylist(contacts, schema=CONTACTS), told, as_of)


def test_two_ignored_contacts_pause_and_one_does_not() -> None:
    assert left_alone([met(5), met(4)]) == {"c1": [TWO]}
    assert left_alone([met(5)]) == {}
    assert left_alone([met(5), met(4)], pauses=()) == {}


@pytest.mark.parametrize(("newest", "is_paused"), [(2.9, False), (3, True), (9.9, True), (10, False), (11, False)])
def test_a_contact_is_judged_after_its_time_and_the_pause_ends(newest: float, is_paused: bool) -> None:
    assert bool(left_alone([met(20), met(newest), met(2, status="claimed")])) == (is_paused and newest < 10)


def test_only_marketing_that_went_out_counts() -> None:
    assert left_alone([met(5), met(4, action_class="transactional")]) == {}
    assert left_alone([met(5), met(4, status="claimed")]) == {}
    assert left_alone([met(5), met(4, status="returned")]) == {}
    assert left_alone([met(5), met(4, status="accepted")]) == {"c1": [TWO]}
    assert left_alone([met(5), met(4, "c2")]) == {}, "another's contacts"


def test_only_the_last_ones_count_and_any_reaction_to_one_of_them_ends_it() -> None:
    three = [met(6), met(5), met(4)]
    assert left_alone(three, reacted("c1 6")) == {"c1": [TWO]}, "that was before the last two"
    assert left_alone(three, reacted("c1 5")) == {}
    assert left_alone(three, reacted("c1 4")) == {}
    assert left_alone(three[::-1], reacted("c1 6")) == {"c1": [TWO]}, "whatever the order they are told in"


@pytest.mark.parametrize(
    ("response", "ends"),
    [("opened", True), ("bounced", False), ("returned", False), ("any_opened", False), ("many_questions", True)],
)
def test_what_a_machine_or_the_post_sends_back_is_no_reaction(response: str, ends: bool) -> None:
    assert (left_alone([met(5), met(4)], reacted("c1 5", response)) == {}) == ends


def test_a_reaction_ends_it_once_it_is_known() -> None:
    assert left_alone([met(5), met(4)], reacted("c1 5", days_ago=-1)) == {"c1": [TWO]}
    assert left_alone([met(5), met(4)], reacted("c1 5")) == {}, "known at this very moment"


def test_a_pause_may_be_of_one_channel_and_several_may_hold() -> None:
    calls = Pause(ignored=1, days=30, channel="phone")
    assert left_alone([met(20), met(16, channel="phone")], pauses=(calls,)) == {"c1": [calls]}
    assert left_alone([met(20), met(16)], pauses=(calls,)) == {}
    assert left_alone([met(8), met(7)], pauses=(TWO, Pause(2, 20, within=4))) == {"c1": [TWO, Pause(2, 20, within=4)]}
    assert (TWO.name, calls.name) == ("2 ignored", "1 ignored on phone")


def test_fourteen_days_are_given_to_react_unless_told() -> None:
    usual = Pause(ignored=1, days=60)
    assert left_alone([met(13.9)], pauses=(usual,)) == {}
    assert left_alone([met(14)], pauses=(usual,)) == {"c1": [usual]}


def test_a_contact_of_this_very_moment_is_judged_where_no_time_is_given() -> None:
    at_once = Pause(ignored=1, days=60, within=0)
    assert left_alone([met(0)], pauses=(at_once,)) == {"c1": [at_once]}
    assert left_alone([met(-1)], pauses=(at_once,)) == {}
