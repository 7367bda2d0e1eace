"""The case of an erasure: who it is about and where their rows lie. Kept in the vault until nothing is left to do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, replace_file, sync_folder
from dagster_project.domain.erasure.identifiers import Identifiers

if TYPE_CHECKING:
    from dagster_project.settings import Home


@dataclass
class RowsOf:
    """Rows of one delivered file: their lines, those that were loaded apart from those in quarantine."""

    source: str
    table: str
    file_id: str
    loaded: list[int] = field(default_factory=list)
    quarantined: list[int] = field(default_factory=list)

    @property
    def lines(self) -> set[int]:
        """All their lines."""
        return {*self.loaded, *self.quarantined}


@dataclass
class Case:
    """Everything needed to end an erasure after a crash, when the rows that told it are gone already.

    Attributes:
        who: what names them; identifiers that somebody else has too are not among the e-mails, phones and numbers.
        row_ids: of their rows in the lake.
        files: their rows by delivered file.
        needles: values that must not be found anywhere afterwards, as written.
        batches: every batch that carried them.
        digests: hashes of identifiers that a journal names besides.
        count_deliveries: files that had been handed to the gate when the case was made.
    """

    erasure_id: str
    count_customers: int
    who: Identifiers
    row_ids: set[str] = field(default_factory=set)
    files: list[RowsOf] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    count_deliveries: int = 0

    @property
    def keys(self) -> set[str]:
        """Values that, alone in a cell of any table, say that its row is about them."""
        who = self.who
        return {*who.customers, *who.records, *who.emails, *who.phones, *who.contacts, *self.row_ids}

    def keep(self, home: Home) -> None:
        """Write the case down, as a whole, for its owner's eyes."""
        told: dict[str, Any] = {
            "erasure_id": self.erasure_id,
            "count_customers": self.count_customers,
            "who": {name: sorted(values) for name, values in vars(self.who).items()},
            "row_ids": sorted(self.row_ids),
            "files": [vars(rows) for rows in self.files],
            "needles": self.needles,
            "batches": self.batches,
            "digests": self.digests,
            "count_deliveries": self.count_deliveries,
        }
        path = case_file(home, self.erasure_id)
        make_folder(path.parent, PRIVATE_FOLDER)
        replace_file(path, json.dumps(told, ensure_ascii=False).encode(), PRIVATE_FILE)

    def drop(self, home: Home) -> None:
        """Remove the case: nothing is left to do."""
        path = case_file(home, self.erasure_id)
        if path.exists():
            path.unlink()
            sync_folder(path.parent)


def case_file(home: Home, erasure_id: str) -> Path:
    """Where a case lies while it is open."""
    return home.vault / "erasures" / f"{erasure_id}.json"


def kept_case(home: Home, erasure_id: str) -> Case | None:
    """The case as it was written down; None when there is none."""
    path = case_file(home, erasure_id)
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return Case(
        erasure_id=told["erasure_id"],
        count_customers=told["count_customers"],
        who=Identifiers(**{name: set(values) for name, values in told["who"].items()}),
        row_ids=set(told["row_ids"]),
        files=[RowsOf(**rows) for rows in told["files"]],
        needles=told["needles"],
        batches=told["batches"],
        digests=told["digests"],
        count_deliveries=told["count_deliveries"],
    )
