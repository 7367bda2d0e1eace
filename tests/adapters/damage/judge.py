"""Holds what became of a broken delivery against what its generator knows; counts without the gate's own counts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import pyarrow.parquet as pq

from dagster_project.adapters.gate.typing import pseudonym
from dagster_project.domain.sources.delivery import Delivery
from tests.adapters.damage.clean import Broken, value_of
from tests.adapters.small_deliveries import Gate


@dataclass
class Count:
    """What became of all files so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    files: int = 0
    refused: int = 0
    records: int = 0  # of files that were not refused
    loaded: int = 0
    quarantined: int = 0
    records_of_refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def judge(gate: Gate, broken: Broken, delivery: Delivery, count: Count) -> list[str]:
    """Everything wrong with what became of a delivery; empty when all is as it must be."""
    count.files += 1
    count.kinds[broken.kind] += 1
    if delivery.status == "refused":
        count.refused += 1
        count.records_of_refused += broken.count_records
        count.reasons[delivery.reason_code] += 1
        return _of_refused(gate, broken, delivery)
    rows, kept = gate.rows(delivery), _kept(gate, delivery)
    count.records += broken.count_records
    count.loaded += len(rows)
    count.quarantined += len(kept)
    count.reasons.update(str(row["reason_code"]) for row in kept)
    wrong = _of_loaded(gate, broken, delivery, rows, kept)
    if broken.refused and not broken.or_sound:
        wrong.append(f"was {delivery.status}, and no reader can know what it says")
    return wrong


def _of_refused(gate: Gate, broken: Broken, delivery: Delivery) -> list[str]:
    wrong = []
    if delivery.reason_code not in broken.refused:
        wrong.append(f"refused as {delivery.reason_code} ({delivery.message}), not as {sorted(broken.refused)}")
    if not delivery.message or "\n" in delivery.message or len(delivery.message) > 400:
        wrong.append("says nothing, or too much")
    if gate.rows(delivery):
        wrong.append("rows of a refused file are in the lake")
    archived = gate.settings.at_home.vault_archive / delivery.source / "refused"
    if broken.content and broken.content not in [path.read_bytes() for path in archived.glob(f"{delivery.file_id}__*")]:
        wrong.append("its bytes are not kept")
    return wrong


def _of_loaded(
    gate: Gate, broken: Broken, delivery: Delivery, rows: list[dict[str, object]], kept: list[dict[str, object]]
) -> list[str]:
    wrong = []
    if len(rows) + len(kept) != broken.count_records:
        wrong.append(f"{broken.count_records} records written, {len(rows)} loaded and {len(kept)} in quarantine")
    if (delivery.count_loaded, delivery.count_quarantined) != (len(rows), len(kept)):
        wrong.append("the ledger's counts are not those of the files")
    found = {int(str(row["line_number"])): row for row in kept}
    for line, (column, reason) in broken.bad.items():
        told = found.get(line)
        if told is None:
            wrong.append(f"line {line} is damaged ({column} {reason}) and not in quarantine")
        elif reason and (told["column"], told["reason_code"]) != (column, reason):
            wrong.append(f"line {line}: {told['column']} {told['reason_code']} for {column} {reason}")
        elif not told["file_name"] or not told["file_id"]:
            wrong.append(f"line {line} names no file")
    wrong += [
        f"line {line} is sound and in quarantine: {found[line]['reason_code']}"
        for line in broken.sound
        if line in found
    ]
    by_line = {int(str(row["line_number"])): row for row in rows}
    for line, record in broken.sound.items():
        wrong += _differences(gate, broken, line, record, by_line.get(line))
    return wrong


def _differences(
    gate: Gate, broken: Broken, line: int, record: dict[str, str | None], row: dict[str, object] | None
) -> list[str]:
    if row is None:
        return [f"line {line} is sound and was not loaded"]
    wrong = []
    for name, column in broken.clean.table.columns.items():
        meant = value_of(record.get(name), column)
        if column.pseudonym and meant is not None:
            meant = pseudonym(str(meant), gate.settings.identity_salt)
        there = row[name]
        if column.type == "json" and there is not None:
            there = json.loads(str(there))
        if there != meant:
            wrong.append(f"line {line}: {name} was loaded as another value")
    return wrong


def _kept(gate: Gate, delivery: Delivery) -> list[dict[str, object]]:
    path = gate.settings.at_home.quarantine / delivery.source / delivery.table_name / f"{delivery.file_id}.parquet"
    return list(pq.read_table(path).to_pylist()) if path.exists() else []
