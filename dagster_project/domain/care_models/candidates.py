"""Proposals to the decisions: the actions that are due, of every enrolment that stands at one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.domain.care_models.doors import Ask
from dagster_project.domain.care_models.draws import shares_drawn, stable_id
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.schema import CANDIDATES, MOMENT, MONEY
from dagster_project.domain.care_models.steps import Action, Variant, Wait
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    import pandas as pd

NEUTRAL = 50  # the priority that leans neither way
AHEAD = timedelta(days=1)  # until the next run: what comes due before it is decided now, for its own hour


def candidates(
    model: CareModel, standing: pa.Table, customers: pa.Table, as_of: datetime, *, zone: ZoneInfo, salt: str, ask: Ask
) -> pa.Table:
    """What a version of a care model would like to do as of a moment; deciding is another room's work.

    An enrolment proposes the action it stands at, or the one it comes to before the next run (within a day): when its
    pause ends, or once the contact before it, planned for later, is made. No contact is planned for before it is there.
    Members of the control group and of the holdout are proposed at the moment the action passes them by, marked
    ``is_control``, so that the funnel counts them and stops them there. An action whose condition does not hold now
    is not proposed, and neither is one, due before the next run, of a customer whom ``leave_when`` is true of now.

    Args:
        model: the version.
        standing: the enrolments on it: enrolment_id, customer_id, window_key, is_control, entered_at, step,
            arrived_at, due_at, passed_step (an action that withheld itself at this very moment; else null). Whoever
            must not propose (ended, or another enrolment speaks for the customer) is left out.
        customers: ``customer_analytics`` as of this moment.
        as_of: the moment, with its zone.
        zone: the business zone, in which lead times of days are counted.
        salt: of the draw between variants.
        ask: answers conditions.

    Returns:
        A table of the schema ``CANDIDATES``, sorted by customer, window and step.
    """
    if not standing.num_rows:
        return CANDIDATES.empty_table()
    rows = standing.to_pandas()
    found = [CANDIDATES.empty_table()]
    for name, action in model.actions.items():
        due = _due(model, rows, name, as_of, zone)
        if action.where is not None and len(due):
            due = due[_holds(action.where, due, customers, as_of, ask)]
        if model.leaves_when is not None and len(due):
            due = due[~_holds(model.leaves_when, due, customers, as_of, ask)]
        if len(due):
            found.append(_written(model, name, action, due, salt))
    table = pa.concat_tables(found)
    return table.sort_by([("customer_id", "ascending"), ("window_key", "ascending"), ("step", "ascending")])


def _due(model: CareModel, rows: pd.DataFrame, name: str, as_of: datetime, zone: ZoneInfo) -> pd.DataFrame:
    """Enrolments for which an action is due, with the moment it is planned for."""
    import pandas as pd

    now, until = naive_utc(as_of), naive_utc(as_of + AHEAD)
    action = model.actions[name]
    soonest = naive_utc(action.lead_time.after(as_of, zone))
    place = next(number for number, step in enumerate(model.steps) if step.step == name)
    pauses = {
        step.step: step.does for step in model.steps if isinstance(step.does, Wait) and step.outcomes[0].to == place
    }
    is_there = rows["arrived_at"] <= now
    here = ((rows["step"] == name) & is_there) | (rows["passed_step"] == name)
    paused = rows["step"].isin(list(pauses)) & is_there & (rows["due_at"] > now)
    comes = rows["due_at"].where(paused, rows["arrived_at"])  # when each is at the action
    soon = (paused | ((rows["step"] == name) & ~is_there)) & (comes <= until)
    at_once = rows[here].assign(planned_for=pd.Timestamp(soonest))
    planned = comes.where(comes >= soonest, pd.Timestamp(soonest))
    ahead = rows.assign(planned_for=planned)[soon & ~here]
    return pd.concat([at_once, ahead], ignore_index=True) if len(ahead) else at_once.reset_index(drop=True)


def _holds(
    condition: Condition, due: pd.DataFrame, customers: pa.Table, as_of: datetime, ask: Ask
) -> pd.Series:  # fmt: skip
    """Whether a condition holds now of the customer of each."""
    answers = ask({"holds": condition}, customers, as_of)["holds"]
    return due["customer_id"].isin(customers["customer_id"].filter(answers).to_pylist())


def _written(model: CareModel, name: str, action: Action, due: pd.DataFrame, salt: str) -> pa.Table:
    ids = due["enrolment_id"].tolist()
    drawn = shares_drawn(ids, f"{model.care_model}/{name}", [one.share for one in action.variants], salt)
    variants: list[Variant] = [action.variants[number] for number in drawn]
    places = zip(due["customer_id"].tolist(), due["window_key"].tolist(), strict=True)
    value = model.value if action.value is None else action.value
    same: dict[str, pa.Scalar] = {
        "department": pa.scalar(model.department),
        "care_model": pa.scalar(model.care_model),
        "version": pa.scalar(str(model.version)),
        "step": pa.scalar(name),
        "channel": pa.scalar(action.channel),
        "language_fallback": pa.scalar(action.language_fallback),
        "purpose": pa.scalar(model.purpose),
        "action_class": pa.scalar(model.action_class),
        "propensity": pa.scalar(1.0, pa.float64()),
        "context": pa.scalar(1.0, pa.float64()),
        "value": pa.scalar(float(value), pa.float64()),
        "lever": pa.scalar(model.priority / NEUTRAL, pa.float64()),
        "cost": pa.scalar(action.cost, MONEY),
        "minutes": pa.scalar(None, pa.float64()),
        "units": pa.scalar(None, pa.float64()),
        "fails": pa.scalar(None, pa.string()),
    }
    columns: dict[str, pa.Array] = {
        "candidate_id": pa.array(
            [stable_id(customer, model.care_model, name, window, action.channel) for customer, window in places],
            pa.string(),
        ),
        **{column: pa.array(due[column], pa.string()) for column in ("enrolment_id", "customer_id", "window_key")},
        "treatment": pa.array([one.treatment for one in variants], pa.string()),
        "offer": pa.array([one.offer for one in variants], pa.string()),
        "subject": pa.array([one.subject for one in variants], pa.string()),
        "link": pa.array([one.link for one in variants], pa.string()),
        "is_control": pa.array(due["is_control"].astype(bool), pa.bool_()),
        "entered_at": pa.array(due["entered_at"].to_numpy("datetime64[us]"), MOMENT),
        "planned_for": pa.array(due["planned_for"].to_numpy("datetime64[us]"), MOMENT),
        **{column: pa.repeat(scalar, len(ids)) for column, scalar in same.items()},
    }
    return pa.table([columns[column] for column in CANDIDATES.names], schema=CANDIDATES)
