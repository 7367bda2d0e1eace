"""Customers who say no, say yes, are merged, are held out, and whose consents end, and a platform that holds some."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from dagster_project.adapters import durable
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import aliases
from tests.adapters.small_house import GOOGLE, consent_rows
from tests.adapters.test_converging import IDS, Platform

DAY = timedelta(days=1)
MOVES = (
    "tell", "tell", "tell", "publish_alone", "take", "take_back", "answer", "answer", "deny", "expire", "suppress",
    "lift", "hold_out", "merge", "lose", "wait", "break_off", "break_off",
)  # fmt: skip


class BreakOff(BaseException):
    """The end of a process."""


class Life(Platform):
    """A platform, and customers who say no, say yes, are merged, are held out, and whose consents end by time."""

    def __init__(self, home: Settings, ledger: Ledger, chance: random.Random) -> None:
        super().__init__(home, ledger)
        self.chance, self.denied = chance, set[str]()
        self.ends: dict[str, int] = {}

    def live(self, move: str) -> None:
        few = set(self.chance.sample(range(len(IDS)), self.chance.randint(0, 2)))
        one = self.chance.choice(IDS)
        if move == "tell":
            self.tell({number for number in range(len(IDS)) if self.chance.random() < 0.6}, few)
        elif move == "publish_alone":
            self.audience = {number for number in range(len(IDS)) if self.chance.random() < 0.6}
            self.publish()
        elif move in ("take", "take_back"):
            self.step(move, IDS.index(one), 0)
        elif move == "answer":
            self.answer(self.chance.choice(["accepted", "accepted", "partly", "rejected"]), IDS.index(one))
        elif move == "deny":
            self.denied ^= {one}
            self.sync()
        elif move == "expire":
            self.ends = {one: self.chance.randint(1, 4)}
            self.sync()
        elif move == "suppress":
            self.suppress(one)
        elif move == "lift":
            self.ledger.lift_suppressions([one], "withdrawn")
        elif move == "hold_out" and self.chance.random() < 0.3:
            self.ledger.hold_out([one], self.now)
        elif move == "merge":
            self.now += DAY
            self.ledger.follow_aliases(aliases(**{one: self.chance.choice(IDS)}), self.now)
        elif move == "lose":
            shutil.rmtree(self.home.at_home.vault / "differences", ignore_errors=True)
        elif move == "wait":
            self.now += DAY
        elif move == "break_off":
            former = set(self.audience)
            self.tell({number for number in range(len(IDS)) if self.chance.random() < 0.6}, set())
            self.break_off(self.chance.choice(["publish.renamed", "publish.recorded", "export.opened"]))
            if self.chance.random() < 0.5:
                self.tell(former, set())
        self.export()

    def break_off(self, point: str) -> None:
        """Export, and end there as by a crash."""

        def reached(name: str) -> None:
            if name == point:
                raise BreakOff

        durable.on_reached = reached
        try:
            self.export()
        except BreakOff:
            pass
        finally:
            durable.on_reached = None

    def export(self) -> None:
        export_destination(self.home, self.ledger, GOOGLE, self.now)

    def suppress(self, one: str) -> None:
        self.ledger.suppress([Suppression(one, "withdrawn", GOOGLE.purpose, GOOGLE.channel)], self.now)

    def tell(self, audience: set[int], moved: set[int]) -> None:
        self.audience = audience
        for number in moved:
            self.moves[IDS[number]] += 1
        self.publish()

    def sync(self) -> None:
        self.now += DAY
        rows = consent_rows(IDS, self.denied)
        ends = [
            naive_utc(self.now + self.ends[one] * DAY) if one in self.ends else None
            for one in rows["customer_id"].to_pylist()
        ]
        self.ledger.sync_consents(rows.append_column("expires_at", pa.array(ends, pa.timestamp("us"))), self.now)


@contextmanager
def living(empty: Path, seed: int) -> Iterator[Life]:
    with TemporaryDirectory() as folder:
        home = Settings(home=Path(shutil.copytree(empty, Path(folder) / "home", symlinks=True)))
        with open_ledger(home.ledger_address) as ledger:
            yield Life(home, ledger, random.Random(seed))


def play(empty: Path, seed: int, count: int) -> None:
    with living(empty, seed) as life:
        life.live("tell")
        for move in life.chance.choices(MOVES, k=count):
            life.live(move)
