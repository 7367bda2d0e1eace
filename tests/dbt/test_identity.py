"""Identity as dbt builds it: who is one customer, as of when, and under which id."""

from __future__ import annotations

import pytest

from dagster_project.adapters.dbt import DbtFailed
from dagster_project.settings import settings as settings_of_process
from tests.dbt.unified_rows import (
    ROOMS,
    answer,
    at,
    build_rooms,
    built,
    contact,
    customer_of,
    damaged,
    event,
    hold_rules,
    login,
    order_on_the_web,
    read,
    read_all,
    shared_home,
    small_town,
)

TONIGHT = at("03-31")


def test_what_four_systems_know_is_one_customer() -> None:
    home = build_rooms(small_town(), TONIGHT)
    aino = customer_of(home, "shop:customer:1")
    records = {row["source_record_id"] for row in read(home, "clusters", f"customer_id = '{aino}'")}
    assert records == {"hubspot:contact:1", "shop:customer:1", "mailchimp:member:a", "ga4:cookie:a"}
    (row,) = read(home, "customers", f"customer_id = '{aino}'")
    assert row == {
        "customer_id": aino,
        "customer_number": "1",
        "count_source_records": 4,
        "first_seen_at": at("01-04"),
    }


def test_a_browser_alone_is_no_customer() -> None:
    home = build_rooms(small_town(), TONIGHT)
    living = {row["customer_id"] for row in read(home, "customers")}
    assert len(living) == 2
    assert customer_of(home, "ga4:cookie:visitor") not in living
    assert customer_of(home, "ga4:cookie:shared") not in living
    assert customer_of(home, "ga4:cookie:a") in living


def test_customers_who_share_a_phone_stay_two_and_the_pair_is_shown() -> None:
    home = build_rooms(small_town(), TONIGHT)
    assert customer_of(home, "hubspot:contact:1") != customer_of(home, "hubspot:contact:2")
    (held,) = read(home, "review_queue", "rule = 'phone_and_name'")
    assert (held["source_record_id_a"], held["source_record_id_b"]) == ("hubspot:contact:1", "hubspot:contact:2")
    assert held["reason"] == "name_unknown"


def test_an_order_on_the_web_leads_a_browser_to_its_customer() -> None:
    guest = "ga4:cookie:visitor"
    town = [*small_town(), order_on_the_web(guest, "shop:customer:2", at("01-20"))]
    home = build_rooms(town, at("01-15"), only="clusters")
    assert customer_of(home, guest) != customer_of(home, "shop:customer:2")
    home = build_rooms(town, TONIGHT, only="clusters")
    assert customer_of(home, guest) == customer_of(home, "shop:customer:2")
    (match,) = read(home, "matches", "rule = 'order_on_the_web'")
    assert (match["first_seen_at"], match["reason"]) == (at("01-20"), None)


def test_what_a_person_says_of_two_records_holds_until_they_say_otherwise() -> None:
    pair = ("hubspot:contact:1", "mailchimp:member:a")
    town = [*small_town(), answer(*pair, False, at("02-01")), answer(*pair, True, at("03-01"))]
    same = [customer_of(build_rooms(town, at(day), only="clusters"), pair[0]) == customer_of(shared_home(), pair[1])
            for day in ("01-31", "02-15", "03-15")]  # fmt: skip
    assert same == [True, False, True]


def test_the_order_of_arrival_changes_no_table() -> None:
    before = read_all(build_rooms(small_town(), TONIGHT))
    assert before["customer_360"], "there is something to compare"
    for seed in (1, 2):
        assert read_all(build_rooms(small_town(), TONIGHT, shuffled=seed)) == before


def test_a_rebuild_for_an_earlier_moment_is_what_was_built_then() -> None:
    early = at("02-02", "12:00")
    known_then = [row for row in small_town() if row.get("known_at", row["occurred_at"]) <= early]  # type: ignore[operator]
    assert len(known_then) < len(small_town())
    then = read_all(build_rooms(known_then, early))
    late = contact("hubspot:contact:1", at("01-05"), email_raw="typed.later@posti.fi", known_at=at("03-01"))
    late["contact_version_id"] = "known only in March"
    backdated = event("shop:customer:1", "purchase", at("01-30"), amount=500, known_at=at("03-01"))
    everything = [*small_town(), late, backdated]
    now = read_all(build_rooms(everything, TONIGHT))
    assert read_all(build_rooms(everything, early)) == then
    assert now != then, "negative control: the later moment differs"


