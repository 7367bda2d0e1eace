"""One file through the gate: checked, typed, written, and only then recorded in the ledger."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from dagster_project.adapters.durable import PRIVATE_FOLDER, make_folder
from dagster_project.adapters.gate import heeding, opt_outs
from dagster_project.adapters.gate.admitting import holds_erased, still_inside, without_erased
from dagster_project.adapters.gate.csv_records import csv_records
from dagster_project.adapters.gate.delivered import Delivered, delivered
from dagster_project.adapters.gate.json_records import json_records
from dagster_project.adapters.gate.parquet_records import parquet_records
from dagster_project.adapters.gate.proposing import propose, why_not
from dagster_project.adapters.gate.records import Records, kind_of, unpacked
from dagster_project.adapters.gate.typing import Typed, type_records
from dagster_project.adapters.lake import archive, keep_misfits, write_rows
from dagster_project.components.fenced import Folder, load_folder
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.domain.sources.opt_outs import OptedOut
from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Settings

LONGEST_TABLE = 100  # letters: more is no table's name
READERS = {"csv": csv_records, "jsonl": json_records, "parquet": parquet_records}


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
    return land_found(
        settings,
        ledger,
        contract,
        delivered(file),
        table,
        arrived_at=arrived_at,
        history=history,
        landed_at=landed_at,
        expectations=expectations,
    )


def land_found(
    settings: Settings,
    ledger: Ledger,
    contract: SourceContract,
    found: Delivered,
    table: str | None = None,
    *,
    arrived_at: datetime | None,
    history: bool,
    landed_at: datetime,
    expectations: bool = True,
) -> Delivery:
    """The same for a file whose bytes are read, or were refused unread."""
    with _alone_with(settings, found.file_id):
        return _land(settings, ledger, contract, found, table, arrived_at, landed_at, history, expectations)


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
    found: Delivered,
    table: str | None,
    arrived_at: datetime | None,
    landed_at: datetime,
    history: bool,
    expectations: bool,
) -> Delivery:
    name = (table or contract.table_of(found.name) or "")[:LONGEST_TABLE]
    known_at = arrived_at or landed_at
    heard: set[str] = set()  # customers whose refusal in a row that fits stands

    def delivery(status: str, opted_out: list[OptedOut], message: str = "", **more: object) -> Delivery:
        opted_out = still_inside(settings, ledger, opted_out)
        count = opt_outs.hand_over(settings, ledger, opted_out, known_at)
        heeding.let_go(settings, ledger, heard | opt_outs.whose(settings, opted_out), landed_at)
        if count:
            message = "; ".join(part for part in (message, f"refusals in it count all the same: {count}") if part)
        told = Delivery(
            file_id=found.file_id,
            source=contract.source,
            table_name=name,
            file_name=found.name,
            status=status,  # type: ignore[arg-type]
            arrived_at=known_at,
            landed_at=landed_at,
            known_mode="history" if history else "arrival",
            message=message,
            **more,  # type: ignore[arg-type]
        )
        ledger.record_delivery(told)
        return told

    try:
        if found.refused:
            raise found.refused
        if name not in contract.tables:
            known = ", ".join(contract.tables)
            raise Refused(
                "unknown_table", f"the file's name begins with no table of {contract.source} ({known}): --table"
            )
        before = ledger.delivery_by_file(contract.source, found.file_id, name)
        if before is not None and before.status == "loaded":
            return delivery("repeated", [], "the same bytes were loaded before; nothing changed")
        if contract.currency and contract.currency != settings.reporting_currency:
            raise Refused(
                "other_currency",
                f"{contract.source} delivers {contract.currency}, reports are in {settings.reporting_currency}:"
                " set reporting_currency",
            )
        records, typed = _typed(settings, contract, name, found, None if history else known_at)
    except Refused as refused:
        if not found.refused and not holds_erased(settings, ledger, found.data, found.name):
            archive(settings, contract.source, "refused", found.file_id, found.name, found.data)
        said_no = []
        if name in contract.tables and refused.reason_code != "too_large":  # a bomb is nobody's answer
            said_no = opt_outs.of_refused(found.data, found.name, contract.tables[name], settings.identity_salt)
        return delivery("refused", said_no, str(refused), reason_code=refused.reason_code)
    typed, data, erased = without_erased(settings, ledger, contract, name, typed, found.data, found.name)
    promised = contract.tables[name]
    said_no = opt_outs.of_misfits(records, typed, promised, settings.identity_salt)
    write_rows(settings, contract, name, known_at.date(), found.file_id, typed.rows)
    keep_misfits(settings, contract.source, name, found.file_id, found.name, typed.misfits)
    archive(settings, contract.source, name, found.file_id, found.name, data)
    failed = ""
    if expectations:
        failed = _failed_expectations(settings, contract.source, name, found.file_id, typed, landed_at)
    if failed:
        said_no += opt_outs.of_rows(typed, promised)
    elif not history:
        heard |= heeding.heed_rows(settings, ledger, typed, promised, known_at, landed_at)
    return delivery(
        "held" if failed else "loaded",
        said_no,
        "; ".join(part for part in (failed, records.header.told) if part),
        reason_code="expectation_failed" if failed else "",
        count_delivered=records.count_delivered,
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
    settings: Settings, contract: SourceContract, name: str, found: Delivered, known_at: datetime | None
) -> tuple[Records, Typed]:
    table = contract.tables[name]
    plain = unpacked(found.data, found.name)
    try:
        records = READERS[kind_of(found.name)](plain, table)
        del plain  # it lives no longer than this
        typed = type_records(records, table, found.file_id, known_at, settings.identity_salt, settings.threads)
    except (duckdb.Error, pa.ArrowException) as error:  # its text may quote a value
        raise Refused("unreadable", f"the records could not be read ({type(error).__name__})") from None
    if table.drift == "evolve":
        propose(settings, contract, name, records, typed)
    accounted = typed.rows.num_rows + typed.misfits.num_rows
    if accounted != records.count_delivered:
        raise Refused("count_mismatch", f"{records.count_delivered} records delivered, {accounted} accounted for")
    if typed.rows.num_rows == 0:
        raise Refused(
            "no_row_fits",
            f"none of {records.count_delivered} records fits the contract of {name} ({why_not(typed.misfits)})",
        )
    if table.drift == "refuse" and typed.misfits.num_rows:
        raise Refused(
            "schema_drift",
            f"{typed.misfits.num_rows} of {records.count_delivered} records do not fit the contract of {name}, which"
            f" takes all or nothing ({why_not(typed.misfits)}): ask for the file again, or change the contract",
        )
    return records, typed
