"""The engine: everyone in one version of a care model, moved on to a moment.

The same for the nightly run, a replay, a story and a backtest: tables in, tables out, no clock. What an enrolment's
path is follows from its facts alone; the transitions record it as it came to be known, and a run looks only at those
for whom something is due or came to be known since the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.engine.facts import facts_of, moments_of
from dagster_project.domain.care_models.engine.record import (
    PathOf,
    as_moments,
    as_table,
    only_what_is_new,
    transitions_of,
)
from dagster_project.domain.care_models.engine.schema import STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Plan, Walkers, walk
from dagster_project.domain.care_models.moments import NEVER, Moments, ends_of_days, microseconds
from dagster_project.domain.care_models.schema import MOMENT
from dagster_project.domain.conditions import Condition

Rows = npt.NDArray[np.int64]

# Conditions asked of customers as of a moment each: named conditions and a table of customer_id and as_of, to answers.
Ask = Callable[[Mapping[str, Condition], pa.Table], Mapping[str, pa.BooleanArray]]
# The dates of an attribute of customers, as of a moment each.
Dates = Callable[[str, pa.Table], pa.Array]


@dataclass(frozen=True)
class Advanced:
    """What a run did: where everyone stands now, and the transitions to add to the record."""

    standings: pa.Table
    transitions: pa.Table


@dataclass(frozen=True)
class Told:
    """What happened to customers and enrolments: ``HAPPENINGS``, ``RESPONSES``, ``CONTACTS``."""

    happenings: pa.Table
    responses: pa.Table
    contacts: pa.Table


@dataclass(frozen=True)
class Asking:
    """How the engine learns what was true of customers: conditions and dates, as of moments it names."""

    conditions: Ask
    dates: Dates
    path_of: PathOf


def enter(plan: Plan, entries: pa.Table, as_of: datetime) -> Advanced:
    """New enrolments at their first step.

    Args:
        plan: the version they enter.
        entries: enrolment_id, customer_id, care_model, version, subject_id, is_withheld, entered_at.
        as_of: the moment of the run.
    """
    count = entries.num_rows
    first = pa.array([plan.steps[0].step] * count, pa.string())
    columns = {
        **{name: entries[name] for name in entries.column_names},
        "step": first,
        "anchor_step": first,
        "outcome": pa.nulls(count, pa.string()),
        "count_transitions": pa.array(np.ones(count, dtype=np.int64)),
        "anchor_transitions": pa.array(np.ones(count, dtype=np.int64)),
        "arrived_at": entries["entered_at"],
        "anchored_at": entries["entered_at"],
        "due_at": entries["entered_at"],
        "moved_as_of": pa.nulls(count, MOMENT),
    }
    told = {
        "enrolment_id": entries["enrolment_id"],
        "position": pa.array(np.zeros(count, dtype=np.int64)),
        "step": pa.nulls(count, pa.string()),
        "did": pa.array([did.ENTERED] * count, pa.string()),
        "occurred_at": entries["entered_at"],
        "recorded_as_of": as_moments(np.full(count, microseconds(as_of))),
    }
    return Advanced(as_table(columns, STANDINGS), as_table(told, TRANSITIONS))


def advance(
    plan: Plan, standings: pa.Table, told: Told, as_of: datetime, since: datetime | None, zone: ZoneInfo, asking: Asking
) -> Advanced:  # fmt: skip
    """Move enrolments of one version on to a moment.

    Args:
        plan: the version.
        standings: ``STANDINGS``, as of ``since``.
        told: everything known by ``as_of`` that concerns them, at least from their entry on.
        as_of: the moment.
        since: the ``as_of`` of the last run; None: look at everyone.
        zone: the business zone.
        asking: how to learn what was true when.

    Returns:
        all standings, in the order given, and the new transitions, sorted by enrolment and position.
    """
    now = microseconds(as_of)
    touched, late = _touched(plan, standings, told, now, None if since is None else microseconds(since))
    theirs = standings.take(pa.array(touched))
    walkers = _walkers(plan, theirs)
    walkers.start_again(np.flatnonzero(late))
    places = {step.step: number for number, step in enumerate(plan.steps)}
    facts = facts_of(theirs, told.happenings, told.responses, told.contacts, places, now)
    log = walk(
        plan,
        walkers,
        facts,
        now,
        zone,
        theirs["enrolment_id"].to_numpy(zero_copy_only=False),
        *_questions(theirs, now, zone, asking),
    )
    transitions = transitions_of(plan, log, theirs["enrolment_id"], now)
    transitions = only_what_is_new(plan, transitions, theirs, walkers, late, now, asking.path_of)
    return Advanced(_moved(standings, touched, _stood(plan, theirs, walkers)), transitions)


def _touched(
    plan: Plan, standings: pa.Table, told: Told, now: int, since: int | None
) -> tuple[Rows, npt.NDArray[np.bool_]]:  # fmt: skip
    """Whom to look at, and who of them heard something that belongs before where they stand."""
    count = standings.num_rows
    if since is None:
        return np.arange(count), np.zeros(count, dtype=bool)
    arrived = moments_of(standings["arrived_at"])
    touched = moments_of(standings["due_at"]) <= now
    late = np.zeros(count, dtype=bool)
    for facts, key, known in (
        (told.happenings, "customer_id", "known_at"),
        (told.responses, "enrolment_id", "known_at"),
        (told.contacts, "enrolment_id", "decided_as_of"),
    ):
        recent = facts.filter(pc.greater_equal(facts[known], pa.scalar(since, MOMENT)))
        if not recent.num_rows:
            continue
        first = "planned_for" if key == "enrolment_id" and known == "decided_as_of" else "occurred_at"
        keys = pc.unique(recent[key])
        number = pc.index_in(standings[key], value_set=keys)
        heard = number.is_valid().to_numpy(zero_copy_only=False)
        touched |= heard
        if first == "occurred_at":
            earliest = np.full(len(keys), NEVER, dtype=np.int64)
            of_key = pc.index_in(recent[key], value_set=keys).to_numpy(zero_copy_only=False).astype(np.int64)
            np.minimum.at(earliest, of_key, moments_of(recent[first]))
            theirs = pc.fill_null(number, 0).to_numpy(zero_copy_only=False).astype(np.int64)
            late |= heard & (earliest[theirs] <= arrived)
        else:
            late |= heard & _is_behind(plan, standings, recent)
    rows = np.flatnonzero(touched | late)
    return rows, late[rows]


def _is_behind(plan: Plan, standings: pa.Table, contacts: pa.Table) -> npt.NDArray[np.bool_]:
    """Who stands beyond the step of one of these contacts without having made it."""
    stands = _places(standings["step"], plan)
    anchors = _places(standings["anchor_step"], plan)
    behind = np.zeros(standings.num_rows, dtype=bool)
    ids = standings["enrolment_id"].combine_chunks()
    rows = pc.fill_null(pc.index_in(contacts["enrolment_id"], value_set=ids), -1).to_numpy(zero_copy_only=False)
    step = _places(contacts["step"], plan)
    known = (rows >= 0) & (step < len(plan.steps))
    rows, step = rows[known], step[known]
    behind[rows[(anchors[rows] <= step) & (step < stands[rows])]] = True
    return behind


def _walkers(plan: Plan, standings: pa.Table) -> Walkers:
    return Walkers(
        place=_places(standings["step"], plan),
        at=moments_of(standings["arrived_at"]).copy(),
        entered=moments_of(standings["entered_at"]),
        withheld=standings["is_withheld"].to_numpy(zero_copy_only=False).astype(bool),
        count=standings["count_transitions"].to_numpy().copy(),
        anchor_place=_places(standings["anchor_step"], plan),
        anchor_at=moments_of(standings["anchored_at"]).copy(),
        anchor_count=standings["anchor_transitions"].to_numpy().copy(),
        due=moments_of(standings["due_at"]).copy(),
        ended=standings["outcome"].to_numpy(zero_copy_only=False).astype(object).copy(),
    )


def _places(steps: pa.ChunkedArray, plan: Plan) -> npt.NDArray[np.int64]:
    names = pa.array([step.step for step in plan.steps], pa.string())
    return pc.fill_null(pc.index_in(steps, value_set=names), len(names)).to_numpy(zero_copy_only=False).astype(np.int64)


def _questions(standings: pa.Table, now: int, zone: ZoneInfo, asking: Asking):  # type: ignore[no-untyped-def]
    """The two questions of the walk, by numbers of enrolments and any moments of a day."""
    customers = standings["customer_id"].combine_chunks()

    def pairs(rows: Rows, moments: Moments) -> pa.Table:
        asked = np.minimum(ends_of_days(moments, zone), now)
        return pa.table({"customer_id": customers.take(pa.array(rows)), "as_of": as_moments(asked)})

    def conditions_at(
        conditions: Mapping[str, Condition], rows: Rows, moments: Moments
    ) -> Mapping[str, npt.NDArray[np.bool_]]:
        answers = asking.conditions(conditions, pairs(rows, moments))
        return {name: answer.to_numpy(zero_copy_only=False).astype(bool) for name, answer in answers.items()}

    def dates_at(attribute: str, rows: Rows, moments: Moments) -> npt.NDArray[np.datetime64]:
        return asking.dates(attribute, pairs(rows, moments)).to_numpy(zero_copy_only=False).astype("datetime64[D]")

    return conditions_at, dates_at


def _stood(plan: Plan, theirs: pa.Table, walkers: Walkers) -> pa.Table:
    names = np.array([*(step.step for step in plan.steps), None], dtype=object)
    columns = {
        **{name: theirs[name] for name in theirs.column_names},
        "step": pa.array(names[walkers.place], pa.string()),
        "outcome": pa.array(walkers.ended, pa.string()),
        "count_transitions": pa.array(walkers.count),
        "anchor_step": pa.array(
            names[np.minimum(np.where(walkers.anchor_place < 0, len(names) - 1, walkers.anchor_place), len(names) - 1)],
            pa.string(),
        ),
        "anchor_transitions": pa.array(walkers.anchor_count),
        "arrived_at": as_moments(walkers.at),
        "anchored_at": as_moments(walkers.anchor_at),
        "due_at": as_moments(walkers.due),
    }
    return as_table(columns, STANDINGS)


def _moved(standings: pa.Table, rows: Rows, moved: pa.Table) -> pa.Table:
    """The standings with some rows replaced."""
    if len(rows) == standings.num_rows:
        return moved
    place = np.arange(standings.num_rows)
    place[rows] = standings.num_rows + np.arange(len(rows))
    return pa.concat_tables([standings, moved]).combine_chunks().take(pa.array(place))
