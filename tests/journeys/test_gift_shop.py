"""The real shop, landed as history and run as of 2011-08-31: its known figures, and what must never happen."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.published import open_published
from dagster_project.adapters.reading import reader
from tests.journeys.homes import (
    GIFT_SHOP_ENDS,
    at_home,
    contacts_of,
    copy_of,
    customers_contacted,
    files_of,
    gift_shop_files,
    land,
    recipients_of,
    run_day,
)
from tests.journeys.personal import found_in

pytestmark = pytest.mark.real_data

DELIVERED = {
    "contact": 3762,
    "ticket": 1080,
    "ticket_contact": 1080,
    "list": 1,
    "member": 3188,
    "campaign": 17,
    "campaign_recipient": 33664,
    "campaign_recipient_activity": 17168,
    "unsubscribe": 41,
    "events": 43422,
    "invoice_lines": 320705,
}


def test_every_file_reconciles(shop_home: Path) -> None:
    with at_home(shop_home) as own, open_ledger(own.ledger_address) as ledger:
        deliveries = ledger.deliveries()
    assert len(deliveries) == 27
    for delivery in deliveries:
        assert delivery.status == "loaded", delivery.message
        assert delivery.count_delivered == delivery.count_loaded + delivery.count_quarantined > 0
    sums: dict[str, int] = {}
    for delivery in deliveries:
        sums[delivery.table_name] = sums.get(delivery.table_name, 0) + delivery.count_delivered
    assert sums == DELIVERED


def test_each_numbered_customer_has_one_row_and_the_purchases_add_up(shop_home: Path) -> None:
    with at_home(shop_home) as own, reader(own) as published:
        figures = published.rows(
            "select count(*) filter (customer_number is not null) as count_rows,"
            " count(distinct customer_number) as count_numbers,"
            " count(*) filter (customer_number is not null and count_orders > 0) as count_buyers,"
            " round(sum(total_purchase_amount), 2) as total from customer_360.customer_360"
        )[0]
    assert figures == {
        "count_rows": 3360,
        "count_numbers": 3360,
        "count_buyers": 3317,
        "total": Decimal("5239240.56"),
    }


def test_a_web_event_delivered_twice_counts_once(shop_home: Path) -> None:
    from dagster_project.adapters.warehouse import open_warehouse

    with at_home(shop_home) as own, open_warehouse(own) as warehouse:
        counts = warehouse.read(
            "select (select count(*) from sources.ga4__events) as delivered,"
            " (select count(*) from unified.web_events where source_record_id like 'ga4:%') as counted"
        ).to_pylist()[0]
    assert counts == {"delivered": 43422, "counted": 43422 - 150}


def test_message_batches_hold_nobody_who_opted_out_and_nobody_in_the_holdout(shop_home: Path) -> None:
    with at_home(shop_home) as own, open_ledger(own.ledger_address) as ledger:
        contacted, held_out = customers_contacted(own), ledger.held_out()
        gone = [row for row in contacts_of(own) if row["status"] in ("published", "accepted")]
    assert contacted, "the run chose somebody"
    assert len(recipients_of(shop_home)) == len(gone)
    steps = [(row["customer_id"], row["care_model"], row["step"], row["channel"]) for row in gone]
    assert len(set(steps)) == len(steps), "nobody is contacted twice for one step"
    assert held_out, "the holdout is not empty"
    assert not contacted & held_out
    with at_home(shop_home) as own, reader(own) as published:
        allowed = published.rows(
            "select customer_id, channel from customer_360.consents_current where purpose = 'marketing' and is_allowed"
        )
        plan = published.rows("select customer_id, channel from decisions.contact_plan")
    may = {(row["customer_id"], row["channel"]) for row in allowed}
    assert {(row["customer_id"], row["channel"]) for row in plan} <= may


def test_addresses_that_opted_out_in_any_raw_file_are_in_no_message_batch(shop_home: Path, gift_shop: Path) -> None:
    """Read from the raw files, not through our own models: an independent look."""
    opted_out = set()
    with open(gift_shop / "hubspot" / "contact.csv", newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["property_hs_email_optout"] == "TRUE" and row["property_email"].strip():
                opted_out.add(row["property_email"].strip().casefold())
    with open(gift_shop / "mailchimp" / "member.csv", newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["status"] != "subscribed":
                opted_out.add(row["email_address"].strip().casefold())
    assert len(opted_out) > 200
    written = {row["Email Address"].casefold() for row in recipients_of(shop_home) if "Email Address" in row}
    assert written, "the run wrote to somebody"
    assert not written & opted_out


def test_the_same_run_again_changes_nothing(shop_home: Path, gift_shop: Path, tmp_path: Path) -> None:
    copy = copy_of(shop_home, tmp_path / "home")
    before = files_of(copy, "published", "outbox", "vault/published")
    with at_home(copy) as own:
        contacts_before = contacts_of(own)
        version = open_published(own).name
        assert {told["status"] for told in land(own, gift_shop_files(gift_shop)[:3])} == {"repeated"}
        run_day(own, GIFT_SHOP_ENDS)
        assert open_published(own).name == version
        assert contacts_of(own) == contacts_before
    assert before
    assert files_of(copy, "published", "outbox", "vault/published") == before


def test_no_raw_address_is_outside_the_vault_and_the_outbox(shop_home: Path, gift_shop: Path) -> None:
    """Personal data must never reach a log, an event, a page or an artifact; the vault is the negative control."""
    with open(gift_shop / "hubspot" / "contact.csv", newline="", encoding="utf-8") as handle:
        addresses = {row["property_email"].strip().lower().encode() for row in csv.DictReader(handle)} - {b""}
    found = found_in(shop_home, {"email": addresses})
    assert found["vault"]["email"] > 1000, "negative control: the scan finds them where they belong"
    assert set(found) <= {"vault", "outbox"}
