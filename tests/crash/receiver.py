"""A receiver that polls: it takes each batch by one rename, applies it, answers, and remembers what it was given."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dagster_project.adapters.outbox import TAKEN, is_whole, take
from dagster_project.settings import Home

DESTINATIONS = ("google", "letters")
NOBODY_THERE = "nobody_there"  # a reason that ends a contact
REFUSED_ENDINGS = "01"  # of keys that are refused: about every eighth row


def rows_of(path: Path) -> list[tuple[str, ...]]:
    """The rows of a CSV file below its header; none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def keys_of(batch: Path, *files: str) -> list[str]:
    """Whose the rows of these files are, in order; of all files when none is named."""
    return [row[2] for row in rows_of(batch / "rows.csv") if not files or row[0] in files]


def _keyed(batch: Path, name: str) -> list[tuple[str, ...]]:
    return [(key, *row) for row, key in zip(rows_of(batch / name), keys_of(batch, name), strict=True)]


def is_refused(key: str) -> bool:
    """Whether this receiver refuses the row: always the same ones."""
    return key[-1] in REFUSED_ENDINGS


def batches_in(folder: Path) -> list[Path]:
    """The batches in a folder, in their order."""
    return sorted(path for path in folder.iterdir() if path.name[0].isdigit()) if folder.is_dir() else []


@dataclass(frozen=True)
class Receiver:
    """Both destinations of a home, as the tools behind them see it. What it took is its memory: it survives a crash."""

    home: Path

    @property
    def folders(self) -> Home:
        """Where the outbox and the answers are."""
        return Home(self.home.resolve())

    def waiting(self) -> list[Path]:
        """The batches that can be taken now."""
        return [batch for name in DESTINATIONS for batch in batches_in(self.folders.outbox / name)]

    def taken(self, destination: str) -> list[Path]:
        """What was taken, in order."""
        return batches_in(self.folders.outbox / destination / TAKEN)

    def poll(self) -> list[Path]:
        """Take whatever can be seen, whole, and answer it; what was taken."""
        found = []
        for batch in self.waiting():
            assert is_whole(batch), f"{batch.name} can be seen and is not whole"
            taken = take(self.folders, batch.parent.name, batch.name)
            assert taken is not None
            found.append(taken)
            self.answer(taken)
        return found

    def answer(self, batch: Path) -> None:
        """Say which rows are refused. Of an audience's rows only adds are: who should be let go of is let go of."""
        destination, batch_id = batch.parent.parent.name, batch.name.partition("-")[2]
        keys, name = keys_of(batch), "contact_id"
        if destination == "google":
            keys, name = keys_of(batch, "add.csv"), "customer_key"
        rejected = [{name: key, "reason": NOBODY_THERE} for key in keys if is_refused(key)]
        answer: dict[str, object] = {"batch_id": batch_id, "status": "partly" if rejected else "accepted"}
        if rejected:
            answer["rejected"] = rejected
        acks = self.folders.acks / destination
        acks.mkdir(exist_ok=True)
        fresh = acks / f".{batch_id}.new"
        fresh.write_text(json.dumps(answer))
        os.replace(fresh, acks / f"{batch_id}.json")

    def sent(self) -> Counter[str]:
        """How often each contact was handed over."""
        return Counter(key for batch in self.taken("letters") for key in keys_of(batch))

    def holding(self) -> Counter[tuple[str, ...]]:
        """What the audience's platform holds: of every batch in order, removes then adds, without the refused ones.

        Each row begins with the customer's key. A row held twice, or taken out without having been in, is there with
        the times that are not 1.
        """
        held: Counter[tuple[str, ...]] = Counter()
        for batch in self.taken("google"):
            held.subtract(_keyed(batch, "remove.csv"))
            held.update(row for row in _keyed(batch, "add.csv") if not is_refused(row[0]))
        return Counter({row: times for row, times in held.items() if times})

    def contents(self, destination: str) -> dict[str, dict[str, bytes]]:
        """Every batch that was taken: each file's bytes."""
        return {
            batch.name: {path.name: path.read_bytes() for path in sorted(batch.iterdir())}
            for batch in self.taken(destination)
        }
