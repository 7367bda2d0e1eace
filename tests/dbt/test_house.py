"""The rules of the dbt project, read off its manifest; each is shown to fail on one that was doctored to break it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import open_warehouse
from tests.dbt.delivered_rows import LATE, build_facts

Manifest = dict[str, Any]
ROOMS = ("staging", "unified", "identity", "customer_360")  # in the order in which one may read another
READ_BY_THE_OUTSIDE = {
    "events", "consents", "orders", "order_lines", "products", "web_sessions", "newsletter_events", "service_contacts",
    "customer_360", "contact_points", "customer_events", "customer_timeline", "consents_current",
}  # fmt: skip
NAMES_OF_CONTACT_DATA = {
    "email", "email_raw", "phone", "phone_raw", "first_name", "last_name", "street", "postal_code", "city",
    "birth_date", "identifier_value",
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The parsed project."""
    return dbt.manifest_json(build_facts({}))


def models_of(manifest: Manifest) -> dict[str, Any]:
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def room_of(node: Any) -> str:
    return str(node["fqn"][1])


def attached_tests(manifest: Manifest, model: str) -> list[Any]:
    """The generic tests attached to a model."""
    nodes = manifest["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "test" and node.get("attached_node") == model]


def without_a_tested_key(manifest: Manifest) -> set[str]:
    """Models of which no column is tested as unique and not null, and no combination as unique."""
    faults = set()
    for key, model in models_of(manifest).items():
        tests = [(test["test_metadata"]["name"], test.get("column_name")) for test in attached_tests(manifest, key)]
        columns = {column for name, column in tests if name == "unique"}
        has_key = any(("not_null", column) in tests for column in columns if column)
        if not has_key and not any(name == "one_row_per" for name, _ in tests):
            faults.add(model["name"])
    return faults


def without_a_grain(manifest: Manifest) -> set[str]:
    """Models whose first line does not say what a row is."""
    starts = ("-- Grain: ", "# Grain: ")
    return {model["name"] for model in models_of(manifest).values() if not model["raw_code"].startswith(starts)}


def readers_of_sources_outside_staging(manifest: Manifest) -> set[str]:
    """Models of other rooms than staging that read what suppliers delivered."""
    return {
        model["name"]
        for model in models_of(manifest).values()
        if room_of(model) != "staging" and any(key.startswith("source.") for key in model["depends_on"]["nodes"])
    }


def readers_of_later_rooms(manifest: Manifest) -> set[str]:
    """Models that read a room after their own, or stand in no room at all."""
    models = models_of(manifest)
    faults = set()
    for model in models.values():
        if room_of(model) not in ROOMS:
            faults.add(model["name"])
            continue
        own = ROOMS.index(room_of(model))
        later = {room for room in ROOMS if ROOMS.index(room) > own}
        read = [models[key] for key in model["depends_on"]["nodes"] if key in models]
        faults |= {model["name"] for other in read if room_of(other) in later}
    return faults


def is_personal(thing: Any) -> bool:
    return bool((thing.get("meta") or {}).get("pii") or (thing.get("config", {}).get("meta") or {}).get("pii"))


def contact_data_outside_the_vault(manifest: Manifest) -> set[str]:
    """Models with a column that is marked or named as contact data and that do not live in the vault."""
    return {
        model["name"]
        for model in models_of(manifest).values()
        if model["database"] != "vault"
        and (
            is_personal(model)
            or any(is_personal(column) for column in model["columns"].values())
            or NAMES_OF_CONTACT_DATA & set(model["columns"])
        )
    }


def contact_data_without_a_mark(manifest: Manifest) -> set[str]:
    """Columns named as contact data, in the vault, that nobody marked: what reads the marks would pass them by."""
    return {
        f"{model['name']}.{name}"
        for model in models_of(manifest).values()
        for name, column in model["columns"].items()
        if name in NAMES_OF_CONTACT_DATA and not is_personal(column)
    }


def without_a_contract(manifest: Manifest) -> set[str]:
    """Tables the outside reads whose columns and types dbt does not hold to their promise."""
    names = {model["name"]: model for model in models_of(manifest).values()}
    return {
        name
        for name in READ_BY_THE_OUTSIDE
        if name not in names or not names[name]["config"].get("contract", {}).get("enforced")
    }


def without_a_description(manifest: Manifest) -> set[str]:
    """Models and columns of which nobody says what they are."""
    faults = {model["name"] for model in models_of(manifest).values() if not model["description"].strip()}
    for model in models_of(manifest).values():
        if not model["columns"]:
            faults.add(model["name"])
        faults |= {f"{model['name']}.{name}" for name, column in model["columns"].items() if not column["description"]}
    return faults


def that_keep_failing_rows(manifest: Manifest) -> set[str]:
    """Tests that would copy the rows they find, personal data among them, into a table of their own."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    return {node["name"] for node in nodes if node["config"].get("store_failures")}


def an_order_line(manifest: Manifest) -> Any:
    return manifest["nodes"]["model.hoiva.order_lines"]


def break_the_key(manifest: Manifest) -> None:
    for test in attached_tests(manifest, "model.hoiva.order_lines"):
        if test["test_metadata"]["name"] == "unique":
            test["attached_node"] = "model.hoiva.orders"


def break_the_grain(manifest: Manifest) -> None:
    an_order_line(manifest)["raw_code"] = "with\n-- Grain: one line"


def read_a_source(manifest: Manifest) -> None:
    an_order_line(manifest)["depends_on"]["nodes"].append("source.hoiva.shop.invoice_lines")


def read_a_later_room(manifest: Manifest) -> None:
    an_order_line(manifest)["depends_on"]["nodes"].append("model.hoiva.customer_360")


def stand_outside(manifest: Manifest) -> None:
    an_order_line(manifest)["fqn"][1] = "cellar"


def carry_an_address(manifest: Manifest) -> None:
    an_order_line(manifest)["columns"]["email"] = {"description": "an address", "meta": {}}


def carry_a_marked_column(manifest: Manifest) -> None:
    an_order_line(manifest)["columns"]["note"] = {"description": "free text", "config": {"meta": {"pii": True}}}


def lose_a_mark(manifest: Manifest) -> None:
    manifest["nodes"]["model.hoiva.contacts"]["columns"]["street"].update(meta={}, config={})


def lose_the_contract(manifest: Manifest) -> None:
    an_order_line(manifest)["config"]["contract"]["enforced"] = False


def lose_a_description(manifest: Manifest) -> None:
    an_order_line(manifest)["columns"]["quantity"]["description"] = ""


def keep_failing_rows(manifest: Manifest) -> None:
    attached_tests(manifest, "model.hoiva.order_lines")[0]["config"]["store_failures"] = True


RULES: list[tuple[Callable[[Manifest], set[str]], list[Callable[[Manifest], None]]]] = [
    (without_a_tested_key, [break_the_key]),
    (without_a_grain, [break_the_grain]),
    (readers_of_sources_outside_staging, [read_a_source]),
    (readers_of_later_rooms, [read_a_later_room, stand_outside]),
    (contact_data_outside_the_vault, [carry_an_address, carry_a_marked_column]),
    (contact_data_without_a_mark, [lose_a_mark]),
    (without_a_contract, [lose_the_contract]),
    (without_a_description, [lose_a_description]),
    (that_keep_failing_rows, [keep_failing_rows]),
]


@pytest.mark.parametrize("faults", [rule for rule, _ in RULES])
def test_no_model_breaks_the_rule(faults: Callable[[Manifest], set[str]], manifest: Manifest) -> None:
    assert len(models_of(manifest)) > 50
    assert faults(manifest) == set()


@pytest.mark.parametrize(("faults", "harm"), [(rule, harm) for rule, harms in RULES for harm in harms])
def test_the_rule_notices_a_breach(
    faults: Callable[[Manifest], set[str]], harm: Callable[[Manifest], None], manifest: Manifest
) -> None:
    doctored = copy.deepcopy(manifest)
    harm(doctored)
    assert len(faults(doctored) - faults(manifest)) == 1


def undescribed(manifest: Manifest, built: dict[str, set[str]]) -> set[str]:
    """Columns that a built table has and its description lacks, or the other way round."""
    described = {model["name"]: set(model["columns"]) for model in models_of(manifest).values()}
    return {f"{table}.{column}" for table, columns in built.items() for column in columns ^ described[table]}


def test_every_column_that_is_built_is_described_and_the_other_way_round(manifest: Manifest) -> None:
    home = build_facts({})
    dbt.build(home, ["countries"], LATE, command="seed")
    dbt.build(home, ["path:models/identity", "path:models/customer_360"], LATE, command="run")
    with open_warehouse(home) as warehouse:
        rows = warehouse.read(
            "select table_name, column_name from information_schema.columns where table_schema in $rooms",
            {"rooms": list(ROOMS)},
        ).to_pylist()
    built: dict[str, set[str]] = {}
    for row in rows:
        built.setdefault(row["table_name"], set()).add(row["column_name"])
    assert set(built) == {model["name"] for model in models_of(manifest).values()}
    assert undescribed(manifest, built) == set()
    built["orders"].add("a_column_nobody_described")
    assert undescribed(manifest, built) == {"orders.a_column_nobody_described"}, "negative control"
