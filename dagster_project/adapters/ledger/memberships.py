"""Memberships: who is in a destination's audience, as far as it has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from dagster_project.adapters.ledger.aliases import today_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, filled, picked, picks, rows_of
from dagster_project.adapters.ledger.tables import batches, membership_changes, memberships
from dagster_project.domain.exports.answers import next_try

NAMES = ["customer_id", "todays_customer_id", "customer_key", "fingerprint", "state", "batch_id", "added_in", "reason"]
MEMBERSHIP_SCHEMA = pa.schema([*((name, pa.string()) for name in NAMES), ("waits_until", pa.timestamp("us"))])
BEFORE = ("state_before", "fingerprint_before", "added_in_before", "batch_id_before", "reason_before")
HELD = ("adding", "member", "removing")  # the destination has the customer, or may have


class Memberships(Connected):
    """Where each customer stands at each destination that holds an audience."""

    def memberships(self, destination: str) -> pa.Table:
        """One row per customer the destination holds, or was told about; whoever is out has no row.

        state is ``adding`` or ``removing`` (told, not answered), ``member`` or ``rejected`` (with the reason);
        ``batch_id`` the last batch that named the customer, ``added_in`` the last one that added her, ``waits_until``
        when a refused one may be offered again although nothing about her changed.
        ``MEMBERSHIP_SCHEMA``, sorted by customer_id.
        """
        today, aliases, condition = today_of(memberships.c.customer_id)
        own = {"todays_customer_id": today}
        columns: list[Any] = [own.get(name, memberships.c.get(name)) for name in MEMBERSHIP_SCHEMA.names]
        query = select(*columns).select_from(memberships.outerjoin(aliases, condition))
        query = query.where(memberships.c.destination == destination).order_by(memberships.c.customer_id)
        with self.reading() as connection:
            return as_table(connection, query, MEMBERSHIP_SCHEMA)

    def count_members(self, destination: str) -> int:
        """How many customers a destination holds, or will once it has taken what is on its way."""
        here = (memberships.c.destination == destination, memberships.c.state.in_(("adding", "member")))
        with self.reading() as connection:
            return int(connection.execute(select(func.count()).where(*here)).scalar_one())

    def has_due_member(self, destination: str, as_of: datetime) -> bool:
        """Whether a refused customer may be offered again by now."""
        due = (memberships.c.destination == destination, memberships.c.waits_until <= as_of)
        with self.reading() as connection:
            return connection.execute(select(memberships.c.customer_id).where(*due).limit(1)).first() is not None


def changes_of(connection: Connection, batch_id: str) -> Sequence[Row[Any]]:
    """The membership changes a batch carries."""
    query = select(membership_changes).where(membership_changes.c.batch_id == batch_id)
    return rows_of(connection, query.order_by(membership_changes.c.customer_id))


def apply_changes(connection: Connection, batch_id: str) -> None:
    """Note that a batch's adds and removes are on their way, and where each customer stood before."""
    changes = changes_of(connection, batch_id)
    if not changes:
        return
    destination: Any = connection.execute(
        select(batches.c.destination).where(batches.c.batch_id == batch_id)
    ).scalar_one()
    adds = {row.customer_id: row for row in changes if row.operation == "add"}
    removes = [row.customer_id for row in changes if row.operation == "remove" and row.customer_id not in adds]
    with filled(connection, picked, picks([row.customer_id for row in changes])):
        here = (memberships.c.destination == destination, memberships.c.customer_id.in_(select(picked.c.key)))
        same = (memberships.c.destination == destination, memberships.c.customer_id == membership_changes.c.customer_id)
        before = {
            f"{name}_before": select(memberships.c[name]).where(*same).scalar_subquery()
            for name in ("state", "fingerprint", "added_in", "batch_id", "reason")
        }
        connection.execute(update(membership_changes).where(membership_changes.c.batch_id == batch_id).values(before))
    with filled(connection, picked, picks(list(adds))):
        columns = (memberships.c.customer_id, memberships.c.fingerprint, memberships.c.count_refused)
        refused_before = rows_of(connection, select(*columns).where(*here, memberships.c.count_refused > 0))
        connection.execute(delete(memberships).where(*here))
    times = {(row.customer_id, row.fingerprint): row.count_refused for row in refused_before}
    with filled(connection, picked, picks(removes)):
        connection.execute(update(memberships).where(*here).values(state="removing", batch_id=batch_id, reason=None))
    common = {"destination": destination, "state": "adding", "batch_id": batch_id, "added_in": batch_id}
    rows = [
        common
        | {"customer_id": row.customer_id, "customer_key": row.customer_key, "fingerprint": row.fingerprint}
        | {"count_refused": times.get((row.customer_id, row.fingerprint), 0)}
        for row in adds.values()
    ]
    if rows:
        connection.execute(insert(memberships), rows)


