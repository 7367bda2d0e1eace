"""A permission taken back in a row that fits counts the moment it lands, before any run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.gate import contracts_in, heeding
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.outbox import take
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.identity.ids import record_ids
from tests.adapters.small_deliveries import NOON, Gate
from tests.adapters.small_house import CALLS, LETTERS, batches, claim, consent, house, point, statuses

HEADER = "contact_id,purpose,channel,is_given,changed_at"
NO = "7,marketing,email,false,2026-03-30 18:00:00"
YES_BEFORE, YES_SINCE = (f"7,marketing,email,true,2026-03-30 {hour}:00:00" for hour in (17, 19))
SAID_AT = datetime(2026, 3, 30, 18, tzinfo=UTC)
CONSENTS = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "purpose", "channel")),
        ("is_allowed", pa.bool_()),
        ("consent_id", pa.string()),
        ("decided_at", pa.timestamp("us")),
    ]
)


@pytest.fixture
def consents(gate: Gate) -> Gate:
    gate.contract = contracts_in(CONTRACTS).items["standard"]
    return gate


def seven(gate: Gate) -> str:
    return record_ids(["standard:contact:7"], gate.settings.identity_salt)[0]


def stopped(gate: Gate) -> dict[str, str]:
    rows = gate.ledger.suppressions().to_pylist()
    return {f"{row['customer_id']} {row['channel']}": row["reason"] for row in rows}


def sync(gate: Gate, is_allowed: bool, decided_at: datetime, at: datetime) -> None:
    row = [seven(gate), "marketing", "email", is_allowed, "s-1", naive_utc(decided_at)]
    rows = pa.table([[value] for value in row], names=CONSENTS.names).cast(CONSENTS)
    gate.ledger.sync_consents(rows, at)


@pytest.mark.parametrize(
    ("rows", "stands"),
    [([NO], True), ([YES_BEFORE, NO], True), ([NO, YES_SINCE], False), ([YES_SINCE], False)],
    ids=["a no", "a no after a yes", "a yes after a no", "a yes"],
)
def test_the_newest_answer_in_the_file_counts(consents: Gate, rows: list[str], stands: bool) -> None:
    assert consents.land("consents.csv", [HEADER, *rows]).status == "loaded"
    assert stopped(consents) == ({f"{seven(consents)} email": "opted_out"} if stands else {})


def test_it_ends_with_the_denial_or_with_a_later_consent_of_a_run_and_not_before(consents: Gate) -> None:
    consents.land("consents.csv", [HEADER, NO])
    sync(consents, True, SAID_AT - timedelta(hours=1), SAID_AT + timedelta(days=1))
    assert stopped(consents), "a run that does not know of it yet"
    sync(consents, False, SAID_AT - timedelta(hours=1), SAID_AT + timedelta(days=2))
    assert stopped(consents), "an older denial is another one, and may end"
    sync(consents, False, SAID_AT, SAID_AT + timedelta(days=3))
    assert not stopped(consents)
    assert consents.ledger.blocked_customers([seven(consents)], "marketing", "email")


def test_a_consent_that_is_known_and_was_given_since_stands(consents: Gate) -> None:
    sync(consents, True, SAID_AT + timedelta(hours=1), SAID_AT + timedelta(days=1))
    consents.land("consents.csv", [HEADER, NO])
    assert stopped(consents) == {}


def test_a_first_load_and_a_file_of_long_ago_tell_of_the_past(consents: Gate) -> None:
    consents.land("consents.csv", [HEADER, NO], history=True)
    consents.land("consents_2.csv", [HEADER, YES_BEFORE, NO], arrived_at=NOON - timedelta(days=8))
    assert stopped(consents) == {}


def waiting_letters(gate: Gate) -> str:
    """A letter and a call to contact 7 and to another customer, each in a batch nobody has taken."""
    who = [seven(gate), "c00000000000000000009"]
    points = [point("c00000000000000000009"), point("c00000000000000000008") | {"customer_id": who[0]}]
    house(gate.settings, points)
    consent(gate.ledger, who)
    claim(gate.ledger, who)
    claim(gate.ledger, who, channel="phone")
    names = []
    for destination in (LETTERS, CALLS):
        batch = export_destination(gate.settings, gate.ledger, destination, gate_moment())
        assert batch is not None
        names.append(batch.folder_name)
    return names[0]


def gate_moment() -> datetime:
    return datetime(2026, 3, 29, tzinfo=UTC)


def test_a_batch_nobody_has_taken_is_taken_back_as_the_file_lands(consents: Gate) -> None:
    waiting_letters(consents)
    consents.land("consents.csv", [HEADER, NO.replace("2026-03-30", "2026-04-02")])
    assert batches(consents.settings, "letters") == []
    assert len(batches(consents.settings, "calls")) == 1, "she said no to letters, not to calls"
    found = [status for status, _ in statuses(consents.ledger).values()]
    assert (found.count("published"), found.count("claimed"), found.count("returned")) == (2, 1, 1)


def test_a_broken_row_takes_it_back_too(consents: Gate) -> None:
    waiting_letters(consents)
    delivery = consents.land(
        "consents.csv", [HEADER, "1,marketing,sms,true,2026-03-30 18:00:00", NO[:-19] + "yesterday"]
    )
    assert delivery.count_quarantined == 1
    assert batches(consents.settings, "letters") == []


def test_a_batch_that_was_taken_stays_with_its_receiver(consents: Gate) -> None:
    name = waiting_letters(consents)
    assert take(consents.settings.at_home, "letters", name) is not None
    consents.land("consents.csv", [HEADER, NO.replace("2026-03-30", "2026-04-02")])
    assert [path.name for path in batches(consents.settings, "letters")] == [name]


def test_without_heeding_it_would_lie_there_until_the_night(consents: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(heeding, "heed_rows", lambda *_: set())
    waiting_letters(consents)
    consents.land("consents.csv", [HEADER, NO.replace("2026-03-30", "2026-04-02")])
    assert len(batches(consents.settings, "letters")) == 1
