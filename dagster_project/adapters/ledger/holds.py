"""Changes that wait for a person's word, what was said about each, and who was ever told of an audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.export_tables import held_changes, told_destinations
from dagster_project.adapters.ledger.frames import rows_of, values_of
from dagster_project.domain.exports.guards import Size
from dagster_project.errors import HoivaError

Decision = Literal["approved", "refused"]
_NAMES = [name for name in held_changes.c.keys() if name != "is_current"]  # noqa: SIM118


@dataclass(frozen=True)
class HeldChange:
    """One change of one destination that is too great to go by itself.

    Attributes:
        fingerprint: stands for exactly this change: another one needs another word.
        reason: ``many_removed`` or ``many_rows``.
        decision: ``approved``, ``refused`` or None while nobody has said anything; with who, why and when.
    """

    destination: str
    fingerprint: str
    reason: str
    count_adds: int
    count_removes: int
    count_held: int
    count_usual: int | None
    held_at: datetime
    decision: Decision | None = None
    decided_by: str | None = None
    decided_because: str | None = None
    decided_at: datetime | None = None


class Holds(Connected):
    """Held changes, each with the word of the person who let it go or not."""

    def hold_change(self, destination: str, fingerprint: str, reason: str, size: Size, moment: datetime) -> HeldChange:
        """Note that this change waits; a change of before that never went waits no more. Again, it changes nothing."""
        with self.writing() as connection:
            _end_current(connection, destination)
            same = (held_changes.c.destination == destination, held_changes.c.fingerprint == fingerprint)
            if connection.execute(update(held_changes).where(*same).values(is_current=True)).rowcount == 0:
                row = {"destination": destination, "fingerprint": fingerprint, "reason": reason, "held_at": moment}
                connection.execute(insert(held_changes), row | vars(size) | {"is_current": True})
            return _held(connection, destination)[0]

    def end_hold(self, destination: str) -> None:
        """Nothing of this destination waits any more: it went, or the difference is another one now."""
        with self.reading() as connection:
            if not _held(connection, destination):
                return
        with self.writing() as connection:
            _end_current(connection, destination)

    def held_changes(self, destination: str | None = None) -> list[HeldChange]:
        """The changes that wait now, by destination; those that were approved but have not gone yet as well."""
        with self.reading() as connection:
            return _held(connection, destination)

    def decide_change(
        self, destination: str, fingerprint: str, decision: Decision, by: str, because: str, moment: datetime
    ) -> HeldChange:
        """Write a person's word down for exactly this change.

        Raises:
            HoivaError: it does not wait (any more).
        """
        with self.writing() as connection:
            same = (held_changes.c.destination == destination, held_changes.c.fingerprint == fingerprint)
            said = {"decision": decision, "decided_by": by, "decided_because": because, "decided_at": moment}
            waits = update(held_changes).where(*same, held_changes.c.is_current).values(said)
            if connection.execute(waits).rowcount != 1:
                raise HoivaError(f"{destination}: that change waits no more; look at hoiva status")
            return _held(connection, destination)[0]

    def remember_destination(self, destination: str, definition: str) -> None:
        """Keep how a destination was told of its audience, so that it can be told to let go when its file is gone."""
        table = told_destinations
        with self.reading() as connection:
            known = values_of(connection, select(table.c.definition).where(table.c.destination == destination))
        if known == [definition]:
            return
        with self.writing() as connection:
            same = update(table).where(table.c.destination == destination).values(definition=definition)
            if connection.execute(same).rowcount == 0:
                connection.execute(insert(table), {"destination": destination, "definition": definition})

    def told_destinations(self) -> dict[str, str]:
        """Every destination that was ever told of an audience, with its definition then."""
        with self.reading() as connection:
            rows = rows_of(connection, select(told_destinations).order_by(told_destinations.c.destination))
        return {row.destination: row.definition for row in rows}


def _end_current(connection: Connection, destination: str) -> None:
    waits = (held_changes.c.destination == destination, held_changes.c.is_current)
    connection.execute(update(held_changes).where(*waits).values(is_current=False))


def _held(connection: Connection, destination: str | None) -> list[HeldChange]:
    query = select(*(held_changes.c[name] for name in _NAMES)).where(held_changes.c.is_current)
    if destination is not None:
        query = query.where(held_changes.c.destination == destination)
    return [HeldChange(**row._mapping) for row in rows_of(connection, query.order_by(held_changes.c.destination))]
