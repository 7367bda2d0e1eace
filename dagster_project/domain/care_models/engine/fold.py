"""Where enrolments stand, from the record of what they did: the record alone is kept, this is worked out from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.engine.facts import moments_of
from dagster_project.domain.care_models.engine.record import as_moments, as_table
from dagster_project.domain.care_models.engine.schema import STANDINGS
from dagster_project.domain.care_models.engine.walk import Plan
from dagster_project.domain.care_models.moments import NEVER
from dagster_project.domain.care_models.steps import Exit

ENDS = (did.GOAL, did.LEFT, did.COMPLETED)


def standings_of(plan: Plan, enrolments: pa.Table, held: pa.Table) -> pa.Table:
    """Where enrolments of one version stand by what of the record holds.

    When something is next due is not part of the record: everyone who has not ended is due at once, so that the next
    :func:`~dagster_project.domain.care_models.engine.advance.advance` looks at all of them.

    Args:
        plan: the version.
        enrolments: enrolment_id, customer_id, care_model, version, subject_id, is_withheld, entered_at.
        held: ``path`` of the record: at least the ``entered`` of each of these enrolments.

    Returns:
        ``STANDINGS``, in the order of the enrolments.
    """
    count, places = enrolments.num_rows, len(plan.steps)
    names = pa.array([step.step for step in plan.steps], pa.string())
    rows = pc.index_in(held["enrolment_id"], value_set=enrolments["enrolment_id"].combine_chunks())
    held = held.filter(rows.is_valid())
    of = rows.drop_null().to_numpy().astype(np.int64)
    positions, moments = held["position"].to_numpy(), moments_of(held["occurred_at"])
    recorded = moments_of(held["recorded_as_of"])
    steps = pc.fill_null(pc.index_in(held["step"], value_set=names), -1).to_numpy().astype(np.int64)
    told = held["did"].combine_chunks().dictionary_encode()
    words, spoken = told.indices.to_numpy(zero_copy_only=False).astype(np.int64), told.dictionary.to_pylist()
    order = np.lexsort((positions, of))
    of, positions, moments, recorded, steps, words = (
        each[order] for each in (of, positions, moments, recorded, steps, words)
    )
    is_exit = np.array([isinstance(step.does, Exit) for step in plan.steps] + [False], dtype=bool)
    led_to = _led_to(plan, spoken)[steps, words]
    moved = np.flatnonzero(_which(spoken, lambda word: word.startswith(did.MOVED))[words])
    led_to[moved] = steps[moved]
    is_end = _which(spoken, lambda word: word in ENDS)[words] | is_exit[steps]
    is_end[moved] = False
    last = np.flatnonzero(np.append(of[1:] != of[:-1], True)) if len(of) else np.empty(0, dtype=np.int64)
    place = np.zeros(count, dtype=np.int64)
    at = moments_of(enrolments["entered_at"]).copy()
    number = np.ones(count, dtype=np.int64)
    ended: np.ndarray = np.full(count, None, dtype=object)
    theirs = of[last]
    place[theirs] = np.where(is_end[last], places, led_to[last])
    at[theirs], number[theirs] = moments[last], positions[last] + 1
    ended[theirs[is_end[last]]] = np.array(spoken, dtype=object)[words[last][is_end[last]]]
    anchor, anchor_at = np.zeros(count, dtype=np.int64), moments_of(enrolments["entered_at"]).copy()
    anchor_count = np.ones(count, dtype=np.int64)
    # In order of position: the last contact, or the last move to this version, stays.
    contacts = np.sort(np.append(np.flatnonzero(_which(spoken, lambda word: word == did.CONTACTED)[words]), moved))
    anchor[of[contacts]], anchor_at[of[contacts]] = led_to[contacts], moments[contacts]
    anchor_count[of[contacts]] = positions[contacts] + 1 + (led_to[contacts] >= places)  # with the end it led to
    moved_as_of = np.full(count, NEVER, dtype=np.int64)
    moved_as_of[of[moved]] = recorded[moved]
    step_names = np.array([*names.to_pylist(), None], dtype=object)
    columns = {
        **{name: enrolments[name] for name in enrolments.column_names},
        "step": pa.array(step_names[place], pa.string()),
        "outcome": pa.array(ended, pa.string()),
        "count_transitions": pa.array(number),
        "anchor_step": pa.array(step_names[anchor], pa.string()),
        "anchor_transitions": pa.array(anchor_count),
        "arrived_at": as_moments(at),
        "anchored_at": as_moments(anchor_at),
        "due_at": as_moments(np.where(place >= places, NEVER, at)),
        "moved_as_of": as_moments(moved_as_of),
    }
    return as_table(columns, STANDINGS)


def _which(spoken: list[str], is_meant: Callable[[str], bool]) -> np.ndarray:
    """Which of the words that occur are meant."""
    return np.array([is_meant(word) for word in spoken], dtype=bool)


def _led_to(plan: Plan, spoken: list[str]) -> np.ndarray:
    """The place each word leads to at each step; the number of steps for the end, 0 where there is no step."""
    led = np.zeros((len(plan.steps) + 1, len(spoken)), dtype=np.int64)  # the last row: no step of this version
    for place, step in enumerate(plan.steps):
        to = [way.to if way.to >= 0 else len(plan.steps) for way in step.outcomes]
        led[place] = to[0] if to else len(plan.steps)
        for way, target in zip(step.outcomes, to, strict=True):
            led[place, [number for number, word in enumerate(spoken) if word == way.outcome]] = target
    return led
