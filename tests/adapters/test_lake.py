"""What dbt sees of the lake: only what counts, typed, also when nothing came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.adapters import lake
from dagster_project.adapters.gate import passing
from dagster_project.adapters.lake import lake_file, register_lake
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.sources.contract import Column
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.small_deliveries import CAFE, GOOD, HEADER, Gate


@pytest.fixture
def gate(home: Settings, tmp_path: Path) -> Iterator[Gate]:
    folder = tmp_path / "delivered"
    folder.mkdir()
    with open_ledger(home.ledger_address) as ledger:
        yield Gate(home, ledger, folder)


def seen(gate: Gate, sql: str) -> list[tuple[object, ...]]:
    """What a query finds after the lake was registered."""
    with open_warehouse(gate.settings) as warehouse:
        register_lake(warehouse, gate.settings, [gate.contract], gate.ledger.accepted_files())
        return warehouse.connection.execute(sql).fetchall()


def test_a_table_that_never_arrived_is_empty_and_typed(gate: Gate) -> None:
    columns = dict(seen(gate, 'select column_name, column_type from (describe sources."cafe__visits")'))  # type: ignore[arg-type]
    assert list(columns)[-5:] == ["occurred_at", "known_at", "row_id", "file_id", "line_number"]
    assert [columns[name] for name in ("id", "guests", "weight", "price", "is_regular", "born", "came_at")] == [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "DECIMAL(18,4)",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
    ]
    assert seen(gate, "select count(*) from sources.cafe__visits") == [(0,)]


def test_personal_tables_are_seen_in_the_vault_alone(gate: Gate) -> None:
    gate.land("guests.csv", "number,name\n1,Aino\n")
    assert seen(gate, "select name from vault.sources.cafe__guests") == [("Aino",)]
    tables = "select table_catalog from information_schema.tables where table_name = 'cafe__guests'"
    assert seen(gate, tables) == [("vault",)]


def test_a_column_the_contract_gained_later_is_null_in_older_files(gate: Gate) -> None:
    gate.land("visits_1.csv", [HEADER, GOOD])
    visits = CAFE.tables["visits"]
    columns = visits.columns | {"waiter": Column(optional=True)}
    tables = CAFE.tables | {"visits": visits.model_copy(update={"columns": columns})}
    gate.contract = CAFE.model_copy(update={"tables": tables})
    gate.land("visits_2.csv", [HEADER + ",waiter", GOOD.replace("v1", "v2") + ",Eero"])
    assert seen(gate, "select id, waiter from sources.cafe__visits order by id") == [("v1", None), ("v2", "Eero")]


def test_held_refused_and_left_over_files_are_not_seen(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.land("visits_1.csv", [HEADER, GOOD])
    gate.land("visits_2.csv", [HEADER, "short"])
    with monkeypatch.context() as patched:
        patched.setattr(passing, "_failed_expectations", lambda *_: "id: 1 of 1 rows null")
        held = gate.land("visits_3.csv", [HEADER, GOOD.replace("v1", "held")], expectations=True)
    kept = lake_file(gate.settings, CAFE, "visits", held.arrived_at.date(), held.file_id)
    assert kept.is_file(), "negative control: it lies there"
    assert seen(gate, "select id from sources.cafe__visits") == [("v1",)]


def test_a_file_that_counts_and_is_lost_stops_with_its_name(gate: Gate) -> None:
    delivery = gate.land("visits.csv", [HEADER, GOOD])
    lake_file(gate.settings, CAFE, "visits", delivery.arrived_at.date(), delivery.file_id).unlink()
    with pytest.raises(HoivaError, match=delivery.file_id):
        seen(gate, "select 1")


def test_an_archived_file_keeps_its_bytes_and_no_path_in_its_name(gate: Gate) -> None:
    path = lake.archive(gate.settings, "cafe", "visits", "f" * 32, "../../etc/passwd", b"bytes")
    assert path.parent == gate.settings.at_home.vault_archive / "cafe" / "visits"
    assert path.read_bytes() == b"bytes"
