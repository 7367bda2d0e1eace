"""Hashed identifiers, kept in the vault: each is computed once, when it first appears, and joined by every export.

One file per identifier and rule, ``vault/digests/<contact points>--<rule>.arrow``: ``identifier`` (what was hashed)
and ``sha256``, one row per customer in the order of the published contact points it belongs to. For a newer version of
those only what is new is hashed; what no customer has any more is gone from the file. All of it can be made again: a
file that is missing or damaged costs time and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from dagster_project.adapters import arrow_files
from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, reached
from dagster_project.adapters.published import NotPublished, Version
from dagster_project.domain.exports.formats import Digest
from dagster_project.domain.exports.writing import DIGEST, decoded

log = logging.getLogger(__name__)
BELONGS_TO = b"belongs_to"  # in a file's metadata: the contact points it stands beside, row by row
FEW = 4  # where each value stands for this many rows, a dictionary saves room and time


def digests_of(version: Version, digests: Sequence[Digest]) -> dict[str, pa.Array]:
    """Column to the SHA-256 of every row of this version's contact points, in their order; null where there is none."""
    folder = _folder_of(version)
    beside = _contact_points(version)
    found = {digest.column: _read(_path(folder, digest), beside) for digest in digests}
    missing = [digest for digest in digests if found[digest.column] is None]
    if missing:
        make_folder(folder, PRIVATE_FOLDER)
        with FileLock(folder / ".lock", mode=PRIVATE_FILE):
            for digest in missing:
                found[digest.column] = _make(version, digest, _path(folder, digest), beside)
    return {column: values for column, values in found.items() if values is not None}


def keep_digests(version: Version, digests: Iterable[Digest]) -> int:
    """Have the digests of a published version at hand before an export asks; how many columns there are."""
    wanted = list(dict.fromkeys(digests))
    if version.vault_folder is not None and wanted:
        digests_of(version, wanted)
    return len(wanted)


def _make(version: Version, digest: Digest, path: Path, beside: str) -> pa.Array:
    """Bring one file in line with a version: what is known is kept, what is new is hashed."""
    there = _read(path, beside)
    if there is not None:
        return there  # another export has made it while this one waited
    points = version.read_vault("contact_points", columns=list(digest.of))
    coded = digest.identifiers(points).dictionary_encode()
    known = _read_rows(path)
    place = pc.index_in(coded.dictionary, known["identifier"].combine_chunks())
    hashed = known["sha256"].combine_chunks().take(place)
    is_new = pc.is_null(place)
    if pc.any(is_new, min_count=0).as_py():
        fresh = digest.digests(coded.dictionary.filter(is_new))
        hashed = pc.replace_with_mask(hashed.cast(pa.binary()), is_new, fresh.cast(pa.binary())).cast(DIGEST)
    values = _write(path, coded.dictionary.take(coded.indices), hashed.take(coded.indices), beside)
    reached("digests.kept")
    log.info("%s: %d identifiers hashed, %d known", path.stem, pc.sum(is_new).as_py() or 0, len(known))
    return values


def _write(path: Path, identifiers: pa.Array, hashed: pa.Array, beside: str) -> pa.Array:
    """Put a file in place; the digests as it gives them back."""
    if pc.count_distinct(hashed).as_py() * FEW < len(hashed):
        hashed = hashed.dictionary_encode()
    rows = pa.table({"identifier": identifiers, "sha256": hashed}).replace_schema_metadata({BELONGS_TO: beside})
    arrow_files.replace(path, rows, is_read_soon=True)
    path.with_suffix(".parquet").unlink(missing_ok=True)  # as earlier versions kept them
    return hashed


def _read(path: Path, beside: str) -> pa.Array | None:
    """The digests of a file that stands beside these contact points; None for any other."""
    try:
        rows = arrow_files.read(path)
    except (FileNotFoundError, pa.ArrowInvalid, OSError):
        return None
    is_beside = (rows.schema.metadata or {}).get(BELONGS_TO) == beside.encode()
    return rows["sha256"].combine_chunks() if is_beside else None


def _read_rows(path: Path) -> pa.Table:
    """What a file knows, whatever it stands beside: identifier (each once) and sha256."""
    empty = pa.schema([("identifier", pa.string()), ("sha256", DIGEST)]).empty_table()
    try:
        rows = arrow_files.read(path)
        hashed = decoded(rows["sha256"].combine_chunks())
        return pa.table([rows["identifier"].combine_chunks(), hashed], schema=empty.schema)
    except FileNotFoundError:
        return empty
    except (pa.ArrowInvalid, OSError):
        log.warning("%s cannot be read and is made again", path.name)
        return empty


def _contact_points(version: Version) -> str:
    """What the rows stand beside: the file itself, so that one that was replaced in place is another."""
    if version.vault_folder is None:
        return "nothing"
    try:
        status = (version.vault_folder / "contact_points.parquet").stat()
    except FileNotFoundError:
        raise NotPublished("contact_points was replaced twice since this version was opened; open it again") from None
    return f"{version.vault_folder.name} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _folder_of(version: Version) -> Path:
    if version.vault_folder is None:
        raise NotPublished("contact_points is not published in the vault; run hoiva run first")
    return version.vault_folder.parent / "digests"


def _path(folder: Path, digest: Digest) -> Path:
    return folder / f"{digest.column.replace(':', '--')}{arrow_files.SUFFIX}"
