"""What a drifted file says about its contract: a line for everyone, and a proposal for whoever answers for it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from ruamel.yaml import YAML

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, replace_file
from dagster_project.domain.sources.proposal import new_values, proposed

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.adapters.gate.records import Records
    from dagster_project.adapters.gate.typing import Typed
    from dagster_project.domain.sources.contract import SourceContract, Table
    from dagster_project.settings import Settings

TOLD = 3  # reasons named in a message
LOOKED_AT = 1_000  # misfits: enough to tell a drift


def why_not(misfits: pa.Table) -> str:
    """The commonest reasons against records, in the contract's names: ``guests: not_an_integer (3)``."""
    counted = misfits.group_by(["column", "reason_code"]).aggregate([([], "count_all")])
    rows = counted.sort_by([("count_all", "descending"), ("column", "ascending"), ("reason_code", "ascending")])
    return ", ".join(
        f"{row['column']}: {row['reason_code']} ({row['count_all']})".removeprefix(": ")
        for row in rows.slice(0, TOLD).to_pylist()
    )


def proposal_file(settings: Settings, source: str, table: str) -> Path:
    """Where the proposal for a table lies. It may hold names and words of a file that nobody has judged yet."""
    return settings.at_home.vault / "proposals" / f"{source}__{table}.yaml"


def propose(settings: Settings, contract: SourceContract, name: str, records: Records, typed: Typed) -> None:
    """Write down how the table's contract would have to read for this file; nothing where it fits as it is."""
    table = contract.tables[name]
    lines, told = proposed(table, records.header, _misfits(records, typed))
    for part in new_values(table, _seen(table, typed)):
        lines.update(part) if isinstance(part, dict) else told.extend(part)
    if not told:
        return
    path = proposal_file(settings, contract.source, name)
    make_folder(path.parent, PRIVATE_FOLDER)
    head = "\n".join(f"# {' '.join(line.split())}" for line in ["Proposed for " + name + ", to be judged:", *told])
    replace_file(path, f"{head}\n{_as_yaml(_whole(table, lines))}".encode(), PRIVATE_FILE)


def _misfits(records: Records, typed: Typed) -> list[tuple[str, str, str]]:
    whole = {misfit.line_number for misfit in records.misfits}
    found = [(misfit.column, misfit.reason_code, "") for misfit in records.misfits[:LOOKED_AT]]
    for row in typed.misfits.slice(0, LOOKED_AT).to_pylist():
        if row["line_number"] not in whole:
            found.append((row["column"], row["reason_code"], str(json.loads(row["raw"]).get(row["column"]) or "")))
    return found


def _seen(table: Table, typed: Typed) -> dict[str, list[str]]:
    listed = [name for name, column in table.columns.items() if column.values]
    return {
        name: [value for value in typed.rows.column(name).unique().to_pylist() if value is not None] for name in listed
    }


def _whole(table: Table, lines: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The table's part of the contract as it would be, with every column."""
    kept = json.loads(table.model_dump_json(exclude_defaults=True))
    kept["columns"] = {
        name: {**kept["columns"].get(name, {}), **lines.get(name, {})} for name in [*table.columns, *lines]
    }
    return kept


def _as_yaml(values: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 120
    writer.dump(values, text)
    return text.getvalue()
