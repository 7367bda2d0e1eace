"""Batches: bundled, published under one last check, answered once."""

from __future__ import annotations

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.errors import HoivaError
from tests.adapters.ledger.plans import DAY, FREE, NOON, aliases, allow, batch, contact, ids, plan, policy, statuses

ONE, TWO, THREE = (contact(f"c{number}") for number in (1, 2, 3))
BATCH = batch()


@pytest.fixture
def claimed(ledger: Ledger) -> Ledger:
    """Three contacts that wait."""
    allow(ledger, "c1", "c2", "c3")
    ledger.claim(plan(ONE, TWO, THREE), policy(Cap("weekly", 1, 7), capacity=3), NOON)
    return ledger


def published(ledger: Ledger, *rows: dict[str, object]) -> list[str]:
    """Publish these in the first batch; gives what was put in place."""
    calls: list[str] = []
    ledger.open_batch(BATCH, ids(*rows))
    assert ledger.publish_batch(BATCH.batch_id, lambda: calls.append("renamed"), NOON) == {}
    return calls


def test_claimed_contacts_wait_until_their_time_by_channel_and_care_model(claimed: Ledger) -> None:
    assert claimed.claimed_contacts("email", NOON).num_rows == 3
    assert claimed.claimed_contacts("email", NOON, {"welcome"}).num_rows == 3
    for nothing in (
        claimed.claimed_contacts("email", NOON - DAY),
        claimed.claimed_contacts("phone", NOON),
        claimed.claimed_contacts("email", NOON, {"fading"}),
        claimed.claimed_contacts("email", NOON, set()),
    ):
        assert nothing.num_rows == 0


def test_a_waiting_contact_carries_todays_customer(claimed: Ledger) -> None:
    claimed.follow_aliases(aliases(c1="c9", c9="c9"), NOON)
    assert claimed.claimed_contacts("email", NOON)["customer_id"].to_pylist().count("c9") == 1
    row = next(row for row in claimed.contacts().to_pylist() if row["claimed_customer_id"] == "c1")
    assert row["customer_id"] == "c9"


def test_a_batch_is_published_once_and_answered_once(claimed: Ledger) -> None:
    assert published(claimed, ONE, TWO) == ["renamed"]
    calls: list[str] = []
    assert claimed.publish_batch(BATCH.batch_id, lambda: calls.append("again"), NOON) == {}
    assert calls == []
    assert claimed.acknowledge(BATCH.batch_id, "partly", {ONE["contact_id"]: "bounced"}, NOON)
    assert not claimed.acknowledge(BATCH.batch_id, "accepted", {}, NOON)
    by_id = statuses(claimed)
    assert [by_id[one] for one in ids(ONE, TWO, THREE)] == ["rejected", "accepted", "claimed"]
    assert claimed.batches(states={"partly"})[0].batch_id == BATCH.batch_id
    assert claimed.miscounts() == {}


def test_a_contact_is_in_one_batch_only(claimed: Ledger) -> None:
    published(claimed, ONE)
    with pytest.raises(HoivaError, match="only 1 wait"):
        claimed.open_batch(batch(2), ids(ONE, TWO))
    assert [record.sequence for record in claimed.batches()] == [1]
    assert statuses(claimed)[TWO["contact_id"]] == "claimed"


def test_a_number_is_given_to_one_batch_only(claimed: Ledger) -> None:
    published(claimed, ONE)
    with pytest.raises(HoivaError, match="taken"):
        claimed.open_batch(BATCH, ids(TWO))


def test_what_is_released_waits_again_and_what_is_published_is_not_released(claimed: Ledger) -> None:
    claimed.open_batch(BATCH, ids(ONE))
    claimed.release_batch(BATCH.batch_id)
    assert claimed.batches() == []
    assert published(claimed, ONE) == ["renamed"]
    with pytest.raises(HoivaError, match="published"):
        claimed.release_batch(BATCH.batch_id)


