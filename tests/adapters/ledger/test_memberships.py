"""Memberships converge on what the destination has acknowledged."""

from __future__ import annotations

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.batches import MembershipChange
from dagster_project.errors import HoivaError
from tests.adapters.ledger.plans import NOON, aliases, allow, batch

ADS = {"purpose": "marketing", "channel": "ads"}


def add(customer_id: str, fingerprint: str = "f1") -> MembershipChange:
    return MembershipChange(customer_id, f"key-{customer_id}", fingerprint, "add")


def remove(customer_id: str) -> MembershipChange:
    return MembershipChange(customer_id, f"key-{customer_id}", "f1", "remove")


def publish(ledger: Ledger, number: int, *changes: MembershipChange) -> str:
    record = batch(number, "google", "membership", len(changes))
    ledger.open_batch(record, memberships=changes, **ADS)
    assert ledger.publish_batch(record.batch_id, lambda: None, NOON) == {}
    return record.batch_id


def states(ledger: Ledger) -> dict[str, str]:
    table = ledger.memberships("google")
    return dict(zip(table["customer_id"].to_pylist(), table["state"].to_pylist(), strict=True))


@pytest.fixture
def open_ledger_(ledger: Ledger) -> Ledger:
    allow(ledger, "c1", "c2", "c3")
    return ledger


def test_an_accepted_add_is_a_member_and_an_accepted_remove_is_out(open_ledger_: Ledger) -> None:
    ledger = open_ledger_
    first = publish(ledger, 1, add("c1"), add("c2"))
    assert states(ledger) == {"c1": "adding", "c2": "adding"}
    ledger.acknowledge(first, "accepted", {}, NOON)
    assert states(ledger) == {"c1": "member", "c2": "member"}
    second = publish(ledger, 2, remove("c1"))
    assert states(ledger) == {"c1": "removing", "c2": "member"}
    ledger.acknowledge(second, "accepted", {}, NOON)
    assert states(ledger) == {"c2": "member"}


def test_a_refused_row_holds_nobody_else_up(open_ledger_: Ledger) -> None:
    first = publish(open_ledger_, 1, add("c1"), add("c2"))
    open_ledger_.acknowledge(first, "partly", {"key-c1": "bad_email"}, NOON)
    assert states(open_ledger_) == {"c1": "rejected", "c2": "member"}
    rows = open_ledger_.memberships("google").to_pylist()
    assert (rows[0]["reason"], rows[1]["reason"]) == ("bad_email", None)


def test_a_refused_remove_is_a_member_still(open_ledger_: Ledger) -> None:
    publish(open_ledger_, 1, add("c1"))
    second = publish(open_ledger_, 2, remove("c1"))
    open_ledger_.acknowledge(second, "partly", {"key-c1": "busy"}, NOON)
    assert states(open_ledger_) == {"c1": "member"}


def test_a_refused_batch_puts_everyone_back_where_they_stood(open_ledger_: Ledger) -> None:
    ledger = open_ledger_
    first = publish(ledger, 1, add("c1"), add("c2"))
    ledger.acknowledge(first, "accepted", {}, NOON)
    second = publish(ledger, 2, add("c1", "f2"), add("c3"), remove("c2"))
    ledger.acknowledge(second, "rejected", {}, NOON)
    assert states(ledger) == {"c1": "member", "c2": "member"}
    row = ledger.memberships("google").to_pylist()[0]
    assert (row["fingerprint"], row["added_in"]) == ("f1", first)


def test_a_late_answer_does_not_undo_a_later_batch(open_ledger_: Ledger) -> None:
    first = publish(open_ledger_, 1, add("c1"), add("c2"))
    publish(open_ledger_, 2, remove("c1"))
    open_ledger_.acknowledge(first, "accepted", {}, NOON)
    assert states(open_ledger_) == {"c1": "removing", "c2": "member"}


def test_nobody_who_withdrew_is_added_and_anybody_may_be_removed(open_ledger_: Ledger) -> None:
    ledger = open_ledger_
    publish(ledger, 1, add("c1"))
    ledger.suppress([Suppression("c1", "withdrawn"), Suppression("c2", "withdrawn")], NOON)
    assert ledger.blocked_customers(["c1", "c2", "c3", "c4"], **ADS) == {
        "c1": "suppressed",
        "c2": "suppressed",
        "c4": "no_consent",
    }
    record = batch(2, "google", "membership")
    ledger.open_batch(record, memberships=[add("c2"), remove("c1")], **ADS)
    assert ledger.publish_batch(record.batch_id, lambda: None, NOON) == {"c2": "suppressed"}
    ledger.release_batch(record.batch_id)
    publish(ledger, 2, remove("c1"))
    assert states(ledger) == {"c1": "removing"}


def test_a_member_is_found_under_todays_id_and_let_go_under_the_old_one(open_ledger_: Ledger) -> None:
    publish(open_ledger_, 1, add("c1"))
    open_ledger_.follow_aliases(aliases(c1="c2", c2="c2"), NOON)
    row = open_ledger_.memberships("google").to_pylist()[0]
    assert (row["customer_id"], row["todays_customer_id"]) == ("c1", "c2")
    publish(open_ledger_, 2, remove("c1"), add("c2"))
    assert states(open_ledger_) == {"c1": "removing", "c2": "adding"}


def test_an_add_without_a_purpose_is_refused(open_ledger_: Ledger) -> None:
    with pytest.raises(HoivaError, match="purpose"):
        open_ledger_.open_batch(batch(1, "google", "membership"), memberships=[add("c1")])
    assert open_ledger_.batches() == []
