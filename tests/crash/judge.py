"""The judge: reads what a receiver saw and what the ledger says, and counts what was lost and what was doubled."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.outbox import is_whole
from dagster_project.settings import Settings


def _cells(path: Path) -> list[tuple[str, ...]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def seen(home: Path, destination: str) -> dict[str, dict[str, bytes]]:
    """The batches a receiver sees now, by folder name: every file's bytes."""
    folder = Settings(home=home).at_home.outbox / destination
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {batch.name: {path.name: path.read_bytes() for path in sorted(batch.iterdir())} for batch in found}


@dataclass
class Receiver:
    """A receiver that looks whenever it likes, and remembers what it saw."""

    home: Path
    looks: list[dict[str, dict[str, dict[str, bytes]]]] = field(default_factory=list)

    def look(self) -> None:
        """Every batch that can be seen is whole and is what it was before."""
        now = {name: seen(self.home, name) for name in ("letters", "google")}
        for destination, batches in now.items():
            for batch in batches:
                assert is_whole(Settings(home=self.home).at_home.outbox / destination / batch)
        for earlier in self.looks:
            for destination, batches in earlier.items():
                for batch, files in batches.items():
                    assert now[destination].get(batch) == files, "a batch that was seen never changes"
        self.looks.append(now)


@dataclass(frozen=True)
class Verdict:
    """What went wrong, by contact id or customer row."""

    lost: list[str]
    doubled: list[str]
    unsettled: list[str]


def verdict(home: Path) -> Verdict:
    """Lost: neither in a batch nor ended with a reason. Doubled: in more than one batch. Unsettled: ledger and outbox
    disagree."""
    settings = Settings(home=home)
    sent: Counter[str] = Counter()
    for batch in seen(home, "letters"):
        for row in _cells(settings.at_home.outbox / "letters" / batch / "rows.csv"):
            sent[row[2]] += 1
    with open_ledger(settings.ledger_address) as ledger:
        contacts = {row["contact_id"]: row for row in ledger.contacts().to_pylist()}
        prepared = [record.batch_id for record in ledger.batches(states={"prepared"})]
    lost, unsettled = [], list(prepared)
    for contact_id, row in contacts.items():
        if row["status"] in ("claimed", "batched"):
            unsettled.append(contact_id)
        if contact_id not in sent and not (row["status"] == "returned" and row["reason"]):
            lost.append(contact_id)
        if contact_id in sent and row["status"] != "published":
            unsettled.append(contact_id)
    staged = settings.at_home.outbox / ".staging"
    unsettled += [str(path.name) for path in staged.glob("*/*")]
    doubled = [contact_id for contact_id, times in sent.items() if times > 1]
    return Verdict(lost, doubled, unsettled)


def platform(home: Path) -> list[tuple[str, ...]]:
    """What the audience's platform holds after every batch in order: removes, then adds."""
    holding: Counter[tuple[str, ...]] = Counter()
    root = Settings(home=home).at_home.outbox / "google"
    for batch in seen(home, "google"):
        holding.subtract(_cells(root / batch / "remove.csv"))
        holding.update(_cells(root / batch / "add.csv"))
        assert set(holding.values()) <= {0, 1}, "a row was added twice or removed without having been added"
    return sorted(row for row, times in holding.items() if times)
