"""Proposals to the decisions: the first action of every enrolment that waits for one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.draws import stable_id
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.schema import CANDIDATES, MOMENT, MONEY
from dagster_project.domain.clock import naive_utc


def candidates(models: Iterable[CareModel], entries: pa.Table, as_of: datetime, zone: ZoneInfo) -> pa.Table:
    """What the care models would like to do as of a moment; deciding is another room's work.

    The control group is proposed as well, marked ``is_control``, so that the funnel counts it and stops it there.

    Args:
        models: the care models whose entries these are; entries of other models are left out.
        entries: tables of :func:`entries` one under the other.
        as_of: the moment, with its zone.
        zone: the business zone, in which lead times of days are counted.

    Returns:
        A table of the schema ``CANDIDATES``, sorted by care model, customer and window.
    """
    tables = [_of_model(model, entries, as_of, zone) for model in sorted(models, key=lambda each: each.care_model)]
    return pa.concat_tables([CANDIDATES.empty_table(), *tables])


def _of_model(model: CareModel, entries: pa.Table, as_of: datetime, zone: ZoneInfo) -> pa.Table:
    mine = pc.and_(pc.equal(entries.column("care_model"), model.care_model), entries.column("is_waiting"))
    rows = entries.filter(mine).sort_by([("customer_id", "ascending"), ("window_key", "ascending")])
    step = model.first_step
    planned_for = naive_utc(step.lead_time.after(as_of, zone))
    same: dict[str, pa.Scalar] = {
        "care_model": pa.scalar(model.care_model),
        "step": pa.scalar(step.step),
        "channel": pa.scalar(step.channel),
        "treatment": pa.scalar(step.treatment),
        "offer": pa.scalar(step.offer, pa.string()),
        "subject": pa.scalar(step.subject),
        "link": pa.scalar(step.link, pa.string()),
        "language_fallback": pa.scalar(step.language_fallback),
        "purpose": pa.scalar(model.purpose),
        "action_class": pa.scalar(model.action_class),
        "version": pa.scalar(str(model.version)),
        "priority": pa.scalar(float(model.priority), pa.float64()),
        "value": pa.scalar(float(model.value), pa.float64()),
        "cost": pa.scalar(step.cost, MONEY),
        "planned_for": pa.scalar(planned_for, MOMENT),
    }
    places = zip(rows.column("customer_id").to_pylist(), rows.column("window_key").to_pylist(), strict=True)
    ids = [stable_id(customer, model.care_model, step.step, window, step.channel) for customer, window in places]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "candidate_id": pa.array(ids, pa.string()),
        "window_key": rows.column("window_key"),
        **{name: rows.column(name) for name in ("enrolment_id", "customer_id", "is_control", "entered_at")},
        **{name: pa.repeat(value, rows.num_rows) for name, value in same.items()},
    }
    return pa.table([columns[name] for name in CANDIDATES.names], schema=CANDIDATES)
