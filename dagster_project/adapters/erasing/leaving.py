"""People leave what went out: batches nobody has taken are withdrawn, every destination is told to let go.

A batch is immutable, so one that holds somebody is never rewritten: once its receiver has it, its folder is deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import sent_rows
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.durable import reached, sync_folder
from dagster_project.adapters.erasing.case import Case
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.holding import HELD_WORDS, is_held
from dagster_project.adapters.ledger.memberships import HELD
from dagster_project.adapters.outbox import WITHDRAWN, batch_folder, one_at_a_time, staging_folder, taken_folder
from dagster_project.adapters.published import has_published
from dagster_project.domain.exports.manifest import folder_name

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.batches import BatchRecord
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings

NOT_TAKEN = "the batch that tells it to let go has not been taken"
NOT_TOLD = "it could not be told to let go: look at hoiva status, then hoiva erase --resume"
NO_DESTINATION = "it is no destination any more: its file is gone or faulty"


def tell_destinations(
    settings: Settings, ledger: Ledger, destinations: Sequence[Destination], case: Case, as_of: datetime
) -> dict[str, int]:
    """Make the batch that lets them go, at every destination whose audience has them; the ordinary way."""
    told = 0
    if is_held(settings.at_home):
        return {}
    read_acks(settings, ledger, as_of)
    for name in sorted(_holding(ledger, case)):
        destination = next((one for one in destinations if one.name == name), None)
        if destination is not None and has_published(settings):
            told += export_destination(settings, ledger, destination, as_of) is not None
            reached("erase.removals.told")
    return {"batches": told}


def waits_for(
    settings: Settings, ledger: Ledger, destinations: Sequence[Destination], case: Case, as_of: datetime
) -> dict[str, str]:
    """Destination to why it may still have them; empty when every one has let go or has the order to."""
    if not is_held(settings.at_home):
        read_acks(settings, ledger, as_of)
    return known_to_wait_for(settings, ledger, destinations, case)


def known_to_wait_for(
    settings: Settings, ledger: Ledger, destinations: Sequence[Destination], case: Case
) -> dict[str, str]:
    """The same by the answers that were read already; nothing is changed."""
    home = settings.at_home
    if is_held(home):
        return dict.fromkeys(_holding(ledger, case), HELD_WORDS)
    records = {record.batch_id: record for record in ledger.batches()}
    known = {destination.name for destination in destinations}
    waiting: dict[str, str] = {}
    for name, states in _holding(ledger, case).items():
        for state, batch_id in states:
            if state != "removing":
                waiting[name] = NOT_TOLD if name in known else NO_DESTINATION
            elif not is_taken(home, records[batch_id]):
                waiting.setdefault(name, NOT_TAKEN)
    for batch_id in case.batches:
        record = records.get(batch_id)
        if record is not None and not is_taken(home, record):
            waiting.setdefault(record.destination, NOT_TAKEN)
    return waiting


def batches_of(ledger: Ledger, case: Case) -> list[BatchRecord]:
    """Every batch that carried them, or carries the order to let them go."""
    wanted = {*case.batches, *(batch for states in _holding(ledger, case).values() for _, batch in states)}
    return [record for record in ledger.batches() if record.batch_id in wanted]


def must_be_told(ledger: Ledger, case: Case) -> bool:
    """Whether a destination holds them without an order to let go: as after it refused the first one."""
    return any(state != "removing" for states in _holding(ledger, case).values() for state, _ in states)


def is_taken(home: Home, record: BatchRecord) -> bool:
    """Whether a batch waits for nobody: answered, taken back, copied, or no longer where it was put."""
    if record.state not in ("prepared", "published") or record.pickup == "copy":
        return True
    name = folder_name(record.sequence, record.batch_id)
    return record.state == "published" and not batch_folder(home, record.destination, name).is_dir()


def delete_batches(settings: Settings, ledger: Ledger, case: Case) -> dict[str, int]:
    """Delete the folders of every batch that holds them and was taken, with its answer; the ledger keeps its record."""
    home = settings.at_home
    counts = {"batches": 0, "answers": 0}
    wanted = {*case.batches, *ledger.batches_with(case.who.customers)}
    for record in ledger.batches():
        if record.batch_id not in wanted or not is_taken(home, record):
            continue
        name = folder_name(record.sequence, record.batch_id)
        with one_at_a_time(home, record.destination):
            for folder in _folders_of(home, record.destination, name):
                shutil.rmtree(folder)
                sync_folder(folder.parent)
                counts["batches"] += 1
                reached("erase.outbox.deleted")
        for path in sorted((home.acks / record.destination).rglob(f"{record.batch_id}.json*")):
            path.unlink()
            counts["answers"] += 1
    return counts


def _folders_of(home: Home, destination: str, name: str) -> list[Path]:
    places = (
        batch_folder(home, destination, name),
        taken_folder(home, destination, name),
        home.outbox / WITHDRAWN / destination / name,
        staging_folder(home, destination, name),
    )
    return [path for path in places if path.is_dir()]


def delete_sent_rows(home: Home, customer_ids: Iterable[str]) -> dict[str, int]:
    """Take the rows they were added with out of ``vault/sent``."""
    wanted = pa.array(sorted(customer_ids), pa.string())
    counts = {"files": 0, "rows": 0}
    for path in sent_rows.files(sent_rows.folder_of(home)):
        rows = sent_rows.rows_of(path)
        gone = pc.is_in(rows["customer_id"], wanted)
        removed = pc.sum(gone).as_py() or 0
        if removed:
            sent_rows.rewrite(path, rows.filter(pc.invert(gone)))
            counts["files"] += 1
            counts["rows"] += int(removed)
            reached("erase.sent.rewritten")
    return counts


def _holding(ledger: Ledger, case: Case) -> dict[str, list[tuple[str, str]]]:
    """Destination to the (state, last batch) of each of them it holds, or may hold."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in ledger.about(case.who.customers).get("memberships", []):
        if row["state"] in HELD:
            found.setdefault(row["destination"], []).append((row["state"], row["batch_id"]))
    return found
