"""Whom an audience's batch added and removed, read back from what was kept of it, after a ledger forgot it."""

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
from dagster_project.adapters.membership_batches import KEY_SIZE
from dagster_project.adapters.membership_batches import _key as secret_of
from dagster_project.domain.exports.batches import MembershipChange
from dagster_project.domain.exports.delta import HELD
from dagster_project.domain.exports.formats import Format, form_of
from dagster_project.domain.exports.prints import prints
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Settings

TEXT = pa.string()


def changes_in(
    settings: Settings,
    ledger: Ledger,
    destination: Destination,
    folder: Path,
    told: Mapping[str, Any],
    lines: Sequence[Mapping[str, str]],
) -> list[MembershipChange]:
    """Whom a membership batch added and removed; the rows added are kept, so that they can be let go of later.

    Args:
        folder: the batch. Where it lies in a lost home's outbox, that home's ``vault/sent`` is used.
        told: its manifest.
        lines: its ``rows.csv``.

    Raises:
        HoivaError: a customer in it is unknown here, or its rows cannot be read back exactly.
    """
    everybody = _everybody(ledger)
    keys = prints(secret_of(settings, destination, "customer"), [pa.array(everybody, TEXT)], KEY_SIZE)
    whose = dict(zip(keys.to_pylist(), everybody, strict=True))
    unknown = {line["row_key"] for line in lines} - whose.keys()
    if unknown:
        raise HoivaError(
            f"{len(unknown)} customers of {destination.name}/{folder.name} are unknown here: land what came since the"
            f" backup and run that night again (hoiva run --as-of {told['as_of']}), then settle"
        )
    role_of = {file["name"]: file["role"] for file in told["files"]}
    added_ids = [whose[line["row_key"]] for line in lines if role_of[line["file"]] in ("add", "full")]
    print_of: dict[str, str] = {}
    if added_ids:
        cells = _added(form_of(destination), destination.name, folder, told, added_ids)
        values = prints(secret_of(settings, destination, "row"), cells.columns)
        print_of = dict(zip(added_ids, values.to_pylist(), strict=True))
        kept = cells.add_column(0, "customer_id", pa.array(added_ids, TEXT))
        sent_rows.keep(settings.at_home, destination.name, folder.name, kept)
    known = ledger.memberships(destination.name).to_pylist()
    held = {row["customer_id"]: row["fingerprint"] for row in known}
    removed = [whose[line["row_key"]] for line in lines if role_of[line["file"]] == "remove"]
    if "full" in role_of.values():  # it replaced what the destination held
        removed = [row["customer_id"] for row in known if row["state"] in HELD]
    key_of = {customer_id: key for key, customer_id in whose.items()}
    return [MembershipChange(one, key_of[one], value, "add") for one, value in print_of.items()] + [
        MembershipChange(one, key_of[one], held.get(one, ""), "remove") for one in removed if one not in print_of
    ]


def _added(
    form: Format, destination: str, folder: Path, told: Mapping[str, Any], customer_ids: Sequence[str]
) -> pa.Table:
    """The cells of the rows a batch added, in the types the form makes them in, proven by writing them again."""
    files = [file for file in told["files"] if file["role"] in ("add", "full")]
    kept = _kept_beside(folder, destination)
    cells = kept if kept is not None and kept["customer_id"].to_pylist() == list(customer_ids) else None
    if cells is not None:
        cells = cells.drop_columns("customer_id")
    elif all(file["name"].endswith(".csv") for file in files):
        cells = _read_back(form, folder, [file["name"] for file in files])
    written = [] if cells is None else [file.sha256 for file in form.files(files[0]["role"], cells)]
    if cells is None or written != [file["sha256"] for file in files]:
        raise HoivaError(
            f"the rows of {destination}/{folder.name} cannot be read back: hand in the lost home's outbox beside its"
            f" vault/sent, or end what {destination} holds by a full audience (docs/runbooks/restore.md)"
        )
    return cells


def _kept_beside(folder: Path, destination: str) -> pa.Table | None:
    """The rows the lost home kept of this batch, if its vault lies where it was."""
    for outbox in list(folder.parents)[1:3]:
        for path in sent_rows.files(outbox.parent / "vault" / "sent" / destination):
            if path.stem == folder.name:
                return sent_rows.rows_of(path)
    return None


def _read_back(form: Format, folder: Path, names: Sequence[str]) -> pa.Table:
    rows: list[list[str]] = []
    header: list[str] = []
    for name in names:
        text = (folder / name).read_text(encoding="utf-8")
        header, *more = list(csv.reader(io.StringIO(text, newline="")))
        rows += more
    types = {field.name: field.type for field in form.make(_nobody(form)).cells.schema}
    columns = {}
    for place, name in enumerate(header):
        values = [row[place] or None for row in rows]
        is_digest = pa.types.is_fixed_size_binary(types[name])
        hashed = [None if value is None else bytes.fromhex(value) for value in values] if is_digest else values
        columns[name] = pa.array(hashed, types[name])
    return pa.table(columns)


def _nobody(form: Format) -> pa.Table:
    """No customers, with every column the form needs."""
    types = {"customer_id": TEXT, **dict.fromkeys(form.contact_points, TEXT)}
    types |= {digest.column: pa.binary(32) for digest in form.digests} | {name: pa.bool_() for name, _ in form.consents}
    return pa.schema(list(types.items())).empty_table()


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
