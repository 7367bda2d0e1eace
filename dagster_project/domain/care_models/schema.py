"""The columns of what the care models give to the decisions, and of what they ask of the ledger."""

from __future__ import annotations

import pyarrow as pa

MOMENT = pa.timestamp("us")  # UTC without a zone, as in every table
MONEY = pa.decimal128(18, 4)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# Who is in which care model as of a moment: one row per customer, care model and occasion; key: enrolment_id.
ENTRIES = pa.schema(
    [
        _required("enrolment_id", pa.string()),
        _required("customer_id", pa.string()),
        _required("care_model", pa.string()),
        _required("version", pa.string()),  # of the care model, when the customer entered
        _required("window_key", pa.string()),  # the occasion: once, subject:<id>, event:<id> or day:<date>
        pa.field("subject_id", pa.string()),  # what the event was about (an order, a service contact); null for states
        _required("is_control", pa.bool_()),
        _required("is_new", pa.bool_()),  # entered at this very as_of
        _required("is_waiting", pa.bool_()),  # the first action was not decided before this as_of
        _required("entered_at", MOMENT),  # when the event happened; for a state, the as_of that noticed it
        _required("enrolled_as_of", MOMENT),  # the as_of of the run that enrolled
    ]
)

# What the ledger remembers of former entries, with today's customer_id (aliases followed).
PAST_ENROLMENTS = pa.schema(
    [
        *(ENTRIES.field(name) for name in ("enrolment_id", "customer_id", "care_model", "version", "window_key")),
        *(ENTRIES.field(name) for name in ("is_control", "entered_at", "enrolled_as_of")),
        pa.field("first_contact_as_of", MOMENT),  # as_of of the run that chose the first contact; null: none yet
    ]
)

# Proposals: one row per enrolment that waits for its first action; key: candidate_id, which becomes the contact's id.
CANDIDATES = pa.schema(
    [
        _required("candidate_id", pa.string()),
        _required("enrolment_id", pa.string()),
        _required("customer_id", pa.string()),
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
        _required("priority", pa.float64()),
        _required("value", pa.float64()),
        _required("cost", MONEY),
        _required("is_control", pa.bool_()),
        _required("entered_at", MOMENT),
        _required("planned_for", MOMENT),  # as_of plus the step's lead time
    ]
)
