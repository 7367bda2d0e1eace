"""Batches: what is bundled for a destination, put in place as a whole, and answered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pyarrow.compute as pc
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from dagster_project.adapters.ledger.audience_questions import blocked_customers_of
from dagster_project.adapters.ledger.connected import Connected
from dagster_project.adapters.ledger.contacts import blocked_contacts, move
from dagster_project.adapters.ledger.frames import filled, picked, picks, rows_of, values_of
from dagster_project.adapters.ledger.memberships import (
    added_by,
    answer_memberships,
    apply_changes,
    changes_under,
    put_changes,
)
from dagster_project.adapters.ledger.tables import acknowledgements, batches, contacts, membership_changes
from dagster_project.domain.exports.answers import next_try
from dagster_project.domain.exports.batches import BatchRecord, MembershipChange, MembershipChanges
from dagster_project.errors import HoivaError

WHOLE_BATCH = "batch_rejected"  # the reason of a contact whose whole batch was refused
_RECORD = (
    batches.c.batch_id,
    batches.c.destination,
    batches.c.kind,
    batches.c.sequence,
    batches.c.as_of,
    batches.c.manifest_sha256,
    batches.c.state,
    batches.c.count_rows,
    batches.c.pickup,
    batches.c.withdrawn_after,
)


class Batches(Connected):
    """The register of batches."""

    def batches(self, destination: str | None = None, states: set[str] | None = None) -> list[BatchRecord]:
        """Batches by destination and sequence."""
        query = select(*_RECORD).order_by(batches.c.destination, batches.c.sequence)
        if destination is not None:
            query = query.where(batches.c.destination == destination)
        if states is not None:
            query = query.where(batches.c.state.in_(sorted(states)))
        with self.reading() as connection:
            return [BatchRecord(**row._mapping) for row in connection.execute(query)]

    def open_batch(
        self,
        record: BatchRecord,
        contact_ids: Sequence[str] = (),
        memberships: Sequence[MembershipChange] = (),
        *,
        purpose: str | None = None,
        channel: str | None = None,
    ) -> None:
        """Bind contacts or membership changes to a batch that is being prepared. Nobody outside sees it yet.

        Args:
            record: in state ``prepared``.
            contact_ids: claimed contacts, each in no other batch.
            memberships: adds and removes.
            purpose, channel: of the consent that the adds need; a batch with adds must say both.

        Raises:
            HoivaError: a contact does not wait, the batch or its number is taken, an add lacks purpose or channel, or
                a remove is of nobody; then nothing is written.
        """
        changes = MembershipChanges.of(memberships)
        if pc.any(pc.equal(changes.table["operation"], "add")).as_py() and None in (purpose, channel):
            raise HoivaError("a batch that adds members must name the purpose and the channel of their consent")
        with self.writing() as connection:
            row = vars(record) | {"state": "prepared", "purpose": purpose, "channel": channel}
            try:
                connection.execute(insert(batches), row)
            except IntegrityError:
                raise HoivaError(f"batch {record.batch_id} or number {record.sequence} is taken") from None
            with filled(connection, picked, picks(contact_ids)):
                waits = (contacts.c.contact_id.in_(select(picked.c.key)), contacts.c.status == "claimed")
                bind = update(contacts).where(*waits).values(status="batched", batch_id=record.batch_id)
                bound = connection.execute(bind).rowcount
            if bound != len(contact_ids):
                raise HoivaError(f"of {len(contact_ids)} contacts only {bound} wait for a batch")
            put_changes(connection, record.batch_id, changes)

    def release_batch(self, batch_id: str) -> None:
        """Undo a prepared batch: its contacts wait again, its changes are gone, its id and number are free.

        Raises:
            HoivaError: it is published (then it cannot be undone), or unknown.
        """
        with self.writing() as connection:
            state = _state(connection, batch_id)
            if state != "prepared":
                raise HoivaError(f"batch {batch_id} is {state}: only a prepared one can be released")
            bound = update(contacts).where(contacts.c.batch_id == batch_id)
            connection.execute(bound.values(status="claimed", batch_id=None))
            connection.execute(delete(membership_changes).where(membership_changes.c.batch_id == batch_id))
            connection.execute(delete(batches).where(batches.c.batch_id == batch_id))

    def publish_batch(
        self, batch_id: str, put_in_place: Callable[[], None], moment: datetime, recheck: bool = True
    ) -> dict[str, str]:
        """Publish a prepared batch, if everybody in it may still be contacted.

        The check, ``put_in_place`` and the record of it happen under the ledger's write lock, which recording a
        withdrawal takes too: no withdrawal can slip in between. To publish one that is published does nothing.

        Args:
            put_in_place: makes the batch visible (one rename). What it raises undoes the record.
            moment: when this happens.
            recheck: False for a batch that is visible already, after a crash.

        Returns:
            nothing when it is published; else contact_id (or customer_id) to the reason, and nothing was done.
        """
        with self.writing() as connection:
            if _state(connection, batch_id) != "prepared":
                return {}
            contact_ids = _contacts_of(connection, batch_id)
            if recheck:
                blocked = blocked_in(connection, batch_id, moment)
                if blocked:
                    return blocked
            put_in_place()
            published = {"state": "published", "published_at": moment}
            connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(published))
            with filled(connection, picked, picks(contact_ids)):
                move(connection, "published", moment, ("batched",), gives_back=False)
            apply_changes(connection, batch_id)
        return {}

    def acknowledge(self, batch_id: str, status: str, rejected: Mapping[str, str], moment: datetime) -> bool:
        """Take in a receiver's answer, once.

        Args:
            status: ``accepted``, ``partly`` or ``rejected`` (the whole batch).
            rejected: contact_id or customer_key to a reason code, of the rows that were refused. One whose reason says
                nothing against the row waits for another try (:mod:`~dagster_project.domain.exports.answers`).

        Returns:
            False, and nothing changed, when the batch was answered before.

        Raises:
            HoivaError: the batch or a key is unknown, or the batch is not published.
        """
        with self.writing() as connection:
            state = _state(connection, batch_id)
            if state in ("prepared", "withdrawn"):
                raise HoivaError(f"batch {batch_id} is {state}: it cannot have been answered")
            if state != "published":
                return False
            contact_ids = set(_contacts_of(connection, batch_id))
            unknown = rejected.keys() - contact_ids
            unknown -= {row.customer_key for row in changes_under(connection, batch_id, unknown)}
            if unknown:
                raise HoivaError(f"the answer to batch {batch_id} names {len(unknown)} rows that are not in it")
            refused = contact_ids if status == "rejected" else contact_ids & rejected.keys()
            retried = _tried_again(connection, {one: rejected[one] for one in refused & rejected.keys()}, moment)
            refused -= retried
            with filled(connection, picked, picks({one: rejected.get(one, WHOLE_BATCH) for one in sorted(refused)})):
                move(connection, "rejected", moment, ("published",), gives_back=True)
            with filled(connection, picked, picks(sorted(contact_ids - refused - retried))):
                move(connection, "accepted", moment, ("published",), gives_back=False)
            answer_memberships(connection, batch_id, status == "rejected", rejected, moment)
            row = {"batch_id": batch_id, "status": status, "count_rejected": len(rejected), "acknowledged_at": moment}
            connection.execute(insert(acknowledgements), row)
            connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(state=status))
        return True


def _state(connection: Connection, batch_id: str) -> str:
    state = connection.execute(select(batches.c.state).where(batches.c.batch_id == batch_id)).scalar()
    if state is None:
        raise HoivaError(f"there is no batch {batch_id}")
    return state


def _contacts_of(connection: Connection, batch_id: str) -> list[str]:
    return values_of(connection, select(contacts.c.contact_id).where(contacts.c.batch_id == batch_id))


def _tried_again(connection: Connection, reasons: Mapping[str, str], moment: datetime) -> set[str]:
    """Let refused contacts wait for another batch whose reason says nothing against them: which ones."""
    with filled(connection, picked, picks(sorted(reasons))):
        query = select(contacts.c.contact_id, contacts.c.count_refused)
        counts = rows_of(connection, query.where(contacts.c.contact_id.in_(select(picked.c.key))))
    by_count: dict[int, dict[str, str]] = {}
    for contact_id, count_refused in counts:
        if next_try(reasons[contact_id], count_refused + 1, moment):
            by_count.setdefault(count_refused + 1, {})[contact_id] = reasons[contact_id]
    for count_refused, again in by_count.items():
        waits_until = next_try(next(iter(again.values())), count_refused, moment)
        more = {"batch_id": None, "reason": None, "count_refused": count_refused, "waits_until": waits_until}
        with filled(connection, picked, picks(again)):
            move(connection, "claimed", moment, ("published",), gives_back=False, **more)
    return {contact_id for again in by_count.values() for contact_id in again}


def blocked_in(connection: Connection, batch_id: str, moment: datetime) -> dict[str, str]:
    """Who in a batch must not be contacted or added now: contact_id (or customer_id) to the reason."""
    contact_ids = _contacts_of(connection, batch_id)
    return blocked_contacts(connection, contact_ids, moment) | _blocked_adds(connection, batch_id, moment)


def _blocked_adds(connection: Connection, batch_id: str, moment: datetime) -> dict[str, str]:
    added = added_by(connection, batch_id)
    if not added:
        return {}
    query = select(batches.c.purpose, batches.c.channel).where(batches.c.batch_id == batch_id)
    purpose, channel = rows_of(connection, query)[0]
    return blocked_customers_of(connection, added, purpose, channel, moment)
