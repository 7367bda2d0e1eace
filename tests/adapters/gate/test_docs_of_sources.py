"""What the documents say of sources is so: every key, reason and column stands in them, and the example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dagster_project.adapters.gate import contracts_in
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.domain.sources.contract import TECHNICAL, Column, EventTime, SourceContract, Table
from dagster_project.settings import CHECKOUT
from tests.adapters.small_deliveries import Gate

SOURCES = (CHECKOUT / "docs" / "rooms" / "sources.md").read_text()
STANDARD = (CHECKOUT / "docs" / "contracts" / "standard.md").read_text()
LAKE = (CHECKOUT / "docs" / "contracts" / "lake.md").read_text()
OURS = contracts_in(CONTRACTS).items["standard"].tables


def section(table: str) -> str:
    """What the layout's page says of one table."""
    return STANDARD.split(f"\n## {table}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("model", [SourceContract, Table, Column, EventTime], ids=lambda model: model.__name__)
def test_every_key_of_a_contract_is_explained(model: type) -> None:
    keys = set(model.model_fields)  # type: ignore[attr-defined]
    explained = SOURCES.split("## Every key of a contract")[1].split("## When a row is known")[0]
    assert {key for key in keys if f"`{key}`" not in explained} == set()


def test_every_reason_code_of_the_gate_is_explained() -> None:
    code = "\n".join(path.read_text() for path in (CHECKOUT / "dagster_project/adapters/gate").glob("*.py"))
    refusals = set(re.findall(r'Refused\(\s*"([a-z0-9_]+)"', code))
    misfits = set(re.findall(r'"((?:not_an?|missing)_[a-z_]+|field_count|misplaced_quote|not_json)"', code))
    assert len(refusals) > 15
    assert len(misfits) > 10
    assert {reason for reason in refusals | misfits if f"`{reason}`" not in SOURCES} == set()


@pytest.mark.parametrize("table", OURS)
def test_every_column_of_our_own_layout_is_explained(table: str) -> None:
    rows = [line for line in section(table).splitlines() if line.startswith("| `")]
    told = {name: row for row in rows for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
    assert set(told) == set(OURS[table].columns)
    for name, column in OURS[table].columns.items():
        _, _, kind, needed, _, _ = told[name].split("|")
        assert kind.strip() == column.type
        assert (needed.strip() == "yes") is column.required is (not column.optional)


def test_every_technical_column_is_explained() -> None:
    assert {name for name in TECHNICAL if f"| `{name}` |" not in LAKE} == set()


def test_the_examples_of_our_own_layout_are_accepted(gate: Gate) -> None:
    gate.contract = contracts_in(CONTRACTS).items["standard"]
    tried = 0
    for table in OURS:
        lines = re.findall(r"^ {4}(\S.*)$", section(table), re.MULTILINE)
        if lines:
            delivery = gate.land(f"{table}.csv", lines)
            assert (delivery.status, delivery.count_quarantined) == ("loaded", 0), (table, delivery.message)
            tried += 1
    assert tried >= 6


def test_order_files_alone_as_shown_are_accepted(gate: Gate) -> None:
    gate.contract = contracts_in(CONTRACTS).items["standard"]
    shown = re.findall(r"^ {4}(\S+) {2,}(\S.*)$", STANDARD, re.MULTILINE)
    (orders, lines), *_ = shown
    left = re.findall(r"^ {4}(order_id,customer_number.*?|A\d,1001.*?) {2,}", STANDARD, re.MULTILINE)
    right = re.findall(r" {2,}(order_id,line.*|A\d,1,.*)$", STANDARD, re.MULTILINE)
    assert gate.land(orders, left).count_loaded == 2
    assert gate.land(lines, right).count_loaded == 2


def test_the_worked_example_lands_as_told(gate: Gate, tmp_path: Path) -> None:
    contract = re.findall(r"```yaml\n(source: box_office.*?)```", SOURCES, re.DOTALL)[0]
    (tmp_path / "box_office.yaml").write_text(contract)
    folder = contracts_in(tmp_path)
    assert folder.faults == []
    gate.contract = folder.items["box_office"]
    used = YAML(typ="safe").load(contract)["tables"]["sales"]
    assert set(used) == set(Table.model_fields), "the example shows every key of a table"
    delivered = re.findall(r"^ {4}(sale_id,.*|1001,.*)$", SOURCES, re.MULTILINE)
    delivery = gate.land("sales_2026-03.csv", delivered, history=True)
    assert (delivery.status, delivery.count_loaded) == ("loaded", 1)
    kept = gate.rows(delivery)[0]
    assert str(kept["occurred_at"]) == "2026-03-30 15:20:00", "18:20 in Helsinki"
    assert kept["buyer_ip"] != "192.0.2.17"
