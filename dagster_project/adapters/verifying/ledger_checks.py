"""The ledger by itself: nobody twice, nobody without a consent, nothing above its capacity, every count right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select, text

from dagster_project.adapters.ledger.erasures import ERASED
from dagster_project.adapters.ledger.frames import rows_of, values_of
from dagster_project.adapters.ledger.tables import (
    LIVE,
    MADE,
    batches,
    capacity_counters,
    consents,
    contact_transitions,
    contacts,
    holdouts,
)
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Settings

IN_A_BATCH = ("batched", *MADE)
CONSENTS = "customer_360/customer_consents"  # published: every statement of every customer


def check_ledger(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    """What is wrong with the ledger alone, and with the consents it cites."""
    with ledger.reading() as connection:
        broken = list(_damage(connection))
        yield from broken
        if broken:
            return  # what follows would only repeat it
        yield from _doubled(connection)
        yield from _consents(settings, connection)
        yield from _holdout(connection)
        yield from _capacities(connection)
        yield from _statuses(connection)
    for (channel, day), (counter, counted) in sorted(ledger.miscounts().items()):
        yield Finding("capacity_miscounted", f"{channel} on {day}: {counter} counted, {counted} there")


def _damage(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return  # another engine keeps itself whole
    faults = [row[0] for row in connection.execute(text("pragma integrity_check(20)")) if row[0] != "ok"]
    if faults:
        yield Finding("ledger_damaged", "ledger.db", len(faults))
    for table, number in _count(row[0] for row in connection.execute(text("pragma foreign_key_check"))).items():
        yield Finding("ledger_damaged", f"ledger.db: rows of {table} that belong to nothing", number)


def _doubled(connection: Connection) -> Iterator[Finding]:
    same = [contacts.c[name] for name in ("customer_id", "care_model", "step", "window_key", "channel")]
    known = (contacts.c.status.in_(LIVE), contacts.c.window_key != ERASED)  # of erased people nothing tells them apart
    twice = select(*same).where(*known).group_by(*same).having(func.count() > 1)
    for row in rows_of(connection, twice):
        yield Finding("contact_doubled", f"{row.care_model}, step {row.step}, by {row.channel}")
    moves = contact_transitions
    out = func.sum(case((moves.c.status == "published", 1), else_=0))
    back = func.sum(case((moves.c.status.in_(("rejected", "claimed", "withdrawn")), 1), else_=0))
    again = select(moves.c.contact_id).group_by(moves.c.contact_id).having(out > back + 1)
    number = len(values_of(connection, again))
    if number:
        yield Finding("contact_doubled", "published again without having come back", number)


def _consents(settings: Settings, connection: Connection) -> Iterator[Finding]:
    from dagster_project.adapters.published import has_published, open_published

    cited = (
        select(contacts.c.batch_id, contacts.c.consent_id, func.count())
        .where(contacts.c.status.in_(IN_A_BATCH), contacts.c.window_key != ERASED)
        .group_by(contacts.c.batch_id, contacts.c.consent_id)
    )
    rows = rows_of(connection, cited)
    none: dict[str, int] = {}
    for batch_id, consent_id, number in rows:
        if consent_id is None:
            none[batch_id] = none.get(batch_id, 0) + number
    for batch_id, number in sorted(none.items()):
        yield Finding("contact_without_consent", f"batch {batch_id}", number)
    version = open_published(settings) if has_published(settings) else None
    if version is None or CONSENTS not in version.tables or not (version.folder / f"{CONSENTS}.parquet").is_file():
        return  # nothing to hold them against
    known = set(version.read(CONSENTS, ["consent_id"])["consent_id"].to_pylist())
    known |= set(values_of(connection, select(consents.c.consent_id)))
    unknown = sum(number for _, consent_id, number in rows if consent_id is not None and consent_id not in known)
    if unknown:
        yield Finding("consent_unknown", "contacts in batches", unknown)


def _holdout(connection: Connection) -> Iterator[Finding]:
    joined = contacts.join(holdouts, holdouts.c.customer_id == contacts.c.customer_id)
    query = select(func.count()).select_from(joined)
    query = query.where(contacts.c.status.in_(IN_A_BATCH), contacts.c.claimed_at > holdouts.c.first_at)
    number = connection.execute(query).scalar_one()
    if number:
        yield Finding("holdout_contacted", "contacts in batches", number)


def _capacities(connection: Connection) -> Iterator[Finding]:
    day = (contacts.c.channel, contacts.c.planned_date)
    live = select(*day, func.count().label("live")).where(contacts.c.status.in_(LIVE)).group_by(*day).subquery()
    counters = capacity_counters
    same = (counters.c.channel == live.c.channel) & (counters.c.day == live.c.planned_date)
    query = select(live.c.channel, live.c.planned_date, live.c.live, counters.c.capacity).join(counters, same)
    for channel, date, number, capacity in rows_of(connection, query.where(live.c.live > counters.c.capacity)):
        yield Finding("capacity_exceeded", f"{channel} on {date}: {number} of {capacity}", number - capacity)


def _statuses(connection: Connection) -> Iterator[Finding]:
    is_open = batches.c.state == "prepared"
    wrong = ((contacts.c.status == "batched") & ~is_open) | (contacts.c.status.in_(MADE) & is_open)
    query = select(batches.c.batch_id, func.count()).join(contacts, contacts.c.batch_id == batches.c.batch_id)
    for batch_id, number in rows_of(connection, query.where(wrong).group_by(batches.c.batch_id)):
        yield Finding("contact_and_batch_disagree", f"batch {batch_id}", number)


def _count(names: Any) -> dict[str, int]:
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return counted