@pytest.mark.parametrize("reason", ["suppressed", "held_out", "no_consent"])
def test_nobody_blocked_after_the_claim_is_published(claimed: Ledger, reason: str) -> None:
    claimed.open_batch(BATCH, ids(ONE, TWO))
    if reason == "suppressed":
        claimed.suppress([Suppression("c1", "withdrawn")], NOON)
    elif reason == "held_out":
        claimed.hold_out(["c1"], NOON)
    else:
        allow(claimed, "c2", denied=["c1"])
    calls: list[str] = []
    blocked = claimed.publish_batch(BATCH.batch_id, lambda: calls.append("renamed"), NOON)
    assert (blocked, calls) == ({ONE["contact_id"]: reason}, [])
    assert claimed.batches()[0].state == "prepared"
    assert claimed.publish_batch(BATCH.batch_id, lambda: calls.append("renamed"), NOON, recheck=False) == {}
    assert calls == ["renamed"], "control: without the check it would have gone out"


def test_a_withdrawal_under_a_merged_id_blocks_the_other(claimed: Ledger) -> None:
    claimed.follow_aliases(aliases(c1="c9", c9="c9"), NOON)
    allow(claimed, "c9", "c2", "c3")
    assert claimed.blocked_contacts(ids(ONE, TWO)) == {}
    claimed.suppress([Suppression("c9", "erased")], NOON)
    assert claimed.blocked_contacts(ids(ONE, TWO)) == {ONE["contact_id"]: "suppressed"}


def test_a_rename_that_fails_leaves_the_batch_prepared(claimed: Ledger) -> None:
    claimed.open_batch(BATCH, ids(ONE))

    def fail() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        claimed.publish_batch(BATCH.batch_id, fail, NOON)
    assert claimed.batches()[0].state == "prepared"
    assert claimed.publish_batch(BATCH.batch_id, lambda: None, NOON) == {}


def test_an_ended_contact_gives_back_its_cap_and_is_never_claimed_again(claimed: Ledger) -> None:
    claimed.end_contacts({ONE["contact_id"]: "no_address"}, NOON)
    claimed.end_contacts({ONE["contact_id"]: "no_address"}, NOON)
    row = next(row for row in claimed.contacts().to_pylist() if row["contact_id"] == ONE["contact_id"])
    assert (row["status"], row["reason"]) == ("returned", "no_address")
    limits = policy(Cap("weekly", 1, 7), capacity=3)
    other = contact("c1", care_model="other")
    assert claimed.claim(plan(ONE, other), limits, NOON).refused == {ONE["contact_id"]: "repetition"}
    assert claimed.miscounts() == {}


def test_what_is_in_a_batch_cannot_be_ended(claimed: Ledger) -> None:
    claimed.open_batch(BATCH, ids(ONE))
    with pytest.raises(HoivaError, match="release"):
        claimed.end_contacts({ONE["contact_id"]: "late", TWO["contact_id"]: "late"}, NOON)
    assert statuses(claimed)[TWO["contact_id"]] == "claimed"


@pytest.mark.parametrize("answer", ["unknown batch", "prepared batch", "unknown row"])
def test_an_answer_that_fits_nothing_changes_nothing(claimed: Ledger, answer: str) -> None:
    claimed.open_batch(BATCH, ids(ONE))
    batch_id = "f" * 32 if answer == "unknown batch" else BATCH.batch_id
    if answer == "unknown row":
        claimed.publish_batch(BATCH.batch_id, lambda: None, NOON)
    with pytest.raises(HoivaError):
        claimed.acknowledge(batch_id, "partly", {TWO["contact_id"]: "x"}, NOON)
    assert "accepted" not in statuses(claimed).values()


def test_a_whole_batch_refused_ends_every_contact_in_it(claimed: Ledger) -> None:
    published(claimed, ONE, TWO)
    assert claimed.acknowledge(BATCH.batch_id, "rejected", {}, NOON)
    assert sorted(statuses(claimed).values()) == ["claimed", "rejected", "rejected"]
    assert claimed.miscounts() == {}
    again = claimed.claim(plan(ONE), FREE, NOON + DAY)
    assert again.refused == {ONE["contact_id"]: "repetition"}
