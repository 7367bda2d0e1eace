"""Takes people out of what was delivered: lake, quarantine, archive, and what waits in the landing folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters.durable import PRIVATE_FILE, reached, replace_file, sync_folder
from dagster_project.adapters.erasing.case import Case, RowsOf
from dagster_project.adapters.erasing.delivered import without_lines
from dagster_project.adapters.gate.admitting import holds_erased, named_lines_of_file, outside_of
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Home, Settings

Counts = dict[str, int]
ROWS_AT_ONCE = 122_880  # of a file that is rewritten


def take_from_lake(home: Home, case: Case) -> Counts:
    """Rewrite every file of the lake that has rows of theirs, each as a whole; the other rows keep their order."""
    counts = {"files": 0, "rows": 0}
    for rows in case.files:
        for root in (home.lake, home.vault_lake):
            for path in sorted((root / rows.source / rows.table).glob(f"*/{rows.file_id}.parquet")):
                removed = rewrite_parquet(path, rows.loaded, private=root == home.vault_lake)
                counts["files"] += removed > 0
                counts["rows"] += removed
    return counts


def take_from_quarantine(home: Home, case: Case) -> Counts:
    """Take their records out of the quarantine, in the vault and outside."""
    counts = {"files": 0, "rows": 0}
    for rows in case.files:
        for root in (home.vault_quarantine, home.quarantine):
            path = root / rows.source / rows.table / f"{rows.file_id}.parquet"
            if rows.quarantined and path.is_file():
                removed = rewrite_parquet(path, rows.quarantined, private=root == home.vault_quarantine)
                counts["files"] += removed > 0
                counts["rows"] += removed
    return counts


def take_from_archive(home: Home, contracts: Iterable[SourceContract], case: Case) -> Counts:
    """Cut their lines out of the delivered files; one that cannot be read as its contract says goes as a whole."""
    by_name = {contract.source: contract for contract in contracts}
    counts = {"files": 0, "removed_files": 0}
    for rows in case.files:
        folder = home.vault_archive / rows.source / rows.table
        for path in sorted(folder.glob(f"{rows.file_id}__*")):
            contract = by_name.get(rows.source)
            counts["files" if _cut(path, contract, rows) else "removed_files"] += 1
            reached("erase.archive.cut")
    return counts


def take_from_refused(theirs: Iterable[Path]) -> Counts:
    """Remove refused files that hold anything of theirs: nobody can tell where a record begins in them."""
    counts = {"removed_files": 0}
    for path in theirs:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
        counts["removed_files"] += 1
    return counts


def take_from_waiting(settings: Settings, ledger: Ledger, contracts: Iterable[SourceContract], root: Path) -> Counts:
    """Cut their lines out of delivered files that wait to be taken in, or lie beside as a demo's do."""
    by_name = {contract.source: contract for contract in contracts}
    outside = outside_of(settings, ledger)
    counts = {"files": 0, "removed_files": 0}
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        if not path.is_file() or path.is_symlink():
            continue
        parts = path.relative_to(root).parts
        contract = by_name.get(parts[0])
        name = (parts[1] if len(parts) == 3 else contract.table_of(path.name)) if contract else None
        try:
            if contract is None or name not in contract.tables:
                raise Refused("unknown_table", "")
            data = path.read_bytes()
            lines = named_lines_of_file(settings, outside, contract, name, data, path.name)
            if lines:
                replace_file(path, without_lines(data, path.name, contract.tables[name], lines), PRIVATE_FILE)
                counts["files"] += 1
        except Refused:
            if holds_erased(settings, ledger, path.read_bytes(), path.name):
                path.unlink()
                counts["removed_files"] += 1
    return counts


def rewrite_parquet(path: Path, lines: Iterable[int], *, private: bool) -> int:
    """Put a Parquet file in place without the rows of these line numbers; how many there were.

    It is read and written a part at a time: a file of twenty million events took 20 GiB of memory as a whole.
    """
    gone = pa.array(sorted(lines), pa.int64())
    with pq.ParquetFile(path) as file:
        removed = sum(_count_in(part["line_number"], gone) for part in file.iter_batches(columns=["line_number"]))
        if removed:
            kept = (
                part.filter(pc.invert(pc.is_in(part["line_number"], gone))) for part in file.iter_batches(ROWS_AT_ONCE)
            )
            _write_parts(path, file.schema_arrow, kept, private=private)
            reached("erase.parquet.rewritten")
    return removed


def write_parquet(path: Path, rows: pa.Table, *, private: bool) -> None:
    """Put a Parquet file in another's place as a whole."""
    _write_parts(path, rows.schema, rows.to_batches(ROWS_AT_ONCE), private=private)


def _write_parts(path: Path, schema: pa.Schema, parts: Iterable[pa.RecordBatch], *, private: bool) -> None:
    fresh = path.with_name(f".{path.name}.erasing")
    rights = PRIVATE_FILE if private else 0o644
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, rights), "wb") as sink:
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for part in parts:
                writer.write_batch(part)
        sink.flush()
        os.fsync(sink.fileno())
    os.replace(fresh, path)
    sync_folder(path.parent)


def _count_in(column: pa.Array, values: pa.Array) -> int:
    return pc.sum(pc.is_in(column, values)).as_py() or 0


def _cut(path: Path, contract: SourceContract | None, rows: RowsOf) -> bool:
    """Whether the lines could be cut out; else the file is gone."""
    name = path.name.partition("__")[2]
    try:
        if contract is None:
            raise Refused("unknown_table", "")
        cut = without_lines(path.read_bytes(), name, contract.tables[rows.table], rows.lines)
    except (Refused, KeyError):
        path.unlink()
        sync_folder(path.parent)
        return False
    replace_file(path, cut, PRIVATE_FILE)
    return True
