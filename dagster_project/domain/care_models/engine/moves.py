"""From one version of a care model to the next: who may go on in it, and where. Nobody is moved without being told.

A contact that was made stays made: a step of the same name is not done again in the new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.engine.advance import Advanced
from dagster_project.domain.care_models.engine.record import as_moments, as_table
from dagster_project.domain.care_models.engine.schema import STANDINGS, TRANSITIONS
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.moments import microseconds


def may_move(old: Plan, standings: pa.Table, contacts: pa.Table, step_map: Mapping[str, str]) -> pa.BooleanArray:
    """Who of an older version stands where the new one says how to go on.

    Who has ended, who stands at a step that is not named, and who has a contact decided that the path has not come by
    yet, stays: the contact is first made on the version that decided it.

    Args:
        old: the version they are on.
        standings: ``STANDINGS``, moved on to the moment.
        contacts: ``CONTACTS`` that were decided for steps of the old version.
        step_map: its steps, to steps of the new version.
    """
    places = {step.step: number for number, step in enumerate(old.steps)}
    names = pa.array(list(places), pa.string())
    stands = pc.fill_null(pc.index_in(standings["step"], value_set=names), -1).to_numpy(zero_copy_only=False)
    fits = pc.fill_null(pc.is_in(standings["step"], value_set=pa.array(list(step_map), pa.string())), False)
    row = pc.index_in(contacts["enrolment_id"], value_set=standings["enrolment_id"].combine_chunks())
    known = row.is_valid()
    rows = row.drop_null().to_numpy().astype(np.int64)
    place = pc.fill_null(pc.index_in(contacts["step"].filter(known), value_set=names), -1).to_numpy()
    fits = fits.to_numpy(zero_copy_only=False).copy()
    fits[rows[place >= stands[rows]]] = False
    return pa.array(fits)


def move(
    new: Plan, standings: pa.Table, transitions: pa.Table, step_map: Mapping[str, str], version: str, as_of: datetime
) -> Advanced:  # fmt: skip
    """Move enrolments to a new version: they stand at the step named, since when they stood at the old one.

    Args:
        new: the version to go on in.
        standings: of those who move (:func:`may_move`).
        transitions: what the run has recorded of the older version until now.
        step_map: steps of the older version to steps of the new one.
        version: the new one's number.
        as_of: the moment of the run.

    Returns:
        their standings on the new version, and the run's transitions with the moves. The next thing is to advance them.

    Raises:
        ValueError: a step to go on at that the new version does not have.
    """
    lost = sorted(set(step_map.values()) - {step.step for step in new.steps})
    if lost:
        raise ValueError(f"there is no step {lost[0]!r} in version {version} to go on at")
    count, now = standings.num_rows, as_moments(np.full(standings.num_rows, microseconds(as_of)))
    steps = pa.array([step_map[step] for step in standings["step"].to_pylist()], pa.string())
    counted = pa.array(standings["count_transitions"].to_numpy() + 1)
    columns = {
        **{name: standings[name] for name in standings.column_names},
        "version": pa.array([version] * count, pa.string()),
        "step": steps,
        "anchor_step": steps,
        "count_transitions": counted,
        "anchor_transitions": counted,
        "anchored_at": standings["arrived_at"],
        "due_at": standings["arrived_at"],
        "moved_as_of": now,
    }
    told = {
        "enrolment_id": standings["enrolment_id"],
        "position": standings["count_transitions"],
        "step": steps,
        "did": pa.array([did.moved_to(version)] * count, pa.string()),
        "occurred_at": standings["arrived_at"],
        "recorded_as_of": now,
    }
    moves = as_table(told, TRANSITIONS)
    return Advanced(as_table(columns, STANDINGS), pa.concat_tables([_without_voided(transitions, moves), moves]))


def _without_voided(transitions: pa.Table, moves: pa.Table) -> pa.Table:
    """Without corrections of those who move: the move itself voids what they say does not hold."""
    is_correction = pc.equal(transitions["did"], did.CORRECTED)
    is_theirs = pc.is_in(transitions["enrolment_id"], value_set=moves["enrolment_id"].combine_chunks())
    return transitions.filter(pc.invert(pc.and_(is_correction, is_theirs)))


def versions_of(enrolments: pa.Table, held: pa.Table) -> pa.Array:
    """The version each enrolment is on: the one it moved to last, or the one it entered.

    >>> entered = pa.table({"enrolment_id": ["a", "b"], "version": ["1", "1"]})
    >>> said = {"position": [0, 1], "did": ["entered", "moved:2"], "enrolment_id": ["a", "a"]}
    >>> versions_of(entered, pa.table(said)).to_pylist()
    ['2', '1']

    Args:
        enrolments: enrolment_id and version, as entered.
        held: ``path`` of the record.
    """
    moves = held.filter(pc.starts_with(held["did"], did.MOVED))
    entered = enrolments["version"].combine_chunks().cast(pa.string())
    if not moves.num_rows:
        return entered
    last = moves.group_by("enrolment_id").aggregate([("position", "max")])
    moves = moves.join(last, ["enrolment_id", "position"], ["enrolment_id", "position_max"], "inner")
    numbers = pc.utf8_slice_codeunits(moves["did"].combine_chunks(), len(did.MOVED))
    places = pc.index_in(enrolments["enrolment_id"].combine_chunks(), value_set=moves["enrolment_id"].combine_chunks())
    return pc.coalesce(numbers.take(places), entered)
