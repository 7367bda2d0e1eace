"""Contacts after their claim: waiting, ended, blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, case, func, insert, literal, or_, select, update

from dagster_project.adapters.ledger.aliases import today_of
from dagster_project.adapters.ledger.claims import count
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.consents import blocked_of, cited_by
from dagster_project.adapters.ledger.frames import as_table, filled, picked, picks, rows_of
from dagster_project.adapters.ledger.tables import LIVE, capacity_counters, contact_transitions, contacts
from dagster_project.errors import HoivaError

_KINDS = {
    **dict.fromkeys(("score", "minutes", "units"), pa.float64()),
    "cost": pa.decimal128(18, 4),
    "planned_date": pa.date32(),
    "count_refused": pa.int64(),
}
_MOMENTS = ("planned_for", "decided_as_of", "claimed_at", "waits_until")
CONTACT_SCHEMA = pa.schema(
    [
        (name, pa.timestamp("us") if name in _MOMENTS else _KINDS.get(name, pa.string()))
        for name in [*contacts.c.keys(), "claimed_customer_id"]
    ]
)
_AFTERWARDS = ("status", "reason", "batch_id", "count_refused", "waits_until", "claimed_customer_id")
WAITING_SCHEMA = pa.schema([field for field in CONTACT_SCHEMA if field.name not in _AFTERWARDS])


def move(
    connection: Connection,
    status: str,
    moment: datetime,
    former: tuple[str, ...],
    gives_back: bool,
    **more: Any,
) -> int:
    """Move the contacts in ``picked`` that are in a former status to a new one, and write each move down.

    Args:
        gives_back: whether caps and capacities get them back.
        more: other columns to set; the reason is the one in ``picked`` unless it is given here.

    Returns:
        how many were moved.
    """
    is_picked = contacts.c.contact_id.in_(select(picked.c.key))
    moving = (is_picked, contacts.c.status.in_(former))
    if gives_back:
        by_day = select(contacts.c.channel, contacts.c.planned_date, func.count()).where(*moving)
        given = rows_of(connection, by_day.group_by(contacts.c.channel, contacts.c.planned_date))
        count(connection, Counter({(channel, day): -number for channel, day, number in given}))
    reason = select(picked.c.reason).where(picked.c.key == contacts.c.contact_id).scalar_subquery()
    log = select(contacts.c.contact_id, literal(status), reason, contacts.c.batch_id, literal(moment, _moment()))
    columns = ["contact_id", "status", "reason", "batch_id", "moved_at"]
    connection.execute(insert(contact_transitions).from_select(columns, log.where(*moving)))
    values = {"status": status, "reason": reason} | more
    return connection.execute(update(contacts).where(*moving).values(values)).rowcount


def _moment() -> type:
    from dagster_project.adapters.ledger.types import UtcMoment

    return UtcMoment


class Contacts(Connected):
    """The register of contacts."""

    def claimed_contacts(
        self,
        channel: str | Collection[str],
        until: datetime,
        care_models: set[str] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> pa.Table:
        """Contacts of a channel, or of several, that wait for a batch: claimed, planned for no later than a moment.

        customer_id is today's.
        ``as_of``: without those that were refused for a while and whose next try comes after this moment.
        ``WAITING_SCHEMA``, sorted by contact_id.
        """
        channels = [channel] if isinstance(channel, str) else sorted(channel)
        query = _with_today(WAITING_SCHEMA).where(
            contacts.c.status == "claimed", contacts.c.channel.in_(channels), contacts.c.planned_for <= until
        )
        if care_models is not None:
            query = query.where(contacts.c.care_model.in_(sorted(care_models)))
        if as_of is not None:
            query = query.where(or_(contacts.c.waits_until.is_(None), contacts.c.waits_until <= as_of))
        with self.reading() as connection:
            return as_table(connection, query, WAITING_SCHEMA)

    def contacts(self) -> pa.Table:
        """Every contact ever claimed (``CONTACT_SCHEMA``), sorted by contact_id.

        customer_id is today's; claimed_customer_id the one at the claim.
        """
        with self.reading() as connection:
            return as_table(connection, _with_today(CONTACT_SCHEMA), CONTACT_SCHEMA)

    def end_contacts(self, reasons: Mapping[str, str], moment: datetime) -> None:
        """End waiting contacts that will not be made, each with a reason code. Caps and capacities get them back.

        Ended ones stay visible, and the same contact is never claimed again. To end one that ended before does nothing.

        Raises:
            HoivaError: one of them is in a batch, or unknown; then none is ended.
        """
        if not reasons:
            return
        with self.writing() as connection, filled(connection, picked, picks(reasons)):
            ended = move(connection, "returned", moment, ("claimed",), gives_back=True)
            before = select(func.count()).where(
                contacts.c.contact_id.in_(select(picked.c.key)), contacts.c.status == "returned"
            )
            if connection.execute(before).scalar_one() != len(reasons):
                raise HoivaError(f"of {len(reasons)} contacts to end only {ended} wait: release their batch first")

    def blocked_contacts(self, contact_ids: Iterable[str], moment: datetime | None = None) -> dict[str, str]:
        """Which of these contacts must not be made now, and why: ``no_consent``, ``suppressed`` or ``held_out``.

        ``moment``: when it is asked: a consent that has expired by then allows nothing.
        """
        with self.reading() as connection:
            return blocked_contacts(connection, list(contact_ids), moment)

    def cite_consents(self, contact_ids: Iterable[str], moment: datetime) -> dict[str, str]:
        """Let waiting contacts cite the consents that allow them now, which may be others than at their claim.

        Returns:
            contact_id to the consent; a contact that none allows is missing, and keeps the one it had.
        """
        with self.writing() as connection:
            with filled(connection, picked, picks(contact_ids)):
                columns = (contacts.c.customer_id, contacts.c.purpose, contacts.c.channel, contacts.c.consent_id)
                waiting = select(contacts.c.contact_id, *columns).where(contacts.c.status == "claimed")
                found = rows_of(connection, waiting.join(picked, picked.c.key == contacts.c.contact_id))
            names = ("key", "customer_id", "purpose", "channel")
            questions = {name: [row[place] for row in found] for place, name in enumerate(names)}
            cited = cited_by(connection, questions, moment)
            others = {row[0]: cited[row[0]] for row in found if cited.get(row[0], row[4]) != row[4]}
            with filled(connection, picked, picks(others)):
                consent_id = select(picked.c.reason).where(picked.c.key == contacts.c.contact_id).scalar_subquery()
                is_other = contacts.c.contact_id.in_(select(picked.c.key))
                connection.execute(update(contacts).where(is_other).values(consent_id=consent_id))
        return cited

    def miscounts(self) -> dict[tuple[str, date], tuple[int, int]]:
        """Where a counter differs from the contacts it counts: (channel, day) to (counter, contacts). Always empty."""
        live = case((contacts.c.status.in_(LIVE), 1))
        by_day = select(contacts.c.channel, contacts.c.planned_date, func.count(live))
        with self.reading() as connection:
            rows = rows_of(connection, by_day.group_by(contacts.c.channel, contacts.c.planned_date))
            counted = {(channel, day): number for channel, day, number in rows}
            counters = select(capacity_counters.c.channel, capacity_counters.c.day, capacity_counters.c.used)
            used = {(channel, day): number for channel, day, number in rows_of(connection, counters)}
        pairs = {key: (used.get(key, 0), counted.get(key, 0)) for key in used.keys() | counted.keys()}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def blocked_contacts(connection: Connection, contact_ids: list[str], moment: datetime | None = None) -> dict[str, str]:
    """The check of :meth:`Contacts.blocked_contacts`, inside a transaction of the caller's."""
    if not contact_ids:
        return {}
    with filled(connection, picked, picks(contact_ids)):
        columns = (contacts.c.contact_id, contacts.c.customer_id, contacts.c.purpose, contacts.c.channel)
        found = rows_of(connection, select(*columns).join(picked, picked.c.key == contacts.c.contact_id))
    names = ("key", "customer_id", "purpose", "channel")
    return blocked_of(connection, {name: [row[place] for row in found] for place, name in enumerate(names)}, moment)


def _with_today(schema: pa.Schema) -> Select[Any]:
    today, aliases, condition = today_of(contacts.c.customer_id)
    own = {"customer_id": today, "claimed_customer_id": contacts.c.customer_id}
    columns: list[Any] = [own.get(name, contacts.c.get(name)) for name in schema.names]
    return select(*columns).select_from(contacts.outerjoin(aliases, condition)).order_by(contacts.c.contact_id)
