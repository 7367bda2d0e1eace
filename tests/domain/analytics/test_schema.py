"""The tables of the room are what their readers expect, or they are not written."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.domain.analytics.schema import SEGMENT_SIZES, TABLES, conforming
from dagster_project.errors import HoivaError

STAGES = pa.table({"customer_id": ["c1", "c2"], "lifecycle_stage": ["new", "active"]})


def test_rows_that_conform_pass_unchanged() -> None:
    assert conforming("lifecycle", STAGES).to_pylist() == STAGES.to_pylist()


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (STAGES.rename_columns(["customer_id", "stage"]), "its readers expect customer_id, lifecycle_stage"),
        (STAGES.select(["lifecycle_stage", "customer_id"]), "its readers expect customer_id, lifecycle_stage"),
        (pa.table({"customer_id": [1, 2], "lifecycle_stage": ["new", "active"]}), "customer_id is int64"),
        (pa.table({"customer_id": ["c1", None], "lifecycle_stage": ["new", "active"]}), "1 rows have no value"),
        (pa.table({"customer_id": ["c1", "c1"], "lifecycle_stage": ["new", "active"]}), "1 rows repeat the key"),
    ],
)
def test_rows_that_do_not_conform_are_refused(rows: pa.Table, complaint: str) -> None:
    with pytest.raises(HoivaError, match=complaint):
        conforming("lifecycle", rows)


def test_an_error_names_no_value() -> None:
    rows = pa.table({"customer_id": ["aino@example.com"] * 2, "lifecycle_stage": ["new", "active"]})
    with pytest.raises(HoivaError) as refused:
        conforming("lifecycle", rows)
    assert "aino" not in str(refused.value)


def test_every_table_has_a_key_of_required_columns() -> None:
    for schema, key in TABLES.values():
        assert all(not schema.field(column).nullable for column in key)
    assert SEGMENT_SIZES.field("count_customers").type == pa.int64()
