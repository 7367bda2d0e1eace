"""Memberships: who is in a destination's audience, as far as it has answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, bindparam, case, delete, func, insert, literal, select, update

from dagster_project.adapters.ledger.aliases import today_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.frames import as_table, columns_of, filled, picked, picks, put, rows_of, values_of
from dagster_project.adapters.ledger.tables import batches, membership_changes, memberships
from dagster_project.adapters.ledger.watching import touch
from dagster_project.domain.exports.answers import next_try
from dagster_project.domain.exports.batches import MembershipChanges

NAMES = ["customer_id", "todays_customer_id", "customer_key", "fingerprint", "state", "batch_id", "added_in", "reason"]
MEMBERSHIP_SCHEMA = pa.schema([*((name, pa.string()) for name in NAMES), ("waits_until", pa.timestamp("us"))])
BEFORE = ("state_before", "fingerprint_before", "added_in_before", "batch_id_before", "reason_before")
HELD = ("adding", "member", "removing")  # the destination has the customer, or may have


class Memberships(Connected):
    """Where each customer stands at each destination that holds an audience."""

    def memberships(
        self,
        destination: str,
        columns: Sequence[str] = MEMBERSHIP_SCHEMA.names,
        customer_ids: Iterable[str] | None = None,
    ) -> pa.Table:
        """One row per customer the destination holds, or was told about; whoever is out has no row.

        ``customer_ids``: of these alone, under the ids they were told under; None for everybody.

        state is ``adding`` or ``removing`` (told, not answered), ``member`` or ``rejected`` (with the reason);
        ``batch_id`` the last batch that named the customer, ``added_in`` the last one that added her, ``waits_until``
        when a refused one may be offered again although nothing about her changed.
        ``MEMBERSHIP_SCHEMA`` or some of its columns, sorted by customer_id.
        """
        today, aliases, condition = today_of(memberships.c.customer_id)
        own = {"todays_customer_id": today}
        wanted: list[Any] = [own.get(name, memberships.c.get(name)) for name in columns]
        query = select(*wanted).select_from(memberships.outerjoin(aliases, condition))
        query = query.where(memberships.c.destination == destination).order_by(memberships.c.customer_id)
        schema = pa.schema([MEMBERSHIP_SCHEMA.field(name) for name in columns])
        with self.reading() as connection:
            if customer_ids is None:
                return as_table(connection, query, schema)
            with filled(connection, picked, picks(customer_ids)):
                return as_table(connection, query.where(memberships.c.customer_id.in_(select(picked.c.key))), schema)

    def count_members(self, destination: str) -> int:
        """How many customers a destination holds, or will once it has taken what is on its way."""
        here = (memberships.c.destination == destination, memberships.c.state.in_(("adding", "member")))
        with self.reading() as connection:
            return int(connection.execute(select(func.count()).where(*here)).scalar_one())

    def due_members(self, destination: str, as_of: datetime, most: int | None = None) -> list[str]:
        """Refused customers who may be offered again by now; ``most``: so many of them are enough."""
        due = (memberships.c.destination == destination, memberships.c.waits_until <= as_of)
        with self.reading() as connection:
            return values_of(connection, select(memberships.c.customer_id).where(*due).limit(most))


def destination_of(batch_id: str) -> Select[tuple[str]]:
    """Selects where a batch goes."""
    return select(batches.c.destination).where(batches.c.batch_id == batch_id)


def changes_of(connection: Connection, batch_id: str) -> Sequence[Row[Any]]:
    """The membership changes a batch carries."""
    query = select(membership_changes).where(membership_changes.c.batch_id == batch_id)
    return rows_of(connection, query.order_by(membership_changes.c.customer_id))


def added_by(connection: Connection, batch_id: str) -> list[str]:
    """The customers a batch adds."""
    of_batch = (membership_changes.c.batch_id == batch_id, membership_changes.c.operation == "add")
    return values_of(connection, select(membership_changes.c.customer_id).where(*of_batch))


def changes_under(connection: Connection, batch_id: str, customer_keys: Iterable[str]) -> Sequence[Row[Any]]:
    """The membership changes a batch carries under these keys."""
    query = select(membership_changes).where(membership_changes.c.batch_id == batch_id)
    with filled(connection, picked, picks(customer_keys)):
        return rows_of(connection, query.where(membership_changes.c.customer_key.in_(select(picked.c.key))))


def put_changes(connection: Connection, batch_id: str, changes: MembershipChanges) -> None:
    """Bind changes to a batch."""
    columns = columns_of(changes.table, changes.table.column_names)
    put(connection, membership_changes, {"batch_id": [batch_id] * len(changes), **columns})


def apply_changes(connection: Connection, batch_id: str) -> None:
    """Note that a batch's adds and removes are on their way, and where each customer stood before."""
    change = membership_changes
    destination: Any = connection.execute(destination_of(batch_id)).scalar_one()
    here, of_batch = memberships.c.destination == destination, change.c.batch_id == batch_id
    removed = select(change.c.customer_id).where(of_batch, change.c.operation == "remove")
    same = (here, memberships.c.customer_id == change.c.customer_id)
    holds_somebody = connection.execute(select(memberships.c.customer_id).where(here).limit(1)).first() is not None
    if holds_somebody:
        before = {name: memberships.c[name.removesuffix("_before")] for name in BEFORE}
        connection.execute(update(change).where(of_batch, *same).values(before))
        leaving = (here, memberships.c.customer_id.in_(removed))
        connection.execute(update(memberships).where(*leaving).values(state="removing", batch_id=batch_id, reason=None))
    given = {"state": "adding", "batch_id": batch_id, "added_in": batch_id}
    told = ("customer_key", "fingerprint")
    is_added = [of_batch, change.c.operation == "add"]
    if holds_somebody:  # a row changed in its place touches fewer pages than one that is removed and made anew
        refused = {"reason": None, "waits_until": None, "count_refused": _refused_as_she_is()}
        again = update(memberships).where(*is_added, *same)
        connection.execute(again.values(given | refused | {name: change.c[name] for name in told}))
        is_added.append(~select(memberships.c.customer_id).where(*same).correlate(change).exists())
    columns = [literal(destination), change.c.customer_id, *(literal(value) for value in given.values())]
    adding = select(*columns, *(change.c[name] for name in told)).where(*is_added).order_by(change.c.customer_id)
    connection.execute(insert(memberships).from_select(["destination", "customer_id", *given, *told], adding))


def _refused_as_she_is() -> Any:
    """How often a customer was refused counts on while she is told with the same identifiers."""
    is_same = memberships.c.fingerprint == membership_changes.c.fingerprint
    return case((is_same, memberships.c.count_refused), else_=0)


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
    if is_refused:
        refused = dict.fromkeys((row.customer_id for row in changes_of(connection, batch_id)), "")
    else:
        refused = {row.customer_id: rejected[row.customer_key] for row in changes_under(connection, batch_id, rejected)}
    # Whoever was refused may have to be told again: one who should have left is a member still.
    touch(connection, refused, values_of(connection, destination_of(batch_id))[0])
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
