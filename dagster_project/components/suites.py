"""What Great Expectations found, as Dagster shows it: counts and our own words, never a value."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster_project.adapters.expectations import Outcome


def check_result(outcome: "Outcome", asset: str | None = None, name: str | None = None) -> dg.AssetCheckResult:
    """The outcome of one suite as a check's result."""
    return dg.AssetCheckResult(
        passed=outcome.success,
        asset_key=asset,
        check_name=name,
        description=outcome.message,
        metadata={"count_rows": outcome.count_rows, "count_expectations": outcome.count_expectations},
    )
