"""The page of the contract names every column that leaves the house."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.domain.analytics.fading.schema import FADING_HIGH_VALUE, FADING_HIGH_VALUE_FLOW
from dagster_project.domain.analytics.moves.schema import LIFECYCLE_BEFORE, LIFECYCLE_MIGRATION, LIFECYCLE_MOVES
from dagster_project.settings import CHECKOUT


@pytest.mark.parametrize(
    ("table", "schema"),
    [
        ("lifecycle_moves", LIFECYCLE_MOVES),
        ("lifecycle_migration", LIFECYCLE_MIGRATION),
        ("lifecycle_before", LIFECYCLE_BEFORE),
        ("fading_high_value", FADING_HIGH_VALUE),
        ("fading_high_value_flow", FADING_HIGH_VALUE_FLOW),
    ],
)
def test_the_contract_names_every_column(table: str, schema: pa.Schema) -> None:
    page = (CHECKOUT / "docs" / "contracts" / "lifecycle.md").read_text()
    (part,) = [part for part in page.split("\n## ") if part.startswith(f"`{table}`")]
    assert [name for name in schema.names if f"`{name}`" not in part] == []
