"""Takes into a restored home what left after its backup was made, so that nothing of it leaves again.

A batch says in its own files whose rows it has: contact ids, or customers by their key at the destination. The nights
run again in the held home decide the same contacts under the same ids, so a batch found elsewhere is bound to them and
counts as published. Where a receiver has more than can be found, everything that waits for it is ended: it may have
been sent, and never twice comes first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from dagster_project.adapters import seen
from dagster_project.adapters.durable import PRIVATE_FOLDER, make_folder, reached, sync_folder
from dagster_project.adapters.holding import is_held, let_go, marker
from dagster_project.adapters.ledger.frames import values_of
from dagster_project.adapters.ledger.tables import contacts
from dagster_project.adapters.outbox import (
    MANIFEST,
    TAKEN,
    batch_folder,
    is_whole,
    last_sequence,
    one_at_a_time,
    recover,
    staging_folder,
)
from dagster_project.adapters.restoring import not_replayed
from dagster_project.adapters.settling_members import changes_in
from dagster_project.adapters.verifying.outbox_checks import OUT, rows_listed
from dagster_project.domain.exports.batches import BatchRecord, MembershipChange
from dagster_project.domain.exports.manifest import chain, folder_name
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings

PERHAPS_SENT = "perhaps_sent"  # the reason of a contact that may have left after the backup
NO_MANIFEST = "0" * 64  # of a batch of which nothing but its number is known


@dataclass(frozen=True)
class Settled:
    """What settling did: batches taken in, contacts ended, the last number per destination, and whether it is over."""

    adopted: list[str]
    count_ended: int
    last: dict[str, int]
    is_open: bool


def settle(
    settings: Settings,
    ledger: Ledger,
    destinations: Sequence[Destination],
    sent: Sequence[Path],
    last: Mapping[str, int],
    moment: datetime,
    *,
    perhaps_sent: bool = False,
) -> Settled:
    """Take in what left since the backup; let the exports go on once each destination's last number is confirmed.

    Args:
        sent: folders like an outbox, ``<destination>/<batch>/``: the lost home's, or what receivers kept.
        last: per destination the highest batch number its receiver has had; 0 for none.
        moment: now.
        perhaps_sent: where a receiver has had more than was found, end what waits for it instead of asking again.

    Raises:
        HoivaError: the home is not held, erasures wait to be replayed, a batch is damaged or does not follow, its
            contacts are not among those decided here, or a receiver has had more batches than were found.
    """
    home = settings.at_home
    if not is_held(home):
        raise HoivaError("this home is not held: only one restored from a backup is settled")
    if not_replayed(home, ledger):
        raise HoivaError("erasures made after the backup wait to be replayed: hoiva erase --replay, then settle")
    by_name = {destination.name: destination for destination in destinations}
    for name in by_name:
        seen.forget(home, name)  # it was told more than this home remembers
    adopted: list[str] = []
    for name in sorted({path.name for folder in sent for path in _folders(folder)}):
        if name not in by_name:
            raise HoivaError(f"{name} is no destination of this house: put its file back to settle its batches")
        with one_at_a_time(home, name):
            adopted += _adopt_all(settings, ledger, by_name[name], sent, moment)
    for name in last:
        if name not in by_name:
            raise HoivaError(f"{name} is no destination; there are {', '.join(sorted(by_name))}")
    count_ended = 0
    for name, number in sorted(last.items()):
        _carried_off(home, ledger, name, number)
    known = _last_numbers(home, ledger)
    for name, number in sorted(last.items()):
        if number < known.get(name, 0):
            raise HoivaError(f"{name} has had at least batch {known[name]}: its last number cannot be {number}")
        if number > known.get(name, 0):
            if not perhaps_sent:
                raise HoivaError(
                    f"{name} has had batch {number}, here {known.get(name, 0)} is the last: hand in the others with"
                    " --sent, or end what waits for it with --perhaps-sent"
                )
            count_ended += _give_up(ledger, by_name[name], known.get(name, 0), number, moment)
    known = _last_numbers(home, ledger)
    for name, number in sorted(last.items()):
        ledger.end_transfers(name, number, moment)  # what its tool has had is not carried there again
    asked = set(known) | set(json.loads(marker(home).read_bytes())["batches"])
    is_open = bool(asked - last.keys())
    if not is_open:
        let_go(home)
        reached("settle.let_go")
        recover(settings, ledger)
    return Settled(adopted, count_ended, {name: known.get(name, 0) for name in sorted(asked)}, is_open)


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise HoivaError(f"there is no folder {root.name!r}: name one that holds <destination>/<batch>/")
    return [path for path in sorted(root.iterdir()) if path.is_dir() and not path.name.startswith(".")]


def _last_numbers(home: Home, ledger: Ledger) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for record in ledger.batches(states=set(OUT)):
        numbers[record.destination] = max(numbers.get(record.destination, 0), record.sequence)
    return {name: max(number, last_sequence(home, name)) for name, number in numbers.items()}


def _adopt_all(
    settings: Settings, ledger: Ledger, destination: Destination, sent: Sequence[Path], moment: datetime
) -> list[str]:
    """Every batch of one destination that the ledger has not published, in the order of their numbers."""
    found: dict[str, Path] = {}
    for root in sent:
        for folder in (root / destination.name, root / destination.name / TAKEN):
            for path in folder.iterdir() if folder.is_dir() else []:
                if path.is_dir() and path.name[:1].isdigit():
                    found.setdefault(path.name, path)
    records = {folder_name(one.sequence, one.batch_id): one for one in ledger.batches(destination=destination.name)}
    adopted = []
    for name in sorted(found):
        record = records.get(name)
        if record is None:
            _adopt(settings, ledger, destination, found[name], moment)
        elif record.state == "prepared":  # it was on its way as the backup was made, and left
            _put(settings.at_home, destination.name, found[name])
            ledger.publish_batch(record.batch_id, lambda: None, record.as_of, recheck=False)
        else:
            continue
        adopted.append(f"{destination.name}/{name}")
        reached("settle.adopted")
    return adopted


def _adopt(settings: Settings, ledger: Ledger, destination: Destination, folder: Path, moment: datetime) -> None:
    """Let a batch that left count as published, through the same doors as any other."""
    place = f"{destination.name}/{folder.name}"
    if not is_whole(folder):
        raise HoivaError(f"{place} is damaged: take another copy of it")
    content = (folder / MANIFEST).read_bytes()
    told = json.loads(content)
    before = ledger.batches(destination=destination.name)
    previous, _ = chain(before)
    if told["previous_manifest_sha256"] != previous:
        raise HoivaError(f"{place} does not follow batch {before[-1].sequence if before else 0}: the ones between lack")
    lines = rows_listed(folder, told)
    record = BatchRecord(
        batch_id=told["batch_id"],
        destination=destination.name,
        kind=destination.kind,
        sequence=told["sequence"],
        as_of=datetime.fromisoformat(told["as_of"].replace("Z", "+00:00")).astimezone(UTC),
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        state="prepared",
        count_rows=sum(file["rows"] for file in told["files"] if file["role"] not in ("rows", "full")),
        pickup=destination.pickup,
    )
    contact_ids: list[str] = []
    changes: list[MembershipChange] = []
    if destination.kind == "message":
        contact_ids = [line["row_key"] for line in lines]
        _all_wait(ledger, contact_ids, place, told["as_of"])
    else:
        changes = changes_in(settings, ledger, destination, folder, told, lines)
    ledger.open_batch(record, contact_ids, changes, purpose=destination.purpose, channel=destination.channel)
    home = settings.at_home
    ledger.publish_batch(record.batch_id, lambda: _put(home, destination.name, folder), moment, recheck=False)


def _all_wait(ledger: Ledger, contact_ids: Sequence[str], place: str, as_of: str) -> None:
    with ledger.reading() as connection:
        waiting = set(values_of(connection, select(contacts.c.contact_id).where(contacts.c.status == "claimed")))
    missing = len(set(contact_ids) - waiting)
    if missing:
        raise HoivaError(
            f"{missing} of the {len(contact_ids)} contacts in {place} are not decided here yet: land what came since"
            f" the backup and run that night again (hoiva run --as-of {as_of}), then settle"
        )


def _put(home: Home, destination: str, folder: Path) -> None:
    """Copy a batch to where it stood; one rename lets it appear. Its receiver has had it: it counts as taken."""
    final = batch_folder(home, destination, folder.name)
    taken = final.parent / TAKEN / folder.name
    if final.exists() or taken.exists():
        return
    staging = home.outbox / ".staging" / destination / folder.name
    shutil.rmtree(staging, ignore_errors=True)
    for above in (home.outbox / ".staging", staging.parent, final.parent, taken.parent):
        make_folder(above, PRIVATE_FOLDER)
    shutil.copytree(folder, staging)
    os.rename(staging, taken)
    sync_folder(taken.parent)


def _carried_off(home: Home, ledger: Ledger, destination: str, number: int) -> None:
    """A batch that was on its way as the backup was made, and that its receiver says it has had, is published."""
    for record in ledger.batches(destination=destination, states={"prepared"}):
        if record.sequence <= number:
            ledger.publish_batch(record.batch_id, lambda: None, record.as_of, recheck=False)
            staged = staging_folder(home, destination, folder_name(record.sequence, record.batch_id))
            shutil.rmtree(staged, ignore_errors=True)


def _give_up(ledger: Ledger, destination: Destination, known: int, number: int, moment: datetime) -> int:
    """Count the batches nobody can find by their numbers, and end what may have been in them."""
    count = 0
    if destination.kind == "message":
        models = None if destination.care_models is None else set(destination.care_models)
        waiting = ledger.claimed_contacts(destination.channel, datetime.max.replace(tzinfo=UTC), care_models=models)
        ledger.end_contacts(dict.fromkeys(waiting["contact_id"].to_pylist(), PERHAPS_SENT), moment)
        count = waiting.num_rows
    for sequence in range(known + 1, number + 1):
        batch_id = hashlib.sha256(f"lost|{destination.name}|{sequence}".encode()).hexdigest()[:32]
        record = BatchRecord(batch_id, destination.name, destination.kind, sequence, moment, NO_MANIFEST, "prepared", 0)
        ledger.open_batch(record, purpose=destination.purpose, channel=destination.channel)
        ledger.publish_batch(batch_id, lambda: None, moment, recheck=False)
        ledger.acknowledge(batch_id, "rejected", {}, moment)
    return count
