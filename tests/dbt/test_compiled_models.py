"""The tables that tests build from compiled SQL are those that dbt builds."""

from __future__ import annotations

import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings
from tests.dbt import delivered_rows, unified_rows
from tests.dbt.compiled_models import Model, build, models
from tests.dbt.test_as_known import arriving, many_versions

TONIGHT = unified_rows.at("03-31")
Told = dict[str, tuple[object, ...]]


def of_rooms(*rooms: str) -> list[Model]:
    return [model for model in models().values() if model.room in rooms]


def told(home: Settings, rooms: tuple[str, ...]) -> Told:
    """Kind, columns with their types, and rows of every model."""
    found: Told = {}
    with open_warehouse(home) as warehouse:
        run = warehouse.connection.execute
        for model in of_rooms(*rooms):
            place, room, table = model.relation.replace('"', "").split(".")
            (kind,) = run(
                "select table_type from information_schema.tables"
                " where table_catalog = $place and table_schema = $room and table_name = $table",
                {"place": place, "room": room, "table": table},
            ).fetchone() or ("absent",)
            found[model.name] = (
                kind,
                run(f"describe {model.relation}").fetchall(),
                run(f"select * from {model.relation} order by all").fetchall(),
            )
    return found


def differing(one: Told, other: Told) -> set[str]:
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize("day", ["02-15", "03-31"])
def test_rooms_of_customers_are_those_of_dbt(day: str) -> None:
    rooms, as_of = ("identity", "customer_360"), unified_rows.at(day)
    home = unified_rows.build_rooms(unified_rows.small_town(), as_of)
    here = told(home, rooms)
    assert here["customer_360"][2], "there is something to compare"
    dbt.build(home, unified_rows.BOTH_ROOMS, as_of.replace(tzinfo=unified_rows.UTC), command="run")
    assert differing(here, told(home, rooms)) == set()
    build(home, ["customer_360"], unified_rows.at("01-15"))
    assert differing(here, told(home, rooms)) == {"customer_360"}, "negative control: another moment"
    unified_rows.build_rooms([], as_of)


def test_rooms_of_facts_are_those_of_dbt() -> None:
    rooms = ("staging", "unified")
    home = delivered_rows.build_facts(arriving(many_versions(), seed=3))
    here = told(home, rooms)
    dbt.build(home, delivered_rows.ROOMS, delivered_rows.LATE, command="run")
    assert differing(here, told(home, rooms)) == set()
    assert here["events"][2], "there is something to compare"
