"""The published tables exports read every time, as they lie in memory.

One file a table and version, ``vault/at_hand/<version>--<table>.arrow``: made when a version is published, removed when
it is. Where one is missing, the table itself is read: it costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters import arrow_files
from dagster_project.adapters.differences import POINTS, kept_versions
from dagster_project.adapters.durable import PRIVATE_FOLDER, make_folder, reached
from dagster_project.adapters.published import NotPublished, Version
from dagster_project.domain.exports.writing import decoded

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.settings import Home, Settings

MADE_OF = b"made_of"  # in a file's metadata: the very file it was made of
FEW = 4  # where each value stands for this many rows, it is kept once
SAMPLE = 20_000  # rows in the middle that tell whether it does
OF_AUDIENCE = ["customer_id", "consent_id"]


def keep_at_hand(settings: Settings, version: Version, contact_points: Iterable[str]) -> int:
    """Have audiences and some columns of the contact points at hand, of this version and others still kept.

    Returns:
        how many tables that are.
    """
    if version.vault_folder is None:
        return 0
    home = settings.at_home
    make_folder(_folder(home), PRIVATE_FOLDER)
    kept = tuple(f"{one.name}--" for one in kept_versions(settings))
    for path in sorted(_folder(home).iterdir()):
        if not path.name.startswith(kept):
            path.unlink()
    names = [POINTS, *(name for name in sorted(version.tables) if name.startswith("audiences/"))]
    for name in names:
        if _at_hand(version, name) is None:
            columns = ["customer_id", *sorted(set(contact_points))] if name == POINTS else OF_AUDIENCE
            rows = _coded(_rows(version, name, columns))
            rows = rows.replace_schema_metadata({MADE_OF: _stamp(version, name)})
            arrow_files.replace(_path(home.vault, version, name), rows, is_read_soon=True)
            reached("at_hand.kept")
    return len(names)


def read(version: Version, table: str, columns: Sequence[str], coded: Sequence[str] = ()) -> pa.Table:
    """Some columns of the contact points or of an audience, in one piece each.

    Args:
        coded: those of them whose values come as numbers, each for one of few values; the others come plain.

    Raises:
        NotPublished: it was not published with this version, or the version has been replaced twice.
    """
    rows = _at_hand(version, table)
    if rows is None or not set(columns) <= set(rows.column_names):
        rows = _rows(version, table, [*columns], coded)
    arrays = [_as(rows[name].combine_chunks(), is_coded=name in coded) for name in columns]
    return pa.table(arrays, names=[*columns])


def forget_at_hand(home: Home) -> int:
    """Remove every file, as an erasure does. How many there were."""
    paths = sorted(_folder(home).glob("*")) if _folder(home).is_dir() else []
    for path in paths:
        path.unlink()
    return len(paths)


def _at_hand(version: Version, table: str) -> pa.Table | None:
    if version.vault_folder is None:
        return None
    try:
        rows = arrow_files.read(_path(version.vault_folder.parent, version, table))
    except (OSError, pa.ArrowInvalid):
        return None
    return rows if (rows.schema.metadata or {}).get(MADE_OF) == _stamp(version, table) else None


def _rows(version: Version, table: str, columns: list[str], coded: Sequence[str] = ()) -> pa.Table:
    if table == POINTS:
        return version.read_vault(table, columns, coded)
    return version.read(table, columns)


def _coded(rows: pa.Table) -> pa.Table:
    """Columns of text with few values hold each of them once."""
    for place, field in enumerate(rows.schema):
        column = rows.column(place).combine_chunks()
        sample = column.slice(len(column) // 2, SAMPLE)
        if pa.types.is_string(field.type) and pc.count_distinct(sample).as_py() * FEW < len(sample):
            rows = rows.set_column(place, field.name, column.dictionary_encode())
    return rows


def _as(column: pa.Array, *, is_coded: bool) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column if is_coded else decoded(column)
    return column.cast(pa.string()).dictionary_encode() if is_coded else column


def _stamp(version: Version, table: str) -> bytes:
    """The table's own file: one that was replaced in its place is another."""
    assert version.vault_folder is not None
    path = version.vault_folder / f"{table}.parquet"
    if table != POINTS:
        if table not in version.tables:
            raise NotPublished(f"{table} is not published; run hoiva run first")
        path = version.folder / version.tables[table]["file"]
    try:
        status = path.stat()
    except FileNotFoundError:
        raise NotPublished(f"{table} is not in this published version, or it was replaced; open it again") from None
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}".encode()


def _path(vault: Path, version: Version, table: str) -> Path:
    return vault / "at_hand" / f"{version.name}--{table.replace('/', '--')}.arrow"


def _folder(home: Home) -> Path:
    return home.vault / "at_hand"
