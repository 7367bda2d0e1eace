"""Consents: what was permitted or denied, in whose words, and what says nothing."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pyarrow as pa
import pytest

from dagster_project.adapters.dbt import compiled
from tests.dbt.delivered_rows import Row, at, facts, facts_home

YES, NO, BLANK = True, False, None


def answers(**columns: object) -> Row:
    moment = columns.pop("occurred_at", at("03-01"))
    return {"id": "7", "property_lastmodifieddate": moment, "occurred_at": moment, **columns}


def said(rows: list[Row]) -> list[tuple[object, ...]]:
    return sorted((row["channel"], row["is_given"]) for row in rows)


def crm(*versions: Row) -> list[Row]:
    return facts({"hubspot.contact": versions}, "consents")


def test_a_yes_permits_and_a_no_denies() -> None:
    rows = crm(answers(property_may_phone=YES, property_may_post=NO))
    assert said(rows) == [("letter", NO), ("phone", YES)]
    assert {row["source_record_id"] for row in rows} == {"hubspot:contact:7"}
    assert {row["purpose"] for row in rows} == {"marketing"}


def test_a_blank_says_nothing() -> None:
    assert crm(answers(property_may_phone=BLANK, property_hs_email_optout=BLANK)) == []


def test_opting_out_denies_and_not_opting_out_permits_nothing() -> None:
    assert said(crm(answers(property_hs_email_optout=YES))) == [("email", NO)]
    assert crm(answers(property_hs_email_optout=NO)) == []


def test_columns_that_came_later_are_heard() -> None:
    assert said(crm(answers(property_may_sms=YES, property_may_ads=NO))) == [("ads", NO), ("sms", YES)]


def test_a_yes_that_becomes_blank_is_taken_back() -> None:
    first = answers(property_may_phone=YES)
    blank = answers(property_may_phone=BLANK, property_city="Turku", occurred_at=at("03-10"))
    blank_again = answers(property_may_phone=BLANK, property_city="Oulu", occurred_at=at("03-20"))
    for order in ([first, blank, blank_again], [blank_again, blank, first]):
        assert [(row["is_given"], row["occurred_at"]) for row in crm(*order)] == [
            (YES, at("03-01")), (NO, at("03-10")), (NO, at("03-20")),
        ]  # fmt: skip


def test_a_blank_of_the_same_moment_takes_nothing_back() -> None:
    rows = crm(answers(property_may_phone=YES), answers(property_may_phone=BLANK, property_city="Turku"))
    assert said(rows) == [("phone", YES)]


def test_the_same_answer_in_a_later_version_is_a_statement_of_its_own() -> None:
    rows = crm(answers(property_may_phone=NO), answers(property_may_phone=NO, occurred_at=at("03-10")))
    assert [row["occurred_at"] for row in rows] == [at("03-01"), at("03-10")]
    assert len({row["consent_id"] for row in rows}) == 2


def member(status: str, changed: datetime, **columns: object) -> Row:
    row = {"id": "m1", "status": status, "last_changed": changed, "timestamp_opt": at("02-01"), "occurred_at": changed}
    return {**row, **columns}


def test_a_subscription_permits_letters_and_ads_since_it_was_confirmed() -> None:
    rows = facts({"mailchimp.member": [member("subscribed", at("03-01"))]}, "consents")
    assert said(rows) == [("ads", YES), ("email", YES)]
    assert {row["occurred_at"] for row in rows} == {at("02-01")}


def test_any_other_state_of_a_subscription_permits_nothing() -> None:
    for status in ("unsubscribed", "cleaned", "pending", "a state we have never heard of"):
        rows = facts({"mailchimp.member": [member(status, at("03-01"))]}, "consents")
        assert said(rows) == [("ads", NO), ("email", NO)]


def test_leaving_told_by_two_tables_is_one_statement_known_from_the_first() -> None:
    left = at("03-01")
    delivered = {
        "mailchimp.member": [member("unsubscribed", left, known_at=at("03-05"))],
        "mailchimp.unsubscribe": [
            {"member_id": "m1", "timestamp": left, "occurred_at": left, "known_at": at("03-02")},
        ],
    }
    rows = facts(delivered, "consents")
    assert said(rows) == [("ads", NO), ("email", NO)]
    assert {row["known_at"] for row in rows} == {at("03-02")}


def test_our_own_layout_names_purpose_and_channel() -> None:
    statement = {"contact_id": "c1", "purpose": "Marketing", "channel": "Letter", "is_given": NO}
    (row,) = facts({"standard.consents": [{**statement, "occurred_at": at("03-01")}]}, "consents")
    assert (row["purpose"], row["channel"], row["is_given"]) == ("marketing", "letter", NO)


def test_leaving_a_newsletter_in_our_own_layout_denies_letters_by_mail() -> None:
    left = {"event_id": "e1", "contact_id": "c1", "event_kind": "unsubscribed", "occurred_at": at("03-01")}
    assert said(facts({"standard.newsletter_events": [left]}, "consents")) == [("email", NO)]


def test_statements_are_on_the_timeline() -> None:
    delivered = {"hubspot.contact": [answers(property_may_phone=YES, property_may_post=NO)]}
    events = facts(delivered, "events", "event_type like 'consent%'")
    assert sorted((event["event_type"], event["channel"], event["subject_id"]) for event in events) == [
        ("consent_denied", "letter", "marketing"), ("consent_given", "phone", "marketing"),
    ]  # fmt: skip


def own_layout(**columns: object) -> Row:
    told = {"contact_id": "7", "purpose": "marketing", "channel": "email", "is_given": YES, "changed_at": at("03-01")}
    return told | {"occurred_at": at("03-01"), **columns}


def test_the_wording_and_the_end_of_a_consent_are_kept_and_the_earlier_of_two_ends_counts() -> None:
    told = [own_layout(text_version="2026-01", expires_at=at(day)) for day in ("06-30", "05-31")]
    (row,) = facts({"standard.consents": told}, "consents")
    assert (row["text_version"], row["expires_at"]) == ("2026-01", at("05-31"))
    (row,) = facts({"standard.consents": [own_layout()]}, "consents")
    assert (row["text_version"], row["expires_at"]) == (None, None)


STATEMENTS = pa.schema(
    [
        *((name, pa.string()) for name in ("consent_id", "customer_id", "source_record_id", "purpose", "channel")),
        ("text_version", pa.string()),
        ("is_given", pa.bool_()),
        ("is_of_deleted_record", pa.bool_()),
        ("occurred_at", pa.timestamp("us")),
        ("expires_at", pa.timestamp("us")),
    ]
)


def standing(statements: list[dict[str, object]], as_of: datetime) -> list[tuple[object, ...]]:
    """What these statements of one customer amount to as of a moment."""
    common = {"customer_id": "c1", "purpose": "marketing", "channel": "email", "is_of_deleted_record": False}
    rows = [common | {"consent_id": f"s{number}"} | row for number, row in enumerate(statements)]
    known = pa.Table.from_pylist([row for row in rows if row["occurred_at"] <= as_of], schema=STATEMENTS)  # type: ignore[operator]
    sql = compiled(facts_home(), "{{ standing_consents('statements') }}")
    with duckdb.connect() as connection:
        connection.register("known", known)
        connection.execute(
            "create table statements as select *, coalesce(expires_at <= ?, false) as has_expired from known", [as_of]
        )
        return [(row[1], row[5]) for row in connection.execute(sql).fetchall()]


@pytest.mark.parametrize(
    ("as_of", "allows"),
    [
        (at("02-28"), []),
        (at("03-01"), [("s0", YES)]),
        (at("04-30"), [("s0", YES)]),
        (at("05-01"), []),
        (at("06-01"), []),
    ],
)
def test_an_expired_consent_allows_nothing(as_of: datetime, allows: list[tuple[str, bool]]) -> None:
    given = {"source_record_id": "r1", "is_given": YES, "occurred_at": at("03-01"), "expires_at": at("05-01")}
    assert standing([given], as_of) == allows


def test_what_was_given_before_does_not_stand_again_when_the_newer_one_expires() -> None:
    older = {"source_record_id": "r1", "is_given": YES, "occurred_at": at("02-01"), "expires_at": None}
    newer = {"source_record_id": "r1", "is_given": YES, "occurred_at": at("03-01"), "expires_at": at("05-01")}
    assert standing([older, newer], at("04-01")) == [("s1", YES)]
    assert standing([older, newer], at("06-01")) == []


def test_a_denial_never_expires_and_beats_another_records_yes() -> None:
    no = {"source_record_id": "r1", "is_given": NO, "occurred_at": at("03-01"), "expires_at": at("05-01")}
    yes = {"source_record_id": "r2", "is_given": YES, "occurred_at": at("03-02"), "expires_at": None}
    assert standing([no, yes], at("06-01")) == [("s0", NO)]
