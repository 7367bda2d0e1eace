"""Whoever looked at everybody's permissions can tell whether anything has changed since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table, and find consents by the moment they end."""
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_revisions")),
    )
    op.create_index("ix_consents_expires_at", "consents", ["expires_at"])


def downgrade() -> None:
    """Take both away again."""
    op.drop_index("ix_consents_expires_at", table_name="consents")
    op.drop_table("revisions")
