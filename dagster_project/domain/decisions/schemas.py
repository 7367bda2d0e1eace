"""The columns of candidates, decisions, the contact plan and the funnel."""

from __future__ import annotations

import pyarrow as pa

MONEY = pa.decimal128(18, 4)  # in the reporting currency
MOMENT = pa.timestamp("us")  # UTC without a zone
TEXT = pa.string()

# What a care model proposes: one row per action it would take now.
CANDIDATE_SCHEMA = pa.schema(
    [
        ("candidate_id", TEXT),
        ("enrolment_id", TEXT),  # null: an action outside any care model's enrolment
        ("customer_id", TEXT),
        ("care_model", TEXT),
        ("version", TEXT),
        ("step", TEXT),
        ("window_key", TEXT),  # the occasion the step answers
        ("channel", TEXT),
        ("treatment", TEXT),
        ("offer", TEXT),  # null: none
        ("subject", TEXT),  # null: none
        ("link", TEXT),  # null: none
        ("language_fallback", TEXT),  # null: none
        ("purpose", TEXT),  # of the consent it needs
        ("action_class", TEXT),  # mandatory, transactional or marketing
        ("priority", pa.float64()),
        ("value", pa.float64()),  # expected, in the reporting currency
        ("cost", MONEY),  # null: the channel's
        ("planned_for", MOMENT),  # the earliest moment it should reach the customer
        ("is_control", pa.bool_()),  # in the control group of its care model
    ]
)


def _candidate_fields(first: str, last: str) -> list[pa.Field]:
    names = CANDIDATE_SCHEMA.names
    return [CANDIDATE_SCHEMA.field(name) for name in names[names.index(first) : names.index(last) + 1]]


# What became of each candidate.
DECISION_SCHEMA = pa.schema(
    [
        ("candidate_id", TEXT),
        ("contact_id", TEXT),  # the contact it is, or would have been
        *_candidate_fields("enrolment_id", "treatment"),
        ("purpose", TEXT),
        ("action_class", TEXT),
        ("score", pa.float64()),  # priority x value
        ("outcome", TEXT),  # chosen or stopped
        ("stopped_by", TEXT),  # the first rule that stopped it; null when chosen
        ("reason", TEXT),  # in words
        ("consent_id", TEXT),  # the consent that allows it; null where there is none
        ("planned_for", MOMENT),
        ("as_of", MOMENT),
    ]
)

# The chosen contacts.
PLAN_SCHEMA = pa.schema(
    [
        ("contact_id", TEXT),
        *_candidate_fields("enrolment_id", "action_class"),
        ("consent_id", TEXT),
        ("score", pa.float64()),
        ("cost", MONEY),
        ("planned_for", MOMENT),
        ("planned_date", pa.date32()),  # the business day of planned_for
        ("as_of", MOMENT),
    ]
)

FUNNEL_SCHEMA = pa.schema(
    [
        ("care_model", TEXT),
        ("position", pa.int64()),  # of the stage, 0 is all
        ("stage", TEXT),
        ("count", pa.int64()),  # candidates that passed the stage
        ("count_stopped", pa.int64()),  # candidates that this stage stopped
    ]
)
