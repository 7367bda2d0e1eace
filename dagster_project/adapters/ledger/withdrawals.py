"""Taking batches back: while its receiver has not taken it, a batch can be as if it had never been."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Column, Connection, String, delete, func, insert, select, union, update

from dagster_project.adapters.ledger.aliases import known_ids, look_up, people
from dagster_project.adapters.ledger.batches import blocked_in
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.contacts import blocked_contacts, move
from dagster_project.adapters.ledger.frames import filled, picked, picks, rows_of, temporary, values_of
from dagster_project.adapters.ledger.memberships import changes_of
from dagster_project.adapters.ledger.tables import batches, contacts, membership_changes, memberships
from dagster_project.errors import HoivaError

WITHDRAWN_BATCH = "batch_withdrawn"  # why a contact that was published waits again
AT_RISK = ("prepared", "published")  # states of a batch that no receiver has answered
sought = temporary("sought_customers", Column("customer_id", String(64), primary_key=True))


class Withdrawals(Connected):
    """Which batches somebody is in, and taking one back."""

    def batches_naming(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """The unanswered batches in which one of these customers, under any id, is contacted or added.

        Returns:
            batch_id to its destination.
        """
        columns = {"customer_id": sorted(set(customer_ids))}
        ids = select(known_ids.c.known_id)
        contacted = select(contacts.c.batch_id).where(contacts.c.customer_id.in_(ids))
        is_add = membership_changes.c.operation == "add"
        added = select(membership_changes.c.batch_id).where(is_add, membership_changes.c.customer_id.in_(ids))
        named = select(union(contacted, added).subquery().c.batch_id)
        query = select(batches.c.batch_id, batches.c.destination)
        query = query.where(batches.c.batch_id.in_(named), batches.c.state.in_(AT_RISK))
        with (
            self.reading() as connection,
            filled(connection, sought, columns),
            filled(connection, people),
            filled(connection, known_ids),
        ):
            look_up(connection, select(sought.c.customer_id.label("id")))
            return {batch_id: destination for batch_id, destination in rows_of(connection, query)}

    def blocked_in(self, batch_id: str, moment: datetime) -> dict[str, str]:
        """Who in a batch must not be contacted or added now: contact_id (or customer_id) to the reason."""
        with self.reading() as connection:
            return blocked_in(connection, batch_id, moment)

    def withdraw_batch(self, batch_id: str, take_away: Callable[[], bool], moment: datetime) -> bool:
        """Take a published batch back, if its receiver has not taken it. Its number stays used.

        Its contacts wait again and leave in the next batch; those of customers who must not be contacted now are ended
        with the reason. Each customer stands in the audience where she stood before. All of it happens under the
        ledger's write lock together with ``take_away``, or not at all.

        Args:
            take_away: moves its folder out of the receiver's sight (one rename); False when the receiver was quicker.

        Returns:
            whether it is withdrawn now (True also when it was before).
        """
        with self.writing() as connection:
            found = select(batches.c.state, batches.c.destination).where(batches.c.batch_id == batch_id)
            row = connection.execute(found).one_or_none()
            if row is None:
                raise HoivaError(f"there is no batch {batch_id}")
            if row.state == "withdrawn":
                return True
            if row.state != "published" or not take_away():
                return False
            last = select(func.max(batches.c.sequence)).where(batches.c.destination == row.destination)
            number: int = connection.execute(last).scalar_one()
            values = {"state": "withdrawn", "withdrawn_at": moment, "withdrawn_after": number}
            connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(values))
            _free_contacts(connection, batch_id, moment)
            _put_members_back(connection, batch_id, row.destination)
        return True


def _free_contacts(connection: Connection, batch_id: str, moment: datetime) -> None:
    contact_ids = values_of(connection, select(contacts.c.contact_id).where(contacts.c.batch_id == batch_id))
    with filled(connection, picked, picks(dict.fromkeys(contact_ids, WITHDRAWN_BATCH))):
        move(connection, "claimed", moment, ("published",), gives_back=False, batch_id=None, reason=None)
    blocked = blocked_contacts(connection, contact_ids, moment)
    with filled(connection, picked, picks(blocked)):
        move(connection, "returned", moment, ("claimed",), gives_back=True)


def _put_members_back(connection: Connection, batch_id: str, destination: str) -> None:
    """Each customer whom no later batch has named stands where she stood before this batch was published."""
    changes = {row.customer_id: row for row in changes_of(connection, batch_id)}
    if not changes:
        return
    with filled(connection, picked, picks(list(changes))):
        last = (
            memberships.c.destination == destination,
            memberships.c.batch_id == batch_id,
            memberships.c.customer_id.in_(select(picked.c.key)),
        )
        columns = (memberships.c.customer_id, memberships.c.count_refused, memberships.c.waits_until)
        standing = rows_of(connection, select(*columns).where(*last))
        connection.execute(delete(memberships).where(*last))
    former = []
    for customer_id, count_refused, waits_until in standing:
        row = changes[customer_id]
        if row.state_before is not None:
            former.append(
                {
                    "destination": destination,
                    "customer_id": customer_id,
                    "customer_key": row.customer_key,
                    "fingerprint": row.fingerprint_before,
                    "state": row.state_before,
                    "batch_id": row.batch_id_before or batch_id,
                    "added_in": row.added_in_before,
                    "reason": row.reason_before,
                    "count_refused": count_refused,
                    "waits_until": waits_until,
                }
            )
    if former:
        connection.execute(insert(memberships), former)
