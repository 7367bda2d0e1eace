"""The order in which deliveries come changes nothing but when we knew."""

from __future__ import annotations

import random

import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.dbt import DbtFailed
from dagster_project.adapters.warehouse import open_warehouse
from tests.dbt.delivered_rows import LATE, Row, as_table, at, build_facts, facts, hold_rules, shop_line
from tests.dbt.test_consents import answers, member
from tests.dbt.test_newsletters import letter, reaction
from tests.dbt.test_web_and_service import LINK, ticket, web_event

FACTS = ["order_lines", "events", "consents", "products"]


def a_little_of_everything() -> dict[str, list[Row]]:
    """Several versions of several things, some of one moment."""
    return {
        **letter(reaction("open", 3), reaction("open", 600), reaction("click", 610, "https://shop.example.com/1")),
        "mailchimp.member": [member("subscribed", at("03-01")), member("unsubscribed", at("03-10"))],
        "shop.invoice_lines": [
            shop_line("1", "17", at("03-01")),
            shop_line("1", "17", at("03-01"), StockCode="B2", UnitPrice="1.25"),
            shop_line("C2", "17", at("03-05"), Quantity=-1),
            shop_line("3", None, at("03-05")),
        ],
        "hubspot.contact": [
            answers(property_may_phone=True, property_city="Turku"),
            answers(property_may_phone=False, property_city="Oulu"),
            answers(property_may_phone=None, occurred_at=at("03-04")),
        ],
        "hubspot.ticket": [ticket(), ticket(property_content="told anew"), ticket(at("03-05"))],
        "hubspot.ticket_contact": [LINK, {**LINK, "contact_id": "8"}],
        "ga4.events": [web_event("session_start", at("03-01")), web_event("view_item", at("03-01", "09:05"))],
    }


def test_the_same_row_delivered_twice_is_one_row_known_at_first() -> None:
    line = shop_line("1", "17", at("03-01"))
    for copies in ([line, {**line, "known_at": at("03-08")}], [{**line, "known_at": at("03-08")}, line]):
        (row,) = facts({"shop.invoice_lines": copies}, "order_lines")
        assert row["known_at"] == at("03-01")


def test_equal_lines_of_one_invoice_stay_two() -> None:
    line = shop_line("1", "17", at("03-01"))
    rows = facts({"shop.invoice_lines": [{**line, "row_id": "a-0"}, {**line, "row_id": "a-1"}]}, "order_lines")
    assert len(rows) == 2


def test_the_order_of_delivery_changes_no_fact() -> None:
    delivered = a_little_of_everything()
    expected = {model: facts(delivered, model) for model in FACTS}
    mixed = {table: random.Random(7).sample([*rows, *rows], 2 * len(rows)) for table, rows in delivered.items()}
    assert {model: facts(mixed, model) for model in FACTS} == expected


def test_the_order_of_arrival_changes_only_when_we_knew() -> None:
    """What is delivered over months, newest first, tells the same as a delivery in order."""
    delivered = a_little_of_everything()
    backwards = {
        table: [{**row, "known_at": at("06-01", f"10:{59 - number:02}")} for number, row in enumerate(rows)]
        for table, rows in delivered.items()
    }

    def told(rows: dict[str, list[Row]]) -> dict[str, object]:
        found: dict[str, object] = {
            model: [{**row, "known_at": None} for row in facts(rows, model)] for model in FACTS if model != "events"
        }
        sums: dict[tuple[object, ...], object] = {}  # an order that came in parts has an event for each
        for row in facts(rows, "events"):
            key = tuple(
                row[name] for name in ("event_type", "source_record_id", "subject_id", "channel", "occurred_at")
            )
            sums[key] = sums.get(key, 0) + (row["amount"] or 0)  # type: ignore[operator]
        return {**found, "events": sums}

    assert told(backwards) == told(delivered)


def test_all_rules_of_the_rooms_hold_on_a_little_of_everything() -> None:
    hold_rules(build_facts(a_little_of_everything()))


def test_a_delivery_of_nothing_gives_empty_tables() -> None:
    hold_rules(build_facts({}))
    assert facts({}, "events") == []


@pytest.mark.parametrize(
    ("rule", "harm"),
    [
        ("sold_and_returned_lines_equal_the_timeline", "delete from unified.events where event_type = 'purchase'"),
        ("every_web_event_is_in_one_visit", "update unified.web_sessions set count_events = count_events + 1"),
        (
            "every_newsletter_event_is_in_the_timeline",
            "delete from unified.events where event_type = 'newsletter_opened'",
        ),
        (
            "no_purchase_of_a_cancellation",
            "update unified.events set event_type = 'purchase' where event_type = 'return'",
        ),
    ],
)
def test_the_rule_notices_damage(rule: str, harm: str) -> None:
    home = build_facts(a_little_of_everything())
    table = harm.split(" from ")[-1].split()[0] if "delete" in harm else harm.split()[1]
    dbt.build(home, [rule], LATE, command="test")
    with open_warehouse(home) as warehouse:
        warehouse.connection.execute(f"create or replace table main.saved as from {table}")
        as_table(warehouse, table)
        warehouse.connection.execute(harm)
    try:
        with pytest.raises(DbtFailed, match=rule):
            dbt.build(home, [rule], LATE, command="test")
    finally:
        with open_warehouse(home) as warehouse:
            warehouse.connection.execute(f"create or replace table {table} as from main.saved")
