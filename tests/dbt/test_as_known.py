"""What was known by a moment is the same today as it was then: the facts are only added to, never changed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dagster_project.adapters.warehouse import open_warehouse
from tests.dbt.delivered_rows import Row, as_table, at, build_facts, shop_line
from tests.dbt.test_consents import answers, member
from tests.dbt.test_newsletters import letter, reaction, standard
from tests.dbt.test_responses import answer, check_in
from tests.dbt.test_responses import reaction as reaction_to_ours
from tests.dbt.test_web_and_service import LINK, standard_event, ticket, web_event

VAULT = {"contacts"}
TABLES = (
    "contacts", "consents", "order_lines", "products", "web_events", "newsletter_events", "service_contacts", "events",
    "contact_responses",
)  # fmt: skip
TODAY = {"is_standing"}  # says what holds today
SEEDS = (0, 1)
FIRST, LAST = at("04-01"), at("04-30")


def ordered(**columns: object) -> Row:
    order = {"order_id": "9", "customer_number": "17", "ordered_at": at("03-01"), "occurred_at": at("03-01")}
    return {**order, **columns}


def line(number: str, quantity: int, **columns: object) -> Row:
    row = {"order_id": "9", "line": number, "product_id": "A1", "quantity": Decimal(quantity), "unit_price": Decimal(4)}
    return {**row, "ordered_at": at("03-01"), "occurred_at": at("03-01"), **columns}


def many_versions() -> dict[str, list[Row]]:
    """Everything that can be corrected, moved, taken back or delivered in parts."""
    campaign, recipients = letter()["mailchimp.campaign"][0], letter()["mailchimp.campaign_recipient"]
    lines = [shop_line("1", "17", at("03-01", "09:01")), shop_line("1", "17", at("03-01", "09:02"), StockCode="B2")]
    return {
        "shop.invoice_lines": [
            *lines,
            shop_line("1", "17", at("03-01", "09:01"), StockCode="C3", UnitPrice="1.25"),
            shop_line("2", "17", at("03-02"), Country="France"),
            shop_line("C3", "17", at("03-05"), Quantity=-1),
        ],
        "standard.orders": [
            ordered(customer_number=None),
            ordered(),
            ordered(customer_number="18"),
            ordered(contact_id="c1"),
            ordered(contact_id="c1", is_cancelled=True),
            ordered(order_id="10"),
        ],
        "standard.order_lines": [line("1", 2), line("1", 3), line("2", 1), line("3", -1), line("1", 5, order_id="10")],
        "hubspot.contact": [
            answers(property_may_phone=True, property_createdate=at("01-01")),
            answers(property_may_phone=None, property_createdate=at("01-02"), occurred_at=at("03-04")),
            answers(property_may_phone=False, property_createdate=at("01-01"), occurred_at=at("03-05")),
            answers(property_may_phone=None, property_createdate=at("01-01"), occurred_at=at("03-06")),
        ],
        "hubspot.ticket": [ticket(), ticket(at("03-05")), ticket(at("03-05"), is_deleted=True)],
        "hubspot.ticket_contact": [LINK, {**LINK, "contact_id": "8"}],
        "mailchimp.member": [member("subscribed", at("03-01")), member("unsubscribed", at("03-10"))],
        "mailchimp.unsubscribe": [{"member_id": "m1", "timestamp": at("03-10"), "occurred_at": at("03-10")}],
        "mailchimp.campaign": [campaign, {**campaign, "send_time": None}, {**campaign, "title": "put right"}],
        "mailchimp.campaign_recipient": recipients,
        "mailchimp.campaign_recipient_activity": [
            reaction("open", 3), reaction("open", 700), reaction("click", 900, "https://shop.example.com/1"),
            reaction("bounce", 60),
        ],
        "standard.newsletter_events": [standard("sent", 0), standard("opened", 500), standard("unsubscribed", 900),
                                       reaction_to_ours("opened", 9), reaction_to_ours("clicked", 11)],
        "ga4.events": [web_event("session_start", at("03-01")), web_event("view_item", at("03-01", "09:05"))],
        "standard.web_events": [
            standard_event("page_view", None, 1), standard_event("product_view", "c1", 2),
            standard_event("page_view", "c2", 3),
        ],
        "standard.visits": [check_in(at("03-04")), check_in(at("03-06"))],
        "standard.responses": [answer("r1", at("03-02")), answer("r2", at("03-03"), response="reached")],
    }  # fmt: skip


def arriving(delivered: Mapping[str, Sequence[Row]], seed: int) -> dict[str, list[Row]]:
    """Every row comes on a day of its own choice in April; some come twice."""
    draw = random.Random(seed)

    def comes() -> datetime:
        return FIRST + timedelta(days=draw.randrange(28))

    return {
        table: [{**row, "known_at": comes()} for row in rows for _ in range(draw.choice([1, 1, 2]))]
        for table, rows in delivered.items()
    }


def known_by(delivered: Mapping[str, Sequence[Row]], moment: datetime) -> dict[str, list[Row]]:
    return {table: [row for row in rows if row["known_at"] <= moment] for table, rows in delivered.items()}  # type: ignore[operator]


def told(delivered: Mapping[str, Sequence[Row]], by: datetime) -> dict[str, list[str]]:
    """The rows of every table known by a moment, built from these deliveries."""
    home = build_facts(delivered)
    found = {}
    with open_warehouse(home) as warehouse:
        for table in TABLES:
            rows = warehouse.read(
                f"select * from {'vault.' if table in VAULT else ''}unified.{table} where known_at <= $by", {"by": by}
            ).to_pylist()
            found[table] = sorted(repr({key: row[key] for key in row if key not in TODAY}) for row in rows)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_known_by_a_moment_never_changes_afterwards(seed: int) -> None:
    everything = arriving(many_versions(), seed)
    moments = [FIRST + timedelta(days=days, hours=12) for days in (6, 16)]
    today = [told(everything, moment) for moment in moments]
    assert all(told(everything, LAST).values()), "each table has rows: nothing is compared with nothing"
    then = [told(known_by(everything, moment), moment) for moment in moments]
    for moment, now, before in zip(moments, today, then, strict=True):
        assert now == before, f"what was known by {moment:%d %B} is told otherwise today"


def test_a_fact_moved_back_in_time_is_noticed() -> None:
    """Negative control of the comparison above."""
    everything = arriving(many_versions(), SEEDS[0])
    moment = FIRST + timedelta(days=6)
    before = told(everything, moment)
    with open_warehouse(build_facts(everything)) as warehouse:
        as_table(warehouse, "unified.events")
        warehouse.connection.execute(
            "update unified.events set known_at = $known where event_id ="
            " (select max(event_id) from unified.events where known_at > $by)",
            {"known": FIRST, "by": moment},
        )
    assert {table for table, rows in told(everything, moment).items() if rows != before[table]} == {"events"}
    build_facts({})


def test_corrections_add_up_to_what_holds_in_the_end() -> None:
    """Whatever came first: the order is the contact's, its first line has two or three pieces, and it was cancelled."""
    sums = set()
    for seed in SEEDS:
        home = build_facts(arriving(many_versions(), seed))
        with open_warehouse(home) as warehouse:
            rows = warehouse.read(
                "select event_type, source_record_id, sum(amount) as amount from unified.events"
                " where subject_id in ('standard:9', 'standard:9:cancellation') group by all having sum(amount) <> 0"
            ).to_pylist()
            lines = warehouse.read(
                "select sum(line_amount) as amount from unified.order_lines where not is_standing"
            ).to_pylist()
        assert lines[0]["amount"] in (None, 0), "what does not stand adds up to nothing"
        assert {row["source_record_id"] for row in rows} == {"standard:contact:c1"}
        sums.add(tuple(sorted((row["event_type"], row["amount"]) for row in rows)))
    assert len(sums) == 1
    ((bought, returned),) = sums
    assert bought[0] == "purchase"
    assert bought[1] in {Decimal(12), Decimal(16)}
    assert returned == ("return", bought[1] + 4)
