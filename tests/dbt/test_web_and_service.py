"""Visits, service tickets and joinings."""

from __future__ import annotations

import json
from datetime import datetime

from tests.dbt.delivered_rows import Row, at, facts


def web_event(name: str, when: datetime, session: int | None = 5, cookie: str = "k1", **columns: object) -> Row:
    parameters: list[object] = [
        {"key": "page_location", "value": {"string_value": "https://shop.example.com/p/A1?mail=aino@example.com"}}
    ]
    if session is not None:
        parameters.append({"key": "ga_session_id", "value": {"int_value": session}})
    row = {"event_name": name, "event_timestamp": when, "occurred_at": when, "user_pseudo_id": cookie}
    return {**row, "event_params": json.dumps(parameters), "items": "[]", "ecommerce": "{}", **columns}


def test_an_event_is_read_out_of_its_lists() -> None:
    bought = web_event(
        "purchase", at("03-01"), user_id="17", ecommerce='{"transaction_id": "536365"}', items='[{"item_id": "A1"}]'
    )
    (row,) = facts({"ga4.events": [bought]}, "web_events")
    assert row["source_record_id"] == "ga4:cookie:k1"
    assert row["session_key"] == "ga4:k1:5"
    assert (row["login_customer_number"], row["order_number"], row["product_id"]) == ("17", "536365", "A1")
    assert row["page_path"] == "/p/A1"
    assert row["traffic_source"] is None


def test_the_same_event_delivered_twice_counts_once_and_was_known_at_first() -> None:
    event = web_event("view_item", at("03-01"))
    later, latest = ({**event, "known_at": at(day), "file_id": day} for day in ("03-04", "03-09"))
    (row,) = facts({"ga4.events": [latest, event, later]}, "web_events")
    assert row["known_at"] == at("03-01")


def test_a_visit_gathers_its_events() -> None:
    events = [
        web_event("session_start", at("03-01", "10:00")),
        web_event("view_item", at("03-01", "10:05"), items='[{"item_id": "A1"}]'),
        web_event("view_item", at("03-01", "10:06"), items='[{"item_id": "B2"}]', known_at=at("03-03")),
        web_event("session_start", at("03-01", "10:00"), session=6),
        web_event("session_start", at("03-01", "10:00"), cookie="k2"),
    ]
    (visit,) = facts({"ga4.events": events}, "web_sessions", "session_id = 'ga4:k1:5'")
    assert (visit["count_events"], visit["count_product_views"], visit["has_purchase"]) == (3, 2, False)
    assert (visit["started_at"], visit["ended_at"]) == (at("03-01", "10:00"), at("03-01", "10:06"))
    assert visit["known_at"] == at("03-03")
    told = facts({"ga4.events": events}, "events")
    assert [event["event_type"] for event in told].count("web_visit") == 3
    assert {event["known_at"] for event in told if event["event_type"] == "web_visit"} == {at("03-01", "10:00")}
    assert [event["subject_id"] for event in told if event["event_type"] == "product_view"] == ["A1", "B2"]


def test_a_late_event_changes_no_visit_that_was_known() -> None:
    events = [
        web_event("session_start", at("03-01", "10:00")),
        web_event("view_item", at("03-01", "10:05"), items='[{"item_id": "A1"}]', known_at=at("03-04", "10:05")),
    ]
    late = web_event("purchase", at("03-01", "09:00"), known_at=at("03-04", "09:01"))
    (before,) = facts({"ga4.events": events}, "web_sessions")
    (after,) = facts({"ga4.events": [late, *events]}, "web_sessions")
    assert (before["count_events"], before["count_late_events"]) == (2, 0), "72 hours to the minute are in time"
    assert after == before | {"count_late_events": 1}


def test_a_visit_that_came_late_as_a_whole_is_what_came() -> None:
    events = [web_event("purchase", at("03-01", f"10:0{minute}"), known_at=at("03-09")) for minute in (1, 2)]
    (visit,) = facts({"ga4.events": events}, "web_sessions")
    assert (visit["count_events"], visit["count_late_events"], visit["is_late"]) == (2, 0, True)
    assert (visit["has_purchase"], visit["started_at"]) == (True, at("03-01", "10:01"))


def test_events_without_a_session_are_one_visit_a_day() -> None:
    moments = [at("03-01", "10:00"), at("03-01", "18:00"), at("03-02", "10:00")]
    visits = facts({"ga4.events": [web_event("view_item", when, session=None) for when in moments]}, "web_sessions")
    assert [visit["count_events"] for visit in visits] == [2, 1]


def standard_event(name: str, contact: str | None, minute: int) -> Row:
    moment = at("03-01", f"10:{minute:02}")
    row = {"event_id": f"e{minute}", "visitor_id": "v1", "session_id": "s1", "event_name": name, "contact_id": contact}
    return {**row, "event_at": moment, "occurred_at": moment}


