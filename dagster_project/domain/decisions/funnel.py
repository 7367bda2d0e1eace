"""The funnel as numbers: how many candidates of each care model passed each stage, balanced to the last one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from dagster_project.domain.decisions.reasons import STAGES
from dagster_project.domain.decisions.schemas import FUNNEL_SCHEMA
from dagster_project.errors import HoivaError


def funnel(decided: pa.Table, care_models: Iterable[str] = ()) -> pa.Table:
    """One row per care model and stage, from ``all`` to ``chosen``.

    Args:
        decided: decided candidates: care_model, stopped_by (null for a chosen one).
        care_models: care models to show even when they proposed nobody.
    """
    models, stops = decided["care_model"].to_pylist(), decided["stopped_by"].to_pylist()
    count_all, count_stopped = Counter(models), Counter(zip(models, stops, strict=True))
    rows = []
    for care_model in sorted({*care_models, *models}):
        left = count_all[care_model]
        rows.append((care_model, 0, "all", left, 0))
        for position, stage in enumerate(STAGES, start=1):
            stopped = count_stopped[care_model, stage]
            left -= stopped
            rows.append((care_model, position, stage, left, stopped))
        rows.append((care_model, len(STAGES) + 1, "chosen", count_stopped[care_model, None], 0))
    return pa.table(list(map(list, zip(*rows, strict=True))) or [[]] * 5, schema=FUNNEL_SCHEMA)


def check_balance(counts: pa.Table, count_candidates: int, count_planned: int) -> None:
    """Hold the funnel to account: nobody enters twice, nobody leaves unseen.

    Args:
        counts: the funnel.
        count_candidates: how many candidates there were.
        count_planned: how many contacts the plan holds.

    Raises:
        HoivaError: all != stopped at each stage + chosen, for a care model or in total; names it.
    """
    entered = chosen = 0
    left: dict[str, int] = {}
    for row in counts.to_pylist():
        care_model, stage = row["care_model"], row["stage"]
        if stage == "all":
            entered += row["count"]
        elif row["count"] != left[care_model] - row["count_stopped"]:
            raise HoivaError(f"the funnel of {care_model} does not balance at {stage}: a candidate was lost or doubled")
        left[care_model] = row["count"]
        chosen += row["count"] if stage == "chosen" else 0
    if entered != count_candidates or chosen != count_planned:
        raise HoivaError(
            f"the funnel does not balance: {count_candidates} candidates, {entered} entered;"
            f" {count_planned} planned, {chosen} chosen"
        )
