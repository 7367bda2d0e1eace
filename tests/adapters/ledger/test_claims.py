"""Claims: what must never happen, each with a control that shows the test can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.standing import Standing
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.errors import HoivaError
from tests.adapters.ledger.plans import DAY, FREE, NOON, aliases, allow, consents, contact, ids, plan, policy, statuses

WEEKLY = Cap("one a week", contacts=1, days=7)
EMAIL = contact("c1")
PHONE = contact("c1", channel="phone", care_model="fading", score=5.0)


def without(monkeypatch: pytest.MonkeyPatch, ledger: Ledger, **nothing: Any) -> None:
    """Switch a rule off: the ledger's look sees nothing of it."""
    look = ledger._look
    monkeypatch.setattr(ledger, "_look", lambda *args: replace(look(*args), **nothing))


def test_a_contact_with_consent_is_claimed_and_cites_it(ledger: Ledger) -> None:
    allow(ledger, "c1")
    result = ledger.claim(plan(EMAIL), FREE, NOON)
    assert (result.claimed, result.refused) == (tuple(ids(EMAIL)), {})
    row = ledger.contacts().to_pylist()[0]
    assert (row["consent_id"], row["status"], row["planned_for"]) == ("c1-email", "claimed", EMAIL["planned_for"])


@pytest.mark.parametrize("known", [(), ("c2",)], ids=["nothing known", "another's consent"])
def test_nobody_is_claimed_without_a_consent(ledger: Ledger, known: tuple[str, ...]) -> None:
    allow(ledger, *known)
    assert ledger.claim(plan(EMAIL), FREE, NOON).refused == {EMAIL["contact_id"]: "consent"}
    assert statuses(ledger) == {}


def test_a_denial_wins_over_the_plan_and_over_another_purpose(ledger: Ledger) -> None:
    allow(ledger, denied=["c1"])
    assert ledger.claim(plan(EMAIL), FREE, NOON).refused == {EMAIL["contact_id"]: "consent"}


def test_a_consent_that_cannot_be_cited_is_none(ledger: Ledger) -> None:
    nameless = consents("c1").drop_columns("consent_id").append_column("consent_id", pa.nulls(4, pa.string()))
    ledger.sync_consents(nameless, NOON)
    assert ledger.claim(plan(EMAIL), FREE, NOON).refused == {EMAIL["contact_id"]: "consent"}


def test_the_consent_test_can_fail(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, ledger, consent_ids={EMAIL["contact_id"]: "made up"})
    assert ledger.claim(plan(EMAIL), FREE, NOON).claimed != ()


def test_a_withdrawal_counts_the_moment_it_lands(ledger: Ledger) -> None:
    allow(ledger, "c1")
    ledger.suppress([Suppression("c1", "withdrawn", "marketing", "email")], NOON)
    result = ledger.claim(plan(EMAIL, PHONE), FREE, NOON)
    assert result.refused == {EMAIL["contact_id"]: "suppression"}
    assert result.claimed == tuple(ids(PHONE))


