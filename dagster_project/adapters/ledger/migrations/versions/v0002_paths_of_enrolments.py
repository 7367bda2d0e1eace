"""Where enrolments stand: versions of care models, transitions, and the groups that doors watch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables; what is there stays as it is."""
    op.create_table(
        "care_model_runs",
        sa.Column("as_of", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("as_of", name=op.f("pk_care_model_runs")),
    )
    op.create_table(
        "care_model_versions",
        sa.Column("care_model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("first_as_of", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("care_model", "version", name=op.f("pk_care_model_versions")),
    )
    op.create_table(
        "group_looks",
        sa.Column("care_model", sa.String(length=128), nullable=False),
        sa.Column("looked_as_of", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("care_model", "looked_as_of", name=op.f("pk_group_looks")),
    )
    op.create_table(
        "group_members",
        sa.Column("care_model", sa.String(length=128), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("looked_as_of", UtcMoment(), nullable=False),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("care_model", "customer_id", "looked_as_of", name=op.f("pk_group_members")),
    )
    op.create_table(
        "transitions",
        sa.Column("enrolment_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_as_of", UtcMoment(), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=True),
        sa.Column("did", sa.String(length=128), nullable=False),
        sa.Column("occurred_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "position", "recorded_as_of", name=op.f("pk_transitions")),
    )
    op.create_index("ix_transitions_recorded_as_of", "transitions", ["recorded_as_of"])
