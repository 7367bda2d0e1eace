"""Rows as sources deliver them, written by hand behind the gate, and the staging and unified rooms built on them."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from dagster_project.adapters import dbt
from dagster_project.adapters.gate import passing
from dagster_project.adapters.lake import lake_schema
from dagster_project.adapters.warehouse import Warehouse, open_warehouse
from dagster_project.domain.sources.contract import SourceContract
from dagster_project.settings import CHECKOUT, Settings, load_settings
from tests.dbt.compiled_models import build, made_from, models

# A row needs only the columns a test is about. ``occurred_at`` is the event time as the gate would read it,
# ``known_at`` the same unless given; ``row_id`` follows from the content, as at the gate.
Row = dict[str, object]
Deliveries = Mapping[str, Sequence[Row]]  # by ``source.table``
ROOMS = ["path:models/staging", "path:models/unified"]
LATE = datetime(2026, 12, 31, tzinfo=UTC)


def at(day: str, time: str = "09:00") -> datetime:
    """A moment of 2026 in UTC, as tables keep it: ``at("03-31")``."""
    return datetime.fromisoformat(f"2026-{day} {time}")


@lru_cache(maxsize=1)
def contracts() -> dict[str, SourceContract]:
    """The contracts as they are in the repository."""
    folder = passing.contracts_in(CHECKOUT / "dagster_project" / "defs" / "sources" / "contracts")
    assert not folder.faults
    return dict(folder.items)


_writings = itertools.count()
_delivered: dict[str, list[Row]] = {}  # what the shared home's sources hold now


@lru_cache(maxsize=1)
def facts_home() -> Settings:
    """One home for all tests of these rooms in this process: dbt parses its project once."""
    home = load_settings(home=Path(tempfile.mkdtemp(prefix="hoiva-facts-")) / "home")
    home.at_home.make()
    _write(home, {f"{source}.{table}": [] for source, contract in contracts().items() for table in contract.tables})
    dbt.build(home, ["consent_coverage"], LATE, command="seed")
    dbt.build(home, ROOMS, LATE, command="run")
    return home


def build_facts(delivered: Deliveries) -> Settings:
    """Write the rows as accepted deliveries, and build staging and unified on them.

    Only what follows from tables that hold other rows than before is built.
    """
    home = facts_home()
    tables = {table: [_whole(row, line) for line, row in enumerate(rows, start=1)] for table, rows in delivered.items()}
    assert set(tables) <= set(_delivered), "a table that no contract knows"
    changed = {table: tables.get(table, []) for table, rows in _delivered.items() if rows != tables.get(table, [])}
    if changed:
        _write(home, changed)
        names = {name for name in made_from(changed) if models()[name].room in {"staging", "unified"}}
        build(home, names, LATE.replace(tzinfo=None))
    return home


def as_table(warehouse: Warehouse, name: str) -> None:
    """Make a view a table of its rows, so that a test can change one."""
    run = warehouse.connection.execute
    run(f"create or replace table main.rows_of_view as from {name}")
    room, table = name.split(".")
    kind = "table_type from information_schema.tables where table_schema = $room and table_name = $table"
    if run(f"select {kind}", {"room": room, "table": table}).fetchall()[0][0] == "VIEW":
        run(f"drop view {name}")
        run(f"create table {name} as from main.rows_of_view")


def hold_rules(home: Settings) -> None:
    """Run every test of dbt of the two rooms. Raises DbtFailed when one finds rows."""
    dbt.build(home, ROOMS, LATE, command="test")


def _write(home: Settings, tables: Mapping[str, list[Row]]) -> None:
    with open_warehouse(home) as warehouse:
        for name, rows in tables.items():
            source, table = name.split(".")
            schema = lake_schema(contracts()[source].tables[table])
            unknown = {column for row in rows for column in row} - set(schema.names)
            assert not unknown, f"{name} has no columns {unknown}"
            writing = next(_writings)  # what is written anew is another file, even where a test names the same one
            filled = [
                {column: row.get(column) for column in schema.names} | {"file_id": f"{writing:05}-{row['file_id']}"}
                for row in rows
            ]
            typed = pa.Table.from_pylist(filled, schema)
            in_vault = contracts()[source].tables[table].is_personal
            warehouse.write("sources", f"{source}__{table}", typed, in_vault=in_vault)
            _delivered[name] = rows


def _whole(row: Row, line: int) -> Row:
    technical = {"known_at", "file_id", "line_number", "row_id"}
    content = repr(sorted((name, str(value)) for name, value in row.items() if name not in technical))
    return {
        "known_at": row.get("occurred_at"),
        "row_id": hashlib.md5(content.encode(), usedforsecurity=False).hexdigest(),
        "file_id": "a-file",
        "line_number": line,
        **row,
    }


def facts(delivered: Deliveries, model: str, where: str = "true", *, in_vault: bool = False) -> list[Row]:
    """The rows of a model of unified when these rows were delivered, in the order of their moments and keys."""
    home = build_facts(delivered)
    with open_warehouse(home) as warehouse:
        table = f"{'vault.' if in_vault else ''}unified.{model}"
        rows = warehouse.read(f"select * from {table} where {where}").to_pylist()
    return sorted(rows, key=lambda row: (row["occurred_at"], repr(row)))


def shop_line(number: str, customer: str | None, when: datetime, **columns: object) -> Row:
    """One line of an invoice: two pieces at 2.50 unless told otherwise."""
    line = {"InvoiceNo": number, "StockCode": "A1", "Description": "a lantern", "Quantity": 2, "UnitPrice": 2.5}
    whole = {**line, "CustomerID": customer, "Country": "Finland", "occurred_at": when, **columns}
    return {**whole, "UnitPrice": Decimal(str(whole["UnitPrice"]))}
