"""What a contact takes of scarce things and for which department, and who shares an address with whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns and a table; contacts of before took no minutes and no units that anybody wrote down."""
    op.add_column("contacts", sa.Column("department", sa.String(length=128), nullable=True))
    op.add_column("contacts", sa.Column("minutes", sa.Float(), nullable=True))
    op.add_column("contacts", sa.Column("units", sa.Float(), nullable=True))
    op.create_index("ix_contacts_planned_date", "contacts", ["planned_date"])
    op.create_table(
        "households",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("household_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_households")),
    )
    op.create_index("ix_households_household_id", "households", ["household_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_households_household_id", table_name="households")
    op.drop_table("households")
    op.drop_index("ix_contacts_planned_date", table_name="contacts")
    for column in ("units", "minutes", "department"):
        op.drop_column("contacts", column)
