"""A batch and its manifest: what a receiver checks before it uses a single row.

The same rows for the same place in the sequence are the same batch, with the same id. See docs/contracts/outbox.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.destination import Destination

PROTOCOL = 2  # of the manifest and the folder; a change a receiver could trip over is 2


@dataclass(frozen=True)
class BatchFile:
    """One file of a batch. ``role``: ``contacts``, ``add``, ``remove``, ``full`` or ``rows`` (which line is whose)."""

    name: str
    role: str
    content: bytes | pa.Buffer = field(repr=False)
    count_rows: int
    columns: tuple[str, ...]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Batch:
    """One numbered, unchangeable delivery to one destination."""

    destination: str
    kind: str
    sequence: int
    batch_id: str
    as_of: datetime
    files: tuple[BatchFile, ...]
    manifest: bytes = field(repr=False)

    @property
    def folder_name(self) -> str:
        """``000007-<batch_id>``: sorted by name is sorted by sequence."""
        return folder_name(self.sequence, self.batch_id)

    @property
    def manifest_sha256(self) -> str:
        """What the next batch's manifest names as its predecessor."""
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def count_rows(self) -> int:
        """Contacts, or adds and removes, or the whole audience."""
        return sum(file.count_rows for file in self.files if file.role != "rows")

    def count(self, role: str) -> int:
        """Rows of the files with this role: ``contacts``, ``add``, ``remove`` or ``full``."""
        return sum(file.count_rows for file in self.files if file.role == role)


def folder_name(sequence: int, batch_id: str) -> str:
    """The name of a batch's folder.

    >>> folder_name(7, "ab12")
    '000007-ab12'
    """
    return f"{sequence:06d}-{batch_id}"


def batch_id_of(destination: str, sequence: int, files: Sequence[BatchFile]) -> str:
    """The id that the destination, the place in its sequence and the content give: 32 hex digits."""
    parts = [destination, str(sequence), *(f"{file.name} {file.sha256}" for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def make_batch(
    destination: Destination,
    sequence: int,
    previous_manifest_sha256: str | None,
    files: Sequence[BatchFile],
    as_of: datetime,
    consent_as_of: datetime,
    withdrawn: Sequence[BatchRecord] = (),
) -> Batch:
    """Number the files, give them their id, and write the manifest.

    Args:
        previous_manifest_sha256: of this destination's batch before that was not withdrawn; None for its first.
        as_of: the moment of the export (UTC).
        consent_as_of: the moment up to which consents were known to the tables it was drawn from.
        withdrawn: batches taken back since the one before: numbers the receiver will never see.
    """
    batch_id = batch_id_of(destination.name, sequence, files)
    listed = [
        {
            "name": file.name,
            "role": file.role,
            "rows": file.count_rows,
            "bytes": len(file.content),
            "sha256": file.sha256,
            "columns": list(file.columns),
        }
        for file in files
    ]
    manifest: dict[str, Any] = {
        "protocol": PROTOCOL,
        "destination": destination.name,
        "kind": destination.kind,
        "format": destination.format,
        "audience": destination.audience_code,
        "sequence": sequence,
        "batch_id": batch_id,
        "previous_manifest_sha256": previous_manifest_sha256,
        "withdrawn": [
            {"sequence": one.sequence, "batch_id": one.batch_id, "manifest_sha256": one.manifest_sha256}
            for one in withdrawn
        ],
        "pickup": destination.pickup,
        "as_of": moment_text(as_of),
        "consent_as_of": moment_text(consent_as_of),
        "expires_at": moment_text(as_of + destination.expires_after),
        "files": listed,
    }
    content = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    return Batch(destination.name, destination.kind, sequence, batch_id, as_of, tuple(files), content)


def chain(before: Sequence[BatchRecord]) -> tuple[str | None, list[BatchRecord]]:
    """What the next manifest says of the batches before it: the hash of the last that stands, and what was withdrawn.

    Args:
        before: every batch of the destination, by sequence.

    >>> one = BatchRecord("b1", "letters", "message", 1, datetime(2026, 3, 1, tzinfo=UTC), "m1", "accepted", 3)
    >>> two = BatchRecord("b2", "letters", "message", 2, one.as_of, "m2", "withdrawn", 3, withdrawn_after=2)
    >>> previous, withdrawn = chain([one, two])
    >>> previous, [record.batch_id for record in withdrawn]
    ('m1', ['b2'])
    """
    standing = [record for record in before if record.state != "withdrawn"]
    last = standing[-1].sequence if standing else 0
    # Withdrawn once the last one stood already: its manifest could not say so.
    told_now = [record for record in before if record.withdrawn_after is not None and record.withdrawn_after >= last]
    return (standing[-1].manifest_sha256 if standing else None), told_now


def moment_text(moment: datetime) -> str:
    """A moment as receivers read it.

    >>> moment_text(datetime(2026, 3, 31, 21, tzinfo=UTC))
    '2026-03-31T21:00:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def faults(manifest: bytes, sha256s: Mapping[str, tuple[int, str]]) -> list[str]:
    """What is wrong with a batch's folder: nothing, if every listed file is there with its size and hash.

    Args:
        manifest: the bytes of ``manifest.json``.
        sha256s: each other file's name to its size in bytes and its SHA-256.
    """
    try:
        listed = {entry["name"]: (entry["bytes"], entry["sha256"]) for entry in json.loads(manifest)["files"]}
    except (ValueError, KeyError, TypeError):
        return ["manifest.json cannot be read"]
    wrong = [f"{name} is missing" for name in sorted(listed.keys() - sha256s.keys())]
    wrong += [f"{name} is not in the manifest" for name in sorted(sha256s.keys() - listed.keys())]
    wrong += [f"{name} differs" for name in sorted(listed.keys() & sha256s.keys()) if listed[name] != sha256s[name]]
    return wrong
