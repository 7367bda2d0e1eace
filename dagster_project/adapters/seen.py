"""What a destination has been told of, and by which permissions: it saves looking at everybody again.

One file a destination, ``outbox/.seen/<destination>``. Losing it costs time and nothing else. It is removed before a
batch is published and noted anew after, so that what breaks off in between leaves none; whatever undoes a batch or
refuses it whole removes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folder,
    reached,
    replace_file,
    sync_folder,
)
from dagster_project.domain.exports.formats import form_of
from dagster_project.domain.exports.values import keyed_hash

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings

WHOLE, IN_PART = "whole", "in part"
ROWS = 1  # another number whenever equal customers are told in other rows, or are given other keys


@dataclass(frozen=True)
class Seen:
    """The state of the house that a destination was told.

    Attributes:
        version: the published tables.
        permissions: the ledger's word for who may be contacted, taken before anybody was looked at.
        question: what was asked about everybody, and in which form everybody was told.
        at: the moment consents were looked at as of (UTC).
        extent: ``whole`` when the destination holds, or will, exactly that version's audience; ``in part`` when
            something of it waits, for a person's word or for a segment's right size.
    """

    version: str
    permissions: str
    question: str
    at: datetime
    extent: str

    def touched_since(self, ledger: Ledger, destination: Destination, moment: datetime) -> set[str] | None:
        """Customers of whom another answer may be right than was then, but for what was published since.

        Returns:
            every id of theirs, none when all stands as it stood; None when it may be anybody.
        """
        if self.at > moment:
            return None
        touched = ledger.touched_since(self.permissions, destination.name)
        channels = [destination.channel, *(channel for _, channel in form_of(destination).consents)]
        ended = ledger.consents_ended(destination.purpose, channels, self.at, moment)
        return None if touched is None else touched | ended


def now(settings: Settings, ledger: Ledger, destination: Destination, version: str, as_of: datetime) -> Seen:
    """The state of the house, to be noted once the destination has been told; taken before anybody is looked at."""
    return Seen(version, ledger.permissions_revision(), question_of(settings, destination), as_of, WHOLE)


def question_of(settings: Settings, destination: Destination) -> str:
    """What is asked about everybody in a destination's audience, and the form of the rows, as one word."""
    form = (destination.format, destination.format_options, destination.audience, destination.audience_code)
    asked = (destination.purpose, destination.channel, destination.full_every, destination.is_current)
    return keyed_hash(settings.identity_salt, destination.name, repr((ROWS, form, asked)))


def read(home: Home, destination: str) -> Seen | None:
    """What was noted; None when nothing is, or it cannot be read."""
    try:
        version, permissions, question, at, extent = _path(home, destination).read_text(encoding="utf-8").split("\n")
        return Seen(version, permissions, question, datetime.fromisoformat(at), extent)
    except (OSError, ValueError):
        return None


def note(home: Home, destination: str, seen: Seen) -> None:
    """Note what a destination was told."""
    make_folder(home.outbox / ".seen", PRIVATE_FOLDER)
    content = "\n".join([seen.version, seen.permissions, seen.question, seen.at.isoformat(), seen.extent])
    replace_file(_path(home, destination), content.encode(), PRIVATE_FILE)
    reached("export.marked")


def forget(home: Home, destination: str) -> None:
    """Let the destination be looked at as if for the first time, also after a power cut."""
    path = _path(home, destination)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)
        reached("export.unmarked")


def _path(home: Home, destination: str) -> Path:
    return home.outbox / ".seen" / destination