def test_an_event_is_the_contacts_when_its_own_row_says_so() -> None:
    events = [standard_event("page_view", None, 1), standard_event("a", "c1", 2), standard_event("b", "c2", 3)]
    rows = facts({"standard.web_events": events}, "web_events")
    assert [row["source_record_id"] for row in rows] == [
        "standard:cookie:v1", "standard:contact:c1", "standard:contact:c2",
    ]  # fmt: skip
    visits = facts({"standard.web_events": events}, "events", "event_type = 'web_visit'")
    assert len(visits) == 3


def test_a_visit_in_our_own_layout_is_one_event_whatever_comes_later() -> None:
    events = [standard_event("page_view", "c1", minute) for minute in (5, 6, 7)]
    events[0]["known_at"] = at("03-09")
    (visit,) = facts({"standard.web_events": events}, "events", "event_type = 'web_visit'")
    assert visit["occurred_at"] == at("03-01", "10:06")


def ticket(closed: datetime | None = None, **columns: object) -> Row:
    opened = at("03-01")
    row = {"id": "t1", "property_createdate": opened, "property_closed_date": closed, "occurred_at": opened}
    kind = {"property_hs_ticket_category": "Complaint", "property_source_type": "PHONE"}
    return {**row, **kind, "property_subject": "a name", "property_content": "a story", **columns}


LINK = {"ticket_id": "t1", "contact_id": "7", "known_at": at("03-02")}


def test_a_ticket_delivered_as_closed_was_open_before() -> None:
    states = facts({"hubspot.ticket": [ticket(at("03-05"))], "hubspot.ticket_contact": [LINK]}, "service_contacts")
    assert sorted((state["updated_at"], state["closed_at"]) for state in states) == [
        (at("03-01"), None), (at("03-05"), at("03-05")),
    ]  # fmt: skip
    assert {(state["category"], state["contact_channel"]) for state in states} == {("complaint", "phone")}
    assert {state["known_at"] for state in states} == {at("03-02")}
    assert {state["source_record_id"] for state in states} == {"hubspot:contact:7"}


def test_a_ticket_opens_and_closes_once_however_often_it_is_delivered() -> None:
    versions = [ticket(), ticket(known_at=at("03-03"), property_content="told anew"), ticket(at("03-05"))]
    events = facts({"hubspot.ticket": versions, "hubspot.ticket_contact": [LINK]}, "events")
    assert [(event["event_type"], event["occurred_at"]) for event in events] == [
        ("service_opened", at("03-01")), ("service_closed", at("03-05")),
    ]  # fmt: skip


def test_a_deleted_ticket_is_over_from_when_we_came_to_know_it_and_opens_nothing() -> None:
    deleted = ticket(is_deleted=True, known_at=at("03-08"))
    delivered = {"hubspot.ticket": [ticket(), deleted], "hubspot.ticket_contact": [LINK]}
    states = facts(delivered, "service_contacts")
    assert max((state["updated_at"], state["closed_at"]) for state in states) == (at("03-08"), at("03-08"))
    assert [event["event_type"] for event in facts(delivered, "events")] == ["service_opened"]
    alone = {"hubspot.ticket": [deleted], "hubspot.ticket_contact": [LINK]}
    assert facts(alone, "events") == []


def test_a_ticket_of_two_contacts_is_told_of_both() -> None:
    links = [LINK, {**LINK, "contact_id": "8"}]
    states = facts({"hubspot.ticket": [ticket()], "hubspot.ticket_contact": links}, "service_contacts")
    assert {state["source_record_id"] for state in states} == {"hubspot:contact:7", "hubspot:contact:8"}


def test_what_was_written_in_a_ticket_stays_in_the_vault() -> None:
    (state,) = facts({"hubspot.ticket": [ticket()], "hubspot.ticket_contact": [LINK]}, "service_contacts")
    assert not {"a name", "a story"} & set(state.values())


def test_a_ticket_whose_link_is_not_known_is_nobodys_yet() -> None:
    assert facts({"hubspot.ticket": [ticket()]}, "service_contacts") == []


def test_a_record_joins_once_when_it_was_made() -> None:
    version = {"id": "7", "property_createdate": at("02-01"), "property_firstname": "Aino", "occurred_at": at("03-01")}
    later = {**version, "property_firstname": "Aino Maria", "occurred_at": at("03-10")}
    events = facts({"hubspot.contact": [later, version]}, "events")
    assert [(event["event_type"], event["occurred_at"], event["known_at"]) for event in events] == [
        ("joined", at("02-01"), at("03-01")),
    ]  # fmt: skip
