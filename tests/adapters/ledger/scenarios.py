"""A world of a few customers in which every rule is scarce, and an oracle that counts by itself what is broken.

The oracle knows the rules in words of its own and looks at the ledger's contacts alone: nothing of the checker is used.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import suppress
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.ledger import claims as claims_module
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.decide import decide
from dagster_project.domain.decisions.policy import Cap, Channel, ContactPolicy, Package, PairRule, QuietHours, Rest
from dagster_project.domain.decisions.proposals import proposals
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.decisions.volume import VolumeConstraint
from tests.adapters.ledger.oracle import broken_beside, broken_by_itself, counted
from tests.adapters.ledger.plans import DAY, NOON, aliases, allow, batch, consents
from tests.domain.decisions.builders import HELSINKI, candidate, candidates, customers

CUSTOMERS = ["c0", "c1", "c2", "c3", "c4", "c5"]
HOMES = {"c0": "h1", "c1": "h1", "c3": "h2", "c4": "h2"}
CALL = Decimal("3.50")
FAR = timedelta(days=60)


def about(**words: str) -> dict[str, frozenset[str]]:
    return {key: frozenset([word]) for key, word in words.items()}


POLICY = ContactPolicy(
    channels={
        "email": Channel("email", "has_email", daily_capacity=3, cost=Decimal("0.01")),
        "phone": Channel(
            "phone", "has_phone", cost=Decimal("3.50"), minutes=Decimal(8), opens=time(9), closes=time(17)
        ),
    },
    caps=(
        Cap("two_in_five_days", 2, 5, action_class=None),
        Cap("one_letter_in_three_days_at_home", 1, 3, channel="email", per="household"),
    ),
    per_customer_per_day=1,
    rests=(Rest("m1", 2),),
    pairs=(
        PairRule("never_together", "m2", "m3", 3),
        PairRule("never_followed_by", "m3", "m1", 4),
        PairRule("only_after", "m1", "m4", 9),
    ),
    packages=(Package("letter", "email", frozenset({"m5", "m6", "m7"}), most=2),),
    quiet=QuietHours(time(12), time(14), frozenset({"phone"}), frozenset({6})),
    volumes=(
        VolumeConstraint("minutes", "minutes", "day", Decimal(16), of=about(channel="phone")),
        VolumeConstraint("budget", "cost", "week", Decimal("7.03"), of=about(department="crm")),
        VolumeConstraint("stock", "units", "all", Decimal(3), of=about(offer="gift")),
        VolumeConstraint("seen", "contacts", "day", Decimal(0), report_only=True),
    ),
)


class World:
    """The ledger, and beside it the truth in the plainest form."""

    def __init__(self, ledger: Ledger, policy: ContactPolicy) -> None:
        self.ledger, self.policy = ledger, policy
        self.now = NOON + DAY
        self.blocked: set[str] = set()
        self.denied: set[str] = set()
        self.today = {one: one for one in CUSTOMERS}
        self.batches = 0
        self.refused: dict[str, str] = {}  # of the last claim
        self.sync()

    # --- what happens

    def sync(self) -> None:
        heads = set(self.today.values())
        denied = sorted(head for head in heads if self.person(head) & self.denied)
        allow(self.ledger, *sorted(heads - set(denied)), denied=denied, at=self.now)
        homes = {head: HOMES[head] for head in sorted(heads) if head in HOMES}
        table = pa.table({"customer_id": list(homes), "household_id": list(homes.values())})
        self.ledger.follow_households(table, self.now)

    def proposed(self, wishes: list[tuple[Any, ...]]) -> pa.Table:
        """The wishes as proposals; a customer may be asked for under any id she has today."""
        rows = {}
        for one, model, channel, ahead, action_class, offer, hour in wishes:
            department = "crm" if model < "m5" else "shops"
            planned = self.now.replace(hour=hour) + ahead * DAY
            rows[self.today[one], model, channel] = candidate(
                self.today[one], care_model=model, channel=channel, planned_for=naive_utc(planned), offer=offer,
                action_class=action_class, value=float(1 + len(rows) % 4), department=department,
            )  # fmt: skip
        return proposals(candidates(*rows.values()), self.policy, HELSINKI, self.now)

    def decided(self, proposed: pa.Table) -> pa.Table:
        """The plan for these proposals as things stand."""
        heads = sorted(set(self.today.values()))
        denied = [head for head in heads if self.person(head) & self.denied]
        allowed = consents(*(head for head in heads if head not in denied), denied=denied, at=self.now)
        standing = self.ledger.standing(proposed, self.policy, self.now)
        found = decide(proposed, customers(*heads), allowed, standing, self.policy, self.now)
        assert found.candidates.num_rows == proposed.num_rows
        return found.contact_plan

    def run(self, wishes: list[tuple[Any, ...]]) -> None:
        """One run: decide and claim. What the decision allows the claim allows."""
        plan = self.decided(self.proposed(wishes))
        assert not self.claim(plan)

    def two_runs(self, wishes: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]) -> None:
        """Two runs that decide before either has claimed."""
        plans = [self.decided(self.proposed(some)) for some in wishes]
        for plan in plans:
            self.claim(plan)

    def grab(self, wishes: list[tuple[Any, ...]]) -> None:
        """Somebody claims everything without deciding: the ledger alone must hold."""
        proposed = self.proposed(wishes)
        moments = pa.array([naive_utc(self.now)] * proposed.num_rows, pa.timestamp("us"))
        cited = pa.nulls(proposed.num_rows, pa.string())
        self.claim(proposed.append_column("as_of", moments).append_column("consent_id", cited))

    def claim(self, plan: pa.Table) -> dict[str, str]:
        before = {row["contact_id"] for row in self.live()}
        result = self.ledger.claim(plan, self.policy, self.now)
        assert {*result.claimed, *result.standing, *result.refused} == set(plan["contact_id"].to_pylist())
        live = self.live()
        fresh = [row for row in live if row["contact_id"] not in before]
        assert {row["contact_id"] for row in fresh} == set(result.claimed)
        broken = [what for row in fresh for what in self.broken(row, live)]
        assert not broken, ", ".join(broken)
        self.refused = dict(result.refused)
        return self.refused

    def crash(self, wishes: list[tuple[Any, ...]]) -> None:
        """A claim that dies with everything written and nothing committed."""
        before = self.ledger.contacts()
        real = claims_module.count

        def die(*_: Any) -> None:
            raise KeyboardInterrupt

        claims_module.count = die  # type: ignore[assignment]
        try:
            with suppress(KeyboardInterrupt):
                self.grab(wishes)
        finally:
            claims_module.count = real
        assert self.ledger.contacts().equals(before)

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

    def publish(self, answer: str) -> None:
        """Send what waits on both channels, and hear of it."""
        for channel in POLICY.channels:
            waiting = self.ledger.claimed_contacts(channel, self.now + FAR)["contact_id"].to_pylist()
            if not waiting:
                continue
            self.batches += 1
            record = batch(self.batches, rows=len(waiting))
            self.ledger.open_batch(record, waiting)
            blocked = self.ledger.publish_batch(record.batch_id, lambda: None, self.now)
            owners = {row["contact_id"]: row["claimed_customer_id"] for row in self.live()}
            assert set(blocked) == {one for one in waiting if self.is_blocked(owners[one])}
            if blocked:
                self.ledger.release_batch(record.batch_id)
                self.ledger.end_contacts(blocked, self.now)
            elif answer != "none":
                rejected = {waiting[0]: "bounced"} if answer == "partly" else {}
                self.ledger.acknowledge(record.batch_id, answer, rejected, self.now)

    def end(self, customer_id: str) -> None:
        for channel in POLICY.channels:
            waiting = self.ledger.claimed_contacts(channel, self.now + FAR).to_pylist()
            theirs = [row["contact_id"] for row in waiting if row["customer_id"] == self.today[customer_id]]
            self.ledger.end_contacts(dict.fromkeys(theirs, "no_number"), self.now)

    def jump(self, days: int) -> None:
        self.now += days * DAY

    # --- what must hold

    def person(self, customer_id: str) -> set[str]:
        return {one for one in CUSTOMERS if self.today[one] == self.today[customer_id]}

    def is_blocked(self, customer_id: str) -> bool:
        return bool(self.person(customer_id) & (self.blocked | self.denied))

    def home_of(self, row: dict[str, Any]) -> str:
        """The household of a contact's customer; who lives with nobody is one by herself."""
        today = self.today[row["claimed_customer_id"]]
        return HOMES.get(today, today)

    def live(self) -> list[dict[str, Any]]:
        return [row for row in self.ledger.contacts().to_pylist() if row["status"] not in ("returned", "rejected")]

    def broken(self, row: dict[str, Any], live: list[dict[str, Any]]) -> list[str]:
        """Everything a new contact breaks, among all that stand."""
        own = [one for one in live if one["claimed_customer_id"] in self.person(row["claimed_customer_id"])]
        at_home = [one for one in live if self.home_of(one) == self.home_of(row)]
        found = ["consent"] if self.is_blocked(row["claimed_customer_id"]) or not row["consent_id"] else []
        return found + broken_by_itself(row, own) + counted(row, live) + broken_beside(row, own, at_home)

    def check_sums(self) -> None:
        """Counters equal the contacts they count."""
        assert self.ledger.miscounts() == {}
        by_step = Counter(
            (self.today[row["claimed_customer_id"]], row["care_model"], row["channel"], row["contact_id"])
            for row in self.live()
        )
        assert not by_step or max(by_step.values()) == 1


def play(path: Path, moves: list[tuple[str, Any]], policy: ContactPolicy = POLICY) -> World:
    """Let these moves happen in a ledger of their own."""
    with TemporaryDirectory() as folder:
        copy = shutil.copy(path, folder)
        with open_ledger(f"sqlite:///{copy}") as ledger:
            world = World(ledger, policy)
            for name, argument in moves:
                getattr(world, name)(argument)
                world.check_sums()
                world.now += timedelta(minutes=1)
            return world


def wish(one: str, model: str, channel: str = "email", ahead: int = 0, **given: Any) -> tuple[Any, ...]:
    """One candidate of a scenario written by hand."""
    usual = {"action_class": "marketing", "offer": None, "hour": 8} | given
    return one, model, channel, ahead, usual["action_class"], usual["offer"], usual["hour"]
