"""The real shop's facts, by the figures that are known of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings

pytestmark = pytest.mark.real_data


def one(shop: Settings, sql: str) -> dict[str, object]:
    """The only row of a question to the warehouse."""
    with open_warehouse(shop) as warehouse:
        (row,) = warehouse.read(sql).to_pylist()
    return row


def test_what_customers_bought_adds_up_to_the_last_digit(shop: Settings) -> None:
    sold = one(
        shop,
        "select sum(line_amount) as amount, count(distinct source_record_id) as customers"
        " from unified.order_lines where line_kind = 'sale' and source_record_id is not null",
    )
    assert sold == {"amount": Decimal("5239240.562"), "customers": 3317}
    told = one(
        shop,
        "select sum(amount) as amount, count(distinct source_record_id) as customers"
        " from unified.events where event_type = 'purchase' and source_record_id is not null",
    )
    assert told == sold


def test_what_customers_sent_back_adds_up_too(shop: Settings) -> None:
    row = one(
        shop,
        "select sum(amount) as amount, count(distinct source_record_id) as customers"
        " from unified.events where event_type = 'return' and source_record_id is not null",
    )
    assert row == {"amount": Decimal("320132.83"), "customers": 1192}


def test_every_line_is_kept_once_and_equal_lines_are_not_merged(shop: Settings) -> None:
    assert one(shop, "select count(*) as lines from unified.order_lines") == {"lines": 320705}


def test_web_events_delivered_twice_count_once(shop: Settings) -> None:
    row = one(shop, "select count(*) as rows, count(distinct session_key) as visits from unified.web_events")
    delivered = one(shop, "select count(*) as rows from sources.ga4__events")
    assert (delivered["rows"], row["rows"]) == (43422, 43272)
    assert one(shop, "select count(*) as visits from unified.web_sessions") == {"visits": row["visits"]}


def test_machines_are_told_from_people(shop: Settings) -> None:
    """Every reaction of the real shop is either within 4 s of the sending or at least a minute later."""
    row = one(
        shop,
        "select count(*) filter (event_type = 'newsletter_machine_opened') as machine_opens,"
        " count(*) filter (event_type = 'newsletter_machine_clicked') as machine_clicks,"
        " count(*) filter (event_type = 'newsletter_opened') as opens,"
        " count(*) filter (event_type = 'newsletter_clicked') as clicks,"
        " count(*) filter (event_type = 'newsletter_sent') as sent from unified.events",
    )
    assert row == {"machine_opens": 1054, "machine_clicks": 5150, "opens": 9156, "clicks": 1460, "sent": 33664}


def test_each_consent_has_its_statements(shop: Settings) -> None:
    row = one(
        shop,
        "select count(*) filter (channel = 'phone' and is_given) as calls_permitted,"
        " count(*) filter (channel = 'phone' and not is_given) as calls_denied,"
        " count(*) filter (channel = 'email' and source_system = 'hubspot') as opted_out,"
        " count(*) filter (channel = 'ads' and is_given) as ads_permitted from unified.consents",
    )
    assert row == {"calls_permitted": 1235, "calls_denied": 1271, "opted_out": 204, "ads_permitted": 3147}


def test_nothing_is_on_the_timeline_before_the_shop_was(shop: Settings) -> None:
    row = one(shop, "select count(*) as early from unified.events where known_at < timestamp '2010-11-01'")
    assert row == {"early": 0}