def test_the_suppression_test_can_fail(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(ledger, "c1")
    ledger.suppress([Suppression("c1", "withdrawn")], NOON)
    without(monkeypatch, ledger, suppressed={})
    assert ledger.claim(plan(EMAIL), FREE, NOON).claimed != ()


def test_nobody_in_the_holdout_is_claimed(ledger: Ledger) -> None:
    allow(ledger, "c1")
    ledger.hold_out(["c1"], NOON)
    assert ledger.claim(plan(EMAIL), FREE, NOON).refused == {EMAIL["contact_id"]: "holdout"}


def test_the_holdout_test_can_fail(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(ledger, "c1")
    ledger.hold_out(["c1"], NOON)
    without(monkeypatch, ledger, held_out=frozenset())
    assert ledger.claim(plan(EMAIL), FREE, NOON).claimed != ()


def test_a_rerun_claims_nothing_new_and_loses_nothing(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2")
    both, limits = plan(EMAIL, contact("c2")), policy(WEEKLY, capacity=2, per_day=1)
    first = ledger.claim(both, limits, NOON)
    again = ledger.claim(both, limits, NOON)
    assert (len(first.claimed), again.claimed, set(again.standing)) == (2, (), set(first.claimed))
    assert again.refused == {}
    assert ledger.miscounts() == {}


def test_a_step_is_not_made_twice_a_day_later(ledger: Ledger) -> None:
    allow(ledger, "c1")
    ledger.claim(plan(EMAIL), FREE, NOON)
    later = ledger.claim(plan(contact("c1", planned_for=NOON + DAY)), FREE, NOON + DAY)
    assert later.refused == {EMAIL["contact_id"]: "repetition"}


def test_a_step_is_not_made_twice_for_the_halves_of_a_merged_customer(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2")
    ledger.claim(plan(EMAIL), FREE, NOON)
    ledger.follow_aliases(aliases(c1="c2", c2="c2"), NOON)
    same_step = contact("c2")
    assert ledger.claim(plan(same_step), FREE, NOON + DAY).refused == {same_step["contact_id"]: "repetition"}


def test_the_database_itself_refuses_a_second_row(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(ledger, "c1")
    ledger.claim(plan(EMAIL), FREE, NOON)
    without(monkeypatch, ledger, stands=frozenset(), repeated=frozenset(), taken={})
    with pytest.raises(Exception, match=r"(?i)unique"):
        ledger.claim(plan(EMAIL), FREE, NOON)
    assert len(statuses(ledger)) == 1


def test_a_cap_counts_what_was_claimed_before_and_the_highest_score_comes_first(ledger: Ledger) -> None:
    allow(ledger, "c1")
    assert ledger.claim(plan(EMAIL, PHONE), policy(WEEKLY), NOON).claimed == tuple(ids(PHONE))
    inside = contact("c1", care_model="other", planned_for=NOON + 6 * DAY)
    outside = contact("c1", care_model="other", planned_for=NOON + 7 * DAY)
    assert ledger.claim(plan(inside), policy(WEEKLY), NOON + DAY).refused == {inside["contact_id"]: "contact_cap"}
    assert ledger.claim(plan(outside), policy(WEEKLY), NOON + DAY).claimed == tuple(ids(outside))


def test_a_cap_follows_a_merged_and_a_split_customer(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2")
    ledger.claim(plan(EMAIL), policy(WEEKLY), NOON)
    ledger.follow_aliases(aliases(c1="c2", c2="c2"), NOON)
    after_merge = contact("c2", care_model="other")
    assert ledger.claim(plan(after_merge), policy(WEEKLY), NOON + DAY).refused
    ledger.follow_aliases(aliases(c1="c1", c2="c2"), NOON + DAY)
    for half in ("c1", "c2"):
        after_split = contact(half, care_model="third")
        assert ledger.claim(plan(after_split), policy(WEEKLY), NOON + 2 * DAY).refused, half


def test_a_capacity_is_never_passed_and_given_back_contacts_are_free_again(ledger: Ledger) -> None:
    customers = [f"c{number}" for number in range(5)]
    allow(ledger, *customers)
    rows = [contact(customer_id) for customer_id in customers]
    first = ledger.claim(plan(*rows), policy(capacity=3), NOON)
    assert len(first.claimed) == 3
    assert set(first.refused.values()) == {"capacity"}
    assert ledger.claim(plan(*rows), policy(capacity=3), NOON).claimed == ()
    ledger.end_contacts({first.claimed[0]: "no_address"}, NOON)
    waiting = [row for row in rows if row["contact_id"] in first.refused]
    assert len(ledger.claim(plan(*waiting), policy(capacity=3), NOON).claimed) == 1
    assert ledger.miscounts() == {}


def test_the_database_itself_refuses_a_contact_above_the_capacity(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(ledger, "c1", "c2")
    ledger.claim(plan(EMAIL), policy(capacity=1), NOON)
    without(monkeypatch, ledger, used={})
    with pytest.raises(Exception, match="used_within_capacity"):
        ledger.claim(plan(contact("c2")), policy(capacity=1), NOON)
    assert len(statuses(ledger)) == 1


@pytest.mark.parametrize("limits", [policy(Cap("none", 0, 7)), policy(capacity=0), policy(per_day=0)])
def test_zero_means_none(ledger: Ledger, limits: Any) -> None:
    allow(ledger, "c1")
    assert ledger.claim(plan(EMAIL), limits, NOON).claimed == ()


def test_a_lowered_capacity_takes_nothing_more_and_takes_nothing_back(ledger: Ledger) -> None:
    allow(ledger, "c1", "c2", "c3")
    ledger.claim(plan(EMAIL, contact("c2")), policy(capacity=2), NOON)
    assert ledger.claim(plan(contact("c3")), policy(capacity=1), NOON).claimed == ()
    assert list(statuses(ledger).values()) == ["claimed", "claimed"]


def test_a_mandatory_contact_is_under_no_cap_and_a_transactional_one_under_its_own(ledger: Ledger) -> None:
    allow(ledger, "c1")
    limits = policy(WEEKLY, Cap("service", 1, 7, action_class="transactional"), per_day=None)
    rows = [
        contact("c1", care_model=f"{kind}{number}", action_class=kind)
        for kind in ("mandatory", "transactional", "marketing")
        for number in range(2)
    ]
    claimed = set(ledger.claim(plan(*rows), limits, NOON).claimed)
    kinds = sorted(row["action_class"] for row in rows if row["contact_id"] in claimed)
    assert kinds == ["mandatory", "mandatory", "marketing", "transactional"]


def test_a_failure_in_the_middle_leaves_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(ledger, "c1")

    def fail(*_: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("dagster_project.adapters.ledger.claims.count", fail)
    with pytest.raises(RuntimeError):
        ledger.claim(plan(EMAIL), FREE, NOON)
    assert statuses(ledger) == {}


def test_an_empty_plan_is_no_trouble(ledger: Ledger) -> None:
    assert ledger.claim(plan(), FREE, NOON).claimed == ()
    assert ledger.standing(plan(), FREE, NOON) == Standing()


def test_a_plan_that_names_a_contact_twice_is_refused(ledger: Ledger) -> None:
    allow(ledger, "c1")
    with pytest.raises(HoivaError, match="twice"):
        ledger.claim(pa.concat_tables([plan(EMAIL)] * 2), FREE, NOON)
    assert statuses(ledger) == {}
