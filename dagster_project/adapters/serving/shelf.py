"""The batches of one destination as its tool may see them. Names come from whitelists; nothing else is ever opened."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dagster_project.adapters.acks import Answer
from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, replace_file
from dagster_project.adapters.outbox import MANIFEST, batch_folder, taken_folder
from dagster_project.adapters.transports.trip import Delayed, Trip
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import folder_name

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home

BATCH_NAME = re.compile(r"[0-9]{6,12}-[0-9a-f]{32}")
OPEN = ("published",)  # states of a batch that nobody has answered yet


@dataclass(frozen=True)
class Shelved:
    """One file as it may be sent."""

    path: Path
    size: int
    sha256: str


class Shelf:
    """What one destination may see and do. It cannot name another's batches."""

    def __init__(self, home: Home, ledger: Ledger, destination: str) -> None:
        self._home = home
        self._ledger = ledger
        self._destination = destination

    def waiting(self) -> list[dict[str, Any]]:
        """Batches that are not answered yet, in the order in which they must be taken."""
        shown = []
        for record in self._ledger.batches(self._destination, set(OPEN)):
            folder, is_taken = self._folder(record)
            if folder is not None:
                shown.append(
                    {
                        "name": _name(record),
                        "sequence": record.sequence,
                        "batch_id": record.batch_id,
                        "manifest_sha256": record.manifest_sha256,
                        "rows": record.count_rows,
                        "is_taken": is_taken,
                    }
                )
        return shown

    def state_of(self, name: str) -> Literal["unknown", "withdrawn", "waiting", "taken"]:
        """Where a batch of this destination stands, by the name of its folder."""
        record = self._record(name)
        if record is None:
            return "unknown"
        if record.state == "withdrawn":
            return "withdrawn"
        folder, is_taken = self._folder(record)
        if folder is None:
            return "unknown"
        return "taken" if is_taken else "waiting"

    def file(self, name: str, file: str) -> Shelved | None:
        """A file of a batch that its manifest names (or the manifest itself); None for anything else."""
        record = self._record(name)
        folder = None if record is None else self._folder(record)[0]
        if record is None or folder is None:
            return None
        manifest = folder / MANIFEST
        if file == MANIFEST:
            return Shelved(manifest, manifest.stat().st_size, record.manifest_sha256)
        for entry in json.loads(manifest.read_bytes())["files"]:
            if entry["name"] == file:
                return Shelved(folder / entry["name"], entry["bytes"], entry["sha256"])
        return None

    def take(self, name: str, moment: datetime) -> Literal["taken", "unknown", "withdrawn", "not_its_turn"]:
        """Take a batch: from now on it cannot be withdrawn. Taking it again changes nothing."""
        record = self._record(name)
        state = self.state_of(name)
        if record is None or state in ("unknown", "withdrawn"):
            return "withdrawn" if state == "withdrawn" else "unknown"
        if state == "taken":
            return "taken"
        waiting = [one for one in self.waiting() if not one["is_taken"]]
        if waiting and waiting[0]["name"] != name:
            return "not_its_turn"
        self._ledger.begin_transfer(record.batch_id, self._destination, moment)
        try:
            Trip(self._home, self._ledger, record, moment, is_taken=False).take()
        except Delayed:
            return "taken" if self.state_of(name) == "taken" else "withdrawn"
        return "taken"

    def answer(self, answer: Answer) -> bool:
        """Keep an answer for the next run to read; False when it is about no batch that this destination has taken."""
        records = {one.batch_id: one for one in self._ledger.batches(self._destination)}
        record = records.get(answer.batch_id)
        if record is None or not taken_folder(self._home, self._destination, _name(record)).is_dir():
            return False
        folder = make_folder(self._home.acks / self._destination, PRIVATE_FOLDER)
        content = answer.model_dump(exclude_none=True, exclude_defaults=True)
        replace_file(folder / f"{answer.batch_id}.json", (json.dumps(content) + "\n").encode(), PRIVATE_FILE)
        return True

    def _record(self, name: str) -> BatchRecord | None:
        if not BATCH_NAME.fullmatch(name):
            return None
        return next((one for one in self._ledger.batches(self._destination) if _name(one) == name), None)

    def _folder(self, record: BatchRecord) -> tuple[Path | None, bool]:
        waiting = batch_folder(self._home, self._destination, _name(record))
        taken = taken_folder(self._home, self._destination, _name(record))
        if waiting.is_dir():
            return waiting, False
        return (taken, True) if taken.is_dir() else (None, False)


def _name(record: BatchRecord) -> str:
    return folder_name(record.sequence, record.batch_id)
