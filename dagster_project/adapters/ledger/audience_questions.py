"""May these many customers be in an audience? One question about a million, answered without a row per customer.

:func:`~dagster_project.adapters.ledger.consents.blocked_of` lays every question into a table and follows each customer
through the identities. Here the other side is read whole: which customers a consent allows, and against which ids
anything stands, followed to whoever is that customer today. Both give the same answer (a test compares them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.consents import (
    HELD_OUT,
    NO_CONSENT,
    SUPPRESSED,
    blocked_of,
    cited,
    questions_about,
)
from dagster_project.adapters.ledger.frames import rows_of, values_of
from dagster_project.adapters.ledger.tables import consents, customer_aliases, holdouts, suppressions
from dagster_project.domain.decisions.suppression import EVERY

FEW = 2_000  # customers who are sooner looked up one by one


def blocked_customers_of(
    connection: Connection, customer_ids: Iterable[str], purpose: str, channel: str, moment: datetime | None
) -> dict[str, str]:
    """Which of these may not be in an audience, and why: as ``blocked_of`` says it."""
    ids = set(customer_ids)
    if len(ids) <= FEW:
        return blocked_of(connection, questions_about(ids, purpose, channel), moment)
    here = (consents.c.purpose == purpose, consents.c.channel == channel)
    allowing = set(values_of(connection, select(consents.c.customer_id).where(*here, *cited(moment))))
    denying = values_of(connection, select(consents.c.customer_id).where(*here, ~consents.c.is_allowed))
    covers = (suppressions.c.purpose.in_([purpose, EVERY]), suppressions.c.channel.in_([channel, EVERY]))
    suppressing = select(suppressions.c.customer_id).where(*covers).distinct()
    people = People(connection, ids)
    today = people.today
    blocked = {one: NO_CONSENT for one in ids if today.get(one, one) not in allowing}
    blocked |= dict.fromkeys(people.known_as(denying), NO_CONSENT)
    blocked |= dict.fromkeys(people.known_as(values_of(connection, suppressing)), SUPPRESSED)
    blocked |= dict.fromkeys(people.known_as(values_of(connection, select(holdouts.c.customer_id))), HELD_OUT)
    return blocked


class People:
    """Who is whom among many customers somebody asks about.

    Attributes:
        moved: those of them who are somebody else today.
        today: whom each moved id, asked about or not, is today.
    """

    def __init__(self, connection: Connection, ids: set[str]) -> None:
        known = customer_aliases
        rows = rows_of(connection, select(known.c.alias_customer_id, known.c.customer_id, known.c.is_current))
        self._ids = ids
        self._customers: dict[str, list[str]] = {}  # every customer an id was ever a part of
        self._asked_as: dict[str, list[str]] = {}  # those asked about who are this customer today
        self.today: Mapping[str, str] = {alias: customer for alias, customer, is_current in rows if is_current}
        for alias, customer, _ in rows:
            self._customers.setdefault(alias, []).append(customer)
        self.moved = ids & self.today.keys()
        for asked in self.moved:
            self._asked_as.setdefault(self.today[asked], []).append(asked)

    def known_as(self, ids: Iterable[str]) -> set[str]:
        """Of those asked about: whom any of these ids is, was, or was a part of."""
        own = set(ids)
        customers = own.union(*(self._customers[alias] for alias in own & self._customers.keys()))
        found = own & self._ids
        found |= (customers & self._ids) - self.moved
        for customer in customers & self._asked_as.keys():
            found.update(self._asked_as[customer])
        return found


class AudienceQuestions(Connected):
    """Who may be in an audience."""

    def blocked_customers(
        self, customer_ids: Iterable[str], purpose: str, channel: str, moment: datetime | None = None
    ) -> dict[str, str]:
        """Which of these may not be in an audience now, and why: ``no_consent``, ``suppressed`` or ``held_out``.

        ``moment``: when it is asked: a consent that has expired by then allows nothing.
        """
        with self.reading() as connection:
            return blocked_customers_of(connection, customer_ids, purpose, channel, moment)
