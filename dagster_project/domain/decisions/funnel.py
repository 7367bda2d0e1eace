"""The funnel as numbers: how many candidates of each care model passed each stage, balanced to the last one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from dagster_project.domain.decisions.reasons import GROUP_OF, STAGES
from dagster_project.domain.decisions.schemas import FUNNEL_SCHEMA
from dagster_project.errors import HoivaError


def funnel(decided: pa.Table, care_models: Mapping[str, str] | None = None, never: pa.Table | None = None) -> pa.Table:
    """One row per department, care model (or action) and stage, from ``all`` to ``chosen``.

    Args:
        decided: decided candidates: department, care_model, stopped_by (null for a chosen one).
        care_models: care models to show even when they proposed nobody, with their departments.
        never: department, care_model, count_not_eligible: customers an action is not for.
    """
    names = zip(decided["department"].to_pylist(), decided["care_model"].to_pylist(), strict=True)
    models = [(department or "", model) for department, model in names]
    count_all = Counter(models)
    count_stopped = Counter(zip(models, decided["stopped_by"].to_pylist(), strict=True))
    count_never = Counter(
        {(row["department"] or "", row["care_model"]): row["count_not_eligible"] for row in never.to_pylist()}
        if never is not None
        else {}
    )
    known = {care_model: department for department, care_model in {*models, *count_never}}
    quiet = {(department, model) for model, department in (care_models or {}).items() if model not in known}
    rows = []
    for proposer in sorted({*quiet, *models, *count_never}):
        left = count_all[proposer] + count_never[proposer]
        rows.append((*proposer, 0, "all", "all", left, 0))
        for position, stage in enumerate(STAGES, start=1):
            stopped = count_stopped[proposer, stage] + (count_never[proposer] if stage == "eligibility" else 0)
            left -= stopped
            rows.append((*proposer, position, stage, GROUP_OF[stage], left, stopped))
        rows.append((*proposer, len(STAGES) + 1, "chosen", "chosen", count_stopped[proposer, None], 0))
    return pa.table(list(map(list, zip(*rows, strict=True))) or [[]] * 7, schema=FUNNEL_SCHEMA)


def check_balance(counts: pa.Table, count_candidates: int, count_planned: int) -> None:
    """Hold the funnel to account: nobody enters twice, nobody leaves unseen.

    Args:
        counts: the funnel.
        count_candidates: how many candidates there were, those counted only as not eligible among them.
        count_planned: how many contacts the plan holds.

    Raises:
        HoivaError: all != stopped at each stage + chosen, for a care model or in total; names it.
    """
    entered = chosen = 0
    left: dict[tuple[str, str], int] = {}
    for row in counts.to_pylist():
        care_model, stage = (row["department"], row["care_model"]), row["stage"]
        if stage == "all":
            entered += row["count"]
        elif row["count"] != left[care_model] - row["count_stopped"]:
            raise HoivaError(
                f"the funnel of {care_model[1]} does not balance at {stage}: a candidate was lost or doubled"
            )
        left[care_model] = row["count"]
        chosen += row["count"] if stage == "chosen" else 0
    if entered != count_candidates or chosen != count_planned:
        raise HoivaError(
            f"the funnel does not balance: {count_candidates} candidates, {entered} entered;"
            f" {count_planned} planned, {chosen} chosen"
        )
