"""Random weeks of claims, withdrawals, merges and answers with scarce resources: what must never be, never is."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.decisions.policy import Cap
from dagster_project.domain.decisions.suppression import Suppression
from tests.adapters.ledger.plans import DAY, NOON, aliases, allow, batch, contact, plan, policy

CUSTOMERS = ["c0", "c1", "c2", "c3", "c4"]
LIMITS = policy(Cap("weekly", 2, 4), Cap("email", 1, 3, channel="email"), capacity=2, per_day=1)
WINDOWS = ((4, 2, None), (3, 1, "email"))  # the caps, said again for the count
someone = st.sampled_from(CUSTOMERS)
wishes = st.lists(
    st.tuples(someone, st.sampled_from(["m1", "m2", "m3"]), st.sampled_from(["email", "phone"]), st.integers(0, 2)),
    min_size=1,
    max_size=12,
    unique_by=lambda wish: wish[:3],
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), wishes),
        st.tuples(st.just("claim"), wishes),
        st.tuples(st.just("withdraw"), someone),
        st.tuples(st.just("deny"), someone),
        st.tuples(st.just("hold_out"), someone),
        st.tuples(st.just("merge"), st.tuples(someone, someone)),
        st.tuples(st.just("publish"), st.booleans()),
        st.tuples(st.just("end"), someone),
    ),
    min_size=3,
    max_size=10,
)


class Model:
    """The truth beside the ledger, kept in the plainest way: who is blocked, and what each new contact may pass."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.now = NOON
        self.blocked: set[str] = set()
        self.denied: set[str] = set()
        self.today = {one: one for one in CUSTOMERS}
        self.batches = 0
        allow(ledger, *CUSTOMERS)

    def person(self, customer_id: str) -> set[str]:
        """Every id of the same person."""
        return {one for one in CUSTOMERS if self.today[one] == self.today[customer_id]}

    def is_blocked(self, customer_id: str) -> bool:
        return bool(self.person(customer_id) & (self.blocked | self.denied))

    def live(self) -> list[dict[str, Any]]:
        rows = self.ledger.contacts().to_pylist()
        return [row for row in rows if row["status"] not in ("returned", "rejected")]

    def sync(self) -> None:
        heads = set(self.today.values())
        denied = sorted(head for head in heads if self.person(head) & self.denied)
        allow(self.ledger, *sorted(heads - set(denied)), denied=denied, at=self.now)

    def claim(self, rows: list[tuple[str, str, str, int]]) -> None:
        merged = {(self.today[one], model, channel): ahead for one, model, channel, ahead in rows}
        wanted = [
            contact(one, care_model=model, channel=channel, score=float(len(model)), planned_for=self.now + ahead * DAY)
            for (one, model, channel), ahead in merged.items()
        ]
        before = {row["contact_id"] for row in self.live()}
        result = self.ledger.claim(plan(*wanted), LIMITS, self.now)
        assert set(result.claimed) | set(result.standing) | set(result.refused) == {row["contact_id"] for row in wanted}
        live = self.live()
        fresh = [row for row in live if row["contact_id"] not in before]
        assert {row["contact_id"] for row in fresh} == set(result.claimed)
        for row in fresh:
            self.check(row, live)

    def check(self, row: dict[str, Any], live: list[dict[str, Any]]) -> None:
        """A new contact breaks nothing, counted anew over every window it lies in."""
        assert not self.is_blocked(row["claimed_customer_id"])
        assert row["consent_id"]
        same_person = self.person(row["claimed_customer_id"])
        own = [one for one in live if one["claimed_customer_id"] in same_person]
        step = [one for one in own if all(one[key] == row[key] for key in ("care_model", "step", "channel"))]
        assert len(step) == 1, "a step made twice"
        for length, most, channel in WINDOWS:
            days = [one["planned_date"] for one in own if channel in (None, one["channel"])]
            if channel not in (None, row["channel"]):
                continue
            for back in range(length):
                first = row["planned_date"] - timedelta(days=back)
                assert sum(first <= day < first + timedelta(days=length) for day in days) <= most
        assert sum(one["planned_date"] == row["planned_date"] for one in own) <= 1
        by_day = Counter(one["planned_date"] for one in live if one["channel"] == "email")
        assert not by_day or max(by_day.values()) <= 2

    def withdraw(self, customer_id: str) -> None:
        self.ledger.suppress([Suppression(customer_id, "withdrawn", "marketing")], self.now)
        self.blocked.add(customer_id)

    def deny(self, customer_id: str) -> None:
        self.denied.add(customer_id)
        self.sync()

    def hold_out(self, customer_id: str) -> None:
        self.ledger.hold_out([customer_id], self.now)
        self.blocked.add(customer_id)

    def merge(self, pair: tuple[str, str]) -> None:
        gone, kept = (self.today[one] for one in pair)
        self.today = {one: kept if head == gone else head for one, head in self.today.items()}
        self.ledger.follow_aliases(aliases(**self.today), self.now)
        self.sync()

    def publish(self, is_accepted: bool) -> None:
        waiting = self.ledger.claimed_contacts("email", self.now + 9 * DAY)["contact_id"].to_pylist()
        if not waiting:
            return
        self.batches += 1
        record = batch(self.batches, rows=len(waiting))
        self.ledger.open_batch(record, waiting)
        blocked = self.ledger.publish_batch(record.batch_id, lambda: None, self.now)
        owners = {row["contact_id"]: row["claimed_customer_id"] for row in self.live()}
        assert set(blocked) == {one for one in waiting if self.is_blocked(owners[one])}
        if blocked:
            self.ledger.release_batch(record.batch_id)
            self.ledger.end_contacts(blocked, self.now)
        else:
            rejected = {} if is_accepted else {waiting[0]: "bounced"}
            assert self.ledger.acknowledge(record.batch_id, "partly" if rejected else "accepted", rejected, self.now)

    def end(self, customer_id: str) -> None:
        waiting = self.ledger.claimed_contacts("phone", self.now + 9 * DAY).to_pylist()
        theirs = [row["contact_id"] for row in waiting if row["customer_id"] == self.today[customer_id]]
        self.ledger.end_contacts(dict.fromkeys(theirs, "no_number"), self.now)


