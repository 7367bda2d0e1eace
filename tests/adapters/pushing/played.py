"""Plays weeks of a destination against a fake: audiences change, lines break, processes end, and it goes on."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.pushing.google_data_manager import DataManager
from dagster_project.adapters.pushing.mailchimp import Mailchimp
from dagster_project.adapters.pushing.meta import Meta
from dagster_project.adapters.transports.deliver import deliver_destination
from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.transport import ToDataManager, ToMailchimp, ToMeta
from dagster_project.domain.exports.values import sha256_hex
from dagster_project.settings import Settings
from tests.adapters.pushing.fakes import Fake
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, META, claim, consent, customer_ids, house, point

POINTS = (
    "take.noted",
    "take.renamed",
    "push.noted",
    "push.sent",
    "push.recorded",
    "transfer.answered",
    "transfer.carried",
)
MOST_ROUNDS = 400  # of one batch; more means that it never arrives


class Stopped(BaseException):
    """Stands for the end of the process."""


def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a page, so that few customers make many pages."""
    for platform in (DataManager, Meta, Mailchimp):
        sizes = {name: min(3, size) for name, size in platform.page_sizes.items()}
        monkeypatch.setattr(platform, "page_sizes", sizes)


def to_google(address: str) -> Destination:
    to = ToDataManager("1234567890", "77", endpoint=f"{address}/google")
    return replace(GOOGLE, format="google_data_manager", transport=to)


def to_meta(address: str) -> Destination:
    return replace(META, transport=ToMeta("1234567", endpoint=f"{address}/meta"))


def to_mailchimp(address: str) -> Destination:
    return replace(LETTERS, transport=ToMailchimp("ab12cd", endpoint=f"{address}/mailchimp"))


@dataclass
class Played:
    """One destination and its fake, with the time of the play."""

    home: Settings
    ledger: Ledger
    destination: Destination
    fake: Fake
    rng: random.Random
    now: datetime = AS_OF
    count_stopped: int = 0
    steps: tuple[int, ...] = (1, 20, 70, 200, 1900)  # seconds from one look to the next

    def deliver_all(self, monkeypatch: pytest.MonkeyPatch, share_of_stops: float = 0.0) -> None:
        """Deliver until nothing waits, with the process ending now and then."""
        for _ in range(MOST_ROUNDS):
            point_name = self.rng.choice(POINTS) if self.rng.random() < share_of_stops else None
            left = [self.rng.randint(1, 3)]

            def stop(at: str, point_name: str | None = point_name, left: list[int] = left) -> None:
                left[0] -= at == point_name
                if at == point_name and left[0] == 0:
                    raise Stopped

            monkeypatch.setattr(durable, "on_reached", stop)
            self.fake.at(self.now)
            try:
                deliver_destination(self.home, self.ledger, self.destination, self.now)
            except Stopped:
                self.count_stopped += 1
            monkeypatch.setattr(durable, "on_reached", None)
            states = {one.batch_id: one.state for one in self.ledger.transfers(self.destination.name)}
            open_ones = [
                one for one in self.ledger.batches(self.destination.name) if states.get(one.batch_id) != "delivered"
            ]
            if not open_ones:
                return
            self.now += timedelta(seconds=self.rng.choice(self.steps))
        raise AssertionError("a batch never arrived")


def play_audience(
    played: Played, monkeypatch: pytest.MonkeyPatch, rounds: int, share_of_stops: float
) -> dict[str, Mapping[str, Any]]:
    """Let an audience change for some rounds; the points of those who are in it at the end, by customer."""
    ids = customer_ids(14)
    phones = {one: 0 for one in ids}
    audience: list[str] = []
    for _ in range(rounds):
        audience = sorted(played.rng.sample(ids, played.rng.randint(4, 11)))
        for one in played.rng.sample(ids, 5):
            phones[one] += 1  # somebody's number changes: removed with the old one, added with the new one
        points = {one: point(one, phone=f"+35850{1_000_000 + phones[one]}") for one in ids}
        house(played.home, points.values(), audience=audience, as_of=played.now)
        consent(played.ledger, ids, at=played.now)
        export_destination(played.home, played.ledger, played.destination, played.now)
        played.deliver_all(monkeypatch, share_of_stops)
        read_acks(played.home, played.ledger, played.now)
        played.now += timedelta(seconds=played.rng.choice((1, played.steps[-1])))
    played.fake.at(played.now + timedelta(days=1))
    return {one: points[one] for one in audience}


def play_letters(played: Played, monkeypatch: pytest.MonkeyPatch, rounds: int, share_of_stops: float) -> list[str]:
    """Send letters for some rounds, two to some addresses; the ids of all contacts."""
    ids = customer_ids(8)
    points = {one: point(one) for one in ids}
    points[ids[1]] = point(ids[1], email=points[ids[0]]["email"])  # two customers share one address
    house(played.home, points.values(), as_of=played.now)
    consent(played.ledger, ids, at=played.now)
    sent = []
    for number in range(rounds):
        sent += claim(played.ledger, ids, care_model=f"model_{number}")
        export_destination(played.home, played.ledger, played.destination, played.now)
        played.deliver_all(monkeypatch, share_of_stops)
        read_acks(played.home, played.ledger, played.now)
    played.fake.at(played.now + timedelta(days=1))
    return sent


def digest_of_email(row: Mapping[str, Any]) -> str:
    return sha256_hex(str(row["email"]))
