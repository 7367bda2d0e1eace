"""Personas from files: who gets which and why, and a slip in one that stops no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from dagster_project.components.fenced import files_of
from dagster_project.components.persona import PERSONAS, find_personas, load_personas
from dagster_project.domain.analytics.customers import customer_analytics
from dagster_project.domain.analytics.personas.schema import PERSONAS as COLUMNS
from dagster_project.domain.analytics.schema import ADDED
from tests.domain.analytics.making import AS_OF, filled

RULE = """\
persona: buyer
title: Has bought something
owner: team:marketing
about: Bought something and may buy again.
condition: count_orders >= 1
confidence: 0.6
"""
CENTRE = """\
persona: reader
title: Reads what we send
owner: team:marketing
about: Reads and looks around.
centre: {count_opens_90d: 0.9}
"""


@pytest.fixture(scope="module")
def customers() -> pa.Table:
    """Four hundred who open from nothing to all, of whom every second has bought."""
    count = 400
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{number:03d}" for number in range(count)],
            "count_opens_90d": np.sort(np.repeat([0, 12], count // 2) + rng.integers(0, 3, count)),
            "count_orders": np.arange(count) % 2,
            "median_gap_days": np.where(np.arange(count) < 10, np.nan, 20.123456),
        }
    )
    more = {field.name: pa.nulls(count, field.type) for field in ADDED}
    required = {name: pa.array([value] * count) for name, value in (("value_tier", "low"), ("lifecycle_stage", "new"))}
    return customer_analytics(
        filled(rows),
        {"all": pa.table({"customer_id": rows["customer_id"], **more, **required, "is_fading": [False] * count})},
    )


def written(folder: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        (folder / f"file{number}.yaml").write_text(text)
    return folder


def found(customers: pa.Table, folder: Path) -> dict[str, dict[str, object]]:
    rows = find_personas(load_personas(folder), customers, AS_OF).found.personas.to_pylist()
    return {row["customer_id"]: row for row in rows}


def test_the_personas_of_the_repository_load_and_everyone_gets_a_row(customers: pa.Table) -> None:
    folder = load_personas()
    assert folder.faults == []
    assert {path.stem for path in files_of(PERSONAS)} == set(folder.items)
    run = find_personas(folder, customers, AS_OF)
    assert run.faults == []
    assert run.found.personas.schema.equals(COLUMNS)
    assert run.found.personas["customer_id"].equals(customers["customer_id"])
    assert sum(run.found.sizes.values()) == customers.num_rows


def test_a_condition_gives_its_persona_with_its_confidence_and_the_customers_own_values(
    customers: pa.Table, tmp_path: Path
) -> None:
    people = found(customers, written(tmp_path, RULE))
    one, other = people["c001"], people["c000"]
    assert (one["persona"], one["confidence"], one["found_by"]) == ("buyer", 0.6, "condition")
    assert one["evidence"] == "orders 1"
    assert (other["persona"], other["confidence"], other["found_by"]) == ("unknown", 0.0, "nothing")
    assert other["evidence"] == "too little is known"


def test_the_more_confident_persona_wins_and_the_other_is_second(customers: pa.Table, tmp_path: Path) -> None:
    rests = CENTRE.replace("persona: reader", "persona: sleeper").replace("0.9", "0.1")
    people = found(customers, written(tmp_path, RULE, CENTRE, rests))
    reading_buyer, sleeper = people["c399"], people["c000"]
    assert (reading_buyer["persona"], reading_buyer["second_persona"]) == ("reader", "buyer")
    assert reading_buyer["evidence"] == "opens in 90 days more than 9 in 10 customers"
    assert sleeper["persona"] == "sleeper"
    weak = RULE.replace("0.6", "1.0")
    assert found(customers, written(tmp_path, weak, CENTRE, rests))["c399"]["persona"] == "buyer"


def test_two_conditions_of_one_confidence_go_by_name(customers: pa.Table, tmp_path: Path) -> None:
    people = found(customers, written(tmp_path, RULE, RULE.replace("persona: buyer", "persona: acquirer")))
    assert (people["c001"]["persona"], people["c001"]["second_persona"]) == ("acquirer", "buyer")


def test_nothing_known_is_no_persona_of_a_centre(customers: pa.Table, tmp_path: Path) -> None:
    centre = CENTRE.replace("count_opens_90d", "median_gap_days")
    people = found(customers, written(tmp_path, centre))
    assert people["c000"]["persona"] == "unknown"
    assert people["c399"]["persona"] == "reader"


def test_no_files_leave_everyone_unknown(customers: pa.Table, tmp_path: Path) -> None:
    assert {row["persona"] for row in found(customers, tmp_path).values()} == {"unknown"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("count_orders >= 1", "count_order >= 1"), "condition"),
        (("count_orders >= 1", "persona = 'reader'"), "condition"),
        (("count_orders >= 1", "may_email"), "condition"),
        (("confidence: 0.6", "confidence: 60"), "confidence"),
        (("confidence: 0.6", "confidence: 0"), "confidence"),
        (("persona: buyer", "persona: unknown"), "persona"),
        (("condition: count_orders >= 1\n", ""), ""),
        (("confidence: 0.6", "centre: {count_opens_90d: 0.9}"), ""),
        (("condition: count_orders >= 1", "centre: {value_tier: 0.9}"), "centre"),
        (("condition: count_orders >= 1", "centre: {count_opens_90d: 9}"), "centre.count_opens_90d"),
        (("owner: team:marketing\n", ""), "owner"),
    ],
)
def test_a_slip_fences_its_own_persona(
    customers: pa.Table, tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    folder = load_personas(written(tmp_path, RULE.replace(*change), CENTRE))
    assert list(folder.items) == ["reader"]
    assert {fault.file for fault in folder.faults} == {"file0.yaml"}
    assert complaint in {fault.path for fault in folder.faults}
    assert find_personas(folder, customers, AS_OF).faults == folder.faults


def test_a_condition_that_cannot_be_answered_stops_its_own_persona(customers: pa.Table, tmp_path: Path) -> None:
    folder = load_personas(
        written(tmp_path, RULE, RULE.replace("buyer", "caller").replace("count_orders", "count_opens_90d"))
    )
    run = find_personas(folder, customers.drop_columns(["count_opens_90d"]), AS_OF)
    assert set(run.found.sizes) == {"buyer", "unknown"}
    assert [fault.file for fault in run.faults] == ["file1.yaml"]


def test_the_files_may_ask_every_analysis_but_their_own() -> None:
    from dagster_project.defs.analytics.customers import ANALYSES

    listed = YAML(typ="safe").load((PERSONAS / "defs.yaml").read_text())["attributes"]["analyses"]
    assert {*listed, "personas"} == set(ANALYSES)
