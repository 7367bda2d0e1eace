"""The columns of what the care models give to the decisions, and of what they ask of the ledger."""

from __future__ import annotations

import pyarrow as pa

MOMENT = pa.timestamp("us")  # UTC without a zone, as in every table
MONEY = pa.decimal128(18, 4)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# An entry into a care model: one row per customer, care model and occasion; key: enrolment_id.
ENTRIES = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("customer_id", pa.string()),
        _required("care_model", pa.string()),
        _required("version", pa.string()),  # of the care model, when the customer entered
        _required("window_key", pa.string()),  # the occasion: once, subject:<id>, event:<id>, day:<date>, ...
        pa.field("subject_id", pa.string()),  # what the event was about (an order, a service contact); else null
        _required("is_control", pa.bool_()),
        _required("entered_at", MOMENT),  # when the event happened; for a state, the as_of that noticed it
    ]
)

# Who is or was in which care model as of a moment.
ENROLMENTS = pa.schema(
    [
        *(ENTRIES.field(name) for name in ENTRIES.names if not name.endswith("_at")),
        _required("is_new", pa.bool_()),  # entered at this very as_of
        _required("is_waiting", pa.bool_()),  # stands at an action
        pa.field("step", pa.string()),  # where it stands; null: ended
        pa.field("outcome", pa.string()),  # how it ended; null: it goes on
        _required("entered_at", MOMENT),
        _required("enrolled_as_of", MOMENT),  # the as_of of the run that enrolled
        pa.field("ended_at", MOMENT),
    ]
)

# What the ledger remembers of former entries, with today's customer_id (aliases followed).
PAST_ENROLMENTS = pa.schema(
    [
        *(ENTRIES.field(name) for name in ("enrolment_id", "customer_id", "care_model", "window_key", "entered_at")),
        pa.field("ended_at", MOMENT),  # null: it goes on
    ]
)

# Proposals: one row per enrolment and action that is due; key: candidate_id, which becomes the contact's id.
CANDIDATES = pa.schema(
    [
        _required("candidate_id", pa.string()),
        _required("enrolment_id", pa.string()),
        _required("customer_id", pa.string()),
        _required("department", pa.string()),  # the team that owns the care model
        _required("care_model", pa.string()),
        _required("version", pa.string()),  # of the care model whose content this is
        _required("step", pa.string()),
        _required("window_key", pa.string()),
        _required("channel", pa.string()),
        _required("treatment", pa.string()),
        pa.field("offer", pa.string()),
        _required("subject", pa.string()),
        pa.field("link", pa.string()),
        _required("language_fallback", pa.string()),
        _required("purpose", pa.string()),
        _required("action_class", pa.string()),
        _required("propensity", pa.float64()),  # 1: the value of a care model is per contact
        _required("context", pa.float64()),
        _required("value", pa.float64()),
        _required("lever", pa.float64()),  # priority / 50
        pa.field("cost", MONEY),  # null: the channel's
        pa.field("minutes", pa.float64()),  # null: the channel's
        pa.field("units", pa.float64()),  # null: one where there is an offer
        pa.field("fails", pa.string()),  # a care model proposes nobody who fails its conditions
        _required("is_control", pa.bool_()),
        _required("entered_at", MOMENT),
        _required("planned_for", MOMENT),  # when the action is due, no earlier than as_of plus the step's lead time
    ]
)
