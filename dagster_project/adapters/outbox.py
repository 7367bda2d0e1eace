"""The outbox: where receivers pick up batches, each complete from the moment it can be seen.

A batch is written under ``outbox/.staging``, flushed to the disk, opened in the ledger, and appears in
``outbox/<destination>/`` by one rename, made while the ledger checks for the last time that everyone in it may be
contacted. Nothing in it changes afterwards. :func:`recover` ends what a crash left half done, at any point.
See docs/contracts/outbox.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from dagster_project.adapters import seen, sent_rows
from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    file_sha256,
    make_folder,
    reached,
    sync_folder,
    write_file,
)
from dagster_project.adapters.holding import is_held
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import Batch, faults, folder_name
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home, Settings

MANIFEST = "manifest.json"
TAKEN, WITHDRAWN = ".taken", ".withdrawn"  # where a receiver moves a batch it takes; where one taken back goes
LONGEST_WAIT = 600  # seconds for another export to the same destination


@contextmanager
def one_at_a_time(home: Home, destination: str) -> Iterator[None]:
    """Hold a destination: no other process exports to it or recovers it meanwhile. A dead process holds nothing.

    Raises:
        HoivaError: another export has held it for ten minutes.
    """
    folder = make_folder(home.outbox / ".locks", PRIVATE_FOLDER)
    try:
        with FileLock(folder / f"{destination}.lock", timeout=LONGEST_WAIT, mode=PRIVATE_FILE):
            yield
    except Timeout:
        raise HoivaError(
            f"{destination} has been held by another export for {LONGEST_WAIT} s; look at hoiva status"
        ) from None


def staging_folder(home: Home, destination: str, name: str) -> Path:
    """Where a batch is written before anyone may see it."""
    return home.outbox / ".staging" / destination / name


def batch_folder(home: Home, destination: str, name: str) -> Path:
    """Where a batch stands once it is published."""
    return home.outbox / destination / name


def stage(home: Home, batch: Batch) -> Path:
    """Write a whole batch beside the outbox: files, then the manifest, then everything flushed."""
    folder = staging_folder(home, batch.destination, batch.folder_name)
    for above in (home.outbox / ".staging", folder.parent):
        make_folder(above, PRIVATE_FOLDER)
    if folder.exists():
        shutil.rmtree(folder)
    make_folder(folder, PRIVATE_FOLDER)
    reached("stage.folder_made")
    for file in batch.files:
        write_file(folder / file.name, memoryview(file.content), PRIVATE_FILE)
        reached("stage.file_written")
    write_file(folder / MANIFEST, batch.manifest, PRIVATE_FILE)
    reached("stage.manifest_written")
    for changed in (folder, folder.parent, folder.parent.parent, home.outbox):
        sync_folder(changed)
    reached("stage.flushed")
    return folder


def put_in_place(home: Home, destination: str, name: str) -> None:
    """Let the batch appear in the outbox, whole, by one rename."""
    staged, final = staging_folder(home, destination, name), batch_folder(home, destination, name)
    make_folder(final.parent, PRIVATE_FOLDER)
    reached("publish.before_rename")
    os.rename(staged, final)
    reached("publish.renamed")
    for changed in (final.parent, staged.parent, home.outbox):
        sync_folder(changed)
    reached("publish.flushed")


def taken_folder(home: Home, destination: str, name: str) -> Path:
    """Where a receiver moves a batch it takes. What lies there is the receiver's."""
    return home.outbox / destination / TAKEN / name


def take(home: Home, destination: str, name: str) -> Path | None:
    """Take a batch as its receiver does, by one rename; None when it was taken or taken back before."""
    taken = taken_folder(home, destination, name)
    make_folder(taken.parent, PRIVATE_FOLDER)
    try:
        os.rename(batch_folder(home, destination, name), taken)
    except FileNotFoundError:
        return None
    sync_folder(taken.parent)
    sync_folder(taken.parent.parent)
    return taken


def take_back(home: Home, destination: str, name: str) -> bool:
    """Move a batch out of its receiver's sight by one rename; False when the receiver was quicker."""
    away = home.outbox / WITHDRAWN / destination
    for folder in (away.parent, away):
        make_folder(folder, PRIVATE_FOLDER)
    reached("withdraw.before_rename")
    try:
        os.rename(batch_folder(home, destination, name), away / name)
    except FileNotFoundError:
        return False
    reached("withdraw.renamed")
    for changed in (away, away.parent, home.outbox / destination, home.outbox):
        sync_folder(changed)
    reached("withdraw.flushed")
    return True


