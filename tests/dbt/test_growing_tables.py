"""A table that grows by what is new is always the table that it would be if built anew."""

from __future__ import annotations

import random
from datetime import timedelta

import pyarrow as pa
import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.lake import lake_schema
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings
from tests.dbt.delivered_rows import LATE, Row, at, build_facts, contracts, facts_home
from tests.dbt.test_web_and_service import web_event

MODEL, TABLE = "stg_ga4__events", "staging.stg_ga4__events"


def delivery(file_id: str, *numbers: int, known: str = "03-05") -> list[Row]:
    """Web events by number, as one file brings them."""
    rows: list[Row] = []
    for line, number in enumerate(numbers, start=1):
        event = web_event("view_item", at("03-01") + timedelta(minutes=number))
        rows.append(
            {**event, "row_id": f"event-{number}", "file_id": file_id, "line_number": line, "known_at": at(known)}
        )
    return rows


def deliver(rows: list[Row]) -> Settings:
    """Show dbt these rows and no others, and build the one model."""
    home = facts_home()
    schema = lake_schema(contracts()["ga4"].tables["events"])
    filled = [{column: row.get(column) for column in schema.names} for row in rows]
    with open_warehouse(home) as warehouse:
        warehouse.write("sources", "ga4__events", pa.Table.from_pylist(filled, schema))
    dbt.build(home, [MODEL], LATE, command="run")
    return home


def told(home: Settings) -> list[Row]:
    with open_warehouse(home) as warehouse:
        return warehouse.read(f"select * from {TABLE} order by row_id").to_pylist()


def anew(rows: list[Row]) -> list[Row]:
    """What the table is when nothing of it was there before."""
    with open_warehouse(facts_home()) as warehouse:
        warehouse.connection.execute(f"drop table if exists {TABLE}")
    return told(deliver(rows))


@pytest.fixture(autouse=True)
def _leave_as_found() -> object:
    yield
    with open_warehouse(facts_home()) as warehouse:
        warehouse.connection.execute(f"drop table if exists {TABLE}")
    build_facts({"ga4.events": [web_event("view_item", at("03-01"))]})
    build_facts({})


def test_deliveries_one_by_one_give_the_table_of_all_at_once() -> None:
    """With events delivered again, known earlier or later than at first, and files in any order."""
    files = [
        delivery("b", 1, 2, 3, known="03-05"),
        delivery("a", 3, 4, known="03-09"),  # brings 3 again, later
        delivery("d", 2, 5, known="03-02"),  # brings 2 again, and was known earlier
        delivery("c", 1, 2, 3, known="03-05"),  # nothing new, and of one moment with b
        delivery("e", 6, 6, known="03-06"),  # one event twice in one file
    ]
    for seed in (1, 2):
        random.Random(seed).shuffle(files)
        arrived: list[Row] = []
        anew([])
        for file in files:
            arrived += file
            grown = told(deliver(arrived))
        assert grown == anew(arrived)
    assert [row["row_id"] for row in grown] == [f"event-{number}" for number in range(1, 7)]
    assert {row["row_id"]: row["file_id"] for row in grown}["event-2"] == "d"


def test_what_was_taken_back_is_gone_and_what_stays_is_read_again() -> None:
    first, again = delivery("a", 1, 2, known="03-02"), delivery("b", 2, 3, known="03-05")
    anew([*first, *again])
    grown = told(deliver(again))
    assert [(row["row_id"], row["file_id"]) for row in grown] == [("event-2", "b"), ("event-3", "b")]
    assert grown == anew(again)


def test_changed_models_read_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = delivery("a", 1, 2)
    home = deliver(rows)
    damage = f"update {TABLE} set event_name = 'read by another version'"
    with open_warehouse(home) as warehouse:
        warehouse.connection.execute(damage)
    assert {row["event_name"] for row in told(deliver(rows))} == {"read by another version"}, "read again without need"
    monkeypatch.setattr(dbt, "project_fingerprint", lambda: "another")
    assert {row["event_name"] for row in told(deliver(rows))} == {"view_item"}


def test_a_table_of_an_older_version_gets_its_columns() -> None:
    home = deliver(delivery("a", 1))
    with open_warehouse(home) as warehouse:
        warehouse.connection.execute(f"alter table {TABLE} drop column made_by")
    assert [row["row_id"] for row in told(deliver(delivery("a", 1)))] == ["event-1"]
    assert "made_by" in told(home)[0]
