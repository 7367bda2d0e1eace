"""Contacts that count as made in ledgers apart: those whose hour has come, once, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.sending import count_as_made
from dagster_project.domain.clock import naive_utc
from dagster_project.settings import Settings
from tests.adapters.living import Life, known
from tests.domain.care_models.making import at, customers, model

BEFORE, HOUR, AFTER = at("2026-03-30T23:59:59"), at("2026-03-31T08:00"), at("2026-03-31T23:59:59")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://") as opened:
        yield opened


@pytest.fixture
def contact_id(home: Settings, ledger: Ledger) -> str:
    life = Life(home.model_copy(update={"holdout_share": 0.0}), ledger, [model()])
    found = life.night("2026-03-30T12:00", known(customers("a")))
    (row,) = found.candidates.to_pylist()
    life.ledger_contacts([row | {"planned_for": naive_utc(HOUR)}], naive_utc(BEFORE))
    return str(row["candidate_id"])


def status(ledger: Ledger) -> list[str]:
    return list(ledger.contacts()["status"].to_pylist())


def test_a_contact_counts_as_made_when_its_hour_has_come_and_not_before(ledger: Ledger, contact_id: str) -> None:
    assert count_as_made(ledger, ["email"], BEFORE) == 0
    assert status(ledger) == ["claimed"]
    assert count_as_made(ledger, ["email"], AFTER) == 1
    assert status(ledger) == ["published"]
    assert count_as_made(ledger, ["email"], AFTER) == 0, "once"


def test_what_was_made_is_not_taken_back_by_a_later_complaint(ledger: Ledger, contact_id: str) -> None:
    count_as_made(ledger, ["email"], AFTER)
    with pytest.raises(Exception, match="batch"):
        ledger.end_contacts({contact_id: "open_complaint"}, AFTER)
    assert status(ledger) == ["published"]
