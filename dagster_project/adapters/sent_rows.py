"""What an audience's platform was told about each customer, kept in the vault.

A customer is let go under the identifiers she was added with, even if her address has changed or is gone since. One
file per batch, ``vault/sent/<destination>/<sequence>-<batch_id>.arrow``: customer_id and the row's cells. Earlier
versions kept Parquet; such files are read as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters import arrow_files
from dagster_project.adapters.durable import PRIVATE_FOLDER, make_folder, reached, sync_folder
from dagster_project.domain.exports.writing import DIGEST, decoded

if TYPE_CHECKING:
    from dagster_project.settings import Home

SUFFIXES = (arrow_files.SUFFIX, ".parquet")


def folder_of(home: Home) -> Path:
    """The folder with one folder per destination."""
    return home.vault / "sent"


def files(folder: Path) -> list[Path]:
    """The files of one destination's folder, or of all destinations', in order; a file's stem is its batch's name."""
    found = folder.rglob("*") if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix in SUFFIXES and not path.name.startswith("."))


def keep(home: Home, destination: str, name: str, rows: pa.Table) -> None:
    """Keep the rows a batch adds, before the batch can be published.

    Args:
        name: the batch's folder name.
        rows: customer_id and the cells of the file.
    """
    folder = make_folder(folder_of(home) / destination, PRIVATE_FOLDER)
    for suffix in SUFFIXES:  # of an attempt that was never published
        (folder / f"{name}{suffix}").unlink(missing_ok=True)
    arrow_files.write(folder / f"{name}{arrow_files.SUFFIX}", rows, is_read_soon=False)
    sync_folder(folder)
    reached("sent_rows.kept")


def rows_of(path: Path, columns: list[str] | None = None) -> pa.Table:
    """The rows of one file, some of its columns or all."""
    if path.suffix == arrow_files.SUFFIX:
        return arrow_files.read(path, columns)
    return pq.read_table(path, columns=columns, partitioning=None)


def rewrite(path: Path, rows: pa.Table) -> None:
    """Put other rows in a file's place, with nothing of those that are gone."""
    final = path.with_suffix(arrow_files.SUFFIX)
    arrow_files.replace(final, arrow_files.recoded(rows), is_read_soon=False)
    if path != final:
        path.unlink()
        sync_folder(path.parent)


def read(home: Home, destination: str, added_in: Mapping[str, str], schema: pa.Schema) -> pa.Table:
    """The rows customers were last added with.

    Args:
        added_in: customer_id to the batch_id that added her.
        schema: customer_id and the cells.

    Returns:
        one row per customer found, sorted by customer_id.
    """
    by_batch: dict[str, list[str]] = {}
    for customer_id, batch_id in added_in.items():
        by_batch.setdefault(batch_id, []).append(customer_id)
    found = [schema.empty_table()]
    for path in files(folder_of(home) / destination):
        wanted = by_batch.get(path.stem.partition("-")[2])
        if wanted:
            rows = rows_of(path, schema.names)
            place = pc.indices_nonzero(pc.is_in(rows["customer_id"], pa.array(wanted, pa.string())))
            found.append(_in_types(rows.take(place), schema))
    return pa.concat_tables(found).sort_by("customer_id")


def _in_types(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows as they were kept in the types asked for. An earlier version kept digests in hex."""
    for place, field in enumerate(schema):
        column = rows.column(place)
        if pa.types.is_dictionary(column.type):
            column = pa.chunked_array([decoded(chunk) for chunk in column.chunks], column.type.value_type)
        if field.type == DIGEST and pa.types.is_string(column.type):
            values = [None if value is None else bytes.fromhex(value) for value in column.to_pylist()]
            column = pa.chunked_array([pa.array(values, DIGEST)])
        rows = rows.set_column(place, field.name, column.cast(field.type))
    return rows.cast(schema)


def clear(home: Home, destination: str, known: set[str]) -> None:
    """Remove the rows of batches that were never opened or were taken back."""
    for path in files(folder_of(home) / destination):
        if path.stem not in known:
            path.unlink()
