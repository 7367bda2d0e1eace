"""Whom an audience's batch added and removed, read back from its own files, after a ledger forgot it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import select, union

from dagster_project.adapters import sent_rows
from dagster_project.adapters.ledger.frames import values_of
from dagster_project.adapters.ledger.tables import consents, contacts, customer_aliases, identities, memberships
from dagster_project.domain.exports.batches import MembershipChange
from dagster_project.domain.exports.values import keyed_hash
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Settings


def changes_in(
    settings: Settings,
    ledger: Ledger,
    destination: Destination,
    folder: Path,
    told: dict[str, Any],
    lines: Sequence[Mapping[str, str]],
) -> list[MembershipChange]:
    """Whom a membership batch added and removed, and the rows to let go of them by, from the batch's own files."""
    salt = settings.identity_salt
    whose = {keyed_hash(salt, destination.name, one, size=10): one for one in _everybody(ledger)}
    unknown = {line["row_key"] for line in lines} - whose.keys()
    if unknown:
        raise HoivaError(
            f"{len(unknown)} customers of {destination.name}/{folder.name} are unknown here: land what came since the"
            f" backup and run that night again (hoiva run --as-of {told['as_of']}), then settle"
        )
    role_of = {file["name"]: file["role"] for file in told["files"]}
    prints: dict[str, str] = {}
    kept: list[dict[str, str | None]] = []
    columns: list[str] = []
    for file in told["files"]:
        if file["role"] != "add":
            continue
        text = (folder / file["name"]).read_text(encoding="utf-8")
        columns, *rows = list(csv.reader(io.StringIO(text, newline="")))
        ids = [whose[line["row_key"]] for line in lines if line["file"] == file["name"]]
        for customer_id, cells in zip(ids, rows, strict=True):
            prints[customer_id] = keyed_hash(salt, destination.name, *cells)
            kept.append(
                {"customer_id": customer_id, **{name: cell or None for name, cell in zip(columns, cells, strict=True)}}
            )
    if kept:
        schema = pa.schema([(name, pa.string()) for name in ("customer_id", *columns)])
        rows_added = pa.Table.from_pylist(kept, schema=schema)
        sent_rows.keep(settings.at_home, destination.name, folder.name, rows_added)
    held = {row["customer_id"]: row["fingerprint"] for row in ledger.memberships(destination.name).to_pylist()}
    removed = [whose[line["row_key"]] for line in lines if role_of[line["file"]] == "remove"]
    key_of = {customer_id: key for key, customer_id in whose.items()}
    return [MembershipChange(one, key_of[one], print_, "add") for one, print_ in prints.items()] + [
        MembershipChange(one, key_of[one], held.get(one, ""), "remove") for one in removed if one not in prints
    ]


def _everybody(ledger: Ledger) -> list[str]:
    """Every id under which the ledger knows a customer."""
    columns = (
        consents.c.customer_id,
        memberships.c.customer_id,
        contacts.c.customer_id,
        identities.c.customer_id,
        customer_aliases.c.customer_id,
        customer_aliases.c.alias_customer_id,
    )
    with ledger.reading() as connection:
        return values_of(connection, union(*(select(column.label("id")) for column in columns)))
