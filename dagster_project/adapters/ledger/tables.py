"""The ledger's tables. Migrations build them; a test holds the two descriptions equal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)

from dagster_project.adapters.ledger.types import UtcMoment

ID = String(64)
WORD = String(128)
LINE = String(1024)

MADE = ("published", "accepted")  # statuses of a contact that went out
LIVE = ("claimed", "batched", *MADE)  # reserved or made: they count for caps and everything scarce

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


# One row a lock: writers on engines other than SQLite take it first, so that one writes at a time.
writer_lock = Table("writer_lock", metadata, Column("name", WORD, primary_key=True))

# Small facts about the ledger itself: how far a synchronised set has come.
marks = Table(
    "marks",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("marked_at", UtcMoment, nullable=False),
)

# Grain: one file handed to the gate, each time it was handed over.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("file_id", ID, nullable=False),
    Column("source", WORD, nullable=False),
    Column("table_name", WORD, nullable=False),
    Column("file_name", LINE, nullable=False),
    Column("status", WORD, nullable=False),
    Column("reason_code", WORD, nullable=False),
    Column("message", LINE, nullable=False),
    *(Column(f"count_{part}", BigInteger, nullable=False) for part in ("delivered", "loaded", "quarantined")),
    Column("count_erased", BigInteger, nullable=False, server_default="0"),
    Column("known_mode", WORD, nullable=False),
    *(Column(name, UtcMoment, nullable=False) for name in ("arrived_at", "landed_at")),
    one_of("status", "loaded", "refused", "repeated", "held"),
    CheckConstraint(
        "status <> 'loaded' or count_delivered = count_loaded + count_quarantined + count_erased",
        name="nothing_is_lost",
    ),
)
Index("ix_deliveries_source_file_id", deliveries.c.source, deliveries.c.file_id)
Index(
    "uq_deliveries_loaded_once",
    deliveries.c.source,
    deliveries.c.table_name,
    deliveries.c.file_id,
    unique=True,
    sqlite_where=deliveries.c.status == "loaded",
    postgresql_where=deliveries.c.status == "loaded",
)

# Grain: one id under which some part of a customer has been known, and that customer.
customer_aliases = Table(
    "customer_aliases",
    metadata,
    Column("alias_customer_id", ID, primary_key=True),
    Column("customer_id", ID, primary_key=True),
    Column("is_current", Boolean, nullable=False),
)
Index("ix_customer_aliases_customer_id", customer_aliases.c.customer_id)

# Grain: one source record by the id it would have alone: whose it was as of the last run.
identities = Table(
    "identities",
    metadata,
    Column("alias_customer_id", ID, primary_key=True),
    Column("customer_id", ID, nullable=False),
)

# Grain: one source record whose customer became another one in one run. Rows are never changed.
identity_changes = Table(
    "identity_changes",
    metadata,
    Column("as_of", UtcMoment, primary_key=True),
    Column("alias_customer_id", ID, primary_key=True),
    Column("from_customer_id", ID, nullable=True),
    Column("to_customer_id", ID, nullable=True),
    Column("change", WORD, nullable=False),
)

# Grain: one customer who shares an address with others.
households = Table(
    "households",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("household_id", ID, nullable=False),
)
Index("ix_households_household_id", households.c.household_id)

# Grain: one customer, purpose and channel: what may be done as last computed.
consents = Table(
    "consents",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("purpose", WORD, primary_key=True),
    Column("channel", WORD, primary_key=True),
    Column("is_allowed", Boolean, nullable=False),
    Column("consent_id", ID, nullable=True),
    Column("decided_at", UtcMoment, nullable=True),
    Column("expires_at", UtcMoment, nullable=True, index=True),  # from this moment on it allows nothing
)

# Grain: one customer, purpose and channel ('*' is every one) that must not be contacted, with the reason.
suppressions = Table(
    "suppressions",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("purpose", WORD, primary_key=True),
    Column("channel", WORD, primary_key=True),
    Column("reason", WORD, primary_key=True),
    Column("recorded_at", UtcMoment, nullable=False),
)

# Grain: one customer who is never contacted, so that the effect of all contacts can be measured.
holdouts = Table(
    "holdouts",
    metadata,
    Column("customer_id", ID, primary_key=True),
    Column("first_at", UtcMoment, nullable=False),
)

# Grain: one batch for one destination.
batches = Table(
    "batches",
    metadata,
    Column("batch_id", ID, primary_key=True),
    Column("destination", WORD, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("as_of", UtcMoment, nullable=False),
    Column("manifest_sha256", ID, nullable=False),
    Column("purpose", WORD, nullable=True),  # of the consent that a membership needs; a contact has its own
    Column("channel", WORD, nullable=True),
    Column("state", WORD, nullable=False),
    Column("count_rows", BigInteger, nullable=False),
    Column("published_at", UtcMoment, nullable=True),
    Column(
        "pickup", WORD, nullable=False, server_default="copy"
    ),  # copy: its receiver may have it once it is published
    Column("withdrawn_at", UtcMoment, nullable=True),
    Column("withdrawn_after", BigInteger, nullable=True),  # the highest sequence there was when it was taken back
    UniqueConstraint("destination", "sequence"),
    one_of("kind", "message", "membership"),
    one_of("state", "prepared", "published", "accepted", "partly", "rejected", "withdrawn"),
)

# Grain: one contact: one step of one care model for one customer on one channel, once.
contacts = Table(
    "contacts",
    metadata,
    Column("contact_id", ID, primary_key=True),
    Column("enrolment_id", ID, nullable=True),
    Column("customer_id", ID, nullable=False),  # as at the claim; customer_aliases follows
    Column("department", WORD, nullable=True),
    Column("care_model", WORD, nullable=False),
    Column("version", WORD, nullable=False),
    Column("step", WORD, nullable=False),
    Column("window_key", LINE, nullable=False),
    Column("channel", WORD, nullable=False),
    Column("treatment", WORD, nullable=False),
    Column("offer", WORD, nullable=True),
    Column("subject", LINE, nullable=True),
    Column("link", LINE, nullable=True),
    Column("language_fallback", WORD, nullable=True),
    Column("purpose", WORD, nullable=False),
    Column("action_class", WORD, nullable=False),
    Column("consent_id", ID, nullable=True),
    Column("score", Float, nullable=False),
    Column("cost", Numeric(18, 4), nullable=False),
    Column("minutes", Float, nullable=True),  # of somebody's working time
    Column("units", Float, nullable=True),  # of the offer's stock
    Column("planned_for", UtcMoment, nullable=False),
    Column("planned_date", Date, nullable=False),  # the business day of planned_for: what caps and capacities count
    Column("decided_as_of", UtcMoment, nullable=False),
    Column("claimed_at", UtcMoment, nullable=False),
    Column("status", WORD, nullable=False),
    Column("reason", WORD, nullable=True),
    Column("batch_id", ID, ForeignKey("batches.batch_id"), nullable=True),
    Column("count_refused", Integer, nullable=False, server_default="0"),  # times a receiver asked for another try
    Column("waits_until", UtcMoment, nullable=True),  # the next try
    one_of("action_class", "mandatory", "transactional", "marketing"),
    one_of("status", "claimed", "batched", "published", "accepted", "rejected", "returned"),
    CheckConstraint("status = 'returned' or (status = 'claimed') = (batch_id is null)", name="in_a_batch"),
)
Index("ix_contacts_customer_id_planned_date", contacts.c.customer_id, contacts.c.planned_date)
Index("ix_contacts_planned_date", contacts.c.planned_date)  # what volume constraints sum by
Index("ix_contacts_batch_id", contacts.c.batch_id)
Index("ix_contacts_enrolment_id", contacts.c.enrolment_id)
Index("ix_contacts_status_channel", contacts.c.status, contacts.c.channel)

# Grain: one change of a contact after its claim that somebody outside may have seen. Rows are only added.
contact_transitions = Table(
    "contact_transitions",
    metadata,
    Column("transition_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("contact_id", ID, ForeignKey("contacts.contact_id"), nullable=False),
    Column("status", WORD, nullable=False),
    Column("reason", WORD, nullable=True),
    Column("batch_id", ID, nullable=True),
    Column("moved_at", UtcMoment, nullable=False),
)
Index("ix_contact_transitions_contact_id", contact_transitions.c.contact_id)

# Grain: one channel on one business day. A capacity of null is unlimited.
capacity_counters = Table(
    "capacity_counters",
    metadata,
    Column("channel", WORD, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("capacity", BigInteger, nullable=True),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("used >= 0", name="used_not_negative"),
    CheckConstraint("capacity is null or used <= capacity", name="used_within_capacity"),
)

# Grain: one customer in one destination's audience: where she stands after the last published batch.
memberships = Table(
    "memberships",
    metadata,
    Column("destination", WORD, primary_key=True),
    Column("customer_id", ID, primary_key=True),
    Column("customer_key", ID, nullable=False),
    Column("fingerprint", ID, nullable=False),
    Column("state", WORD, nullable=False),
    Column("batch_id", ID, ForeignKey("batches.batch_id"), nullable=False),
    Column("added_in", ID, nullable=False),  # the batch of the last add
    Column("reason", WORD, nullable=True),
    Column("count_refused", Integer, nullable=False, server_default="0"),  # as of a contact
    Column("waits_until", UtcMoment, nullable=True),
    one_of("state", "adding", "member", "removing", "rejected", "out"),
)
Index("ix_memberships_batch_id", memberships.c.batch_id)

# Grain: one change of a membership carried by one batch.
membership_changes = Table(
    "membership_changes",
    metadata,
    Column("batch_id", ID, ForeignKey("batches.batch_id"), primary_key=True),
    Column("customer_id", ID, primary_key=True),
    Column("operation", WORD, primary_key=True),
    Column("customer_key", ID, nullable=False),
    Column("fingerprint", ID, nullable=False),
    # Where the customer stood when the batch was published: what stands again when it is rejected whole or withdrawn.
    Column("state_before", WORD, nullable=True),
    Column("fingerprint_before", ID, nullable=True),
    Column("added_in_before", ID, nullable=True),
    Column("batch_id_before", ID, nullable=True),
    Column("reason_before", WORD, nullable=True),
    one_of("operation", "add", "remove"),
)

# Grain: one acknowledgement of a batch by its receiver. A batch is acknowledged once.
acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("batch_id", ID, ForeignKey("batches.batch_id"), primary_key=True),
    Column("status", WORD, nullable=False),
    Column("count_rejected", BigInteger, nullable=False),
    Column("acknowledged_at", UtcMoment, nullable=False),
    one_of("status", "accepted", "partly", "rejected"),
)
