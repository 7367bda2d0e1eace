"""What care models propose: complete, in the form the decisions expect, and only for those who wait."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.domain.care_models import CANDIDATES, PAST_ENROLMENTS, candidates, past_enrolments
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA
from tests.domain.care_models.making import ZONE, at, customers, enter, ids, model, remembered

EVENING = "2026-03-31T23:59:59"


def test_every_waiting_entry_becomes_one_proposal_in_the_form_the_decisions_read() -> None:
    tested = model(control=0.5)
    found = enter(tested, customers("a", "b", "c", "d"), EVENING)
    proposed = candidates([tested], found, at(EVENING), ZONE)
    assert proposed.schema == CANDIDATES
    assert ids(proposed) == ["a", "b", "c", "d"]
    assert ids(proposed, "is_control") == ids(found, "is_control"), "the control group is proposed and marked"
    assert proposed.select(CANDIDATE_SCHEMA.names).cast(CANDIDATE_SCHEMA).num_rows == 4
    assert ids(proposed, "candidate_id") == contact_ids(
        ids(proposed), ids(proposed, "care_model"), ids(proposed, "step"), ids(proposed, "window_key"),
        ids(proposed, "channel"),
    )  # fmt: skip


def test_who_was_contacted_by_an_earlier_run_is_not_proposed_again() -> None:
    tested = model()
    first = enter(tested, customers("a"), "2026-03-30T23:59")
    past = remembered(first, contacted="2026-03-30T23:59")
    next_day = enter(tested, customers("a"), EVENING, past=past)
    assert candidates([tested], next_day, at(EVENING), ZONE).num_rows == 0
    waiting = enter(tested, customers("a"), EVENING, past=remembered(first))
    assert candidates([tested], waiting, at(EVENING), ZONE).num_rows == 1, "negative control"
    same_run = enter(tested, customers("a"), "2026-03-30T23:59", past=past)
    assert candidates([tested], same_run, at("2026-03-30T23:59"), ZONE).num_rows == 1


def test_entries_of_models_that_are_gone_are_left_out() -> None:
    found = enter(model(name="gone"), customers("a"), EVENING)
    assert candidates([model()], found, at(EVENING), ZONE).num_rows == 0
    assert candidates([], found, at(EVENING), ZONE).schema == CANDIDATES


@pytest.mark.parametrize(
    ("lead", "as_of", "planned"),
    [
        ("0d", "2026-03-28T12:00", "2026-03-28T12:00"),
        ("1d", "2026-03-28T12:00", "2026-03-29T12:00"),  # 23 hours later
        ("24h", "2026-03-28T12:00", "2026-03-29T13:00"),
        ("1d", "2026-03-28T03:30", "2026-03-29T04:30"),  # the hour that does not exist
        ("1d", "2026-10-24T12:00", "2026-10-25T12:00"),  # 25 hours later
        ("1w", "2028-02-24T12:00", "2028-03-02T12:00"),
    ],
)
def test_lead_time_counts_days_of_the_business_zone(lead: str, as_of: str, planned: str) -> None:
    tested = model(lead=lead)
    proposed = candidates([tested], enter(tested, customers("a"), as_of), at(as_of), ZONE)
    assert ids(proposed, "planned_for") == [naive_utc(at(planned))]


def test_the_memory_of_the_ledger_is_joined_by_customer_model_and_occasion() -> None:
    moment = pa.timestamp("us")
    early, late = naive_utc(at("2026-03-01T12:00")), naive_utc(at("2026-03-02T12:00"))
    enrolments = pa.table(
        {
            "enrolment_id": ["e1", "e2", "e3"],
            "customer_id": ["a", "a", "b"],
            "care_model": ["m", "m", "m"],
            "version": ["1", "1", "1"],
            "window_key": ["subject:1", "subject:2", "subject:1"],
            "subject_id": ["1", "2", None],
            "is_control": [False, False, True],
            "entered_at": pa.array([early] * 3, moment),
            "recorded_at": pa.array([late] * 3, moment),
            "enrolled_customer_id": ["a", "a", "b"],
        }
    )
    contacts = pa.table(
        {
            "contact_id": ["k1", "k2"],
            "customer_id": ["a", "a"],
            "care_model": ["m", "m"],
            "window_key": ["subject:2", "subject:2"],
            "decided_as_of": pa.array([late, early], moment),
        }
    )
    past = past_enrolments(enrolments, contacts)
    assert past.schema == PAST_ENROLMENTS
    assert ids(past, "enrolment_id") == ["e1", "e2", "e3"]
    assert ids(past, "first_contact_as_of") == [None, early, None]
    assert past_enrolments(enrolments, contacts.slice(0, 0)).column("first_contact_as_of").null_count == 3
    assert past_enrolments(enrolments.slice(0, 0), contacts).schema == PAST_ENROLMENTS
