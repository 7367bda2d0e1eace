"""What steps share: tables come in one order, however the warehouse happens to hold them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components.running import KEYS, read_table
from dagster_project.settings import Settings


@pytest.fixture
def shuffled(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("dagster_project.components.running.settings", lambda: home)
    rows = pa.table({"customer_id": ["c3", "c1", "c2", "c1"], "as_of": [1, 2, 1, 1]})
    with open_warehouse(home) as warehouse:
        warehouse.write("customer_360", "customer_months", rows)
        warehouse.write("analytics", "rfm", rows)
    return home


@pytest.mark.usefixtures("shuffled")
def test_a_model_of_dbt_comes_in_the_order_of_its_key() -> None:
    assert KEYS["customer_months"] == "customer_id, as_of"
    rows = read_table("customer_360", "customer_months")
    assert rows.to_pydict() == {"customer_id": ["c1", "c1", "c2", "c3"], "as_of": [1, 2, 1, 1]}


@pytest.mark.usefixtures("shuffled")
def test_what_python_wrote_keeps_its_order() -> None:
    assert read_table("analytics", "rfm")["customer_id"].to_pylist() == ["c3", "c1", "c2", "c1"]