def play(path: Path, moves: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        copy = shutil.copy(path, folder)
        with open_ledger(f"sqlite:///{copy}") as ledger:
            model = Model(ledger)
            for name, argument in moves:
                getattr(model, name)(argument)
                assert ledger.miscounts() == {}
                model.now += DAY


@settings(max_examples=150, deadline=None)
@given(moves=steps)
def test_random_days_break_nothing(migrated_file: Path, moves: list[tuple[str, Any]]) -> None:
    play(migrated_file, moves)


def calls(model: str) -> tuple[str, Any]:
    """A claim of one call for everybody."""
    return "claim", [(one, model, "phone", 0) for one in CUSTOMERS]


ONE_LETTER = ("claim", [("c0", "m1", "email", 0)])
SWITCHED_OFF: dict[str, tuple[dict[str, Any], list[tuple[str, Any]]]] = {
    "consent": ({"consent_ids": "made up"}, [("deny", "c0"), calls("m1")]),
    "suppression": ({"suppressed": {}}, [("withdraw", "c0"), calls("m1")]),
    "holdout": ({"held_out": frozenset()}, [("hold_out", "c0"), calls("m1")]),
    "caps": ({"taken": {}}, [calls("m1"), calls("m2"), calls("m3")]),
    "repetition": ({"repeated": frozenset(), "taken": {}}, [ONE_LETTER, ("merge", ("c0", "c1")), ONE_LETTER]),
}


@pytest.mark.parametrize("rule", SWITCHED_OFF)
def test_the_play_catches_a_rule_that_is_switched_off(
    migrated_file: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    nothing, moves = SWITCHED_OFF[rule]
    look = Ledger._look

    def blind(self: Ledger, connection: Any, rows: Any, *rest: Any) -> Any:
        ids = rows["contact_id"].to_pylist()
        seen = {name: dict.fromkeys(ids, value) if value == "made up" else value for name, value in nothing.items()}
        return replace(look(self, connection, rows, *rest), **seen)

    play(migrated_file, moves)
    monkeypatch.setattr(Ledger, "_look", blind)
    with pytest.raises(AssertionError):
        play(migrated_file, moves)
