"""The journal of erasures, outside the ledger: what a restored backup must forget again. Keyed hashes alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import make_folder, sync_folder

if TYPE_CHECKING:
    from dagster_project.settings import Home


@dataclass(frozen=True)
class Entry:
    """One erasure: keyed hash to kind of every identifier that was erased."""

    erasure_id: str
    recorded_at: datetime
    count_customers: int
    digests: dict[str, str]


def folder_of(home: Home) -> Path:
    """Where journal and receipts lie."""
    return home.root / "erasures"


def journal_file(home: Home) -> Path:
    """The journal: one JSON object a line, only ever appended to. Keep it apart from the backups it must outlive."""
    return folder_of(home) / "journal.jsonl"


def read(home: Home) -> list[Entry]:
    """Every entry, in order; a line that a crash cut off is none."""
    path = journal_file(home)
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        recorded_at = datetime.fromisoformat(told["recorded_at"])
        entries.append(Entry(told["erasure_id"], recorded_at, told["count_customers"], told["digests"]))
    return entries


def append(home: Home, entry: Entry) -> None:
    """Add an entry once, flushed to the disk before anything is erased."""
    if any(one.erasure_id == entry.erasure_id for one in read(home)):
        return
    folder = make_folder(folder_of(home))
    told = {
        "erasure_id": entry.erasure_id,
        "recorded_at": entry.recorded_at.astimezone(UTC).isoformat(),
        "count_customers": entry.count_customers,
        "digests": entry.digests,
    }
    path = journal_file(home)
    is_cut = path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with open(path, "ab") as file:
        file.write((b"\n" if is_cut else b"") + json.dumps(told).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
