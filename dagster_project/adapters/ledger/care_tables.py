"""The ledger's tables of care models: who entered which version, what each enrolment did, and what doors watch."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from dagster_project.adapters.ledger.tables import ID, LINE, WORD, metadata
from dagster_project.adapters.ledger.types import UtcMoment

# Grain: one entry of a customer into a care model.
enrolments = Table(
    "enrolments",
    metadata,
    Column("enrolment_id", ID, primary_key=True),
    Column("customer_id", ID, nullable=False),
    Column("care_model", WORD, nullable=False),
    Column("version", WORD, nullable=False),
    Column("window_key", LINE, nullable=False),  # what the entry was for
    Column("subject_id", LINE, nullable=True),
    Column("is_control", Boolean, nullable=False),
    Column("entered_at", UtcMoment, nullable=False),
    Column("recorded_at", UtcMoment, nullable=False),  # the as_of of the run that enrolled
)
Index("ix_enrolments_care_model_customer_id", enrolments.c.care_model, enrolments.c.customer_id)

# Grain: one version of a care model: what its file said when customers first entered it.
care_model_versions = Table(
    "care_model_versions",
    metadata,
    Column("care_model", WORD, primary_key=True),
    Column("version", WORD, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("first_as_of", UtcMoment, nullable=False),
)

# Grain: one moment as of which all care models were looked at.
care_model_runs = Table("care_model_runs", metadata, Column("as_of", UtcMoment, primary_key=True))

# Grain: one thing an enrolment did, as one run recorded it. A row voids those of the same enrolment that were recorded
# before it and have its position or a later one.
transitions = Table(
    "transitions",
    metadata,
    Column("enrolment_id", ID, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_as_of", UtcMoment, primary_key=True),
    Column("step", WORD, nullable=True),
    Column("did", WORD, nullable=False),
    Column("occurred_at", UtcMoment, nullable=False),
)
Index("ix_transitions_recorded_as_of", transitions.c.recorded_as_of)

# Grain: one look at the group a care model's door watches.
group_looks = Table(
    "group_looks",
    metadata,
    Column("care_model", WORD, primary_key=True),
    Column("looked_as_of", UtcMoment, primary_key=True),
)

# Grain: one customer who came into such a group or left it, at one look. Rows are only added.
group_members = Table(
    "group_members",
    metadata,
    Column("care_model", WORD, primary_key=True),
    Column("customer_id", ID, primary_key=True),
    Column("looked_as_of", UtcMoment, primary_key=True),
    Column("is_member", Boolean, nullable=False),
)
