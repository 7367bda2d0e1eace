"""Whoever looked at everybody can tell at whom to look again, and finds whoever may be offered again by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the list, and find memberships by the moment their waiting ends."""
    op.create_table(
        "touched_customers",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=128), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_touched_customers")),
    )
    op.create_index(
        "ix_memberships_waits_until",
        "memberships",
        ["destination", "waits_until"],
        sqlite_where=sa.text("waits_until is not null"),
        postgresql_where=sa.text("waits_until is not null"),
    )


def downgrade() -> None:
    """Take both away again."""
    op.drop_index("ix_memberships_waits_until", table_name="memberships")
    op.drop_table("touched_customers")
