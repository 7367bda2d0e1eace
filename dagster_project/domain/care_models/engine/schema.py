"""The tables the engine takes and gives. Moments are UTC without a zone; ``recorded_as_of`` is a run's ``as_of``."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.care_models.schema import MOMENT


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# Where each enrolment stands: one row each, a fold of its transitions; key: enrolment_id.
STANDINGS = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("customer_id", pa.string()),
        _required("care_model", pa.string()),
        _required("version", pa.string()),
        pa.field("subject_id", pa.string()),  # what the entry was about
        _required("is_withheld", pa.bool_()),  # control group or holdout: measured, never contacted
        pa.field("step", pa.string()),  # where it stands; null once it is finished
        pa.field("outcome", pa.string()),  # how it finished; null while it goes on
        _required("count_transitions", pa.int64()),  # of the path that holds
        pa.field("anchor_step", pa.string()),  # the step after the last contact; null: that was the last one
        _required("anchor_transitions", pa.int64()),
        _required("entered_at", MOMENT),
        _required("arrived_at", MOMENT),  # at the step; for a finished one, when it finished
        _required("anchored_at", MOMENT),  # when it came to the anchor: what lies before is done and stays
        pa.field("due_at", MOMENT),  # the next moment at which something is due; null: when something happens
        pa.field("moved_as_of", MOMENT),  # the run that moved it to this version; null: it entered this one
    ]
)

# What became of each enrolment, step by step; rows are only added. A row voids those of the same enrolment that were
# recorded before it and have its position or a later one.
TRANSITIONS = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("position", pa.int64()),  # in the path, from 0
        pa.field("step", pa.string()),  # null for what is about the enrolment as a whole
        _required("did", pa.string()),
        _required("occurred_at", MOMENT),
        _required("recorded_as_of", MOMENT),
    ]
)

# Events that a model listens to, already matched: ``name`` is ``goal``, ``exit``, ``exit_of_same`` or
# ``<step>/<number of the awaited>``.
HAPPENINGS = pa.schema(
    [
        _required("customer_id", pa.string()),
        _required("name", pa.string()),
        pa.field("subject_id", pa.string()),
        _required("occurred_at", MOMENT),
        _required("known_at", MOMENT),
    ]
)

# Reactions to contacts.
RESPONSES = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("step", pa.string()),
        _required("response", pa.string()),
        _required("occurred_at", MOMENT),
        _required("known_at", MOMENT),
    ]
)

# Contacts of enrolments, as the ledger has them. One that ended before it went out is one without a reaction.
CONTACTS = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("step", pa.string()),
        _required("decided_as_of", MOMENT),
        _required("planned_for", MOMENT),
    ]
)

# What a transition says was done, besides the outcome of a step.
ENTERED = "entered"
CONTACTED = "contacted"  # a contact was decided: the path goes on from the moment it is planned for
WITHHELD = "withheld"  # control group or holdout: no contact, and the path goes on at once
DROPPED = "dropped"  # not decided within its max_age
GOAL = "goal_reached"
DONE_BEFORE = "done_before"  # its contact was made on an earlier version: not made again
LEFT = "left"  # an exit criterion was met
COMPLETED = "completed"
CORRECTED = "corrected"  # what was recorded from here on does not hold any more; no part of the path itself
MOVED = "moved:"  # with the number of a version behind it: from here on on that one, at the step named


def moved_to(version: str) -> str:
    """What the record says of an enrolment that goes on in another version.

    >>> moved_to("3")
    'moved:3'
    """
    return f"{MOVED}{version}"
