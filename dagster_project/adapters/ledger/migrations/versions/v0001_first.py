"""The first ledger: deliveries, consents, contacts and batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagster_project.adapters.ledger.types import UtcMoment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Build every table on an empty database."""
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("as_of", UtcMoment(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=128), nullable=True),
        sa.Column("channel", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("count_rows", sa.BigInteger(), nullable=False),
        sa.Column("published_at", UtcMoment(), nullable=True),
        sa.CheckConstraint("kind in ('message', 'membership')", name=op.f("ck_batches_kind_known")),
        sa.CheckConstraint(
            "state in ('prepared', 'published', 'accepted', 'partly', 'rejected')", name=op.f("ck_batches_state_known")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
        sa.UniqueConstraint("destination", "sequence", name=op.f("uq_batches_destination_sequence")),
    )
    op.create_table(
        "capacity_counters",
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "capacity is null or used <= capacity", name=op.f("ck_capacity_counters_used_within_capacity")
        ),
        sa.CheckConstraint("used >= 0", name=op.f("ck_capacity_counters_used_not_negative")),
        sa.PrimaryKeyConstraint("channel", "day", name=op.f("pk_capacity_counters")),
    )
    op.create_table(
        "consents",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=128), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=True),
        sa.Column("decided_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "purpose", "channel", name=op.f("pk_consents")),
    )
    op.create_table(
        "customer_aliases",
        sa.Column("alias_customer_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("alias_customer_id", "customer_id", name=op.f("pk_customer_aliases")),
    )
    op.create_index("ix_customer_aliases_customer_id", "customer_aliases", ["customer_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
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
        sa.Column("known_mode", sa.String(length=128), nullable=False),
        sa.Column("arrived_at", UtcMoment(), nullable=False),
        sa.Column("landed_at", UtcMoment(), nullable=False),
        sa.CheckConstraint(
            "status <> 'loaded' or count_delivered = count_loaded + count_quarantined",
            name=op.f("ck_deliveries_nothing_is_lost"),
        ),
        sa.CheckConstraint(
            "status in ('loaded', 'refused', 'repeated', 'held')", name=op.f("ck_deliveries_status_known")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_source_file_id", "deliveries", ["source", "file_id"], unique=False)
    op.create_index(
        "uq_deliveries_loaded_once",
        "deliveries",
        ["source", "table_name", "file_id"],
        unique=True,
        sqlite_where=sa.text("status = 'loaded'"),
        postgresql_where=sa.text("status = 'loaded'"),
    )
    op.create_table(
        "enrolments",
        sa.Column("enrolment_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("care_model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("window_key", sa.String(length=1024), nullable=False),
        sa.Column("subject_id", sa.String(length=1024), nullable=True),
        sa.Column("is_control", sa.Boolean(), nullable=False),
        sa.Column("entered_at", UtcMoment(), nullable=False),
        sa.Column("recorded_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_enrolments")),
    )
    op.create_index("ix_enrolments_care_model_customer_id", "enrolments", ["care_model", "customer_id"], unique=False)
    op.create_table(
        "holdouts",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("first_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_holdouts")),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("marked_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "suppressions",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=128), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=False),
        sa.Column("recorded_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "purpose", "channel", "reason", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "writer_lock",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_writer_lock")),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=128), nullable=False),
        sa.Column("count_rejected", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", UtcMoment(), nullable=False),
        sa.CheckConstraint(
            "status in ('accepted', 'partly', 'rejected')", name=op.f("ck_acknowledgements_status_known")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_acknowledgements_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_acknowledgements")),
    )
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("enrolment_id", sa.String(length=64), nullable=True),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("care_model", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("window_key", sa.String(length=1024), nullable=False),
        sa.Column("channel", sa.String(length=128), nullable=False),
        sa.Column("treatment", sa.String(length=128), nullable=False),
        sa.Column("offer", sa.String(length=128), nullable=True),
        sa.Column("subject", sa.String(length=1024), nullable=True),
        sa.Column("link", sa.String(length=1024), nullable=True),
        sa.Column("language_fallback", sa.String(length=128), nullable=True),
        sa.Column("purpose", sa.String(length=128), nullable=False),
        sa.Column("action_class", sa.String(length=128), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("planned_for", UtcMoment(), nullable=False),
        sa.Column("planned_date", sa.Date(), nullable=False),
        sa.Column("decided_as_of", UtcMoment(), nullable=False),
        sa.Column("claimed_at", UtcMoment(), nullable=False),
        sa.Column("status", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "action_class in ('mandatory', 'transactional', 'marketing')", name=op.f("ck_contacts_action_class_known")
        ),
        sa.CheckConstraint(
            "status = 'returned' or (status = 'claimed') = (batch_id is null)", name=op.f("ck_contacts_in_a_batch")
        ),
        sa.CheckConstraint(
            "status in ('claimed', 'batched', 'published', 'accepted', 'rejected', 'returned')",
            name=op.f("ck_contacts_status_known"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_contacts_batch_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_batch_id", "contacts", ["batch_id"], unique=False)
    op.create_index("ix_contacts_customer_id_planned_date", "contacts", ["customer_id", "planned_date"], unique=False)
    op.create_index("ix_contacts_enrolment_id", "contacts", ["enrolment_id"], unique=False)
    op.create_index("ix_contacts_status_channel", "contacts", ["status", "channel"], unique=False)
    op.create_table(
        "membership_changes",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=128), nullable=False),
        sa.Column("customer_key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state_before", sa.String(length=128), nullable=True),
        sa.Column("fingerprint_before", sa.String(length=64), nullable=True),
        sa.Column("added_in_before", sa.String(length=64), nullable=True),
        sa.CheckConstraint("operation in ('add', 'remove')", name=op.f("ck_membership_changes_operation_known")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_membership_changes_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "customer_id", "operation", name=op.f("pk_membership_changes")),
    )
    op.create_table(
        "memberships",
        sa.Column("destination", sa.String(length=128), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("customer_key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("added_in", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.CheckConstraint(
            "state in ('adding', 'member', 'removing', 'rejected', 'out')", name=op.f("ck_memberships_state_known")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_memberships_batch_id")),
        sa.PrimaryKeyConstraint("destination", "customer_id", name=op.f("pk_memberships")),
    )
    op.create_index("ix_memberships_batch_id", "memberships", ["batch_id"], unique=False)
    op.create_table(
        "contact_transitions",
        sa.Column(
            "transition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=128), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("moved_at", UtcMoment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.contact_id"], name=op.f("fk_contact_transitions_contact_id")
        ),
        sa.PrimaryKeyConstraint("transition_id", name=op.f("pk_contact_transitions")),
    )
    op.create_index("ix_contact_transitions_contact_id", "contact_transitions", ["contact_id"], unique=False)
    op.bulk_insert(sa.table("writer_lock", sa.column("name", sa.String)), [{"name": "ledger"}])
