"""One row per customer as of a moment: consents, contact points, figures, and the rules that guard them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from dagster_project.adapters.dbt import DbtFailed
from tests.dbt.unified_rows import (
    AINO_BORN,
    Row,
    at,
    build_rooms,
    consent,
    contact,
    customer_of,
    damaged,
    event,
    hold_rules,
    read,
    small_town,
    ticket,
)

TONIGHT = at("03-31")


def row_of(record: str, rows: list[Row], as_of: datetime = TONIGHT, table: str = "customer_360") -> Row:
    """The one row of a record's customer."""
    home = build_rooms(rows, as_of, only=table)
    (row,) = read(home, table, f"customer_id = '{customer_of(home, record)}'")
    return row


def test_the_figures_of_a_customer_are_what_one_counts_by_hand() -> None:
    hold_rules(build_rooms(small_town(), TONIGHT), TONIGHT)
    aino = row_of("shop:customer:1", small_town())
    expected = {
        "count_orders": 4,
        "count_orders_365d": 4,
        "total_purchase_amount": Decimal(65),
        "purchase_amount_90d": Decimal(65),
        "count_returns": 1,
        "return_amount": Decimal(5),
        "average_order_amount": Decimal("16.25"),
        "count_purchase_days": 3,
        "median_gap_days": 25.0,  # 10 and 40 days: the purchase at 22:30 UTC belongs to 1 March
        "gap_spread_days": 15.0,
        "days_since_last_purchase": 30,
        "count_newsletters_sent_90d": 1,
        "count_opens_90d": 1,
        "count_machine_opens_90d": 1,
        "count_web_visits_90d": 1,
        "days_since_last_web_visit": 86,
        "count_service_contacts_365d": 2,
        "count_open_service_contacts": 1,
        "count_open_complaints": 1,
        "has_email": True,
        "has_phone": True,
        "has_postal_address": True,
        "may_email": True,
        "may_phone": True,
        "may_letter": False,
        "may_ads": False,
        "country_code": "FI",
        "language_code": "fi",
        "last_newsletter_reaction_at": at("02-01", "19:00"),
        "first_seen_at": at("01-04"),
        "birthday": date(2000, 5, 1),
        "as_of": TONIGHT,
    }
    assert {name: aino[name] for name in expected} == expected


def test_a_customer_without_events_has_zeros_and_blanks() -> None:
    row = row_of("hubspot:contact:1", [contact("hubspot:contact:1", at("01-01"), email_raw="a@posti.fi")])
    assert row["count_orders"] == 0
    assert row["total_purchase_amount"] == Decimal(0)
    assert (row["average_order_amount"], row["median_gap_days"], row["days_since_last_purchase"]) == (None, None, None)
    assert (row["joined_at"], row["birthday"], row["contract_end_date"]) == (None, None, None)
    assert not row["may_email"], "nobody said yes"


def test_a_window_ends_to_the_microsecond() -> None:
    rows = [contact(f"shop:customer:{number}", at("01-01"), customer_number=number) for number in ("1", "2")]
    ninety_days_ago = TONIGHT - timedelta(days=90)
    rows += [event("shop:customer:1", "purchase", ninety_days_ago, amount=1)]
    rows += [event("shop:customer:2", "purchase", ninety_days_ago + timedelta(microseconds=1), amount=1)]
    assert row_of("shop:customer:1", rows)["purchase_amount_90d"] == 0
    assert row_of("shop:customer:2", rows)["purchase_amount_90d"] == 1


SERVICE = [
    contact("hubspot:contact:1", at("01-01"), customer_number="1"),
    contact("hubspot:contact:2", at("01-01"), customer_number="2"),
    ticket("hubspot:contact:1", "t", at("01-05"), category="complaint"),
    ticket("hubspot:contact:1", "t", at("01-05"), updated=at("01-10"), category="complaint", closed_at=at("01-10")),
    ticket("hubspot:contact:1", "t", at("01-05"), updated=at("01-20"), category="complaint"),
    ticket("hubspot:contact:2", "t", at("01-05"), updated=at("01-30"), category="complaint"),
]


@pytest.mark.parametrize(
    ("day", "first", "second"), [("01-06", 1, 0), ("01-11", 0, 0), ("01-21", 1, 0), ("01-31", 0, 1)]
)
def test_a_complaint_is_open_closed_opened_again_and_passed_on(day: str, first: int, second: int) -> None:
    assert row_of("hubspot:contact:1", SERVICE, at(day))["count_open_complaints"] == first
    assert row_of("hubspot:contact:2", SERVICE, at(day))["count_open_complaints"] == second


CASES = {  # what a customer's two records said about e-mail, and whether we may write
    "nothing said": ([], False),
    "said yes": ([("hubspot", True, "01-02")], True),
    "another record denies": ([("hubspot", True, "01-02"), ("mailchimp", False, "01-01")], False),
    "changed her mind": ([("hubspot", False, "01-02"), ("hubspot", True, "01-03")], True),
    "both at once": ([("hubspot", True, "01-02"), ("hubspot", False, "01-02")], False),
    "denial not yet known": ([("hubspot", True, "01-02"), ("hubspot", False, "04-02")], True),
}


