"""How much of each volume constraint is reserved or made: summed from the contacts themselves, so it is never stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from dagster_project.adapters.ledger.frames import rows_of
from dagster_project.adapters.ledger.tables import LIVE, contacts
from dagster_project.domain.decisions.volume import EVER, KEYS, SCALE, VolumeConstraint, period_end, scaled


class Sum(NamedTuple):
    """Contacts of one kind on one day together."""

    department: str
    care_model: str
    step: str
    channel: str
    treatment: str
    offer: str | None
    purpose: str
    action_class: str
    day: date
    contacts: int
    cost: int
    minutes: int
    units: int


def read_volumes(
    connection: Connection, days: Collection[date], constraints: Iterable[VolumeConstraint]
) -> dict[tuple[str, date], int]:
    """What is taken of each constraint in the periods of these days, in ten-thousandths. Nothing taken is left out.

    It reads the contacts of those periods: a constraint for all time reads all contacts it is about.

    Args:
        connection: inside a transaction; the writer's when a claim follows.
        days: business days of the contacts asked about.
        constraints: of the contact policy, those that only report included.
    """
    taken: Counter[tuple[str, date]] = Counter()
    for constraint in constraints:
        periods = sorted({constraint.period(day) for day in days})
        if not periods:
            continue
        first, last = periods[0], period_end(constraint.per, periods[-1])
        asked = set(periods)
        for total in _sums(connection, constraint, first, last):
            period = constraint.period(total.day)
            if period in asked and constraint.counts(total):
                taken[constraint.name, period] += _measured(constraint, total)
    return dict(taken)


def _sums(connection: Connection, constraint: VolumeConstraint, first: date, last: date) -> list[Sum]:
    amounts = [func.count(), *(func.sum(contacts.c[name]) for name in ("cost", "minutes", "units"))]
    keys = [contacts.c[key] for key in KEYS]
    query = select(*keys, contacts.c.planned_date, *amounts).where(contacts.c.status.in_(LIVE))
    if first != EVER:
        query = query.where(contacts.c.planned_date.between(first, last))
    for key, words in constraint.of.items():
        query = query.where(contacts.c[key].in_(sorted(words)))
    found = rows_of(connection, query.group_by(*keys, contacts.c.planned_date))
    return [Sum(*row[:-3], *(scaled(amount) for amount in row[-3:])) for row in found]


def _measured(constraint: VolumeConstraint, total: Sum) -> int:
    return total.contacts * SCALE if constraint.measure == "contacts" else int(getattr(total, constraint.measure))
