"""May these many customers be in an audience? One question about a million, answered without a row per customer.

:func:`~dagster_project.adapters.ledger.consents.blocked_of` lays every question into a table and follows each customer
through the identities. Here the other side is read whole: which customers a consent allows, and against which ids
anything stands, followed to whoever is that customer today. Both give the same answer (a test compares them).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, select

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.consents import (
    HELD_OUT,
    NO_CONSENT,
    SUPPRESSED,
    blocked_of,
    cited,
    questions_about,
)
from dagster_project.adapters.ledger.frames import filled, picked, picks, rows_of, values_of
from dagster_project.adapters.ledger.tables import consents, customer_aliases, holdouts, suppressions
from dagster_project.domain.decisions.suppression import EVERY

FEW = 20_000  # customers who are sooner looked up one by one, of a million


def blocked_customers_of(
    connection: Connection, customer_ids: Iterable[str], purpose: str, channel: str, moment: datetime | None
) -> dict[str, str]:
    """Which of these may not be in an audience, and why: as ``blocked_of`` says it."""
    ids = set(customer_ids)
    if len(ids) <= FEW:
        return _looked_up(connection, ids, purpose, channel, moment)
    here = (consents.c.purpose == purpose, consents.c.channel == channel)
    allowing = set(values_of(connection, select(consents.c.customer_id).where(*here, *cited(moment))))
    denying = select(consents.c.customer_id).where(*here, ~consents.c.is_allowed)
    covers = (suppressions.c.purpose.in_([purpose, EVERY]), suppressions.c.channel.in_([channel, EVERY]))
    suppressing = select(suppressions.c.customer_id).where(*covers)
    people = People(connection, ids)
    today = people.today
    blocked = {one: NO_CONSENT for one in ids if today.get(one, one) not in allowing}
    for standing, reason in (
        (denying, NO_CONSENT),
        (suppressing, SUPPRESSED),
        (select(holdouts.c.customer_id), HELD_OUT),
    ):
        blocked |= dict.fromkeys(people.known_as(standing), reason)
    return blocked


def _looked_up(
    connection: Connection, ids: set[str], purpose: str, channel: str, moment: datetime | None
) -> dict[str, str]:
    """The same of a few: whoever was never anybody else is found under one id alone, and the others one by one."""
    covers = (suppressions.c.purpose.in_([purpose, EVERY]), suppressions.c.channel.in_([channel, EVERY]))
    here = (consents.c.purpose == purpose, consents.c.channel == channel)
    with filled(connection, picked, picks(sorted(ids))):
        keys = select(picked.c.key)

        def of_them(column: Column[str], *holds: Any) -> set[str]:
            return set(values_of(connection, select(column).where(column.in_(keys), *holds)))

        others = of_them(customer_aliases.c.alias_customer_id) | of_them(customer_aliases.c.customer_id)
        allows = and_(*cited(moment)).label("allows")
        said = select(consents.c.customer_id, consents.c.is_allowed, allows)
        answers = rows_of(connection, said.where(consents.c.customer_id.in_(keys), *here))
        suppressed, held_out = of_them(suppressions.c.customer_id, *covers), of_them(holdouts.c.customer_id)
    blocked = dict.fromkeys(ids - {one for one, _, is_cited in answers if is_cited}, NO_CONSENT)
    blocked |= {one: NO_CONSENT for one, is_allowed, _ in answers if not is_allowed}
    blocked |= dict.fromkeys(suppressed, SUPPRESSED) | dict.fromkeys(held_out, HELD_OUT)
    for one in others & blocked.keys():
        del blocked[one]
    return blocked | blocked_of(connection, questions_about(others, purpose, channel), moment)


class People:
    """Who is whom among many customers somebody asks about.

    Attributes:
        today: of those who are somebody else today: whom.
    """

    def __init__(self, connection: Connection, ids: set[str]) -> None:
        self._connection, self._ids = connection, ids
        known = customer_aliases
        moved = ids.intersection(values_of(connection, select(known.c.alias_customer_id).where(known.c.is_current)))
        with filled(connection, picked, picks(sorted(moved))):
            here = (known.c.is_current, known.c.alias_customer_id.in_(select(picked.c.key)))
            rows = rows_of(connection, select(known.c.alias_customer_id, known.c.customer_id).where(*here))
        self.today: dict[str, str] = {alias: customer for alias, customer in rows}
        self._asked_as: dict[str, list[str]] = {}  # those asked about who are this customer today
        for asked, customer in self.today.items():
            self._asked_as.setdefault(customer, []).append(asked)

    def known_as(self, standing: Select[Any]) -> set[str]:
        """Of those asked about: whom any of these ids is, was, or was a part of. ``standing``: selects the ids."""
        own = set(values_of(self._connection, standing))
        parts = customer_aliases.c.alias_customer_id.in_(standing)
        customers = own.union(values_of(self._connection, select(customer_aliases.c.customer_id).where(parts)))
        found = own & self._ids
        found |= (customers & self._ids) - self.today.keys()
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
