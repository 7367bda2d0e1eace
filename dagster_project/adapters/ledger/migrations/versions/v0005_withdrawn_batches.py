"""Batches can be taken back until they are picked up, refused rows tried again, great changes held for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0005"
down_revision = "0004"

ID, WORD, LINE = sa.String(length=64), sa.String(length=128), sa.String(length=1024)
STATES = ("prepared", "published", "accepted", "partly", "rejected")
COLUMNS = (
    "batch_id, destination, kind, sequence, as_of, manifest_sha256, purpose, channel, state, count_rows, published_at"
)


def upgrade() -> None:
    """Add columns, two tables and one more state. Batches of before may have been copied: they count as taken."""
    _let_batches_be_in((*STATES, "withdrawn"))
    op.add_column("batches", sa.Column("pickup", WORD, nullable=False, server_default="copy"))
    op.add_column("batches", sa.Column("withdrawn_at", UtcMoment(), nullable=True))
    op.add_column("batches", sa.Column("withdrawn_after", sa.BigInteger(), nullable=True))
    for table in ("contacts", "memberships"):
        op.add_column(table, sa.Column("count_refused", sa.Integer(), nullable=False, server_default="0"))
        op.add_column(table, sa.Column("waits_until", UtcMoment(), nullable=True))
    op.add_column("membership_changes", sa.Column("batch_id_before", ID, nullable=True))
    op.add_column("membership_changes", sa.Column("reason_before", WORD, nullable=True))
    op.add_column("consents", sa.Column("expires_at", UtcMoment(), nullable=True))
    op.create_table(
        "held_changes",
        sa.Column("destination", WORD, nullable=False),
        sa.Column("fingerprint", ID, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("count_adds", sa.BigInteger(), nullable=False),
        sa.Column("count_removes", sa.BigInteger(), nullable=False),
        sa.Column("count_held", sa.BigInteger(), nullable=False),
        sa.Column("count_usual", sa.BigInteger(), nullable=True),
        sa.Column("held_at", UtcMoment(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("decision", WORD, nullable=True),
        sa.Column("decided_by", LINE, nullable=True),
        sa.Column("decided_because", LINE, nullable=True),
        sa.Column("decided_at", UtcMoment(), nullable=True),
        sa.CheckConstraint("decision in ('approved', 'refused')", name=op.f("ck_held_changes_decision_known")),
        sa.PrimaryKeyConstraint("destination", "fingerprint", name=op.f("pk_held_changes")),
    )
    op.create_table(
        "told_destinations",
        sa.Column("destination", WORD, nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_told_destinations")),
    )


def downgrade() -> None:
    """Take them away again; a batch that was withdrawn counts as refused."""
    op.drop_table("told_destinations")
    op.drop_table("held_changes")
    op.drop_column("consents", "expires_at")
    for column in ("reason_before", "batch_id_before"):
        op.drop_column("membership_changes", column)
    for table in ("memberships", "contacts"):
        for column in ("waits_until", "count_refused"):
            op.drop_column(table, column)
    for column in ("withdrawn_after", "withdrawn_at", "pickup"):
        op.drop_column("batches", column)
    op.execute("update batches set state = 'rejected' where state = 'withdrawn'")
    _let_batches_be_in(STATES)


def _let_batches_be_in(states: tuple[str, ...]) -> None:
    """Other states than before. SQLite changes a check only by building the table anew."""
    known = f"state in ({', '.join(repr(state) for state in states)})"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_batches_state_known"), "batches", type_="check")
        op.create_check_constraint(op.f("ck_batches_state_known"), "batches", known)
        return
    op.create_table(
        "batches_anew",
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("destination", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("as_of", UtcMoment(), nullable=False),
        sa.Column("manifest_sha256", ID, nullable=False),
        sa.Column("purpose", WORD, nullable=True),
        sa.Column("channel", WORD, nullable=True),
        sa.Column("state", WORD, nullable=False),
        sa.Column("count_rows", sa.BigInteger(), nullable=False),
        sa.Column("published_at", UtcMoment(), nullable=True),
        sa.CheckConstraint("kind in ('message', 'membership')", name=op.f("ck_batches_kind_known")),
        sa.CheckConstraint(known, name=op.f("ck_batches_state_known")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
        sa.UniqueConstraint("destination", "sequence", name=op.f("uq_batches_destination_sequence")),
    )
    op.execute(f"insert into batches_anew ({COLUMNS}) select {COLUMNS} from batches")
    op.drop_table("batches")
    op.rename_table("batches_anew", "batches")
