"""What a claim looks at in the ledger, and what it writes: each part of a question alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.ledger.claims import count
from dagster_project.adapters.ledger.tables import capacity_counters
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.volume import VolumeConstraint
from tests.adapters.ledger.plans import DAY, FREE, NOON, aliases, allow, batch, contact, plan, policy

LATER = NOON + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _allowed(ledger: Ledger) -> None:
    allow(ledger, *(f"c{number}" for number in range(6)))


def counters(ledger: Ledger) -> list[tuple[str, str, int, int | None]]:
    counter = capacity_counters.c
    with ledger.reading() as connection:
        query = select(counter.channel, counter.day, counter.used, counter.capacity)
        return sorted((channel, str(day), *rest) for channel, day, *rest in connection.execute(query))


def test_a_claim_writes_when_it_was_decided_and_when_it_was_claimed(ledger: Ledger) -> None:
    ledger.claim(plan(contact("c0")), FREE, NOON, LATER)
    ledger.claim(plan(contact("c1")), FREE, NOON)
    rows = {row["customer_id"]: row for row in ledger.contacts().to_pylist()}
    assert [rows[one]["decided_as_of"] for one in ("c0", "c1")] == [naive_utc(NOON)] * 2
    assert [rows[one]["claimed_at"] for one in ("c0", "c1")] == [naive_utc(LATER), naive_utc(NOON)]
    assert [rows[one]["status"] for one in ("c0", "c1")] == ["claimed"] * 2
    assert rows["c0"]["batch_id"] is None
    assert rows["c0"]["reason"] is None


def test_counters_follow_the_channel_and_day_and_keep_the_capacity_of_today(ledger: Ledger) -> None:
    ahead = contact("c1", planned_for=NOON + DAY)
    ledger.claim(plan(contact("c0"), ahead, contact("c2", channel="phone")), policy(capacity=5), NOON)
    assert counters(ledger) == [
        ("email", "2026-03-01", 1, 5),
        ("email", "2026-03-02", 1, 5),
        ("phone", "2026-03-01", 1, None),
    ]
    ledger.claim(plan(contact("c3"), contact("c4")), policy(capacity=4), LATER)
    assert ("email", "2026-03-01", 3, 4) in counters(ledger)
    ledger.claim(plan(contact("c5")), policy(), LATER + DAY)
    assert ("email", "2026-03-01", 4, None) in counters(ledger)
    lowered = policy(capacity=2)
    ledger.claim(plan(contact("c5", channel="phone")), lowered, LATER + DAY)
    ledger.claim(plan(contact("c0", care_model="more")), lowered, LATER + DAY)
    assert ("email", "2026-03-01", 4, None) in counters(ledger), "nothing was claimed there, so nothing changed"
    assert ledger.miscounts() == {}


def test_what_is_standing_is_read_with_every_word_of_it(ledger: Ledger) -> None:
    made, waits = contact("c0", purpose="marketing", step="call"), contact("c0", care_model="b", planned_for=NOON + DAY)
    ledger.claim(plan(made, waits, contact("c1")), FREE, NOON)
    ledger.open_batch(batch(), [made["contact_id"]])
    assert ledger.publish_batch(batch().batch_id, lambda: None, LATER) == {}
    seen = ledger.standing(plan(contact("c0", care_model="new")), FREE, LATER)
    assert set(seen.taken) == {"c0"}, "of others nothing is asked"
    first, second = sorted(seen.taken["c0"], key=lambda one: one.day)
    assert (first.contact_id, first.day, first.channel) == (made["contact_id"], made["planned_date"], "email")
    assert (first.action_class, first.purpose, first.care_model, first.step) == (
        "marketing",
        "marketing",
        "welcome",
        "call",
    )
    assert (first.is_made, second.is_made, second.care_model) == (True, False, "b")
    assert (seen.used[("email", made["planned_date"])], len(seen.used)) == (2, 1), "of days that are asked about"


@pytest.mark.parametrize(("days", "seen"), [(0, True), (6, True), (7, True), (8, False), (-7, True), (-8, False)])
def test_contacts_are_read_as_far_as_the_longest_rule_looks(ledger: Ledger, days: int, seen: bool) -> None:
    ledger.claim(plan(contact("c0")), FREE, NOON)
    asked = contact("c0", care_model="b", planned_for=NOON + days * DAY)
    weekly = policy(Cap("weekly", 9, 7))
    assert bool(ledger.standing(plan(asked), weekly, NOON).taken) == seen


def test_what_ended_or_was_decided_at_another_moment_or_is_of_another_occasion(ledger: Ledger) -> None:
    row = contact("c0")
    ledger.claim(plan(row), FREE, NOON)
    assert ledger.standing(plan(row), FREE, NOON).stands == {row["contact_id"]}
    assert ledger.standing(plan(row), FREE, NOON.replace(tzinfo=None)).stands == {row["contact_id"]}
    assert ledger.standing(plan(row), FREE, LATER).repeated == {row["contact_id"]}
    for other in ({"care_model": "b"}, {"step": "b"}, {"window_key": "b"}, {"channel": "phone"}):
        changed = ledger.standing(plan(contact("c0", **other)), FREE, LATER)
        assert (changed.stands, changed.repeated) == (frozenset(), frozenset()), other
    ledger.end_contacts({row["contact_id"]: "changed"}, LATER)
    ended = ledger.standing(plan(row), FREE, NOON)
    assert (ended.stands, ended.repeated) == (frozenset(), {row["contact_id"]})
    assert ended.taken == {}


def test_volumes_are_summed_of_their_periods_and_of_their_words(ledger: Ledger) -> None:
    usual = {"department": "crm", "minutes": 8.0, "units": 2.0, "cost": Decimal("3.5000")}
    month = NOON + 5 * DAY
    rows = [contact(f"c{number}", planned_for=month + 10 * number * DAY, **usual) for number in range(3)]
    ended = contact("c4", planned_for=month, **usual)
    calls = contact("c3", channel="phone", planned_for=month, **usual)
    ledger.claim(plan(*rows, calls, ended, contact("c5", planned_for=month + 40 * DAY, **usual)), FREE, NOON)
    ledger.end_contacts({ended["contact_id"]: "changed"}, LATER)
    of = {"channel": frozenset({"email", "sms"}), "department": frozenset({"crm"})}
    volumes = tuple(
        VolumeConstraint(f"{measure} {per}", measure, per, Decimal(9), of=of)
        for measure, per in (("contacts", "month"), ("cost", "day"), ("minutes", "all"), ("units", "week"))
    )
    silent = VolumeConstraint("silent", "contacts", "month", report_only=True)
    asked = plan(
        contact("c0", care_model="b", planned_for=month), contact("c1", care_model="b", planned_for=month + 20 * DAY)
    )
    seen = ledger.standing(asked, replace(FREE, volumes=(*volumes, silent)), LATER).volumes
    found = {(name, str(day)): amount for (name, day), amount in seen.items()}
    assert found == {
        ("contacts month", "2026-03-01"): 30_000,
        ("cost day", "2026-03-06"): 35_000,
        ("cost day", "2026-03-26"): 35_000,
        ("minutes all", "1970-01-01"): 320_000,
        ("units week", "2026-03-02"): 20_000,
        ("units week", "2026-03-23"): 20_000,
        ("silent", "2026-03-01"): 40_000,
    }


def test_refusals_name_the_first_rule_in_the_order_of_the_funnel(ledger: Ledger) -> None:
    ledger.hold_out(["c0"], NOON)
    row = contact("c0", channel="email")
    assert ledger.claim(plan(row), FREE, NOON).refused == {row["contact_id"]: "holdout"}
    unknown = replace(FREE, channels={})
    assert ledger.claim(plan(row), unknown, NOON).refused == {row["contact_id"]: "contactable"}
    stranger = contact("stranger")
    assert ledger.claim(plan(stranger), unknown, NOON).refused == {stranger["contact_id"]: "consent"}


def test_the_other_half_s_contact_of_the_same_moment_is_a_repetition(ledger: Ledger) -> None:
    ledger.claim(plan(contact("c0")), FREE, NOON)
    ledger.follow_aliases(aliases(c0="c1", c1="c1"), LATER)
    same = contact("c1")
    seen = ledger.standing(plan(same), FREE, NOON)
    assert (seen.stands, seen.repeated) == (frozenset(), {same["contact_id"]})


def test_a_merged_customer_asked_about_by_both_ids_has_each_contact_once(ledger: Ledger) -> None:
    ledger.claim(plan(contact("c0"), contact("c1")), FREE, NOON)
    ledger.follow_aliases(aliases(c0="c1", c1="c1"), LATER)
    seen = ledger.standing(plan(*(contact(one, care_model="b") for one in ("c0", "c1"))), FREE, LATER)
    assert {customer: len(contacts) for customer, contacts in seen.taken.items()} == {"c1": 2}
    three_a_week = policy(Cap("three", 3, 7))
    assert ledger.claim(plan(contact("c0", care_model="b")), three_a_week, LATER).refused == {}


def test_the_database_refuses_the_very_first_contact_of_a_channel_without_capacity(ledger: Ledger) -> None:
    first = Counter({("email", NOON.date()): 1})
    with pytest.raises(IntegrityError, match="used_within_capacity"), ledger.writing() as connection:
        count(connection, first, policy(capacity=0))
    with ledger.writing() as connection:
        count(connection, first, policy(capacity=1))
    assert counters(ledger) == [("email", "2026-03-01", 1, 1)]
