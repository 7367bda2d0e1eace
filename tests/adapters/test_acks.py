"""An answer counts once; one that cannot be used is set aside and harms nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters.acks import read_acks, waiting_acks
from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.exports.manifest import Batch
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    GOOGLE,
    LETTERS,
    claim,
    consent,
    customer_ids,
    house,
    point,
    statuses,
)

IDS = customer_ids(4)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        house(home, map(point, IDS), audience=IDS)
        consent(opened, IDS)
        claim(opened, IDS)
        yield opened


def exported(home: Settings, ledger: Ledger, destination: Any = LETTERS) -> Batch:
    batch = export_destination(home, ledger, destination, AS_OF)
    assert batch is not None
    return batch


def answer(home: Settings, batch: Batch, status: str, rejected: list[dict[str, str]] | None = None) -> Path:
    folder = home.at_home.acks / batch.destination
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{batch.batch_id}.json"
    said: dict[str, Any] = {"batch_id": batch.batch_id, "status": status}
    path.write_text(json.dumps(said | ({"rejected": rejected} if rejected is not None else {})))
    return path


def keys_of(batch: Batch) -> list[str]:
    content = bytes(next(file for file in batch.files if file.role == "rows").content)
    rows = content.decode().splitlines()[1:]
    return [row.split(",")[2] for row in rows]


def outcomes(home: Settings, ledger: Ledger) -> list[str]:
    return [applied.outcome for applied in read_acks(home, ledger, AS_OF)]


def test_an_accepted_batch_is_taken_once(home: Settings, ledger: Ledger) -> None:
    batch = exported(home, ledger)
    path = answer(home, batch, "accepted")
    assert waiting_acks(home)
    assert outcomes(home, ledger) == ["applied"]
    assert set(statuses(ledger).values()) == {("accepted", None)}
    assert not waiting_acks(home)
    answer(home, batch, "rejected")
    assert outcomes(home, ledger) == ["repeated"]
    assert set(statuses(ledger).values()) == {("accepted", None)}
    assert (path.parent / ".applied" / path.name).exists()


def test_refused_contacts_end_with_the_reason_and_do_not_hold_the_others_up(home: Settings, ledger: Ledger) -> None:
    batch = exported(home, ledger)
    first, second, *others = keys_of(batch)
    said = "Unknown mailbox asiakas1@example.com"
    rejected = [{"contact_id": first, "reason": "address_unknown"}, {"contact_id": second, "reason": said}]
    answer(home, batch, "partly", rejected)
    assert outcomes(home, ledger) == ["applied"]
    found = statuses(ledger)
    assert found[first] == ("rejected", "address_unknown")
    assert found[second] == ("rejected", "other"), "a reason that could quote a customer is not kept"
    assert {found[key] for key in others} == {("accepted", None)}
    assert export_destination(home, ledger, LETTERS, AS_OF) is None


def test_a_refused_batch_ends_its_contacts(home: Settings, ledger: Ledger) -> None:
    answer(home, exported(home, ledger), "rejected")
    assert outcomes(home, ledger) == ["applied"]
    assert {status for status, _ in statuses(ledger).values()} == {"rejected"}


def test_a_refused_member_is_not_offered_again_until_something_changes(home: Settings, ledger: Ledger) -> None:
    batch = exported(home, ledger, GOOGLE)
    answer(home, batch, "partly", [{"customer_key": keys_of(batch)[0], "reason": "no_match"}])
    assert outcomes(home, ledger) == ["applied"]
    assert export_destination(home, ledger, GOOGLE, AS_OF) is None
    house(home, [point(customer_id, phone=f"+3585012345{customer_id[-2:]}") for customer_id in IDS], audience=IDS)
    again = exported(home, ledger, GOOGLE)
    assert (again.count("add"), again.count("remove")) == (4, 3)


def test_a_refused_membership_batch_is_told_again(home: Settings, ledger: Ledger) -> None:
    answer(home, exported(home, ledger, GOOGLE), "rejected")
    assert waiting(home, ledger, [GOOGLE]) == []
    assert outcomes(home, ledger) == ["applied"]
    assert waiting(home, ledger, [GOOGLE]) == ["google"]
    assert exported(home, ledger, GOOGLE).count("add") == 4


def test_a_refused_removal_is_sent_again(home: Settings, ledger: Ledger) -> None:
    answer(home, exported(home, ledger, GOOGLE), "accepted")
    read_acks(home, ledger, AS_OF)
    house(home, map(point, IDS), audience=IDS[1:])
    batch = exported(home, ledger, GOOGLE)
    assert batch.count("remove") == 1
    answer(home, batch, "partly", [{"customer_key": keys_of(batch)[0], "reason": "try_later"}])
    assert outcomes(home, ledger) == ["applied"]
    assert exported(home, ledger, GOOGLE).count("remove") == 1


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        "[]",
        '{"batch_id": "%s", "status": "maybe"}',
        '{"batch_id": "%s", "status": "accepted", "rejected": [{"contact_id": "abcdefgh", "reason": "x"}]}',
        '{"batch_id": "%s", "status": "partly"}',
        '{"batch_id": "%s", "status": "partly", "rejected": [{"contact_id": "abcdefgh", "reason": "unknown_row"}]}',
        '{"batch_id": "%s", "status": "partly", "rejected": [{"reason": "nobody_named"}]}',
        '{"batch_id": "00000000000000000000000000000000", "status": "accepted"}',
        '{"batch_id": "%s", "status": "accepted", "asiakas0@example.com": 1}',
        "",
        "[" * 100_000,
    ],
)
def test_a_bad_answer_is_set_aside_with_a_reason(home: Settings, ledger: Ledger, text: str) -> None:
    batch = exported(home, ledger)
    path = answer(home, batch, "accepted")
    path.write_text(text % batch.batch_id if "%s" in text else text)
    (applied,) = read_acks(home, ledger, AS_OF)
    assert applied.outcome == "set_aside"
    assert set(statuses(ledger).values()) == {("published", None)}
    assert not waiting_acks(home)
    reason = (path.parent / ".set_aside" / f"{path.name}.reason").read_text()
    assert reason.startswith(("the answer", "batch", "a row")) or reason
    assert "example.com" not in reason + applied.reason
    answer(home, batch, "accepted")
    assert outcomes(home, ledger) == ["applied"], "a later good answer still counts"


def test_an_answer_for_another_destinations_batch_is_set_aside(home: Settings, ledger: Ledger) -> None:
    batch = exported(home, ledger)
    path = answer(home, batch, "accepted")
    other = home.at_home.acks / "google" / path.name
    other.parent.mkdir()
    path.rename(other)
    assert outcomes(home, ledger) == ["set_aside"]
    assert set(statuses(ledger).values()) == {("published", None)}
