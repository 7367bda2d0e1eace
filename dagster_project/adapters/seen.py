"""What a destination has been told of, and by which permissions: it saves looking at everybody again.

One file a destination, ``outbox/.seen/<destination>``. Losing it costs time and nothing else; whatever undoes a batch
or refuses it removes the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, reached, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home


@dataclass(frozen=True)
class Seen:
    """The state of the house that a destination was told.

    Attributes:
        version: the published tables.
        permissions: the ledger's word for who may be contacted, taken before anybody was looked at.
        question: the purpose and the channel everybody was asked about.
        at: the moment consents were looked at as of (UTC).
    """

    version: str
    permissions: str
    question: str
    at: datetime

    def has_same_permissions(self, ledger: Ledger, destination: Destination, moment: datetime) -> bool:
        """Whether exactly those may be contacted who might then: whoever was looked at need not be again."""
        return (
            self.at <= moment
            and self.question == question_of(destination)
            and self.permissions == ledger.permissions_revision()
            and not ledger.has_ended_consent(destination.purpose, destination.channel, self.at, moment)
        )


def now(ledger: Ledger, destination: Destination, version: str, as_of: datetime) -> Seen:
    """The state of the house, to be noted once the destination has been told; taken before anybody is looked at."""
    return Seen(version, ledger.permissions_revision(), question_of(destination), as_of)


def question_of(destination: Destination) -> str:
    """What is asked about everybody in a destination's audience."""
    return f"{destination.purpose} by {destination.channel}"


def read(home: Home, destination: str) -> Seen | None:
    """What was noted; None when nothing is, or it cannot be read."""
    try:
        version, permissions, question, at = _path(home, destination).read_text(encoding="utf-8").split("\n")
        return Seen(version, permissions, question, datetime.fromisoformat(at))
    except (OSError, ValueError):
        return None


def note(home: Home, destination: str, seen: Seen) -> None:
    """Note what a destination was told."""
    make_folder(home.outbox / ".seen", PRIVATE_FOLDER)
    content = "\n".join([seen.version, seen.permissions, seen.question, seen.at.isoformat()])
    replace_file(_path(home, destination), content.encode(), PRIVATE_FILE)
    reached("export.marked")


def forget(home: Home, destination: str) -> None:
    """Let the destination be looked at as if for the first time."""
    _path(home, destination).unlink(missing_ok=True)


def _path(home: Home, destination: str) -> Path:
    return home.outbox / ".seen" / destination
