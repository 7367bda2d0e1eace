"""What comes back: answers to contacts of ours, and people who come into a shop."""

from __future__ import annotations

from datetime import datetime

from tests.dbt.delivered_rows import Row, at, facts


def answer(name: str, when: datetime, **columns: object) -> Row:
    row = {"response_id": name, "hoiva_contact_id": "a" * 64, "response": "satisfied", "occurred_at": when}
    return {**row, "responded_at": when, **columns}


def reaction(kind: str, hour: int, **columns: object) -> Row:
    """What a sender who knows our contact tells of a letter sent at nine."""
    moment = at("03-01", f"{hour:02d}:00")
    row = {"event_id": f"{kind}{hour}", "contact_id": "k1", "campaign_id": "n1", "event_kind": kind}
    return {**row, "hoiva_contact_id": "b" * 64, "event_at": moment, "occurred_at": moment, **columns}


def check_in(when: datetime, **columns: object) -> Row:
    row = {"visit_id": "v1", "contact_id": "k1", "place": "Kamppi", "visited_at": when, "occurred_at": when}
    return {**row, **columns}


def test_an_answer_is_one_response_however_often_it_is_delivered() -> None:
    again = [answer("r1", at("03-02"), known_at=at(day)) for day in ("03-03", "03-05")]
    (row,) = facts({"standard.responses": again}, "contact_responses")
    assert (row["contact_id"], row["response"], row["is_machine"]) == ("a" * 64, "satisfied", False)
    assert (row["occurred_at"], row["known_at"]) == (at("03-02"), at("03-03"))


def test_a_code_is_read_in_small_letters() -> None:
    (row,) = facts({"standard.responses": [answer("r1", at("03-02"), response=" Code_Used ")]}, "contact_responses")
    assert row["response"] == "code_used"


def test_reactions_that_name_a_contact_are_responses_with_the_verdict_who_made_them() -> None:
    told = [reaction("sent", 9), reaction("opened", 9), reaction("opened", 12), reaction("bounced", 13)]
    told += [reaction("unsubscribed", 14), reaction("clicked", 15, is_machine=True)]
    rows = facts({"standard.newsletter_events": told}, "contact_responses")
    assert [(row["response"], row["is_machine"], row["occurred_at"].hour) for row in rows] == [
        ("opened", True, 9), ("opened", False, 12), ("bounced", False, 13), ("clicked", True, 15),
    ]  # fmt: skip
    assert {row["contact_id"] for row in rows} == {"b" * 64}


def test_reactions_to_newsletters_of_nobodys_are_no_responses() -> None:
    assert (
        facts({"standard.newsletter_events": [reaction("opened", 12, hoiva_contact_id=None)]}, "contact_responses")
        == []
    )


def test_who_comes_into_a_shop_is_in_the_timeline() -> None:
    twice = [check_in(at("03-04"), known_at=at(day)) for day in ("03-05", "03-09")]
    (event,) = facts({"standard.visits": twice}, "events")
    expected = {"event_type": "checked_in", "source_record_id": "standard:contact:k1", "subject_id": "Kamppi",
                "channel": "store", "occurred_at": at("03-04"), "known_at": at("03-05")}  # fmt: skip
    assert {name: event[name] for name in expected} == expected


def test_two_visits_on_one_day_are_two_events() -> None:
    visits = [check_in(at("03-04", "10:00")), check_in(at("03-04", "16:00"), visit_id="v2")]
    assert len(facts({"standard.visits": visits}, "events")) == 2


def test_the_end_of_a_contract_is_read_where_it_is_a_day() -> None:
    told = [
        {"contact_id": name, "contract_end_date": said, "updated_at": at("03-01"), "occurred_at": at("03-01")}
        for name, said in (("k1", "2026-09-30"), ("k2", "soon"), ("k3", None))
    ]
    rows = facts({"standard.contacts": told}, "contacts", in_vault=True)
    found = {row["source_record_id"]: row["contract_end_date"] for row in rows}
    assert found == {
        "standard:contact:k1": datetime(2026, 9, 30).date(),  # noqa: DTZ001 - a day
        "standard:contact:k2": None,
        "standard:contact:k3": None,
    }
