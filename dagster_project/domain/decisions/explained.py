"""Whether the tables that explain a run say the same as the funnel and the plan."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.decisions.reasons import GROUPS
from dagster_project.errors import HoivaError


def check_sums(
    candidates: pa.Table, plan: pa.Table, funnel: pa.Table, constraint_use: pa.Table, comparison: pa.Table,
    displacements: pa.Table, count_never: int = 0,
) -> None:  # fmt: skip
    """Hold every explanation to the funnel: each candidate is explained once, and what is used is what is planned.

    Args:
        candidates: ``DECISION_SCHEMA``.
        plan: ``PLAN_SCHEMA``.
        funnel: ``FUNNEL_SCHEMA``.
        constraint_use: ``CONSTRAINT_USE_SCHEMA``.
        comparison: ``COMPARISON_SCHEMA``.
        displacements: ``DISPLACEMENT_SCHEMA``.
        count_never: customers an action is not for: counted as not eligible, without a candidate.

    Raises:
        HoivaError: a table does not sum to the funnel; it says which.
    """
    stopped = Counter(candidates["stopped_by"].drop_null().to_pylist())
    told: Counter[str] = Counter()
    for stage, count in zip(funnel["stage"].to_pylist(), funnel["count_stopped"].to_pylist(), strict=True):
        told[stage] += count
    told["eligibility"] -= count_never
    _same("candidates", dict(+stopped), {stage: count for stage, count in told.items() if count})
    lost = sum(stopped[stage] for stage in GROUPS["arbitration"])
    _same("displacements", pc.sum(displacements["count"]).as_py() or 0, lost)
    chosen = comparison.filter(pc.equal(comparison["way"], "chosen"))
    _same("comparison", pc.sum(chosen["count_contacts"]).as_py() or 0, plan.num_rows)
    days = Counter(zip(plan["channel"].to_pylist(), plan["planned_date"].to_pylist(), strict=True))
    for row in constraint_use.to_pylist():
        if (row["constraint"], row["period"]) in days and row["measure"] == "contacts":
            _same("constraint_use", row["used"], float(days[row["constraint"], row["period"]]))


def _same(table: str, one: object, other: object) -> None:
    if one != other:
        raise HoivaError(f"the table {table} does not sum to the funnel: {one} where {other} is expected")
