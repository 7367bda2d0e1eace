"""One batch on its way: where it lies, when it leaves our hands, and what is said of it afterwards.

Until it is taken out of the outbox a batch can be withdrawn; taking is one rename, so that of a taking and a withdrawal
at the same instant exactly one succeeds. A carrier prepares everything it can before, takes, and only then lets the
other side see the batch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folder,
    reached,
    replace_file,
)
from dagster_project.adapters.outbox import MANIFEST, batch_folder, is_whole, take, taken_folder
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import folder_name

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home

GONE = "withdrawn_or_gone"  # the reason of a batch that is not where it was; the ledger knows whether it was withdrawn


class Delayed(Exception):
    """The batch cannot go on now. Carries a code and how long the other side asked us to wait, and no one's words."""

    def __init__(self, reason: str, wait: timedelta = timedelta(0), *, is_failure: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.is_failure = is_failure


def write_answer(home: Home, record: BatchRecord, status: str, rejected: Mapping[str, str] | None = None) -> None:
    """Answer for a tool that cannot answer itself, as the contract of the outbox says; once."""
    folder = make_folder(home.acks / record.destination, PRIVATE_FOLDER)
    name = f"{record.batch_id}.json"
    if (folder / ".applied" / name).exists():
        return
    key = "contact_id" if record.kind == "message" else "customer_key"
    answer: dict[str, Any] = {"batch_id": record.batch_id, "status": status}
    if rejected:
        answer["rejected"] = [{key: one, "reason": why} for one, why in sorted(rejected.items())]
    replace_file(folder / name, (json.dumps(answer) + "\n").encode(), PRIVATE_FILE)
    reached("transfer.answered")


@dataclass
class Trip:
    """One batch that a carrier is to bring to its tool.

    Attributes:
        is_taken: whether nobody can withdraw it any more.
    """

    home: Home
    ledger: Ledger
    record: BatchRecord
    as_of: datetime
    is_taken: bool
    _manifest: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name of its folder, here and there."""
        return folder_name(self.record.sequence, self.record.batch_id)

    @property
    def folder(self) -> Path:
        """Where it lies now."""
        place = taken_folder if self.is_taken else batch_folder
        return place(self.home, self.record.destination, self.name)

    @property
    def manifest(self) -> dict[str, Any]:
        """What its manifest says.

        Raises:
            Delayed: it is gone, or a file is not as its manifest says.
        """
        if self._manifest is None:
            try:
                if not is_whole(self.folder, self.record.manifest_sha256):
                    raise Delayed(GONE if not self.folder.is_dir() else "damaged_here")
                self._manifest = json.loads((self.folder / MANIFEST).read_bytes())
            except FileNotFoundError:
                raise Delayed(GONE) from None
        return self._manifest

    def files(self) -> list[tuple[str, int, str]]:
        """Name, size and SHA-256 of each file, the manifest last: a batch is whole when its manifest is there."""
        listed = [(entry["name"], entry["bytes"], entry["sha256"]) for entry in self.manifest["files"]]
        size = (self.folder / MANIFEST).stat().st_size
        return [*listed, (MANIFEST, size, self.record.manifest_sha256)]

    def is_expired(self) -> bool:
        """Whether nobody must use it any more."""
        return datetime.fromisoformat(self.manifest["expires_at"].replace("Z", "+00:00")) <= self.as_of

    def take(self) -> None:
        """Take it: from now on it cannot be withdrawn, and must arrive.

        Raises:
            Delayed: it is gone; the ledger will say that it was withdrawn.
        """
        if self.is_taken:
            return
        self.ledger.move_transfer(self.record.batch_id, "taking", self.as_of)
        reached("take.noted")
        if take(self.home, self.record.destination, self.name) is None:
            raise Delayed(GONE)
        reached("take.renamed")
        self.is_taken = True
        self.ledger.move_transfer(self.record.batch_id, "taken", self.as_of)
        reached("take.recorded")


class Carrier(Protocol):
    """A way out of the house."""

    def carry(self, trip: Trip) -> None:
        """Bring a batch to its tool, or go on where the last attempt stopped. Returns when all of it is there.

        Raises:
            Delayed: not now.
        """

    def is_begun(self, trip: Trip) -> bool:
        """Whether the other side may have seen something of a taken batch already."""

    def clear(self, name: str) -> None:
        """Remove what was brought of a batch that was withdrawn before the other side could see it."""

    def answer_of(self, batch_id: str) -> bytes | None:
        """What the tool has answered to a batch, where it leaves its answers beside the batches."""

    def close(self) -> None:
        """Let go of connections."""
