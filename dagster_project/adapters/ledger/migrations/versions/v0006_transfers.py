"""How far each batch has come on its way to its tool, and by which tokens tools fetch their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables; what is there stays as it is."""
    op.create_table(
        "transfers",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.Column("not_before", UtcMoment(), nullable=True),
        sa.Column("begun_at", UtcMoment(), nullable=False),
        sa.Column("delivered_at", UtcMoment(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting', 'taking', 'taken', 'delivered', 'withdrawn', 'expired')",
            name=op.f("ck_transfers_state_known"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_transfers_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_transfers")),
    )
    op.create_index("ix_transfers_destination", "transfers", ["destination"])
    op.create_table(
        "transfer_pages",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.String(length=1024), nullable=True),
        sa.Column("sent_at", UtcMoment(), nullable=False),
        sa.CheckConstraint("state in ('sending', 'processing', 'done')", name=op.f("ck_transfer_pages_state_known")),
        sa.ForeignKeyConstraint(["batch_id"], ["transfers.batch_id"], name=op.f("fk_transfer_pages_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "page", name=op.f("pk_transfer_pages")),
    )
    op.create_table(
        "transfer_refusals",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row_key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["transfers.batch_id"], name=op.f("fk_transfer_refusals_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "row_key", name=op.f("pk_transfer_refusals")),
    )
    op.create_table(
        "receiver_tokens",
        sa.Column("token_id", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=128), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_receiver_tokens")),
    )


def downgrade() -> None:
    """Take them away again."""
    for table in ("receiver_tokens", "transfer_refusals", "transfer_pages", "transfers"):
        op.drop_table(table)
