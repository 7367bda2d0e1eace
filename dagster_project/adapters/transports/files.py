"""Batches as files: the folder of a batch appears on the other side as it stood in the outbox, whole or not at all.

There: ``<path>/outbox/<destination>/<sequence>-<batch_id>/`` and ``<path>/acks/<destination>/<batch_id>.json``, so that
a receiver of the outbox's contract works there unchanged. Until a batch is whole it grows in ``.arriving``; in a
bucket, where nothing can be renamed, it counts from the moment its manifest is there, which comes last.
"""

from __future__ import annotations

from contextlib import suppress

from dagster_project.adapters.durable import reached
from dagster_project.adapters.outbox import MANIFEST
from dagster_project.adapters.transports.remote import Remote
from dagster_project.adapters.transports.trip import GONE, Delayed, Trip

ARRIVING = ".arriving"
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes; a larger one is none


class FileCarrier:
    """Carries batches of one destination into a folder elsewhere."""

    def __init__(self, remote: Remote, destination: str) -> None:
        self.remote = remote
        self.destination = destination

    def carry(self, trip: Trip) -> None:
        """Bring the files, take the batch, let it appear. Each file there already is not sent again."""
        final, growing = self._final(trip.name), self._growing(trip.name)
        files = trip.files()
        if self._is_there(trip):
            trip.take()
            return
        if self.remote.has_folder(final) and self.remote.can_rename_folders:
            raise Delayed("other_content_there")  # never written over: somebody must look at it
        self.remote.make_folder(growing)
        for name, size, sha256 in files:
            if name == MANIFEST and not self.remote.can_rename_folders:
                trip.take()
            self._send(trip, f"{growing}/{name}", name, size, sha256)
            reached("transfer.file_sent")
        trip.take()
        if self.remote.can_rename_folders:
            self.remote.make_folder(f"outbox/{self.destination}")
            self.remote.rename(growing, final)
        reached("transfer.appeared")
        if not self._is_there(trip):
            raise Delayed("not_there_after_all")

    def _send(self, trip: Trip, place: str, name: str, size: int, sha256: str) -> None:
        if self.remote.holds(place, size, sha256):
            return
        local = trip.folder / name
        if not local.is_file():
            raise Delayed(GONE)
        self.remote.send(local, place, sha256)
        if not self.remote.holds(place, size, sha256):
            raise Delayed("arrived_damaged")

    def _is_there(self, trip: Trip) -> bool:
        """Whether the other side can see the whole batch: its manifest is there, and it is this one."""
        _, size, sha256 = trip.files()[-1]
        return self.remote.holds(f"{self._final(trip.name)}/{MANIFEST}", size, sha256)

    def is_begun(self, trip: Trip) -> bool:
        """Whether the other side can see a taken batch: then it must not be said that it never left."""
        return self.remote.size(f"{self._final(trip.name)}/{MANIFEST}") is not None

    def clear(self, name: str) -> None:
        """Remove the files of a batch nobody there could see."""
        if self.remote.can_rename_folders:
            self.remote.remove_folder(self._growing(name))
        elif self.remote.size(f"{self._final(name)}/{MANIFEST}") is None:
            self.remote.remove_folder(self._final(name))

    def answer_of(self, batch_id: str) -> bytes | None:
        """The answer a tool has left beside the batches."""
        name = f"acks/{self.destination}/{batch_id}.json"
        size = self.remote.size(name)
        return self.remote.read(name) if size is not None and size <= LARGEST_ANSWER else None

    def close(self) -> None:
        """Let go of connections."""
        with suppress(Exception):  # closing can harm nothing any more
            self.remote.close()

    def _final(self, name: str) -> str:
        return f"outbox/{self.destination}/{name}"

    def _growing(self, name: str) -> str:
        folder = ARRIVING if self.remote.can_rename_folders else "outbox"
        return f"{folder}/{self.destination}/{name}"
