"""Batches: what the outbox holds beside what the ledger says was put there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from sqlalchemy import select

from dagster_project.adapters import sent_rows
from dagster_project.adapters.durable import file_sha256
from dagster_project.adapters.ledger.frames import rows_of, values_of
from dagster_project.adapters.ledger.tables import contact_transitions, contacts, membership_changes
from dagster_project.adapters.outbox import MANIFEST, TAKEN
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import chain, faults, folder_name
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home, Settings

OUT = ("published", "accepted", "partly", "rejected")  # states of a batch that left


def batch_folders(home: Home, destination: str) -> dict[str, Path]:
    """Every batch that stands in a destination's outbox or among those its receiver took, by folder name."""
    found: dict[str, Path] = {}
    for folder in (home.outbox / destination / TAKEN, home.outbox / destination):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.is_dir() and path.name[:1].isdigit():
                found[path.name] = path
    return found


def destinations_of(home: Home, records: list[BatchRecord]) -> list[str]:
    """Every destination that the ledger or the outbox knows."""
    names = {record.destination for record in records}
    for folder in (home.outbox, home.outbox / ".staging", sent_rows.folder_of(home)):
        names |= {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    return sorted(name for name in names if not name.startswith("."))


def check_batches(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    """What is wrong between the ledger's batches and those in the outbox."""
    home = settings.at_home
    records = ledger.batches()
    for destination in destinations_of(home, records):
        own = [record for record in records if record.destination == destination]
        yield from _half_done(home, destination, own)
        yield from _numbers(destination, own)
        yield from _folders(home, ledger, destination, own)


def _half_done(home: Home, destination: str, own: list[BatchRecord]) -> Iterator[Finding]:
    staged = home.outbox / ".staging" / destination
    names = {folder_name(one.sequence, one.batch_id) for one in own if one.state == "prepared"}
    names |= {path.name for path in staged.iterdir()} if staged.is_dir() else set()
    known = {folder_name(one.sequence, one.batch_id) for one in own}
    names |= {path.stem for path in sent_rows.files(sent_rows.folder_of(home) / destination)} - known
    if names and not is_held(home, destination):
        yield Finding("batch_half_done", f"{destination}: {', '.join(sorted(names))}", len(names))


def is_held(home: Home, destination: str) -> bool:
    """Whether an export to this destination is at work: what looks half done is being done."""
    path = home.outbox / ".locks" / f"{destination}.lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _numbers(destination: str, own: list[BatchRecord]) -> Iterator[Finding]:
    numbers = [record.sequence for record in own]
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if missing:
        yield Finding("batch_number_gap", f"{destination}: {', '.join(map(str, missing[:10]))}", len(missing))


def _folders(home: Home, ledger: Ledger, destination: str, own: list[BatchRecord]) -> Iterator[Finding]:
    folders = batch_folders(home, destination)
    records = {folder_name(record.sequence, record.batch_id): record for record in own}
    for name in sorted(folders.keys() - records.keys()):
        yield Finding("batch_unknown", f"{destination}/{name}")
    for place, (name, record) in enumerate(records.items()):  # by sequence
        folder = folders.get(name)
        if folder is not None:
            yield from _one(ledger, record, own[:place], folder)
        elif record.state == "published":
            yield Finding("batch_missing", f"{destination}/{name}")


def _one(ledger: Ledger, record: BatchRecord, before: list[BatchRecord], folder: Path) -> Iterator[Finding]:
    place = f"{record.destination}/{folder.name}"
    manifest = folder / MANIFEST
    if not manifest.is_file():
        yield Finding("batch_damaged", f"{place}: {MANIFEST} is missing")
        return
    if file_sha256(manifest) != record.manifest_sha256:
        yield Finding("batch_altered", place)
        return
    others = {path.name: (path.stat().st_size, file_sha256(path)) for path in folder.iterdir() if path != manifest}
    wrong = faults(manifest.read_bytes(), others)
    if wrong:
        yield Finding("batch_damaged", f"{place}: {'; '.join(wrong[:5])}", len(wrong))
        return
    told = json.loads(manifest.read_bytes())
    # The one before it may have been withdrawn after this one named it; then the next manifest says so.
    names = [one.manifest_sha256 for one in before if one.state == "withdrawn"] + [chain(before)[0]]
    if told["previous_manifest_sha256"] not in names:
        yield Finding("batch_chain_broken", place)
    yield from _rows(ledger, record, folder, told, place)


def _rows(ledger: Ledger, record: BatchRecord, folder: Path, told: dict[str, Any], place: str) -> Iterator[Finding]:
    lines = rows_listed(folder, told)
    keys = {line["row_key"] for line in lines}
    with ledger.reading() as connection:
        if record.kind == "message":
            log = contact_transitions
            out = select(log.c.contact_id).where(log.c.batch_id == record.batch_id, log.c.status == "published")
            known = set(values_of(connection, out))
            cited = dict(
                rows_of(
                    connection,
                    select(contacts.c.contact_id, contacts.c.consent_id).where(contacts.c.batch_id == record.batch_id),
                )
            )
            wrong = [
                row for row in lines if (row["consent_id"] or None) != cited.get(row["row_key"], row["consent_id"])
            ]
        else:
            changes = membership_changes
            mine = select(changes.c.customer_key).where(changes.c.batch_id == record.batch_id)
            roles = {file["role"] for file in told["files"]}
            if "full" in roles:  # whoever left is simply not in it
                mine = mine.where(changes.c.operation == "add")
            known = set(values_of(connection, mine))
            added = {file["name"] for file in told["files"] if file["role"] in ("add", "full")}
            wrong = [row for row in lines if row["file"] in added and not row["consent_id"]]
    if keys != known and record.state in OUT:
        yield Finding("batch_rows_disagree", place, len(keys ^ known))
    if wrong:
        yield Finding("consent_not_cited", place, len(wrong))


def rows_listed(folder: Path, told: dict[str, Any]) -> list[dict[str, str]]:
    """The lines of a batch's ``rows.csv``: file, line, row_key, consent_id."""
    lines: list[dict[str, str]] = []
    for file in told["files"]:
        if file["role"] == "rows":
            text = (folder / file["name"]).read_text(encoding="utf-8")
            lines += list(csv.DictReader(io.StringIO(text, newline="")))
    return lines
