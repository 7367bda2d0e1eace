"""Which contact a response answers: the one it names, or the customer's newest letter of that subject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.responses import responses_of
from dagster_project.adapters.warehouse import Warehouse, open_warehouse
from dagster_project.domain.clock import naive_utc
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import DAY, FREE, NOON, allow, contact, ids, plan

MOMENT = pa.timestamp("us")
EVENTS = pa.schema(
    [
        *((name, pa.string()) for name in ("event_id", "customer_id", "subject_id", "event_type")),
        ("occurred_at", MOMENT),
        ("known_at", MOMENT),
    ]
)
TOLD = pa.schema(
    [
        ("contact_id", pa.string()),
        ("response", pa.string()),
        ("is_machine", pa.bool_()),
        ("occurred_at", MOMENT),
        ("known_at", MOMENT),
    ]
)
CAMPAIGNS = pa.table(
    {"campaign_id": ["n1", "n2"], "subject_line": ["We miss you ", "Spring"], "name": ["march", "Hello Again"]}
)
FIRST = contact("c1", step="first", subject="we miss you", planned_for=NOON)
SECOND = contact("c1", step="second", subject="We miss you", planned_for=NOON + 5 * DAY)
OTHER = contact("c2", step="first", subject="hello again", planned_for=NOON)
CALL = contact("c1", step="call", channel="phone", subject="We miss you", planned_for=NOON)
LATER = NOON + 30 * DAY


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://") as opened:
        allow(opened, "c1", "c2")
        rows = plan(FIRST, SECOND, OTHER, CALL)
        assert len(opened.claim(rows, FREE, NOON).claimed) == 4
        yield opened


@pytest.fixture
def warehouse(home: Settings) -> Iterator[Warehouse]:
    with open_warehouse(home) as opened:
        fill(opened)
        yield opened


def fill(
    warehouse: Warehouse, events: list[dict[str, Any]] | None = None, told: list[dict[str, Any]] | None = None
) -> None:
    warehouse.write("customer_360", "customer_events", pa.Table.from_pylist(events or [], schema=EVENTS))
    warehouse.write("unified", "contact_responses", pa.Table.from_pylist(told or [], schema=TOLD))
    warehouse.write("unified", "campaigns", CAMPAIGNS)


def event(customer_id: str, kind: str, days: float, campaign: str = "n1") -> dict[str, Any]:
    moment = naive_utc(NOON + timedelta(days=days))
    return {
        "event_id": f"{customer_id}{kind}{days}{campaign}",
        "customer_id": customer_id,
        "subject_id": campaign,
        "event_type": f"newsletter_{kind}",
        "occurred_at": moment,
        "known_at": moment,
    }


def answer(contact_id: str, response: str, days: float, known: float | None = None, **columns: Any) -> dict[str, Any]:
    moments = {
        "occurred_at": naive_utc(NOON + timedelta(days=days)),
        "known_at": naive_utc(NOON + timedelta(days=days if known is None else known)),
    }
    return {"contact_id": contact_id, "response": response, "is_machine": False} | moments | columns


def found(warehouse: Warehouse, ledger: Ledger, as_of: Any = LATER) -> set[tuple[str, str]]:
    rows = responses_of(warehouse, ledger, as_of).to_pylist()
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    return {(row["contact_id"], row["response"]) for row in rows}


def test_a_reaction_answers_the_newest_letter_of_its_subject(warehouse: Warehouse, ledger: Ledger) -> None:
    first, second, other, _ = ids(FIRST, SECOND, OTHER, CALL)
    fill(warehouse, [event("c1", "opened", 1)])
    assert found(warehouse, ledger) == {(first, "opened"), (first, "any_opened")}
    fill(warehouse, [event("c1", "clicked", 6)])
    assert found(warehouse, ledger) == {(second, "clicked"), (second, "any_clicked")}
    fill(warehouse, [event("c2", "bounced", 1, "n2")])
    assert found(warehouse, ledger) == {(other, "bounced")}, "the title of the newsletter is as good as its subject"


def test_a_reaction_before_the_letter_or_to_another_subject_answers_nothing(
    warehouse: Warehouse, ledger: Ledger
) -> None:
    fill(warehouse, [event("c1", "opened", -1), event("c2", "opened", 1), event("c3", "opened", 1)])
    assert found(warehouse, ledger) == set()


def test_a_machine_counts_only_for_whoever_asks_for_any(warehouse: Warehouse, ledger: Ledger) -> None:
    [first] = ids(FIRST)
    fill(warehouse, [event("c1", "machine_opened", 1)], [answer(first, "clicked", 1, is_machine=True)])
    assert found(warehouse, ledger) == {(first, "any_opened"), (first, "any_clicked")}


def test_an_answer_that_names_its_contact_answers_that_one(warehouse: Warehouse, ledger: Ledger) -> None:
    [call] = ids(CALL)
    fill(warehouse, told=[answer(call, "dissatisfied", 2), answer("f" * 64, "satisfied", 2)])
    assert found(warehouse, ledger) == {(call, "dissatisfied")}, "and one to a contact nobody knows answers nothing"


def test_only_what_was_known_by_the_moment_is_told(warehouse: Warehouse, ledger: Ledger) -> None:
    [call] = ids(CALL)
    fill(warehouse, told=[answer(call, "reached", 2, known=9)])
    assert found(warehouse, ledger, NOON + 8 * DAY) == set()
    assert found(warehouse, ledger, NOON + 9 * DAY) == {(call, "reached")}


def test_a_contact_that_was_never_made_or_not_decided_yet_is_answered_by_nobody(
    warehouse: Warehouse, ledger: Ledger
) -> None:
    [call] = ids(CALL)
    fill(warehouse, told=[answer(call, "reached", -2)])
    assert found(warehouse, ledger, NOON - DAY) == set()
    assert found(warehouse, ledger) == {(call, "reached")}, "negative control"
    ledger.end_contacts({call: "no_valid_phone"}, NOON)
    assert found(warehouse, ledger) == set()
