"""One file through the gate: checked, typed, written, and only then recorded in the ledger."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from dagster_project.adapters.durable import PRIVATE_FOLDER, make_folder
from dagster_project.adapters.gate.admitting import holds_erased, without_erased
from dagster_project.adapters.gate.csv_records import csv_records
from dagster_project.adapters.gate.json_records import json_records
from dagster_project.adapters.gate.parquet_records import parquet_records
from dagster_project.adapters.gate.records import kind_of, unpacked
from dagster_project.adapters.gate.typing import Typed, type_records
from dagster_project.adapters.lake import archive, keep_misfits, write_rows
from dagster_project.components.fenced import Folder, load_folder
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Settings

READERS = {"csv": csv_records, "jsonl": json_records, "parquet": parquet_records}
FILE_ID_LENGTH = 32  # hex digits of SHA-256: 128 bits tell any number of files apart


def contracts_in(folder: Path) -> Folder[SourceContract]:
    """The contracts of a folder, each file for itself, with the faults of those that are wrong."""
    return load_folder(folder, SourceContract, "source")


def land(
    settings: Settings,
    ledger: Ledger,
    contract: SourceContract,
    file: Path,
    table: str | None = None,
    *,
    arrived_at: datetime | None,
    history: bool,
    landed_at: datetime,
    expectations: bool = True,
) -> Delivery:
    """Take one delivered file in; what became of it is recorded in the ledger and returned.

    How: read the bytes; the same bytes again are a recorded no-op; otherwise read records, type them, write the lake's
    file, then the quarantine's, then the bytes themselves to the vault's archive, and record the delivery last. A crash
    in between leaves files under names that the next landing of the same bytes replaces.

    Args:
        settings: whose home.
        ledger: where deliveries are recorded.
        contract: what the source promises.
        file: the delivered file; it stays where it is.
        table: the table, or None to read it off the file's name.
        arrived_at: when it became known; None means ``landed_at``.
        history: each row counts as known at its own time.
        landed_at: now.
        expectations: hold the delivery against its source's suite; the first time costs seconds of loading.

    Returns:
        The delivery: ``loaded``; ``held`` when it fails its suite: kept, and no row of it counts until the same bytes
        are landed again and pass; ``repeated``; or ``refused`` with a reason code and one sentence.
    """
    data = file.read_bytes()
    file_id = hashlib.sha256(data).hexdigest()[:FILE_ID_LENGTH]
    with _alone_with(settings, file_id):
        return _land(
            settings, ledger, contract, file, table, data, file_id, arrived_at, landed_at, history, expectations
        )


@contextmanager
def _alone_with(settings: Settings, file_id: str) -> Iterator[None]:
    """Let no other process land the same bytes meanwhile: the second one finds them loaded."""
    folder = make_folder(settings.at_home.make().vault_archive, PRIVATE_FOLDER)
    handle = os.open(folder / f".landing-{file_id[0]}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _land(
    settings: Settings,
    ledger: Ledger,
    contract: SourceContract,
    file: Path,
    table: str | None,
    data: bytes,
    file_id: str,
    arrived_at: datetime | None,
    landed_at: datetime,
    history: bool,
    expectations: bool,
) -> Delivery:
    name = table or contract.table_of(file.name) or ""

    def delivery(status: str, **more: object) -> Delivery:
        told = Delivery(
            file_id=file_id,
            source=contract.source,
            table_name=name,
            file_name=file.name,
            status=status,  # type: ignore[arg-type]
            arrived_at=arrived_at or landed_at,
            landed_at=landed_at,
            known_mode="history" if history else "arrival",
            **more,  # type: ignore[arg-type]
        )
        ledger.record_delivery(told)
        return told

    try:
        if name not in contract.tables:
            known = ", ".join(contract.tables)
            raise Refused(
                "unknown_table", f"the file's name begins with no table of {contract.source} ({known}): --table"
            )
        before = ledger.delivery_by_file(contract.source, file_id, name)
        if before is not None and before.status == "loaded":
            return delivery("repeated", message="the same bytes were loaded before; nothing changed")
        if contract.currency and contract.currency != settings.reporting_currency:
            raise Refused(
                "other_currency",
                f"{contract.source} delivers {contract.currency}, reports are in {settings.reporting_currency}:"
                " set reporting_currency",
            )
        typed, delivered = _typed(settings, contract, name, data, file, file_id, arrived_at or landed_at, history)
    except Refused as refused:
        if not holds_erased(settings, ledger, data, file.name):
            archive(settings, contract.source, "refused", file_id, file.name, data)
        return delivery("refused", reason_code=refused.reason_code, message=str(refused))
    typed, data, erased = without_erased(settings, ledger, contract, name, typed, data, file.name)
    path_date = (arrived_at or landed_at).date()
    write_rows(settings, contract, name, path_date, file_id, typed.rows)
    keep_misfits(settings, contract.source, name, file_id, file.name, typed.misfits)
    archive(settings, contract.source, name, file_id, file.name, data)
    failed = _failed_expectations(settings, contract.source, name, file_id, typed, landed_at) if expectations else ""
    return delivery(
        "held" if failed else "loaded",
        reason_code="expectation_failed" if failed else "",
        message=failed,
        count_delivered=delivered,
        count_loaded=typed.rows.num_rows,
        count_quarantined=typed.misfits.num_rows,
        count_erased=erased,
    )


def _failed_expectations(
    settings: Settings, source: str, name: str, file_id: str, typed: Typed, landed_at: datetime
) -> str:
    """What the source's suite has against the delivery, in one line without values; empty when nothing."""
    from dagster_project.adapters.expectations import keep_outcome, validate_delivery

    outcome = validate_delivery(source, name, typed.rows, subject=file_id)
    if outcome is None:
        return ""
    keep_outcome(settings, outcome, landed_at)
    return "" if outcome.success else "; ".join(str(failure) for failure in outcome.failed if failure.is_blocking)


def _typed(
    settings: Settings,
    contract: SourceContract,
    name: str,
    data: bytes,
    file: Path,
    file_id: str,
    known_at: datetime,
    history: bool,
) -> tuple[Typed, int]:
    table = contract.tables[name]
    records = READERS[kind_of(file.name)](unpacked(data, file.name), table)  # the plain bytes live no longer than this
    try:
        typed = type_records(
            records, table, file_id, None if history else known_at, settings.identity_salt, settings.threads
        )
    except (duckdb.Error, pa.ArrowException) as error:  # its text may quote a value
        raise Refused("unreadable", f"the records could not be typed ({type(error).__name__})") from None
    accounted = typed.rows.num_rows + typed.misfits.num_rows
    if accounted != records.count_delivered:
        raise Refused("count_mismatch", f"{records.count_delivered} records delivered, {accounted} accounted for")
    if typed.rows.num_rows == 0:
        raise Refused("no_row_fits", f"none of {records.count_delivered} records fits the contract of {name}")
    return typed, records.count_delivered
