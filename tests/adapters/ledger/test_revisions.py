"""The ledger's word for who may be contacted changes with that, and tells of whom, whichever part of it changes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.adapters.ledger import Ledger, watching
from dagster_project.adapters.ledger.erasures import forget_customers
from dagster_project.adapters.ledger.watching import touch
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


NAMED: dict[str, set[str] | None] = {
    "consents": set(IDS[2:]),
    "a replay denies": {IDS[0]},
    "suppress": {IDS[1]},
    "lift": {IDS[2]},
    "hold out": {IDS[1]},
    "merge": {IDS[0], IDS[1]},
    "opt out": {IDS[3]},
    "erase": None,
    "forget": None,
}  # whom each change names; None: it may be anybody


@pytest.mark.parametrize("name", CHANGES)
def test_whoever_is_changed_is_named(permitted: Ledger, name: str) -> None:
    before = permitted.permissions_revision()
    CHANGES[name](permitted)
    assert permitted.touched_since(before, "google") == NAMED[name]
    assert permitted.touched_since(permitted.permissions_revision(), "google") == set()


def test_what_is_said_of_one_id_counts_for_every_id_of_hers(permitted: Ledger) -> None:
    permitted.follow_aliases(aliases(**{IDS[0]: IDS[1], IDS[3]: IDS[1]}), NOON)
    permitted.follow_aliases(aliases(**{IDS[0]: IDS[1], IDS[3]: IDS[4]}), NOON + DAY)
    before = permitted.permissions_revision()
    permitted.suppress([Suppression(IDS[3], "deceased")], NOON)
    # She was a part of c1, and is one of c4: both are suppressed with her, and every part of either.
    assert permitted.touched_since(before, "google") == {IDS[number] for number in (0, 1, 3, 4)}


def test_a_refusal_concerns_its_destination_alone(permitted: Ledger) -> None:
    before = permitted.permissions_revision()
    with permitted.writing() as connection:
        touch(connection, IDS[:1], "google")
        touch(connection, IDS[1:2], "meta")
    assert permitted.touched_since(before, "google") == {IDS[0]}


def test_after_a_backup_nobody_can_tell(permitted: Ledger) -> None:
    """The same number stands for something else there: chance is drawn anew."""
    permitted.suppress([Suppression(IDS[1], "deceased")], NOON)
    token, number, drawn = permitted.permissions_revision().split(" ")
    permitted.suppress([Suppression(IDS[2], "deceased")], NOON)
    assert permitted.touched_since(f"{token} {number} {drawn}", "google") == {IDS[2]}
    assert permitted.touched_since(f"{token} {number} another", "google") is None
    assert permitted.touched_since(f"another {number} {drawn}", "google") is None
    assert permitted.touched_since("an earlier form", "google") is None


@pytest.mark.parametrize(("limit", "most"), [("MOST_NAMED", 1), ("MOST_KEPT", 2)])
def test_too_many_are_anybody(permitted: Ledger, monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(watching, limit, most)
    before = permitted.permissions_revision()
    permitted.suppress([Suppression(one, "deceased") for one in IDS], NOON)
    assert permitted.touched_since(before, "google") is None
    after = permitted.permissions_revision()
    permitted.suppress([Suppression(IDS[2], "gone")], NOON)
    assert permitted.touched_since(after, "google") == {IDS[2]}


@pytest.mark.parametrize("name", NOTHING)
def test_whatever_changes_nothing_keeps_the_word(permitted: Ledger, name: str) -> None:
    before = permitted.permissions_revision()
    NOTHING[name](permitted)
    assert permitted.permissions_revision() == before
