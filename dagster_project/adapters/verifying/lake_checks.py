"""The lake: delivered = loaded + quarantined, for every file, in files that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.durable import file_sha256
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.delivery import Delivery
    from dagster_project.settings import Home, Settings

EMPTY = "empty.parquet"  # a typed file without rows for tables that have not arrived


def check_lake(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    """What is wrong between the deliveries the ledger counts and the files they left."""
    home = settings.at_home
    deliveries = ledger.deliveries()
    kept = {one.file_id: one for one in deliveries if one.status in ("loaded", "held")}
    for delivery in deliveries:
        if delivery.status == "loaded":
            yield from _loaded(home, delivery)
            yield from _archived(home, delivery, delivery.table_name)
        elif delivery.status == "refused" and kept.get(delivery.file_id) is None:
            yield from _archived(home, delivery, "refused")
    known = {(one.source, one.table_name, one.file_id) for one in deliveries}
    for path in lake_files(home):
        source, table = path.parts[-4], path.parts[-3]
        if (source, table, path.stem) not in known:
            yield Finding("lake_file_unknown", str(path.relative_to(home.root)))


def lake_files(home: Home) -> list[Path]:
    """Every file of a delivery in either part of the lake."""
    found = [path for lake in (home.lake, home.vault_lake) for path in sorted(lake.glob("*/*/arrived=*/*.parquet"))]
    return [path for path in found if not path.name.startswith(".")]


def _loaded(home: Home, delivery: Delivery) -> Iterator[Finding]:
    inside = Path(delivery.source) / delivery.table_name
    day = f"arrived={delivery.arrived_at.date().isoformat()}"
    paths = [lake / inside / day / f"{delivery.file_id}.parquet" for lake in (home.vault_lake, home.lake)]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        yield Finding("lake_file_missing", f"{inside}/{day}/{delivery.file_id}")
    else:
        number = rows_in(path)
        if number is None:
            yield Finding("lake_file_unreadable", str(path.relative_to(home.root)))
        elif number != delivery.count_loaded:
            yield Finding("lake_rows_differ", str(path.relative_to(home.root)), abs(number - delivery.count_loaded))
    for quarantine in (home.quarantine, home.vault_quarantine):
        path = quarantine / inside / f"{delivery.file_id}.parquet"
        number = rows_in(path) if path.is_file() else 0
        if number != delivery.count_quarantined:
            place = str(path.relative_to(home.root))
            yield Finding("quarantine_differs", place, abs((number or 0) - delivery.count_quarantined))


def _archived(home: Home, delivery: Delivery, table: str) -> Iterator[Finding]:
    folder = home.vault_archive / delivery.source / table
    found = sorted(folder.glob(f"{delivery.file_id}__*")) if folder.is_dir() else []
    if not any(file_sha256(path).startswith(delivery.file_id) for path in found):
        # Where people were erased, their lines are gone from the bytes; a refused file may be gone as a whole.
        people_were_erased = (home.root / "erasures").is_dir()
        if people_were_erased and (table == "refused" or (found and delivery.count_erased > 0)):
            return
        yield Finding("archive_differs", f"vault/archive/{delivery.source}/{table}/{delivery.file_id}")


def rows_in(path: Path) -> int | None:
    """How many rows a Parquet file holds, read to the end; None when it cannot be."""
    try:
        return int(pq.read_table(path, partitioning=None).num_rows)
    except (OSError, pa.ArrowException):
        return None