def answer_memberships(
    connection: Connection, batch_id: str, is_refused: bool, rejected: Mapping[str, str], moment: datetime
) -> None:
    """Settle the customers whom no later batch has named.

    An accepted add is a member, an accepted remove is out. A refused remove is a member still. A refused add is
    rejected, and offered again as she is a while later if the reason says nothing against her; when the whole batch was
    refused she stands where she stood before, and is tried again.
    """
    last = memberships.c.batch_id == batch_id
    _settle_what_stood_before(connection, batch_id, is_refused, rejected)
    undone = {row.customer_id: row for row in changes_of(connection, batch_id)} if is_refused or rejected else {}
    of_key = {row.customer_key: row for row in undone.values()}
    refused = {of_key[key].customer_id: reason for key, reason in rejected.items() if key in of_key}
    if is_refused:
        refused = dict.fromkeys(undone, "")
    with filled(connection, picked, picks(refused)):
        is_refused_row = memberships.c.customer_id.in_(select(picked.c.key))
        adding, removing = memberships.c.state == "adding", memberships.c.state == "removing"
        settled = (
            update(memberships)
            .where(last, adding, ~is_refused_row)
            .values(state="member", reason=None, count_refused=0)
        )
        connection.execute(settled)
        connection.execute(delete(memberships).where(last, removing, ~is_refused_row))
        connection.execute(update(memberships).where(last, removing).values(state="member"))
        if is_refused:
            _put_back(connection, batch_id)
        else:
            reason = select(picked.c.reason).where(picked.c.key == memberships.c.customer_id).scalar_subquery()
            values = {"state": "rejected", "reason": reason, "count_refused": memberships.c.count_refused + 1}
            connection.execute(update(memberships).where(last, adding).values(values))
            _let_wait(connection, batch_id, moment)


def _settle_what_stood_before(
    connection: Connection, batch_id: str, is_refused: bool, rejected: Mapping[str, str]
) -> None:
    """Let the answer count too for customers whom a later batch has named: if that one is undone, it is what stands."""
    later = rows_of(connection, select(membership_changes).where(membership_changes.c.batch_id_before == batch_id))
    if not later:
        return
    own = {row.customer_id: row for row in changes_of(connection, batch_id)}
    nothing = dict.fromkeys(BEFORE)
    values = []
    for row in later:
        told = {name: getattr(row, name) for name in BEFORE}
        is_refused_row = is_refused or row.customer_key in rejected
        if row.state_before == "removing":
            told = told | {"state_before": "member"} if is_refused_row else nothing
        elif row.state_before == "adding" and is_refused:
            told = {name: getattr(own[row.customer_id], name) for name in BEFORE} if row.customer_id in own else nothing
        elif row.state_before == "adding":
            reason = rejected.get(row.customer_key)
            told |= {"state_before": "rejected" if reason else "member", "reason_before": reason}
        keys = {f"a_{name}": getattr(row, name) for name in ("batch_id", "customer_id", "operation")}
        values.append(keys | {f"the_{name}": value for name, value in told.items()})
    change = membership_changes
    same = [change.c[name] == bindparam(f"a_{name}") for name in ("batch_id", "customer_id", "operation")]
    new: Any = {name: bindparam(f"the_{name}") for name in BEFORE}
    connection.execute(update(change).where(*same).values(new), values)


def _let_wait(connection: Connection, batch_id: str, moment: datetime) -> None:
    """Note when each customer this batch's answer refused may be offered again; null: only with other identifiers."""
    here = (memberships.c.batch_id == batch_id, memberships.c.state == "rejected")
    columns = (memberships.c.reason, memberships.c.count_refused)
    for reason, count_refused in rows_of(connection, select(*columns).where(*here).distinct()):
        same = (*here, memberships.c.reason == reason, memberships.c.count_refused == count_refused)
        waits_until = next_try(reason, count_refused, moment)
        connection.execute(update(memberships).where(*same).values(waits_until=waits_until))


def _put_back(connection: Connection, batch_id: str) -> None:
    """Undo the adds of a refused batch: members stay with their former identifiers, the others are out again."""
    change = membership_changes
    same = (
        change.c.batch_id == batch_id,
        change.c.operation == "add",
        change.c.customer_id == memberships.c.customer_id,
        memberships.c.batch_id == batch_id,
        memberships.c.state == "adding",
    )
    was_held = select(change.c.customer_id).where(*same, change.c.state_before.in_(HELD)).exists()
    former = {
        name: select(change.c[f"{name}_before"]).where(*same).scalar_subquery() for name in ("fingerprint", "added_in")
    }
    connection.execute(update(memberships).where(was_held).values(former | {"state": "member"}))
    adding = (memberships.c.batch_id == batch_id, memberships.c.state == "adding")
    connection.execute(delete(memberships).where(*adding))
