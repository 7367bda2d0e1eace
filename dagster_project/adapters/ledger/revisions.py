"""Of whom anything has changed since somebody looked: to look again at a million customers would find the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, union

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.export_tables import revisions, touched_customers
from dagster_project.adapters.ledger.frames import filled, picked, picks, values_of
from dagster_project.adapters.ledger.tables import consents, customer_aliases
from dagster_project.adapters.ledger.watching import EVERYWHERE, PERMISSIONS


class Revisions(Connected):
    """Tells whether to look again, and at whom."""

    def permissions_revision(self) -> str:
        """A word that is another one whenever who may be contacted has changed, but for consents that end by time.

        It holds what is drawn by chance, so that no two states of a ledger, restored or not, have the same.
        """
        with self.reading() as connection:
            return _word(connection)

    def touched_since(self, revision: str, destination: str) -> set[str] | None:
        """The customers of whom who may be contacted, or where one stands at a destination, may have changed.

        Args:
            revision: what :meth:`permissions_revision` said then.

        Returns:
            every id of theirs; None when it cannot be told, so that it may be anybody.
        """
        token, _, place = revision.partition(" ")
        number, _, drawn = place.partition(" ")
        table = touched_customers
        with self.reading() as connection:
            word = _word(connection)
            if word == revision:
                return set()
            if word.partition(" ")[0] != token or not number.isdigit():
                return None
            there = select(table.c.token).where(table.c.number == int(number))
            if drawn and connection.execute(there).scalar() != drawn:
                return None
            concerned = table.c.destination.in_([EVERYWHERE, destination])
            since = select(table.c.customer_id).where(table.c.number > int(number), concerned)
            return _everyone_akin(connection, values_of(connection, since.distinct()))

    def consents_ended(self, purpose: str, channels: Iterable[str], after: datetime, until: datetime) -> set[str]:
        """Customers, under every id, one of whose consents ended by time after one moment, and until or at another."""
        ended = (consents.c.expires_at > after, consents.c.expires_at <= until)
        here = (consents.c.purpose == purpose, consents.c.channel.in_(sorted(set(channels))))
        with self.reading() as connection:
            found = values_of(connection, select(consents.c.customer_id).where(*ended, *here).distinct())
            return _everyone_akin(connection, found)

    def everyone_akin(self, customer_ids: Iterable[str]) -> set[str]:
        """These ids, and every id of whoever any of them is, was, or was a part of."""
        with self.reading() as connection:
            return _everyone_akin(connection, customer_ids)


def _word(connection: Connection) -> str:
    table = touched_customers
    token = connection.execute(select(revisions.c.token).where(revisions.c.name == PERMISSIONS)).scalar() or ""
    last = connection.execute(select(table.c.number, table.c.token).order_by(table.c.number.desc()).limit(1)).first()
    return f"{token} {last.number} {last.token}" if last else f"{token} 0 "


def _everyone_akin(connection: Connection, customer_ids: Iterable[str]) -> set[str]:
    """What is said of one id counts for the customer it belongs to, and for every id she has."""
    ids = set(customer_ids)
    if not ids:
        return ids
    alias = customer_aliases.c
    with filled(connection, picked, picks(sorted(ids))):
        keys = select(picked.c.key)
        customers = union(keys, select(alias.customer_id).where(alias.alias_customer_id.in_(keys)))
        every = select(alias.alias_customer_id).where(alias.customer_id.in_(customers))
        return ids.union(values_of(connection, customers), values_of(connection, every))
