"""Erasures: a person who must be forgotten is stopped at once, and then let go of step by step, each step once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Row,
    String,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)

from dagster_project.adapters.ledger.care_tables import enrolments, group_members
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.contacts import move
from dagster_project.adapters.ledger.erasure_tables import erased_identifiers, erasure_steps, erasures
from dagster_project.adapters.ledger.frames import filled, picked, picks, rows_of, temporary, values_of
from dagster_project.adapters.ledger.tables import (
    contacts,
    customer_aliases,
    deliveries,
    membership_changes,
    metadata,
    suppressions,
)
from dagster_project.domain.decisions.suppression import EVERY

ERASED = "erased"  # the reason of a suppression and of a contact that ends
Counts = dict[str, int]
# Rows that are sums, caps and what was sent stand on: they stay, under a name that leads to nobody.
KEPT = (contacts, enrolments, group_members, membership_changes)
ID_COLUMNS = ("customer_id", "alias_customer_id", "from_customer_id", "to_customer_id")
tombstones = temporary(
    "tombstones", Column("customer_id", String(64), primary_key=True), Column("tombstone", String(64), nullable=False)
)


@dataclass(frozen=True)
class Erasure:
    """One erasure: ``begun``, ``waiting`` for receivers to take removals, or ``ended``. It names nobody."""

    erasure_id: str
    state: str
    count_customers: int
    requested_at: datetime
    ended_at: datetime | None


class Erasures(Connected):
    """The register of erasures, and of the identifiers that stay outside."""

    def begin_erasure(
        self, erasure_id: str, customer_ids: Iterable[str], digests: Mapping[str, str], count: int, moment: datetime
    ) -> bool:
        """Stop everything at once: no claim and no batch holds them from now on, and no delivery brings them back.

        Args:
            customer_ids: every id they were ever known by.
            digests: keyed hash of an identifier to its kind.
            count: how many customers it is about.

        Returns:
            False, and nothing changed, when it was begun before.
        """
        ids = sorted(set(customer_ids))
        with self.writing() as connection:
            same = select(erasures.c.erasure_id).where(erasures.c.erasure_id == erasure_id)
            if connection.execute(same).first() is not None:
                return False
            row = {"erasure_id": erasure_id, "state": "begun", "count_customers": count, "requested_at": moment}
            connection.execute(insert(erasures), row)
            _remember(connection, digests, moment)
            with filled(connection, picked, picks(ids)):
                there = (suppressions.c.customer_id.in_(select(picked.c.key)), suppressions.c.reason == ERASED)
                connection.execute(delete(suppressions).where(*there))
            if ids:
                common = {"purpose": EVERY, "channel": EVERY, "reason": ERASED, "recorded_at": moment}
                connection.execute(insert(suppressions), [common | {"customer_id": one} for one in ids])
        return True

    def remember_erased(self, digests: Mapping[str, str], moment: datetime) -> None:
        """Keep identifiers outside that an earlier erasure named, as its journal tells after a restore."""
        with self.writing() as connection:
            _remember(connection, digests, moment)

    def erased_digests(self) -> dict[str, str]:
        """Keyed hash to kind of every identifier that stays outside."""
        with self.reading() as connection:
            return {row.digest: row.kind for row in connection.execute(select(erased_identifiers))}

    def erasures(self, *states: str) -> list[Erasure]:
        """Erasures in order, of these states or of all."""
        query = select(erasures).order_by(erasures.c.requested_at, erasures.c.erasure_id)
        if states:
            query = query.where(erasures.c.state.in_(states))
        with self.reading() as connection:
            return [Erasure(**row._mapping) for row in connection.execute(query)]

    def erasure_steps(self, erasure_id: str) -> dict[str, dict[str, Any]]:
        """The steps that are done, each with the counts it told and its moment."""
        query = select(erasure_steps).where(erasure_steps.c.erasure_id == erasure_id).order_by(erasure_steps.c.done_at)
        with self.reading() as connection:
            return {row.step: json.loads(row.told) | {"done_at": row.done_at} for row in connection.execute(query)}

    def finish_step(
        self,
        erasure_id: str,
        step: str,
        told: Mapping[str, Any],
        moment: datetime,
        change: Callable[[Connection], Mapping[str, Any]] | None = None,
    ) -> None:
        """Write down that a step is done, with a change of the ledger that belongs to it: both, once, or neither."""
        with self.writing() as connection:
            same = (erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.step == step)
            if connection.execute(select(erasure_steps.c.step).where(*same)).first() is not None:
                return
            more = change(connection) if change else {}
            row = {"erasure_id": erasure_id, "step": step, "told": json.dumps({**told, **more}), "done_at": moment}
            connection.execute(insert(erasure_steps), row)

    def undo_step(self, erasure_id: str, step: str) -> None:
        """Let a step be done again: what it waited for has turned out otherwise."""
        with self.writing() as connection:
            same = (erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.step == step)
            connection.execute(delete(erasure_steps).where(*same))

    def set_erasure_state(self, erasure_id: str, state: str, moment: datetime) -> None:
        """Note where an erasure stands."""
        values: dict[str, Any] = {"state": state, "ended_at": moment if state == "ended" else None}
        with self.writing() as connection:
            connection.execute(update(erasures).where(erasures.c.erasure_id == erasure_id).values(values))

    def about(self, customer_ids: Iterable[str], contact_ids: Iterable[str] = ()) -> dict[str, list[dict[str, Any]]]:
        """Every row of the ledger that is about these customers, by table: what a person asks to be given."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self.reading() as connection, filled(connection, picked, picks([*customer_ids, *contact_ids])):
            for table in metadata.sorted_tables:
                columns = [table.c[name] for name in (*ID_COLUMNS, "contact_id") if name in table.c]
                if columns:
                    is_theirs = or_(*(column.in_(select(picked.c.key)) for column in columns))
                    rows = rows_of(connection, select(table).where(is_theirs))
                    if rows:
                        found[table.name] = [dict(row._mapping) for row in rows]
        return found

    def current_customers(self, asked: Iterable[str]) -> dict[str, str]:
        """Of these ids those the ledger knows, each with the id its customer has today."""
        with self.reading() as connection, filled(connection, picked, picks(asked)):
            keys = select(picked.c.key)
            known: set[str] = set()
            for table in metadata.sorted_tables:
                for column in (table.c[name] for name in ID_COLUMNS if name in table.c):
                    known |= set(values_of(connection, select(column).where(column.in_(keys)).distinct()))
            alias = customer_aliases
            current = select(alias.c.alias_customer_id, alias.c.customer_id).where(
                alias.c.alias_customer_id.in_(keys), alias.c.is_current
            )
            return {one: one for one in known} | dict(rows_of(connection, current))

    def every_customer_id(self) -> set[str]:
        """Every id of a customer that stands anywhere in the ledger."""
        found: set[str] = set()
        with self.reading() as connection:
            for table in metadata.sorted_tables:
                for column in (table.c[name] for name in ID_COLUMNS if name in table.c):
                    found |= {one for one in values_of(connection, select(column).distinct()) if one is not None}
        return found

    def ids_leading_to(self, customer_ids: Iterable[str]) -> set[str]:
        """Every id that leads to these customers today."""
        with self.reading() as connection, filled(connection, picked, picks(customer_ids)):
            alias = customer_aliases
            mine = (alias.c.customer_id.in_(select(picked.c.key)), alias.c.is_current)
            return set(values_of(connection, select(alias.c.alias_customer_id).where(*mine)))

    def contacts_of(self, customer_ids: Iterable[str]) -> list[str]:
        """The ids of every contact that was claimed for these customers."""
        with self.reading() as connection, filled(connection, picked, picks(customer_ids)):
            query = select(contacts.c.contact_id).where(contacts.c.customer_id.in_(select(picked.c.key)))
            return sorted(values_of(connection, query))

    def batches_with(self, customer_ids: Iterable[str]) -> list[str]:
        """The ids of every batch that carried these customers, as contacts or as members."""
        with self.reading() as connection, filled(connection, picked, picks(customer_ids)):
            found: set[str] = set()
            for table in (contacts, membership_changes):
                query = select(table.c.batch_id).where(table.c.customer_id.in_(select(picked.c.key)))
                found |= {one for one in values_of(connection, query.distinct()) if one is not None}
        return sorted(found)

    def compact(self) -> None:
        """Leave no byte of deleted rows in the database's files: overwritten, packed, and the log cut to nothing."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            if connection.dialect.name != "sqlite":
                connection.execute(text("vacuum full"))
                return
            driver = connection.connection.driver_connection
        assert driver is not None
        for order in ("pragma secure_delete = on", "vacuum", "pragma wal_checkpoint(truncate)"):
            driver.execute(order).fetchall()


def end_contacts_of(connection: Connection, customer_ids: Sequence[str], moment: datetime) -> Counts:
    """End the contacts that still wait; caps and capacities get them back."""
    with filled(connection, picked, picks(customer_ids)):
        mine = contacts.c.customer_id.in_(select(picked.c.key))
        waiting = values_of(connection, select(contacts.c.contact_id).where(mine, contacts.c.status == "claimed"))
    with filled(connection, picked, picks(dict.fromkeys(waiting, ERASED))):
        return {"contacts_ended": move(connection, "returned", moment, ("claimed",), gives_back=True)}


def forget_customers(connection: Connection, customer_ids: Sequence[str]) -> Counts:
    """Let go of customers in every table: rows that sums stand on stay under a random name, all others go."""
    counts: Counts = {}
    names = {"customer_id": customer_ids, "tombstone": ["e" + secrets.token_hex(10) for _ in customer_ids]}
    with filled(connection, tombstones, names):
        ids = select(tombstones.c.customer_id)
        for table in KEPT:
            mine = table.c.customer_id.in_(ids)
            name = select(tombstones.c.tombstone).where(tombstones.c.customer_id == table.c.customer_id)
            values: dict[str, Any] = {"customer_id": name.scalar_subquery()} | _emptied(table.name)
            counts[table.name] = connection.execute(update(table).where(mine).values(values)).rowcount
        for table in metadata.sorted_tables:
            columns = [table.c[one] for one in ID_COLUMNS if one in table.c]
            if columns and table not in KEPT:
                gone = connection.execute(delete(table).where(or_(*(column.in_(ids) for column in columns))))
                counts[table.name] = gone.rowcount
    return {name: number for name, number in counts.items() if number}


def correct_deliveries(connection: Connection, corrections: Iterable[Mapping[str, Any]]) -> Counts:
    """Move erased rows from loaded and quarantined to erased, so that every delivery's balance stays true.

    Args:
        corrections: source, table_name, file_id, loaded, quarantined: rows that were erased of each.
    """
    rows = [{f"a_{name}": value for name, value in one.items()} for one in corrections]
    if rows:
        same = [deliveries.c[name] == bindparam(f"a_{name}") for name in ("source", "table_name", "file_id")]
        loaded: Any = bindparam("a_loaded")
        quarantined: Any = bindparam("a_quarantined")
        values: dict[Any, Any] = {
            "count_loaded": deliveries.c.count_loaded - loaded,
            "count_quarantined": deliveries.c.count_quarantined - quarantined,
            "count_erased": deliveries.c.count_erased + loaded + quarantined,
        }
        counted = or_(deliveries.c.status == "loaded", deliveries.c.status == "held")
        connection.execute(update(deliveries).where(*same, counted).values(values), rows)
    return {"deliveries": len(rows)}


def _emptied(table: str) -> dict[str, Any]:
    """Columns of a kept row that may tell more than that something was done."""
    return {
        "contacts": {"window_key": ERASED, "subject": None, "link": None},
        "enrolments": {"window_key": ERASED, "subject_id": None},
        "membership_changes": {"fingerprint": ERASED, "fingerprint_before": None},
    }.get(table, {})


def _remember(connection: Connection, digests: Mapping[str, str], moment: datetime) -> None:
    known: Sequence[Row[Any]] = rows_of(connection, select(erased_identifiers.c.digest))
    before = {row.digest for row in known}
    rows = [
        {"digest": digest, "kind": kind, "recorded_at": moment}
        for digest, kind in sorted(digests.items())
        if digest not in before
    ]
    if rows:
        connection.execute(insert(erased_identifiers), rows)


__all__ = ["ERASED", "Erasure", "Erasures", "correct_deliveries", "end_contacts_of", "forget_customers"]
