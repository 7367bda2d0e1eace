"""The ledger's word for who may be contacted changes with that, whichever part of the ledger changes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.ledger.erasures import forget_customers
from dagster_project.domain.decisions.suppression import Suppression
from tests.adapters.ledger.plans import DAY, NOON, aliases, consents

IDS = [f"c{number}" for number in range(6)]
CHANGES: dict[str, Callable[[Ledger], object]] = {
    "consents": lambda ledger: ledger.sync_consents(consents(*IDS[:2]), NOON + DAY),
    "a replay denies": lambda ledger: ledger.sync_consents(consents(denied=IDS[:1], at=NOON), NOON - DAY),
    "suppress": lambda ledger: ledger.suppress([Suppression(IDS[1], "deceased")], NOON),
    "lift": lambda ledger: ledger.lift_suppressions([IDS[2]], "withdrawn"),
    "hold out": lambda ledger: ledger.hold_out([IDS[1]], NOON),
    "merge": lambda ledger: ledger.follow_aliases(aliases(**{IDS[0]: IDS[1]}), NOON),
    "opt out": lambda ledger: ledger.take_opt_outs({(IDS[3], "marketing", "ads"): NOON}),
    "erase": lambda ledger: ledger.begin_erasure("e1", [IDS[4]], {}, 1, NOON),
    "forget": lambda ledger: ledger.finish_step("e0", "ledger", {}, NOON, lambda c: forget_customers(c, IDS[:1])),
}  # fmt: skip
NOTHING: dict[str, Callable[[Ledger], object]] = {
    "the same consents": lambda ledger: ledger.sync_consents(consents(*IDS), NOON + DAY),
    "lift nothing": lambda ledger: ledger.lift_suppressions([IDS[0]], "withdrawn"),
    "held out already": lambda ledger: ledger.hold_out([IDS[5]], NOON),
    "the same identities": lambda ledger: ledger.follow_aliases(aliases(**{IDS[0]: IDS[0]}), NOON),
    "no change waits": lambda ledger: ledger.end_hold("google"),
}


@pytest.fixture
def permitted(ledger: Ledger) -> Ledger:
    ledger.sync_consents(consents(*IDS), NOON)
    ledger.suppress([Suppression(IDS[2], "withdrawn")], NOON)
    ledger.hold_out([IDS[5]], NOON)
    ledger.begin_erasure("e0", [], {}, 0, NOON)
    return ledger


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_permissions_changes_the_word(permitted: Ledger, name: str) -> None:
    before = permitted.permissions_revision()
    CHANGES[name](permitted)
    assert permitted.permissions_revision() != before


@pytest.mark.parametrize("name", NOTHING)
def test_whatever_changes_nothing_keeps_the_word(permitted: Ledger, name: str) -> None:
    before = permitted.permissions_revision()
    NOTHING[name](permitted)
    assert permitted.permissions_revision() == before
