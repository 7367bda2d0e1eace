"""The columns of candidates, decisions, the contact plan and the funnel."""

from __future__ import annotations

import pyarrow as pa

MONEY = pa.decimal128(18, 4)  # in the reporting currency
MOMENT = pa.timestamp("us")  # UTC without a zone
TEXT = pa.string()

# What a care model, or an action of the catalogue, proposes: one row per action it would take now.
CANDIDATE_SCHEMA = pa.schema(
    [
        ("candidate_id", TEXT),
        ("enrolment_id", TEXT),  # null: an action outside any care model's enrolment
        ("customer_id", TEXT),
        ("department", TEXT),  # who proposes
        ("care_model", TEXT),  # or the action of the catalogue
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
        # The four factors of the score. One that is unknown (null) makes the candidate unsuitable: unknown is not zero.
        ("propensity", pa.float64()),  # the chance that it brings its value; 1 where value is per contact
        ("context", pa.float64()),  # how well this moment suits; 1 is usual
        ("value", pa.float64()),  # in the reporting currency
        ("lever", pa.float64()),  # what the business leans on; 1 is neutral
        ("cost", MONEY),  # null: the channel's
        ("minutes", pa.float64()),  # of somebody's working time; null: the channel's
        ("units", pa.float64()),  # of the offer's stock; null: one where there is an offer
        ("fails", TEXT),  # null, or the condition of its own it does not meet: eligibility, applicability, suitability
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
        ("offer", TEXT),
        ("purpose", TEXT),
        ("action_class", TEXT),
        *_candidate_fields("propensity", "lever"),
        ("score", pa.float64()),  # propensity x context x value x lever; null where one is unknown
        *_candidate_fields("cost", "units"),
        ("outcome", TEXT),  # chosen or stopped
        ("stopped_by", TEXT),  # the first rule that stopped it; null when chosen
        ("rule", TEXT),  # the name of that rule, where the stage has several; else null
        ("reason", TEXT),  # in words
        ("price", pa.float64()),  # what it would take, at the shadow prices; null when stopped before arbitration
        ("displaced_by", TEXT),  # the chosen contact of the same customer that stands in its way; null: none
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
        *_candidate_fields("cost", "units"),
        ("planned_for", MOMENT),
        ("planned_date", pa.date32()),  # the business day of planned_for
        ("as_of", MOMENT),
    ]
)

FUNNEL_SCHEMA = pa.schema(
    [
        ("department", TEXT),
        ("care_model", TEXT),
        ("position", pa.int64()),  # of the stage, 0 is all
        ("stage", TEXT),
        ("stage_group", TEXT),  # eligible, applicable, suitable, contact_policy, volume_constraints, arbitration
        ("count", pa.int64()),  # candidates that passed the stage
        ("count_stopped", pa.int64()),  # candidates that this stage stopped
    ]
)

# What each volume constraint and channel capacity has given, by period.
CONSTRAINT_USE_SCHEMA = pa.schema(
    [
        ("constraint", TEXT),
        ("period", pa.date32()),  # its first day; null for a constraint that counts for all time
        ("measure", TEXT),  # contacts, cost, minutes or units
        ("most", pa.float64()),  # null: none
        ("least", pa.float64()),  # null: none
        ("used_before", pa.float64()),  # reserved or made before this run
        ("used", pa.float64()),  # by this run
        ("price", pa.float64()),  # the shadow price: what one more unit would bring
        ("is_binding", pa.bool_()),
        ("is_report_only", pa.bool_()),
    ]
)

# What would have been chosen otherwise.
COMPARISON_SCHEMA = pa.schema(
    [
        ("way", TEXT),  # chosen; greedy: by score alone; silos: each department by itself
        ("department", TEXT),
        ("count_contacts", pa.int64()),
        ("count_customers", pa.int64()),
        ("value", pa.float64()),
        ("cost", pa.float64()),
        ("count_over_cap", pa.int64()),  # contacts that the contact policy, or something scarce, forbids
        ("most_per_customer", pa.int64()),
    ]
)

# Who gave way to whom.
DISPLACEMENT_SCHEMA = pa.schema(
    [
        ("department", TEXT),
        ("care_model", TEXT),
        ("by_department", TEXT),  # null: to many, through a price
        ("by_care_model", TEXT),
        ("reason", TEXT),  # the rule, or the constraint whose price was too high
        ("count", pa.int64()),
        ("value", pa.float64()),
    ]
)
