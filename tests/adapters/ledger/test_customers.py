"""Consents, suppressions, holdout, enrolments and identities, as the ledger keeps them."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.ledger.enrolments import ENROLMENT_SCHEMA
from dagster_project.domain.care_models import PAST_ENROLMENTS
from dagster_project.domain.care_models.engine.schema import STANDINGS
from dagster_project.domain.care_models.standing import past_of
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.suppression import Suppression
from tests.adapters.ledger.plans import DAY, NOON, aliases, allow, consents

ADS = {"purpose": "marketing", "channel": "ads"}


def blocked(ledger: Ledger, *customer_ids: str) -> dict[str, str]:
    return ledger.blocked_customers(customer_ids, **ADS)


def test_consents_follow_the_newest_set(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2")
    assert blocked(ledger, "c1", "c2") == {}
    allow(ledger, "c2", denied=["c1"], at=NOON + DAY)
    assert blocked(ledger, "c1", "c2") == {"c1": "no_consent"}
    allow(ledger, "c1", at=NOON + 2 * DAY)
    assert blocked(ledger, "c1", "c2") == {"c2": "no_consent"}


def test_a_replay_of_the_past_brings_no_consent_back(ledger: Ledger) -> None:
    allow(ledger, denied=["c1"])
    assert not ledger.sync_consents(consents("c1"), NOON - DAY)
    assert blocked(ledger, "c1") == {"c1": "no_consent"}


def test_a_withdrawal_is_taken_in_even_by_a_run_for_an_earlier_moment(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2")
    assert not ledger.sync_consents(consents("c2", denied=["c1"], at=NOON - 2 * DAY), NOON - DAY)
    assert blocked(ledger, "c1", "c2") == {"c1": "no_consent"}


def test_of_two_statements_the_denial_counts(ledger: Ledger) -> None:
    both = pa.concat_tables([consents("c1"), consents(denied=["c1"]), consents("c1")])
    ledger.sync_consents(both, NOON)
    assert blocked(ledger, "c1") == {"c1": "no_consent"}


def test_a_withdrawal_ends_with_a_later_consent_and_with_nothing_else(ledger: Ledger) -> None:
    allow(ledger, "c1")
    ledger.suppress([Suppression("c1", "withdrawn", **ADS), Suppression("c1", "deceased")], NOON)
    ledger.sync_consents(consents("c1", at=NOON - DAY), NOON + DAY)
    assert ledger.suppressions().num_rows == 2
    ledger.sync_consents(consents("c1", at=NOON + timedelta(hours=1)), NOON + 2 * DAY)
    assert ledger.suppressions()["reason"].to_pylist() == ["deceased"]
    assert blocked(ledger, "c1") == {"c1": "suppressed"}
    assert ledger.lift_suppressions(["c1"], "deceased") == 1
    assert blocked(ledger, "c1") == {}


def test_a_withdrawal_ends_with_a_later_consent_of_the_merged_customer(ledger: Ledger) -> None:
    ledger.suppress([Suppression("c1", "withdrawn", **ADS)], NOON)
    ledger.follow_aliases(aliases(c1="c2", c2="c2"), NOON)
    allow(ledger, "c2", at=NOON + DAY)
    assert blocked(ledger, "c2") == {"c2": "suppressed"}
    ledger.sync_consents(consents("c2", at=NOON + DAY), NOON + 2 * DAY)
    assert blocked(ledger, "c2") == {}


def test_a_suppression_of_one_channel_leaves_the_others(ledger: Ledger) -> None:
    allow(ledger, "c1")
    assert ledger.suppress([Suppression("c1", "withdrawn", "marketing", "email")] * 2, NOON) == 1
    assert ledger.blocked_customers(["c1"], "marketing", "email") == {"c1": "suppressed"}
    assert blocked(ledger, "c1") == {}


def test_the_stricter_half_decides_for_a_merged_customer_and_for_both_after_a_split(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2", "c3")
    ledger.hold_out(["c1"], NOON)
    ledger.suppress([Suppression("c3", "erased")], NOON)
    ledger.follow_aliases(aliases(c1="c2", c2="c2", c3="c3"), NOON)
    assert "c2" in ledger.held_out()
    assert blocked(ledger, "c2") == {"c2": "held_out"}
    ledger.follow_aliases(aliases(c1="c1", c2="c2", c3="c3"), NOON + DAY)
    assert blocked(ledger, "c1", "c2") == {"c1": "held_out", "c2": "held_out"}
    ledger.follow_aliases(aliases(c1="c1", c2="c2", c3="c2"), NOON + 2 * DAY)
    ledger.lift_suppressions(["c3"], "erased")
    assert blocked(ledger, "c1", "c2") == {"c1": "held_out", "c2": "held_out"}


def test_a_chain_of_merges_is_followed_to_its_end(ledger: Ledger) -> None:
    allow(ledger, "c4")
    ledger.suppress([Suppression("c1", "erased")], NOON)
    ledger.follow_aliases(aliases(c1="c2", c2="c2", c3="c3", c4="c4"), NOON)
    ledger.follow_aliases(aliases(c1="c3", c2="c3", c3="c3", c4="c4"), NOON)
    assert ledger.follow_aliases(aliases(c1="c4", c2="c4", c3="c4", c4="c4"), NOON) == 3
    assert blocked(ledger, "c4") == {"c4": "suppressed"}
    assert ledger.follow_aliases(aliases(c1="c4", c2="c4", c3="c4", c4="c4"), NOON + DAY) == 0


def test_identities_of_an_earlier_moment_are_ignored(ledger: Ledger) -> None:
    ledger.follow_aliases(aliases(c1="c2"), NOON)
    assert ledger.follow_aliases(aliases(c1="c1"), NOON - DAY) == 0


def test_the_holdout_keeps_its_customers(ledger: Ledger) -> None:
    assert ledger.hold_out(["c1", "c2", "c1"], NOON) == 2
    assert ledger.hold_out(["c2", "c3"], NOON + DAY) == 1
    assert ledger.held_out() == {"c1", "c2", "c3"}


def test_an_enrolment_is_written_once_and_follows_its_customer(ledger: Ledger) -> None:
    row = {name: "x" for name in ENROLMENT_SCHEMA.names} | {"is_control": False, "entered_at": naive_utc(NOON)}
    rows = [row | {"enrolment_id": f"e{number}", "customer_id": f"c{number}"} for number in (1, 2)]
    entries = pa.Table.from_pylist([{k: v for k, v in one.items() if k != "recorded_at"} for one in rows])
    assert (ledger.enrol(entries, NOON), ledger.enrol(entries, NOON + DAY)) == (2, 0)
    ledger.follow_aliases(aliases(c1="c9", c9="c9"), NOON)
    known = ledger.enrolments()
    assert known.schema == ENROLMENT_SCHEMA
    assert known["customer_id"].to_pylist() == ["c9", "c2"]
    assert known["enrolled_customer_id"].to_pylist() == ["c1", "c2"]
    assert known["recorded_at"].to_pylist() == [naive_utc(NOON)] * 2
    assert ledger.enrolments("thank_you").num_rows == 0


def test_the_care_models_read_back_what_they_enrolled(ledger: Ledger) -> None:
    more = [pa.field("is_control", pa.bool_()), pa.field("is_waiting", pa.bool_())]
    past = past_of(ledger.enrolments(), pa.schema([*STANDINGS, *more]).empty_table())
    assert past.schema == PAST_ENROLMENTS