def last_sequence(home: Home, destination: str) -> int:
    """The highest sequence number any batch in the outbox carries, taken or not; 0 for none."""
    folders = (home.outbox / destination, home.outbox / destination / TAKEN, home.outbox / WITHDRAWN / destination)
    names = [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return max((int(name[:6]) for name in names if name[:6].isdigit()), default=0)


def publish_staged(home: Home, ledger: Ledger, record: BatchRecord) -> Mapping[str, str]:
    """Publish a staged batch that the ledger has opened, or take it back when somebody in it must not be contacted now.

    Returns:
        nothing when it is published; else contact_id (or customer_id) to the reason. Then the batch is gone without
        a trace, its contacts are free again, and the contacts blocked are ended with their reason.
    """
    name = folder_name(record.sequence, record.batch_id)
    blocked = ledger.publish_batch(record.batch_id, lambda: put_in_place(home, record.destination, name), record.as_of)
    if not blocked:
        reached("publish.recorded")
        return blocked
    release(home, ledger, record)
    if record.kind == "message":
        ledger.end_contacts(blocked, record.as_of)
        reached("release.contacts_ended")
    return blocked


def release(home: Home, ledger: Ledger, record: BatchRecord) -> None:
    """Take back a batch nobody has seen: first in the ledger, then its files."""
    ledger.release_batch(record.batch_id)
    reached("release.recorded")
    _clear(home, ledger, record.destination)
    reached("release.cleared")


def recover(settings: Settings, ledger: Ledger) -> list[BatchRecord]:
    """End everything a crash left half done, for every destination. Safe at any time, by any process.

    Returns:
        the batches that were found between opening and publishing.
    """
    home = settings.at_home.make()
    names = {record.destination for record in ledger.batches(states={"prepared"})}
    for folder in (home.outbox / ".staging", home.outbox / WITHDRAWN, sent_rows.folder_of(home)):
        names |= {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    found = []
    for destination in sorted(names):
        with one_at_a_time(home, destination):
            found += recover_destination(home, ledger, destination)
    return found


def recover_destination(home: Home, ledger: Ledger, destination: str) -> list[BatchRecord]:
    """The same for one destination, which the caller holds.

    - In the outbox: it was published; only the ledger's note is missing.
    - Staged and whole: published now, after the last check, or taken back.
    - Staged and damaged: taken back; its contacts are free for the next batch.
    - Neither: staged files are flushed before the ledger opens a batch and are removed only after it released it, so
      somebody carried the published folder off. It counts as published: never twice comes first.
    - Moved out of sight to be taken back: taken back in the ledger too, then its files are removed.
    """
    if is_held(home):
        return []  # a restored home does not know yet whether these have left
    prepared = ledger.batches(destination=destination, states={"prepared"})
    for record in prepared:
        name = folder_name(record.sequence, record.batch_id)
        staged = staging_folder(home, destination, name)
        if batch_folder(home, destination, name).is_dir() or not staged.is_dir():
            ledger.publish_batch(record.batch_id, lambda: None, record.as_of, recheck=False)
            reached("recover.recorded")
        elif is_whole(staged, record.manifest_sha256):
            publish_staged(home, ledger, record)
        else:
            release(home, ledger, record)
    clear_withdrawn(home, ledger, destination)
    _clear(home, ledger, destination)
    return prepared


def clear_withdrawn(home: Home, ledger: Ledger, destination: str) -> None:
    """End taking back: what was moved out of sight is withdrawn in the ledger, and its files are removed."""
    folder = home.outbox / WITHDRAWN / destination
    away = sorted(folder.iterdir()) if folder.is_dir() else []
    if not away:
        return
    records = {folder_name(one.sequence, one.batch_id): one for one in ledger.batches(destination=destination)}
    seen.forget(home, destination)  # there is something to tell it again
    for path in reversed(away):
        if path.name in records:
            ledger.withdraw_batch(records[path.name].batch_id, lambda: True, records[path.name].as_of)
        reached("withdraw.recovered")
        shutil.rmtree(path)
        reached("withdraw.cleared")


def is_whole(folder: Path, manifest_sha256: str | None = None) -> bool:
    """Whether a batch's folder holds exactly what its manifest lists (and is the manifest the ledger opened)."""
    manifest = folder / MANIFEST
    if not manifest.is_file() or (manifest_sha256 and file_sha256(manifest) != manifest_sha256):
        return False
    others = {path.name: (path.stat().st_size, file_sha256(path)) for path in folder.iterdir() if path != manifest}
    return not faults(manifest.read_bytes(), others)


def _clear(home: Home, ledger: Ledger, destination: str) -> None:
    """Remove staged folders and kept rows that no batch needs: never opened, taken back, or staged and published."""
    records = ledger.batches(destination=destination)
    names = {folder_name(record.sequence, record.batch_id): record.state for record in records}
    folder = home.outbox / ".staging" / destination
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if names.get(path.name) != "prepared":
            shutil.rmtree(path)
    sent_rows.clear(home, destination, {name for name, state in names.items() if state != "withdrawn"})
