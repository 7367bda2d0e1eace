"""Membership batches: whom an ad platform must add and remove to hold exactly today's audience."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import at_hand, sent_rows
from dagster_project.adapters.content import Content, Lines, customers_of, many_rows, noted, rows_files
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.exports.batches import MembershipChanges
from dagster_project.domain.exports.changes import Changes, changes
from dagster_project.domain.exports.delta import HELD
from dagster_project.domain.exports.formats import Format, form_of
from dagster_project.domain.exports.prints import prints
from dagster_project.domain.exports.values import keyed_hash
from dagster_project.domain.exports.writing import plain_schema
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.published import Version
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Settings

    # Makes the files of a change; given the form, today's audience, who is held, and what changed.
    Make = Callable[[Settings, Destination, Format, "Wanted", pa.Table, Changes], Content | None]

log = logging.getLogger(__name__)
KEY_SIZE = 10  # bytes of a customer's pseudonym at a destination
NEEDED = ("customer_id", "todays_customer_id", "fingerprint", "state", "added_in", "waits_until")  # of a membership


def must_let_go(ledger: Ledger, destination: Destination, moment: datetime, among: Iterable[str] | None = None) -> bool:
    """Whether the destination holds somebody who may not be in any audience (any more).

    ``among``: only of these it is in doubt; None: of everybody.
    """
    held = ledger.memberships(destination.name, ("customer_id", "state"), among)
    held = held.filter(pc.is_in(held["state"], pa.array(HELD)))
    ids = held["customer_id"].to_pylist()
    return bool(ledger.blocked_customers(ids, destination.purpose, destination.channel, moment))


@many_rows()
def content(
    settings: Settings,
    ledger: Ledger,
    destination: Destination,
    version: Version,
    as_of: datetime,
    *,
    is_frozen: bool = False,
    among: Iterable[str] | None = None,
    make: Make | None = None,
) -> Content | None:
    """The adds and removes between what the destination holds and today's audience; None when they are equal.

    ``is_frozen``: today's audience is not to be trusted. The destination keeps what it holds, except for whoever may
    not be in any audience: a withdrawn consent is never kept waiting by a wrong number. ``among``: whoever may differ
    from what the destination holds, each under every id; nobody else is looked at. None: everybody is. ``make``: makes
    the files of a change in another way, as
    :mod:`~dagster_project.adapters.full_batches` does.

    Somebody without any identifier the platform knows is not added. Somebody whose identifiers changed is removed with
    the old ones and added with the new ones.
    """
    if destination.audience is None:
        raise HoivaError(f"{destination.name} names no audience")
    form = form_of(destination)
    columns = ["customer_id", "consent_id"]
    if is_frozen and f"audiences/{destination.audience}" not in version.tables:  # nobody draws it any more
        audience = pa.table({name: pa.array([], pa.string()) for name in columns})
    else:
        audience = at_hand.read(version, f"audiences/{destination.audience}", columns)
    if among is not None:
        audience = audience.filter(pc.is_in(audience["customer_id"], pa.array(list(among), pa.string())))
    rows = form.make(customers_of(ledger, destination, version, form, audience, as_of))
    wanted = rows.cells.add_column(0, "customer_id", audience["customer_id"])
    consents = audience["consent_id"].combine_chunks()
    if rows.reasons.null_count < len(rows.reasons):
        wanted, consents = wanted.filter(rows.sendable()), consents.filter(rows.sendable())
    wanted = wanted.combine_chunks()
    wanted_ids = wanted["customer_id"].combine_chunks()
    fingerprints = prints(_key(settings, destination, "row"), wanted.columns[1:])

    memberships = ledger.memberships(destination.name, NEEDED, among)
    # Refused for a while only, and that while is over: offered as if she had never been.
    is_due = pc.fill_null(pc.less_equal(memberships["waits_until"], naive_utc(as_of)), False)
    held = memberships.filter(pc.invert(is_due)) if pc.any(is_due, min_count=0).as_py() else memberships
    today = Wanted(wanted, fingerprints, consents)
    change = changes(wanted_ids, fingerprints, held)
    blocked = ledger.blocked_customers(wanted_ids.to_pylist(), destination.purpose, destination.channel, as_of)
    if blocked:
        today = today.of(wanted_ids.filter(pc.invert(pc.is_in(wanted_ids, pa.array(list(blocked), pa.string())))))
        change = changes(today.rows["customer_id"].combine_chunks(), today.fingerprints, held)
    if is_frozen:
        change = only_who_must_leave(ledger, destination, change, as_of)
    if not change:
        return None
    return (make or _content)(settings, destination, form, today, memberships, change)


@dataclass(frozen=True)
class Wanted:
    """Today's audience as the destination should hold it, sorted by customer_id: the rows, and each one's fingerprint
    and consent."""

    rows: pa.Table
    fingerprints: pa.Array
    consents: pa.Array

    def of(self, customer_ids: pa.Array) -> Wanted:
        """Some of the customers, in the order of their ids: they are looked for among all, and not all among them."""
        if len(customer_ids) == self.rows.num_rows:
            return self
        place = pc.indices_nonzero(pc.is_in(self.rows["customer_id"].combine_chunks(), customer_ids))
        return Wanted(self.rows.take(place), self.fingerprints.take(place), self.consents.take(place))


def _content(
    settings: Settings,
    destination: Destination,
    form: Format,
    wanted: Wanted,
    memberships: pa.Table,
    change: Changes,
) -> Content | None:
    """The files and what the ledger notes. Removes come first: a customer whose identifiers changed is in both."""
    leaving = sorted({*change.removes.to_pylist(), *change.replaces.to_pylist()})
    held = memberships.filter(pc.is_in(memberships["customer_id"], pa.array(leaving, pa.string())))
    known = {row["customer_id"]: row for row in held.to_pylist()}
    added_in = {customer_id: known[customer_id]["added_in"] for customer_id in leaving}
    removed = sent_rows.read(settings.at_home, destination.name, added_in, plain_schema(wanted.rows.schema))
    removed_ids = removed["customer_id"].combine_chunks()
    unknown = known.keys() - set(removed_ids.to_pylist())
    if unknown:
        log.warning(
            "%s: %d customers cannot be let go, as vault/sent has lost the rows they were added with; restore it",
            destination.name,
            len(unknown),
        )
    added_ids = pa.concat_arrays([change.adds, change.replaces])
    if len(change.replaces):
        added_ids = added_ids.filter(pc.invert(pc.is_in(added_ids, pa.array(sorted(unknown), pa.string()))))
        added_ids = added_ids.take(pc.sort_indices(added_ids))
    if not (len(added_ids) or len(removed_ids)):
        return Content((), is_whole=False)
    added = wanted.of(added_ids)
    key = _key(settings, destination, "customer")
    removed_keys, added_keys = prints(key, [removed_ids], KEY_SIZE), prints(key, [added_ids], KEY_SIZE)
    files, lines = [], []
    nobody = pa.nulls(len(removed_ids), pa.string())  # whoever leaves needs no consent for it
    for role, rows, keys, consents in (
        ("remove", removed, removed_keys, nobody),
        ("add", added.rows, added_keys, added.consents),
    ):
        if rows.num_rows:
            parts = form.files(role, rows.drop_columns("customer_id"))
            files += parts
            lines.append(Lines(parts, keys, consents))
    is_gone = pc.invert(pc.is_in(removed_ids, change.replaces))
    gone, gone_keys = removed_ids.filter(is_gone), removed_keys.filter(is_gone)
    gone_prints = pa.array([known[customer_id]["fingerprint"] for customer_id in gone.to_pylist()], pa.string())
    changed = MembershipChanges(
        noted(gone, gone_keys, gone_prints, "remove"), noted(added_ids, added_keys, added.fingerprints, "add")
    )
    return Content((*files, *rows_files(lines)), memberships=changed, added=added.rows, is_whole=not unknown)


def _key(settings: Settings, destination: Destination, use: str) -> str:
    """The secret of one kind of pseudonym at one destination, so that nobody can compare two of them."""
    return keyed_hash(settings.identity_salt, destination.name, use, size=32)


def only_who_must_leave(ledger: Ledger, destination: Destination, change: Changes, moment: datetime) -> Changes:
    """Of a change, the removes of customers who may not be in any audience (any more)."""
    removes = change.removes.to_pylist()
    must = ledger.blocked_customers(removes, destination.purpose, destination.channel, moment)
    leaving = pa.array([customer_id for customer_id in removes if customer_id in must], pa.string())
    none = pa.array([], pa.string())
    return Changes(none, leaving, none)
