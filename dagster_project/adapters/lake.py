"""The lake: everything accepted, typed, one Parquet file a delivery; and what did not fit, kept and explained."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, sync_folder
from dagster_project.adapters.sql_words import name_sql
from dagster_project.domain.sources.contract import TECHNICAL
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.warehouse import Warehouse
    from dagster_project.domain.sources.contract import SourceContract, Table
    from dagster_project.domain.sources.delivery import Delivery
    from dagster_project.settings import Settings

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "decimal": pa.decimal128(18, 4),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "json": pa.string(),
}
MOMENT = pa.timestamp("us")
TECHNICAL_TYPES = dict(zip(TECHNICAL, (MOMENT, MOMENT, pa.string(), pa.string(), pa.int64()), strict=True))


def lake_schema(table: Table) -> pa.Schema:
    """Columns of a lake file: those of the contract, then the technical ones."""
    columns = {name: ARROW_TYPES[column.type] for name, column in table.columns.items()} | TECHNICAL_TYPES
    return pa.schema(list(columns.items()))


def table_folder(settings: Settings, contract: SourceContract, table: str) -> Path:
    """Where a table's files lie: in the vault when any of its columns is personal."""
    home = settings.at_home
    return (home.vault_lake if contract.tables[table].is_personal else home.lake) / contract.source / table


def lake_file(settings: Settings, contract: SourceContract, table: str, arrived: date, file_id: str) -> Path:
    """The lake's file of one delivery."""
    return table_folder(settings, contract, table) / f"arrived={arrived.isoformat()}" / f"{file_id}.parquet"


def write_rows(
    settings: Settings, contract: SourceContract, table: str, arrived: date, file_id: str, rows: pa.Table
) -> Path:
    """Write the accepted rows of one delivery; writing the same delivery again replaces its own file."""
    path = lake_file(settings, contract, table, arrived, file_id)
    _write_parquet(path, rows.cast(lake_schema(contract.tables[table])))
    return path


def keep_misfits(settings: Settings, source: str, table: str, file_id: str, file_name: str, misfits: pa.Table) -> None:
    """Keep what did not fit: file, line, column and reason for everyone; the raw record in the vault."""
    home = settings.at_home
    if misfits.num_rows == 0:
        for folder in (home.quarantine, home.vault_quarantine):  # of a landing that broke off under an older contract
            (folder / source / table / f"{file_id}.parquet").unlink(missing_ok=True)
        return
    many = misfits.num_rows
    keys = misfits.add_column(0, "file_name", pa.array([file_name] * many)).add_column(
        0, "file_id", pa.array([file_id] * many)
    )
    _write_parquet(home.quarantine / source / table / f"{file_id}.parquet", keys.drop_columns(["raw"]))
    _write_parquet(home.vault_quarantine / source / table / f"{file_id}.parquet", keys)


def archive(settings: Settings, source: str, table: str, file_id: str, file_name: str, data: bytes) -> Path:
    """Keep the delivered bytes in the vault, under their own id."""
    safe = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in file_name
    )
    path = settings.at_home.vault_archive / source / table / f"{file_id}__{safe[-100:]}"
    if not path.exists():
        make_folder(path.parent, PRIVATE_FOLDER)
        staging = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(staging, path)
        sync_folder(path.parent)
    return path


def register_lake(
    warehouse: Warehouse, settings: Settings, contracts: Iterable[SourceContract], deliveries: Iterable[Delivery]
) -> None:
    """Show dbt the accepted deliveries, as one view per table in the schema ``sources``.

    A table that never arrived is an empty, typed view. A column that a contract gained later is null in older files.

    Raises:
        HoivaError: a delivery of the ledger has no file in the lake.
    """
    by_table: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        by_table.setdefault((delivery.source, delivery.table_name), []).append(delivery)
    for database in ("", "vault."):
        warehouse.connection.execute(f"create schema if not exists {database}sources")
    for contract in contracts:
        for name, table in contract.tables.items():
            empty = table_folder(settings, contract, name) / "empty.parquet"
            _write_parquet(empty, lake_schema(table).empty_table())
            files = [empty]
            for delivery in by_table.get((contract.source, name), []):
                path = lake_file(settings, contract, name, delivery.arrived_at.date(), delivery.file_id)
                if not path.is_file():
                    raise HoivaError(
                        f"the lake lacks {path.name} of {contract.source}.{name}: restore it from a backup"
                    )
                files.append(path)
            listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
            columns = ", ".join(name_sql(column) for column in lake_schema(table).names)
            database = "vault." if table.is_personal else ""
            warehouse.connection.execute(
                f'create or replace view {database}sources."{contract.source}__{name}" as select {columns}'
                f" from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
            )


def _write_parquet(path: Path, rows: pa.Table) -> None:
    private = "vault" in path.parts
    make_folder(path.parent, PRIVATE_FOLDER if private else 0o755)
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    rights = PRIVATE_FILE if private else 0o644
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, rights), "wb") as sink:
        pq.write_table(rows, sink, compression="zstd")
    with open(staging, "rb") as handle:
        os.fsync(handle.fileno())
    os.replace(staging, path)
    sync_folder(path.parent)
