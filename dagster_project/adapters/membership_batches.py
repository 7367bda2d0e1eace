"""Membership batches: whom an ad platform must add and remove to hold exactly today's audience."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import sent_rows
from dagster_project.adapters.content import Content, data_file, rows_file, with_contact_points
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.exports.batches import MembershipChange
from dagster_project.domain.exports.delta import HELD, Delta, Held, delta
from dagster_project.domain.exports.formats import FORMATS
from dagster_project.domain.exports.values import keyed_hash
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.published import Version
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Settings

log = logging.getLogger(__name__)


def must_let_go(ledger: Ledger, destination: Destination, moment: datetime) -> bool:
    """Whether the destination holds somebody who may not be in any audience (any more)."""
    held = ledger.memberships(destination.name)
    held = held.filter(pc.is_in(held["state"], pa.array(HELD)))
    ids = held["customer_id"].to_pylist()
    return bool(ledger.blocked_customers(ids, destination.purpose, destination.channel, moment))


def content(
    settings: Settings,
    ledger: Ledger,
    destination: Destination,
    version: Version,
    as_of: datetime,
    *,
    is_frozen: bool = False,
) -> Content | None:
    """The adds and removes between what the destination holds and today's audience; None when they are equal.

    ``is_frozen``: today's audience is not to be trusted. The destination keeps what it holds, except for whoever may
    not be in any audience: a withdrawn consent is never kept waiting by a wrong number.

    Somebody without any identifier the platform knows is not added. Somebody whose identifiers changed is removed with
    the old ones and added with the new ones.
    """
    if destination.audience is None:
        raise HoivaError(f"{destination.name} names no audience")
    form = FORMATS[destination.format]
    columns = ["customer_id", "consent_id"]
    if is_frozen and f"audiences/{destination.audience}" not in version.tables:  # nobody draws it any more
        audience = pa.table({name: pa.array([], pa.string()) for name in columns})
    else:
        audience = version.read(f"audiences/{destination.audience}", columns=columns)
    ids = audience["customer_id"].to_pylist()
    blocked = ledger.blocked_customers(ids, destination.purpose, destination.channel, as_of)
    audience = audience.filter(pc.invert(pc.is_in(audience["customer_id"], pa.array(list(blocked), pa.string()))))
    rows = form.make(with_contact_points(version, form, audience))
    audience = audience.filter(rows.sendable())
    wanted = rows.cells.filter(rows.sendable()).add_column(0, "customer_id", audience["customer_id"])
    prints = _fingerprints(settings.identity_salt, destination.name, wanted)
    consents = dict(zip(audience["customer_id"].to_pylist(), audience["consent_id"].to_pylist(), strict=True))

    memberships = ledger.memberships(destination.name).to_pylist()
    known = {row["customer_id"]: row for row in memberships}
    now = naive_utc(as_of)
    held = {
        row["customer_id"]: Held(
            row["state"], row["fingerprint"], is_due=row["waits_until"] is not None and row["waits_until"] <= now
        )
        for row in memberships
    }
    merged = {
        row["customer_id"]: row["todays_customer_id"]
        for row in memberships
        if row["todays_customer_id"] != row["customer_id"]
    }
    change = delta(prints, held, merged)
    if is_frozen:
        change = only_who_must_leave(ledger, destination, change, as_of)
    if not change:
        return None

    leaving = {customer_id: known[customer_id]["added_in"] for customer_id in change.removes + change.replaces}
    removed = sent_rows.read(settings.at_home, destination.name, leaving, wanted.schema)
    removed_ids = removed["customer_id"].to_pylist()
    unknown = leaving.keys() - set(removed_ids)
    if unknown:
        log.warning(
            "%s: %d customers cannot be let go, as vault/sent has lost the rows they were added with; restore it",
            destination.name,
            len(unknown),
        )
    added_ids = sorted(set(change.adds + change.replaces) - unknown)
    added = wanted.filter(pc.is_in(wanted["customer_id"], pa.array(added_ids, pa.string()))).sort_by("customer_id")
    if not (added_ids or removed_ids):
        return None

    def key_of(customer_id: str) -> str:
        return keyed_hash(settings.identity_salt, destination.name, customer_id, size=10)

    files, lines = [], []
    # Removes first: a customer whose identifiers changed is in both.
    for name, role, rows_of, ids in (
        ("remove.csv", "remove", removed, removed_ids),
        ("add.csv", "add", added, added_ids),
    ):
        if ids:
            files.append(data_file(name, role, rows_of.drop_columns("customer_id")))
            allowed_by = [consents.get(customer_id) if role == "add" else None for customer_id in ids]
            lines.append((name, [key_of(customer_id) for customer_id in ids], allowed_by))
    replaced = set(change.replaces)
    changes = [
        MembershipChange(customer_id, key_of(customer_id), known[customer_id]["fingerprint"], "remove")
        for customer_id in removed_ids
        if customer_id not in replaced
    ] + [MembershipChange(customer_id, key_of(customer_id), prints[customer_id], "add") for customer_id in added_ids]
    return Content((*files, rows_file(lines)), memberships=changes, added=added)


def only_who_must_leave(ledger: Ledger, destination: Destination, change: Delta, moment: datetime) -> Delta:
    """Of a change, the removes of customers who may not be in any audience (any more)."""
    must = ledger.blocked_customers(change.removes, destination.purpose, destination.channel, moment)
    return Delta(removes=[customer_id for customer_id in change.removes if customer_id in must])


def _fingerprints(key: str, destination: str, rows: pa.Table) -> dict[str, str]:
    """customer_id to a pseudonym of the row's cells: equal as long as nothing in it changes."""
    columns = [rows[name].to_pylist() for name in rows.column_names]
    return {
        cells[0]: keyed_hash(key, destination, *(cell or "" for cell in cells[1:]))
        for cells in zip(*columns, strict=True)
    }
