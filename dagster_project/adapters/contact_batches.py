"""Message batches: each claimed contact, once, to the tool that delivers it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.content import Content, Lines, customers_of, rows_files
from dagster_project.adapters.durable import reached
from dagster_project.domain.exports.formats import form_of

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.published import Version
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.exports.manifest import BatchFile


def has_something(ledger: Ledger, destination: Destination, as_of: datetime, moment: datetime) -> bool:
    """Whether a contact waits for this destination."""
    return _claimed(ledger, destination, as_of, moment).num_rows > 0


def content(ledger: Ledger, destination: Destination, version: Version, as_of: datetime) -> Content | None:
    """The contacts that can be sent now. The others are ended in the ledger with a reason, never lost.

    Where the tool knows a person by one column (an address), a second contact for it goes into a file of its own.
    """
    form = form_of(destination)
    contacts = _claimed(ledger, destination, as_of)
    blocked = ledger.blocked_contacts(contacts["contact_id"].to_pylist(), as_of)
    if blocked:
        ledger.end_contacts(blocked, as_of)
        reached("contacts.blocked_ended")
        contacts = contacts.filter(pc.invert(pc.is_in(contacts["contact_id"], pa.array(list(blocked), pa.string()))))
    if contacts.num_rows == 0:
        return None
    cited = ledger.cite_consents(contacts["contact_id"].to_pylist(), as_of)
    reached("contacts.consents_cited")
    consents = [cited.get(contact_id) for contact_id in contacts["contact_id"].to_pylist()]
    place = contacts.schema.get_field_index("consent_id")
    contacts = contacts.set_column(place, "consent_id", pa.array(consents, pa.string()))
    keys = [("score", "descending"), ("planned_for", "ascending"), ("contact_id", "ascending")]
    contacts = contacts.sort_by(keys)
    contacts = contacts.append_column("priority", pa.array(range(1, contacts.num_rows + 1), pa.int64()))
    rows = form.make(customers_of(ledger, destination, version, form, contacts, as_of))
    contact_ids = contacts["contact_id"].to_pylist()
    unreachable = {contact_ids[place]: reason for place, reason in rows.refused()}
    if unreachable:
        ledger.end_contacts(unreachable, as_of)
        reached("contacts.unreachable_ended")
    files: list[BatchFile] = []
    lines, sent_ids = [], []
    for places in _parts(rows.cells, form.one_row_per, rows.sendable()):
        sent = contacts.take(places)
        parts = form.files("contacts", rows.cells.take(places), first=len(files) + 1)
        files += parts
        lines.append(Lines(parts, sent["contact_id"].combine_chunks(), sent["consent_id"].combine_chunks()))
        sent_ids += sent["contact_id"].to_pylist()
    return Content((*files, *rows_files(lines)), contact_ids=sent_ids) if files else None


def _claimed(ledger: Ledger, destination: Destination, as_of: datetime, moment: datetime | None = None) -> pa.Table:
    """Contacts of this destination. One planned for later than a batch is valid waits for a later batch.

    ``moment``: by which a refused one may be sent again, if not as_of.
    """
    models = None if destination.care_models is None else set(destination.care_models)
    until = as_of + destination.expires_after
    return ledger.claimed_contacts(destination.channel, until, care_models=models, as_of=moment or as_of)


def _parts(cells: pa.Table, column: str | None, sendable: pa.BooleanArray) -> list[pa.Array]:
    """The places of the rows to send, in as many parts as a value of the column occurs at most."""
    values = cells[column].to_pylist() if column else [None] * cells.num_rows
    parts: list[list[int]] = []
    times: dict[str, int] = {}
    for place, is_sendable in enumerate(sendable.to_pylist()):
        if is_sendable:
            number = times.get(values[place], 0) if column else 0
            times[values[place]] = number + 1
            if number == len(parts):
                parts.append([])
            parts[number].append(place)
    return [pa.array(places, pa.int64()) for places in parts]
