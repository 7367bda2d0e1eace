"""What the ledger remembers of batches on their way, and of tokens, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.errors import HoivaError

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
RECORD = BatchRecord("a" * 32, "letters", "message", 1, NOON, "0" * 64, "prepared", 0)


@pytest.fixture
def batch_id(ledger: Ledger) -> str:
    for record in (RECORD, replace(RECORD, batch_id="b" * 32, sequence=2)):
        ledger.open_batch(record)
        ledger.publish_batch(record.batch_id, lambda: None, NOON)
    return RECORD.batch_id


def test_a_transfer_goes_on_where_it_was(ledger: Ledger, batch_id: str) -> None:
    first = ledger.begin_transfer(batch_id, "letters", NOON)
    assert (first.state, first.attempts, first.is_due(NOON)) == ("waiting", 0, True)
    ledger.hold_transfer(batch_id, "unreachable", NOON + timedelta(minutes=1))
    again = ledger.begin_transfer(batch_id, "letters", NOON)
    assert (again.attempts, again.reason, again.is_due(NOON)) == (1, "unreachable", False)
    ledger.hold_transfer(batch_id, "processing", NOON, is_failure=False)
    ledger.begin_transfer("b" * 32, "letters", NOON)
    assert [(one.batch_id[0], one.attempts) for one in ledger.transfers("letters")] == [("a", 1), ("b", 0)]
    ledger.move_transfer(batch_id, "delivered", NOON)
    done = ledger.transfers("letters")[0]
    assert (done.state, done.reason, done.not_before, done.delivered_at) == ("delivered", None, None, NOON)
    assert ledger.transfers("others") == []


def test_what_a_tool_has_had_is_over_however_it_came_there(ledger: Ledger, batch_id: str) -> None:
    ledger.begin_transfer(batch_id, "letters", NOON)
    ledger.hold_transfer(batch_id, "unreachable", NOON)
    ledger.end_transfers("letters", 1, NOON)
    assert [(one.state, one.reason) for one in ledger.transfers("letters")] == [("delivered", None)]
    ledger.end_transfers("letters", 2, NOON)
    ledger.end_transfers("letters", 2, NOON)
    assert [one.state for one in ledger.transfers("letters")] == ["delivered", "delivered"]


def test_a_page_and_its_refused_rows_are_noted_together(ledger: Ledger, batch_id: str) -> None:
    ledger.begin_transfer(batch_id, "letters", NOON)
    ledger.record_page(batch_id, 1, "sending", NOON)
    assert ledger.sent_pages(batch_id)[1].state == "sending"
    ledger.record_page(batch_id, 1, "processing", NOON, remote_id="r1", refused={"k" * 20: "invalid"})
    ledger.record_page(batch_id, 1, "done", NOON, remote_id="r1", refused={"k" * 20: "other", "l" * 20: "invalid"})
    assert [(one.state, one.remote_id) for one in ledger.sent_pages(batch_id).values()] == [("done", "r1")]
    assert ledger.refused_rows(batch_id) == {"k" * 20: "invalid", "l" * 20: "invalid"}
    ledger.forget_page(batch_id, 1)
    assert 1 in ledger.sent_pages(batch_id), "only one whose fate is open is forgotten"
    ledger.record_page(batch_id, 2, "sending", NOON)
    ledger.forget_page(batch_id, 2)
    assert list(ledger.sent_pages(batch_id)) == [1]
    ledger.move_transfer(batch_id, "delivered", NOON)
    assert ledger.refused_rows(batch_id) == {}


def test_a_token_opens_one_destination_until_it_is_ended(ledger: Ledger) -> None:
    token, other = ledger.make_token("letters", NOON), ledger.make_token("calls", NOON)
    assert [ledger.destination_of_token(one) for one in (token, other)] == ["letters", "calls"]
    mixed = f"{token.partition('.')[0]}.{other.partition('.')[2]}"
    assert [ledger.destination_of_token(one) for one in (mixed, "", ".", token[:-1], f"{token} ")] == [None] * 5
    ledger.end_token(token.partition(".")[0], NOON)
    assert ledger.destination_of_token(token) is None
    assert [(one.destination, one.ended_at) for one in ledger.tokens()] == [("calls", None), ("letters", NOON)]
    with pytest.raises(HoivaError, match="there is no token"):
        ledger.end_token("nonsense", NOON)
