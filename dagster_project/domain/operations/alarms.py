"""What somebody should look at before a customer notices: a silent source, a batch nobody took, stale tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal

Subject = Literal["sources", "batches", "published", "erasures", "disk"]
LATE_AFTER = 3  # times the table's usual gap: a daily file is missed on the fourth day, over a quiet weekend not
GAPS_NEEDED = 3  # fewer tell nothing about what is usual
GAPS_LOOKED_AT = 20
LEAST_GAP = 1  # days: what comes many times a day is late after three days, not three hours
STUCK_AFTER = 0.5  # of the time until a batch expires: half is left to do something about it
STALE_AFTER = timedelta(days=2)  # the daily job ran two nights ago and has not since
ERASED_WITHIN = timedelta(days=14)  # half of the month the law gives
LEAST_ROOM = 0.1  # of the disk: a run writes a copy of what it publishes before it drops the former


@dataclass(frozen=True)
class Alarm:
    """One thing to look at. ``text`` names sources, destinations, batches and days, never a customer."""

    subject: Subject
    text: str


@dataclass(frozen=True)
class Handed:
    """A batch that left: until when it may be used, whether its receiver took it, and whether it has answered."""

    destination: str
    sequence: int
    handed_at: datetime
    expires_at: datetime
    is_taken: bool
    is_answered: bool


def late_sources(arrivals: Mapping[tuple[str, str], Iterable[datetime]], now: datetime) -> list[Alarm]:
    """Tables whose next file is overdue by what is usual for them.

    Args:
        arrivals: (source, table) to the moments its files arrived.

    >>> day = datetime(2026, 3, 1)
    >>> weekly = {("shop", "orders"): [day + timedelta(days=7 * week) for week in range(5)]}
    >>> late_sources(weekly, day + timedelta(days=48))
    []
    >>> late_sources(weekly, day + timedelta(days=50))[0].text
    'shop.orders: nothing for 22 days, usually every 7'
    """
    alarms = []
    for (source, table), moments in sorted(arrivals.items()):
        days = sorted({moment.date() for moment in moments})
        gaps = [(after - before).days for before, after in pairwise(days)][-GAPS_LOOKED_AT:]
        if len(gaps) < GAPS_NEEDED:
            continue
        usual = max(median(gaps), LEAST_GAP)
        silent = (now.date() - days[-1]).days
        if silent > LATE_AFTER * usual:
            alarms.append(Alarm("sources", f"{source}.{table}: nothing for {silent} days, usually every {usual:g}"))
    return alarms


def stuck_batches(handed: Sequence[Handed], now: datetime) -> list[Alarm]:
    """Batches that nobody took, or whose receiver usually answers and has not, for half of the time they are valid.

    A destination that never answered is not asked for answers.
    """
    answers = {batch.destination for batch in handed if batch.is_answered}
    alarms = []
    for batch in handed:
        waits = not batch.is_taken or batch.destination in answers
        late = batch.handed_at + STUCK_AFTER * (batch.expires_at - batch.handed_at)
        if batch.is_answered or not waits or now < late:
            continue
        state = "not answered" if batch.is_taken else "not taken"
        until = "expired" if now >= batch.expires_at else "expires"
        told = f"{state} since {batch.handed_at:%Y-%m-%d}, {until} {batch.expires_at:%Y-%m-%d}"
        alarms.append(Alarm("batches", f"{batch.destination}, batch {batch.sequence}: {told}"))
    return alarms


def stale_published(as_of: datetime | None, now: datetime) -> list[Alarm]:
    """Whether readers see a state of the house that is too old.

    >>> stale_published(datetime(2026, 3, 1), datetime(2026, 3, 4, 12))[0].text
    'published tables are as of 2026-03-01, 3 days ago'
    """
    if as_of is None or now - as_of <= STALE_AFTER:
        return []
    told = f"published tables are as of {as_of:%Y-%m-%d}, {(now - as_of).days} days ago"
    return [Alarm("published", told)]


def waiting_erasures(requested: Mapping[str, datetime], now: datetime) -> list[Alarm]:
    """Erasures that should have ended: a receiver may not have taken the order to let go, or a case is gone.

    Args:
        requested: erasure_id to the moment it was asked for, of those that have not ended.

    >>> waiting_erasures({"e1": datetime(2026, 3, 1)}, datetime(2026, 3, 15))
    []
    >>> waiting_erasures({"e1": datetime(2026, 3, 1)}, datetime(2026, 3, 16))[0].text
    'erasure e1: asked for 2026-03-01, 15 days ago; hoiva erase --resume says what it waits for'
    """
    return [
        Alarm(
            "erasures",
            f"erasure {erasure_id}: asked for {moment:%Y-%m-%d}, {(now - moment).days} days ago;"
            " hoiva erase --resume says what it waits for",
        )
        for erasure_id, moment in sorted(requested.items())
        if now - moment > ERASED_WITHIN
    ]


def little_room(free: int, total: int) -> list[Alarm]:
    """Whether the disk will soon be full.

    >>> little_room(5, 100)[0].text
    'only 5 % of the disk is free'
    """
    if free >= LEAST_ROOM * total:
        return []
    return [Alarm("disk", f"only {100 * free // total} % of the disk is free")]
