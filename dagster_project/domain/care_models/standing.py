"""Enrolments seen from outside the engine: who is inside, who has left, and who of them proposes something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine.schema import GOAL, WITHHELD
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.moments import NEVER
from dagster_project.domain.care_models.schema import ENROLMENTS, MOMENT, PAST_ENROLMENTS
from dagster_project.domain.clock import naive_utc


def enrolments_of(recorded: pa.Table, standings: pa.Table, as_of: datetime) -> pa.Table:
    """Who is or was in which care model as of a moment (``ENROLMENTS``), by care model, customer and occasion.

    Args:
        recorded: ``Ledger.enrolments()``; those recorded after the moment are left out.
        standings: ``STANDINGS``, which give step and outcome.
        as_of: the moment.
    """
    rows = _with_standing(recorded, standings)
    now = pa.scalar(naive_utc(as_of), MOMENT)
    rows = rows.filter(pc.less_equal(rows["recorded_at"].cast(MOMENT), now))
    columns = {name: rows[name] for name in rows.column_names} | {
        "is_new": pc.equal(rows["recorded_at"].cast(MOMENT), now),
        "is_waiting": pc.fill_null(rows["is_waiting"], False),
        "enrolled_as_of": rows["recorded_at"],
    }
    table = pa.table([columns[name].cast(ENROLMENTS.field(name).type) for name in ENROLMENTS.names], schema=ENROLMENTS)
    order = ("care_model", "customer_id", "window_key", "enrolment_id")
    return table.sort_by([(name, "ascending") for name in order])


def past_of(recorded: pa.Table, standings: pa.Table) -> pa.Table:
    """What re-entry looks back at (``PAST_ENROLMENTS``)."""
    rows = _with_standing(recorded, standings)
    return rows.select(PAST_ENROLMENTS.names).cast(PAST_ENROLMENTS)


def _with_standing(recorded: pa.Table, standings: pa.Table) -> pa.Table:
    """The register of enrolments with step, outcome, ended_at and is_waiting; null where nobody has looked yet."""
    places = pc.index_in(recorded["enrolment_id"], value_set=standings["enrolment_id"].combine_chunks())
    has_ended = pc.is_valid(standings["outcome"])
    columns = {
        "step": standings["step"].take(places),
        "outcome": standings["outcome"].take(places),
        "version": pc.coalesce(standings["version"].take(places), recorded["version"]),
        "ended_at": pc.if_else(has_ended, standings["arrived_at"], pa.scalar(None, MOMENT)).take(places),
        "is_waiting": standings["is_waiting"].take(places),
    }
    kept = {name: recorded[name] for name in recorded.column_names if name not in columns}
    return pa.table(kept | columns)


def counts_of(enrolments: pa.Table) -> dict[str, dict[str, int]]:
    """Of each care model, how many ever entered, entered now, are inside, and reached the goal."""
    frame = enrolments.select(["care_model", "is_new", "step", "outcome"]).to_pandas()
    flags = {
        "count_enrolled": frame["is_new"].notna(),
        "count_new": frame["is_new"],
        "count_inside": frame["step"].notna(),
        "count_goal_reached": frame["outcome"] == GOAL,
    }
    sums = frame.assign(**flags).groupby("care_model")[list(flags)].sum().astype(int)
    return {str(name): {key: int(value) for key, value in row.items()} for name, row in sums.to_dict("index").items()}


def speaks(recorded: pa.Table, standings: pa.Table, models: Mapping[tuple[str, int], CareModel]) -> pa.BooleanArray:
    """Which of the standings propose: where two customers became one, the earliest enrolment speaks for both.

    Per subject each occasion has its own; otherwise there is one at a time. Who has ended says nothing, and
    whoever could not have come in beside an earlier one (``never``; ``after_exit``, before it ended) stays silent
    after it, too.
    """
    if standings.group_by(["customer_id", "care_model"]).aggregate([]).num_rows == standings.num_rows:
        return pc.is_valid(standings["step"]).combine_chunks()  # nobody is twice in one
    frame = standings.select(
        ["enrolment_id", "customer_id", "care_model", "version", "step", "entered_at", "arrived_at"]
    ).to_pandas()
    register = recorded.select(["enrolment_id", "window_key", "recorded_at"]).to_pandas()
    frame = frame.merge(register, on="enrolment_id", how="left")
    kinds = {(name, str(version)): model.reentry.kind for (name, version), model in models.items()}
    frame["kind"] = [kinds.get(key) for key in zip(frame["care_model"], frame["version"], strict=True)]
    frame["occasion"] = frame["window_key"].where(frame["kind"] == "per", "")
    own = ["customer_id", "care_model", "occasion"]
    frame = frame.sort_values(["recorded_at", "entered_at", "enrolment_id"], kind="stable")
    is_active = frame["step"].notna()
    first = frame[is_active].drop_duplicates(own).index
    several = frame[frame.duplicated(own, keep=False)]
    ended = several["arrived_at"].where(several["step"].isna()).astype("datetime64[us]").astype("int64")
    until = ended.where(several["step"].isna(), NEVER).groupby([several[name] for name in own]).cummax()
    before = until.groupby([several[name] for name in own]).shift(fill_value=-NEVER)
    is_inside = several["entered_at"].astype("datetime64[us]").astype("int64") < before
    is_barred = (several["kind"] == "never") & (before > -NEVER) | (several["kind"] == "after_exit") & is_inside
    may = pa.array(frame.index.isin(first.difference(several.index[is_barred])), pa.bool_())
    return may.take(pa.array(frame.index.argsort()))


def proposing(
    standings: pa.Table, recorded: pa.Table, added: pa.Table, models: Mapping[tuple[str, int], CareModel]
) -> pa.Table:
    """The enrolments that may propose something as of this moment, for :func:`candidates`.

    Those withheld (control group, holdout) propose the actions that this run let them pass by.

    Args:
        standings: ``STANDINGS`` with a column is_waiting.
        recorded: ``Ledger.enrolments()``.
        added: the transitions this run adds.
        models: the versions.
    """
    places = pc.index_in(standings["enrolment_id"], value_set=recorded["enrolment_id"].combine_chunks())
    columns = ["enrolment_id", "customer_id", "care_model", "version", "entered_at", "step", "arrived_at", "due_at"]
    rows = pa.table(
        {name: standings[name] for name in columns}
        | {"window_key": recorded["window_key"].take(places), "is_control": standings["is_control"]}
    )
    rows = rows.append_column("passed_step", pa.nulls(rows.num_rows, pa.string()))
    open_ones = rows.filter(pc.and_(speaks(recorded, standings, models), pc.invert(standings["is_withheld"])))
    passes = added.filter(pc.equal(added["did"], WITHHELD))
    theirs = rows.take(pc.index_in(passes["enrolment_id"], value_set=rows["enrolment_id"].combine_chunks()))
    theirs = theirs.set_column(theirs.column_names.index("step"), "step", pa.nulls(theirs.num_rows, pa.string()))
    theirs = theirs.set_column(theirs.column_names.index("passed_step"), "passed_step", passes["step"])
    return pa.concat_tables([open_ones, theirs])
