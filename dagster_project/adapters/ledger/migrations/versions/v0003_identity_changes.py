"""What changed in who is who: whose each record was as of the last run, and every change since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables; what is there stays as it is."""
    op.create_table(
        "identities",
        sa.Column("alias_customer_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("alias_customer_id", name=op.f("pk_identities")),
    )
    op.create_table(
        "identity_changes",
        sa.Column("as_of", UtcMoment(), nullable=False),
        sa.Column("alias_customer_id", sa.String(length=64), nullable=False),
        sa.Column("from_customer_id", sa.String(length=64), nullable=True),
        sa.Column("to_customer_id", sa.String(length=64), nullable=True),
        sa.Column("change", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("as_of", "alias_customer_id", name=op.f("pk_identity_changes")),
    )


def downgrade() -> None:
    """Take the tables away, and the record of changes with them."""
    op.drop_table("identity_changes")
    op.drop_table("identities")