def test_deny_wins_across_records_and_the_newest_statement_within_one() -> None:
    rows: list[Row] = []
    for number, (said, _) in enumerate(CASES.values()):
        records = {"hubspot": f"hubspot:contact:{number}", "mailchimp": f"mailchimp:member:{number}"}
        rows += [contact(record, at("01-01"), email_raw=f"{number}@posti.fi") for record in records.values()]
        rows += [consent(records[system], "email", given, at(day)) for system, given, day in said]
    found = {case: row_of(f"hubspot:contact:{number}", rows)["may_email"] for number, case in enumerate(CASES)}
    assert found == {case: allowed for case, (_, allowed) in CASES.items()}


def test_a_deleted_record_permits_nothing_and_still_denies() -> None:
    rows = [
        contact("hubspot:contact:1", at("01-01"), email_raw="a@posti.fi"),
        contact("mailchimp:member:a", at("01-01"), email_raw="a@posti.fi"),
        contact("mailchimp:member:a", at("01-09"), email_raw="a@posti.fi", is_deleted=True),
        consent("mailchimp:member:a", "email", True, at("01-02")),
        consent("mailchimp:member:a", "ads", False, at("01-02")),
        consent("hubspot:contact:1", "ads", True, at("01-02")),
    ]
    before = row_of("hubspot:contact:1", rows, at("01-05"))
    assert (before["may_email"], before["may_ads"]) == (True, False)
    after = row_of("hubspot:contact:1", rows, at("01-10"))
    assert (after["may_email"], after["may_ads"]) == (False, False)


def test_contact_points_are_the_fullest_then_the_newest() -> None:
    point = row_of("hubspot:contact:1", small_town(), table="contact_points")
    assert {name: point[name] for name in ("email", "phone", "first_name", "street", "country_code", "birth_date")} == {
        "email": "aino@posti.fi",
        "phone": "+358401234567",
        "first_name": "Aino",
        "street": "Kotikatu 1",
        "country_code": "FI",
        "birth_date": AINO_BORN,
    }
    moved = contact("hubspot:contact:7", at("03-01"), customer_number="1", street="Uusikatu 2", first_name="Aino")
    assert row_of("hubspot:contact:1", [*small_town(), moved], table="contact_points")["street"] == "Kotikatu 1"
    moved = moved | {"postal_code": "90100", "city": "Oulu", "country": " RUOTSI "}
    point = row_of("hubspot:contact:1", [*small_town(), moved], table="contact_points")
    assert (point["street"], point["country_code"], point["last_name"]) == ("Uusikatu 2", "SE", "Aalto")


def test_an_address_with_look_alike_letters_is_no_contact_point() -> None:
    rows = [contact("hubspot:contact:1", at("01-01"), email_raw="\u0430ino@posti.fi", phone_raw="0401234567")]
    row = row_of("hubspot:contact:1", rows)
    assert (row["has_email"], row["has_phone"]) == (False, True)


@pytest.mark.parametrize(
    ("rule", "harm"),
    [
        ("every_living_customer_has_one_row", "delete from {table} where customer_number = '1'"),
        ("unique_customer_360_customer_id", "insert into {table} from {table}"),
        ("amounts_of_customers_equal_the_events", "update {table} set return_amount = return_amount + 0.0001"),
        ("nobody_may_be_contacted_against_a_denial", "update {table} set may_letter = true"),
        ("counts_of_customers_hang_together", "update {table} set count_open_complaints = 9"),
    ],
)
def test_the_rule_notices_damage(rule: str, harm: str) -> None:
    home = build_rooms([*small_town(), consent("hubspot:contact:1", "letter", False, at("01-09"))], TONIGHT)
    hold_rules(home, TONIGHT, rule)
    with damaged(home, "customer_360.customer_360", harm), pytest.raises(DbtFailed, match=rule):
        hold_rules(home, TONIGHT, rule)


def test_birthdays_and_ends_of_contracts_are_the_newest_told_and_without_the_year_of_birth() -> None:
    born = [date(1952, 2, 29), date(1999, 12, 31), None]
    ends = [date(2026, 6, 30), date(2026, 9, 30), None]
    people = [
        contact(f"hubspot:contact:{place}", at("01-01"), customer_number=str(place), birth_date=one)
        for place, one in enumerate(born)
    ]
    versions = [
        contact(f"standard:contact:{place}", at(f"01-0{place + 1}"), customer_number="0", contract_end_date=end)
        for place, end in enumerate(ends)
    ]
    rows = [row_of(f"hubspot:contact:{place}", people + versions) for place in range(3)]
    assert [row["birthday"] for row in rows] == [date(2000, 2, 29), date(2000, 12, 31), None]
    assert [row["contract_end_date"] for row in rows] == [date(2026, 9, 30), None, None]


def test_joining_is_the_first_joining_of_any_record_known_by_the_moment() -> None:
    records = [contact(name, at("01-01"), customer_number="7") for name in ("hubspot:contact:1", "standard:contact:2")]
    joined = [
        event("hubspot:contact:1", "joined", at("01-20")),
        event("standard:contact:2", "joined", at("01-05"), known_at=at("02-10")),
    ]
    assert row_of("hubspot:contact:1", records + joined, at("01-31"))["joined_at"] == at("01-20")
    assert row_of("hubspot:contact:1", records + joined, at("02-28"))["joined_at"] == at("01-05")