def test_every_id_ever_given_leads_to_a_living_customer_through_merge_and_split() -> None:
    town = [
        contact("hubspot:contact:1", at("01-01"), email_raw="a@posti.fi"),
        contact("hubspot:contact:2", at("01-02"), email_raw="b@posti.fi"),
        contact("hubspot:contact:2", at("01-10"), email_raw="a@posti.fi"),
        contact("hubspot:contact:1", at("01-20"), email_raw="a@posti.fi", customer_number="1"),
        contact("hubspot:contact:2", at("01-20"), email_raw="a@posti.fi", customer_number="2"),
    ]
    given = {}
    for day in ("01-05", "01-15", "01-25"):
        home = build_rooms(town, at(day), only="customer_aliases")
        given[day] = [row["customer_id"] for row in read(home, "customers")]
        aliases = {row["alias_customer_id"]: row["customer_id"] for row in read(home, "customer_aliases")}
        for earlier in [customer for customers in given.values() for customer in customers]:
            assert aliases[earlier] in given[day]
    assert [len(customers) for customers in given.values()] == [2, 1, 2]
    assert given["01-05"] == given["01-25"], "after the split each has the first id again"
    assert set(given["01-15"]) < set(given["01-05"]), "the merged customer has the elder's id"


def test_a_corrected_customer_number_moves_the_record() -> None:
    town = [
        contact("shop:customer:1", at("01-01"), customer_number="1"),
        contact("shop:customer:2", at("01-01"), customer_number="2"),
        contact("hubspot:contact:9", at("01-02"), customer_number="1"),
        contact("hubspot:contact:9", at("01-09"), customer_number="2"),
    ]
    home = build_rooms(town, at("01-05"), only="clusters")
    assert customer_of(home, "hubspot:contact:9") == customer_of(home, "shop:customer:1")
    home = build_rooms(town, at("01-10"), only="clusters")
    assert customer_of(home, "hubspot:contact:9") == customer_of(home, "shop:customer:2")


def test_a_customer_whose_records_are_all_deleted_is_gone() -> None:
    town = [
        contact("hubspot:contact:1", at("01-01"), email_raw="a@posti.fi"),
        contact("hubspot:contact:1", at("01-09"), email_raw="a@posti.fi", is_deleted=True),
        contact("hubspot:contact:2", at("01-01"), email_raw="b@posti.fi"),
        login("ga4:cookie:1", None, at("01-01")),
    ]
    assert len(built(town, at("01-05"), "customers")) == 2
    home = build_rooms(town, at("01-10"), only="contact_points")
    assert [row["customer_id"] for row in read(home, "customers")] == [customer_of(home, "hubspot:contact:2")]
    assert [row["email"] for row in read(home, "contact_points")] == ["b@posti.fi"]


def test_ids_come_from_the_salt_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    before = customer_of(build_rooms(small_town(), TONIGHT, only="clusters"), "shop:customer:1")
    monkeypatch.setenv("HOIVA_IDENTITY_SALT", "another salt of tests")
    settings_of_process.cache_clear()
    assert customer_of(build_rooms(small_town(), TONIGHT, only="clusters"), "shop:customer:1") != before


def test_the_region_of_phones_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOIVA_PHONE_REGION", "GB")
    settings_of_process.cache_clear()
    points = built([contact("hubspot:contact:1", at("01-01"), phone_raw="0131 496 0365")], TONIGHT, "contact_points")
    assert [row["phone"] for row in points] == ["+441314960365"]


def text_cells(*, in_vault: bool) -> set[str]:
    """Every text of every table of the two rooms."""
    home = shared_home()
    tables = [table for tables in ROOMS.values() for table, vault in tables.items() if vault == in_vault]
    return {str(cell).lower() for table in tables for row in read(home, table) for cell in row.values()}


def test_no_contact_data_leave_the_vault() -> None:
    build_rooms(small_town(), TONIGHT)
    personal = {"aino@posti.fi", "+358401234567", "aino", "aalto", "kotikatu 1", "00100"}
    assert not personal & text_cells(in_vault=False)
    assert personal <= text_cells(in_vault=True), "negative control: the vault has them"


@pytest.mark.parametrize(
    ("rule", "harm"),
    [
        ("no_customer_has_two_customer_numbers", "update {table} set customer_id = 'one'"),
        ("no_pair_told_apart_is_one_customer", "update {table} set customer_id = 'one'"),
        ("every_source_record_is_in_one_cluster", "delete from {table} where source_record_id like 'shop%'"),
    ],
)
def test_the_rule_notices_damage(rule: str, harm: str) -> None:
    told_apart = answer("hubspot:contact:1", "mailchimp:member:a", False, at("02-01"))
    home = build_rooms([*small_town(), told_apart], TONIGHT)
    hold_rules(home, TONIGHT, rule)
    with damaged(home, "identity.clusters", harm), pytest.raises(DbtFailed, match=rule):
        hold_rules(home, TONIGHT, rule)
