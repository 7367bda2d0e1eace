"""Who is on which company's deal: as known then, in the newest role, one row a person, nobody who was taken off."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.dbt.delivered_rows import facts
from tests.dbt.unified_rows import Row, at, build_rooms, contact, customer_of, hold_rules, read

TONIGHT = at("03-31")


def deal(when: datetime, name: str = "d1", **columns: object) -> Row:
    version = f"{name}@{when}"
    return {"deal_version_id": version, "deal_id": name, "is_deleted": False, "occurred_at": when, **columns}


def party(record: str | None, when: datetime, name: str = "d1", **columns: object) -> Row:
    told = {"deal_party_id": f"{name}:{record}@{when}", "deal_id": name, "source_record_id": record}
    return {**told, "is_removed": False, "occurred_at": when, **columns}


PEOPLE = [contact("crm:1", at("01-01"), customer_number="1"), contact("crm:2", at("01-01"), customer_number="2")]


def on_deals(*rows: Row, as_of: datetime = TONIGHT) -> list[tuple[object, ...]]:
    home = build_rooms([*PEOPLE, *rows], as_of, only="customer_deals")
    names = {customer_of(home, person["source_record_id"]): person["customer_number"] for person in PEOPLE}  # type: ignore[arg-type]
    return sorted(
        (row["deal_id"], names[str(row["customer_id"])], row["company_id"], row["deal_role"], row["deal_stage"])
        for row in read(home, "customer_deals")
    )


def test_several_people_are_on_one_deal_each_in_their_newest_role() -> None:
    told = on_deals(
        deal(at("03-01"), deal_stage="offered"), deal(at("03-05"), deal_stage="signed", amount=Decimal(900)),
        party(None, at("03-01"), company_id="acme"),
        party("crm:1", at("03-01"), deal_role="influencer"), party("crm:1", at("03-04"), deal_role="decision_maker"),
        party("crm:2", at("03-02")),
    )  # fmt: skip
    assert told == [("d1", "1", "acme", "decision_maker", "signed"), ("d1", "2", "acme", None, "signed")]
    hold_rules(build_rooms([*PEOPLE, deal(at("03-01")), party("crm:1", at("03-01"))], TONIGHT), TONIGHT)


def test_who_was_taken_off_and_what_was_deleted_are_not_there() -> None:
    gone = party("crm:1", at("03-04"), is_removed=True)
    assert on_deals(deal(at("03-01")), party("crm:1", at("03-01")), gone) == []
    assert on_deals(deal(at("03-01")), deal(at("03-09"), is_deleted=True), party("crm:1", at("03-01"))) == []
    assert on_deals(party("crm:1", at("03-01"))) == [], "a deal nobody told us of"


def test_what_was_not_known_yet_is_not_told() -> None:
    rows = [deal(at("03-01")), party("crm:1", at("03-01")), party("crm:2", at("03-02"), known_at=at("03-20"))]
    assert [row[1] for row in on_deals(*rows, as_of=at("03-10"))] == ["1"]
    assert [row[1] for row in on_deals(*rows, as_of=at("03-21"))] == ["1", "2"]


def test_two_records_of_one_customer_are_one_person_on_a_deal() -> None:
    same = contact("shop:customer:1", at("01-02"), customer_number="1")
    rows = [party("crm:1", at("03-01"), deal_role="end_user"), party("shop:customer:1", at("03-02"))]
    assert on_deals(same, deal(at("03-01")), *rows) == [("d1", "1", None, "end_user", None)]


def test_deals_as_the_connector_delivers_them() -> None:
    link = {"deal_id": "9", "contact_id": "7", "known_at": at("03-02")}
    delivered = {
        "hubspot.deal": [{"deal_id": "9", "property_amount": Decimal(50), "occurred_at": at("03-01")}],
        "hubspot.deal_contact": [link, {**link, "known_at": at("03-08")}],
        "hubspot.deal_company": [{"deal_id": "9", "company_id": "3", "known_at": at("03-03")}],
    }
    (found,) = facts(delivered, "deals")
    assert (found["deal_id"], found["amount"], found["is_deleted"]) == ("hubspot:deal:9", 50, False)
    parties = facts(delivered, "deal_parties")
    assert [(row["source_record_id"], row["company_id"], row["known_at"]) for row in parties] == [
        ("hubspot:contact:7", None, at("03-02")), (None, "hubspot:company:3", at("03-03")),
    ]  # fmt: skip


def test_deals_in_our_own_layout() -> None:
    delivered = {
        "standard.deals": [{"deal_id": "9", "company_id": "3", "stage": "Offered", "occurred_at": at("03-01")}],
        "standard.deal_contacts": [
            {"deal_id": "9", "contact_id": "7", "role": "Decision maker", "occurred_at": at("03-01")}
        ],
    }
    assert {row["deal_role"] for row in facts(delivered, "deal_parties")} == {"decision_maker", None}
    assert {row["company_id"] for row in facts(delivered, "deal_parties")} == {"standard:company:3", None}
