"""Erased rows in the balance of a delivery, erasures with their steps, and the identifiers that stay outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0007"
down_revision = "0006"

BALANCE = "nothing_is_lost"
WITH_ERASED = "status <> 'loaded' or count_delivered = count_loaded + count_quarantined + count_erased"
WITHOUT = "status <> 'loaded' or count_delivered = count_loaded + count_quarantined"
COUNTED = (
    "delivery_id, file_id, source, table_name, file_name, status, reason_code, message, count_delivered, count_loaded,"
    " count_quarantined, known_mode, arrived_at, landed_at"
)


def upgrade() -> None:
    """A delivery's balance gains a part, and three tables are new."""
    op.add_column("deliveries", sa.Column("count_erased", sa.BigInteger(), nullable=False, server_default="0"))
    _balance(WITH_ERASED, "count_erased")
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("count_customers", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", UtcMoment(), nullable=False),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.CheckConstraint("state in ('begun', 'waiting', 'ended')", name=op.f("ck_erasures_state_known")),
        sa.PrimaryKeyConstraint("erasure_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "erasure_steps",
        sa.Column("erasure_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("done_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.erasure_id"], name=op.f("fk_erasure_steps_erasure_id")),
        sa.PrimaryKeyConstraint("erasure_id", "step", name=op.f("pk_erasure_steps")),
    )
    op.create_table(
        "erased_identifiers",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=128), nullable=False),
        sa.Column("recorded_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_identifiers")),
    )


def downgrade() -> None:
    """Take them away again; erased rows then count as quarantined, so that the balance holds."""
    for table in ("erased_identifiers", "erasure_steps", "erasures"):
        op.drop_table(table)
    op.execute("update deliveries set count_quarantined = count_quarantined + count_erased")
    _balance(WITHOUT)
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_column("count_erased")


def _balance(rule: str, *more: str) -> None:
    """Give the table another balance. SQLite changes no constraint in place: the table is made anew."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(f"ck_deliveries_{BALANCE}"), "deliveries", type_="check")
        op.create_check_constraint(op.f(f"ck_deliveries_{BALANCE}"), "deliveries", rule)
        return
    columns = ", ".join((COUNTED, *more))
    op.execute("drop index uq_deliveries_loaded_once")
    op.execute("drop index ix_deliveries_source_file_id")
    op.rename_table("deliveries", "deliveries_before")
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("table_name", sa.String(length=128), nullable=False),
        sa.Column("file_name", sa.String(length=1024), nullable=False),
        sa.Column("status", sa.String(length=128), nullable=False),
        sa.Column("reason_code", sa.String(length=128), nullable=False),
        sa.Column("message", sa.String(length=1024), nullable=False),
        sa.Column("count_delivered", sa.BigInteger(), nullable=False),
        sa.Column("count_loaded", sa.BigInteger(), nullable=False),
        sa.Column("count_quarantined", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in more),
        sa.Column("known_mode", sa.String(length=128), nullable=False),
        sa.Column("arrived_at", UtcMoment(), nullable=False),
        sa.Column("landed_at", UtcMoment(), nullable=False),
        sa.CheckConstraint(
            "status in ('loaded', 'refused', 'repeated', 'held')", name=op.f("ck_deliveries_status_known")
        ),
        sa.CheckConstraint(rule, name=op.f(f"ck_deliveries_{BALANCE}")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
    )
    op.execute(f"insert into deliveries ({columns}) select {columns} from deliveries_before")
    op.drop_table("deliveries_before")
    op.create_index("ix_deliveries_source_file_id", "deliveries", ["source", "file_id"])
    op.create_index(
        "uq_deliveries_loaded_once",
        "deliveries",
        ["source", "table_name", "file_id"],
        unique=True,
        sqlite_where=sa.text("status = 'loaded'"),
    )
