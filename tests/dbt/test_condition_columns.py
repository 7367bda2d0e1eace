"""What conditions may read is what the warehouse has: names and kinds, in both directions."""

from __future__ import annotations

from ruamel.yaml import YAML

from dagster_project.domain.analytics.schema import ADDED
from dagster_project.domain.conditions import is_barred, kind_of
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS
from dagster_project.settings import CHECKOUT

# Known to the warehouse and no matter for a condition: who it is, and the moment asked about (always there as as_of).
NOT_ASKED_ABOUT = {"customer_id", "customer_number", "as_of"}


def columns_of_model(model: str) -> dict[str, str]:
    file = CHECKOUT / "dbt_project" / "models" / "customer_360" / "_customer_360__models.yml"
    models = {each["name"]: each for each in YAML(typ="safe", pure=True).load(file.read_text())["models"]}
    return {column["name"]: column["data_type"] for column in models[model]["columns"]}


def kinds(columns: dict[str, str]) -> dict[str, str]:
    return {name: kind_of(type_) for name, type_ in columns.items()}


def test_conditions_read_every_column_of_a_customer_that_they_may() -> None:
    there = columns_of_model("customer_360") | {field.name: str(field.type) for field in ADDED}
    offered = {name: type_ for name, type_ in there.items() if name not in NOT_ASKED_ABOUT and not is_barred(name)}
    assert kinds(CUSTOMER_COLUMNS) == kinds(offered)


def test_consent_is_in_the_table_and_not_among_the_columns() -> None:
    assert "may_email" in columns_of_model("customer_360"), "negative control"
    assert not [name for name in CUSTOMER_COLUMNS if is_barred(name)]


def test_conditions_read_columns_of_events_that_exist() -> None:
    there = kinds(columns_of_model("customer_events"))
    for name, type_ in EVENT_COLUMNS.items():
        assert there[name.removeprefix("event_")] == kind_of(type_), name
