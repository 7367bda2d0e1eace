"""Volume constraints, households and rules between contacts, asked inside the transaction that claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.decisions.policy import Cap, ContactPolicy, PairRule, Rest
from dagster_project.domain.decisions.volume import VolumeConstraint
from tests.adapters.ledger.plans import DAY, FREE, NOON, aliases, allow, batch, contact, plan

CUSTOMERS = [f"c{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def _allowed(ledger: Ledger) -> None:
    allow(ledger, *CUSTOMERS)


def within(measure: str, most: object, per: str = "day", **of: str) -> ContactPolicy:
    limit = VolumeConstraint(
        "limit", measure, per, Decimal(str(most)), of={key: frozenset([word]) for key, word in of.items()}
    )
    return replace(FREE, volumes=(limit,))


def claimed(ledger: Ledger, policy: ContactPolicy, *rows: dict[str, object], at: object = NOON) -> set[str]:
    return {*ledger.claim(plan(*rows), policy, at).claimed}  # type: ignore[arg-type]


CALL = {"channel": "phone", "department": "service", "minutes": 8.0, "cost": Decimal("3.5000"), "units": 1.0}


@pytest.mark.parametrize(
    ("policy", "count"),
    [
        (within("contacts", 4), 4),
        (within("contacts", 0), 0),
        (within("minutes", 20), 2),
        (within("minutes", 24), 3),
        (within("cost", "10.49"), 2),
        (within("cost", "10.50"), 3),
        (within("units", 5), 5),
        (within("contacts", 1, department="service"), 1),
        (within("contacts", 1, department="crm"), 6),
        (within("contacts", 1, channel="phone"), 1),
        (within("contacts", 1, offer="gift"), 6),
    ],
)
def test_a_claim_gives_no_more_than_there_is(ledger: Ledger, policy: ContactPolicy, count: int) -> None:
    rows = [contact(one, score=float(place), **CALL) for place, one in enumerate(CUSTOMERS)]
    found = ledger.claim(plan(*rows), policy, NOON)
    assert len(found.claimed) == count
    assert set(found.refused.values()) <= {"volume_constraint"}
    assert set(found.claimed) == {row["contact_id"] for row in rows[6 - count :]}, "the best of them"


def test_two_runs_share_what_there_is_and_what_comes_back_is_there_again(ledger: Ledger) -> None:
    policy = within("minutes", 24)
    first = [contact(one, **CALL) for one in CUSTOMERS[:2]]
    second = [contact(one, care_model="other", **CALL) for one in CUSTOMERS]
    assert len(claimed(ledger, policy, *first)) == 2
    later = NOON + timedelta(minutes=1)
    assert len(claimed(ledger, policy, *second, at=later)) == 1
    ledger.end_contacts({first[0]["contact_id"]: "changed"}, later)
    third = [contact(one, care_model="third", **CALL) for one in CUSTOMERS]
    assert len(claimed(ledger, policy, *third, at=later + timedelta(minutes=1))) == 1


PERIODS = [
    ("day", 1, True), ("week", 1, False), ("week", 7, True), ("month", 20, False), ("month", 31, True),
    ("all", 300, False),
]  # fmt: skip


@pytest.mark.parametrize(("per", "ahead", "fits"), PERIODS)
def test_a_period_is_counted_by_the_day_of_the_contact(ledger: Ledger, per: str, ahead: int, fits: bool) -> None:
    """From Monday the second of March."""
    policy, monday = within("contacts", 1, per), NOON + DAY
    assert len(claimed(ledger, policy, contact("c0", planned_for=monday))) == 1
    ahead_of_it = contact("c1", care_model="later", planned_for=monday + ahead * DAY)
    assert bool(claimed(ledger, policy, ahead_of_it, at=NOON + timedelta(minutes=1))) == fits


def test_a_constraint_of_today_counts_contacts_of_before_it_was_written(ledger: Ledger) -> None:
    assert len(claimed(ledger, FREE, *(contact(one, **CALL) for one in CUSTOMERS))) == 6
    more = contact("c0", care_model="more", **CALL)
    assert not claimed(ledger, within("minutes", 48), more, at=NOON + timedelta(minutes=1))
    assert claimed(ledger, within("minutes", 56), more, at=NOON + timedelta(minutes=1))


def test_a_household_is_followed_and_a_merge_brings_the_other_half_into_it(ledger: Ledger) -> None:
    house = pa.table({"customer_id": ["c0", "c1"], "household_id": ["h", "h"]})
    assert ledger.follow_households(house, NOON) == 2
    assert ledger.follow_households(house.slice(0, 0), NOON - DAY) == 0, "an older look changes nothing"
    policy = replace(FREE, caps=(Cap("house", 1, 7, per="household"),))
    assert claimed(ledger, policy, contact("c0"))
    refused = ledger.claim(plan(contact("c1", care_model="b")), policy, NOON + timedelta(minutes=1)).refused
    assert set(refused.values()) == {"contact_cap"}
    assert claimed(ledger, policy, contact("c2", care_model="b"), at=NOON + timedelta(minutes=1))
    ledger.follow_aliases(aliases(c3="c1", c1="c1"), NOON + timedelta(minutes=2))
    allow(ledger, *CUSTOMERS, at=NOON + timedelta(minutes=3))
    assert not claimed(ledger, policy, contact("c3", care_model="b"), at=NOON + timedelta(minutes=4))


def test_rests_and_pairs_are_asked_of_what_other_runs_reserved(ledger: Ledger) -> None:
    policy = replace(FREE, rests=(Rest("a", 3),), pairs=(PairRule("only_after", "welcome", "b", 30),))
    assert claimed(ledger, FREE, contact("c0", care_model="a"))
    later = NOON + timedelta(minutes=1)
    refused = ledger.claim(plan(contact("c0", care_model="c", planned_for=NOON + DAY)), policy, later).refused
    assert set(refused.values()) == {"rest"}
    follow = contact("c1", care_model="b", planned_for=NOON + 2 * DAY)
    welcome = contact("c1")
    assert claimed(ledger, FREE, welcome)
    assert set(ledger.claim(plan(follow), policy, later).refused.values()) == {"pair_rule"}, "reserved, not made"
    ledger.open_batch(batch(), [welcome["contact_id"]])
    assert ledger.publish_batch(batch().batch_id, lambda: None, later) == {}
    assert claimed(ledger, policy, follow, at=later + timedelta(minutes=1))
