"""The ledger's tables of what stands between a batch and its going out: a person's word, and who was ever told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from dagster_project.adapters.ledger.tables import ID, LINE, WORD, memberships, metadata, one_of
from dagster_project.adapters.ledger.types import UtcMoment

# Grain: one change of a destination too great to go without a person's word, by what it would change.
held_changes = Table(
    "held_changes",
    metadata,
    Column("destination", WORD, primary_key=True),
    Column("fingerprint", ID, primary_key=True),
    Column("reason", WORD, nullable=False),
    Column("count_adds", BigInteger, nullable=False),
    Column("count_removes", BigInteger, nullable=False),
    Column("count_held", BigInteger, nullable=False),  # what the destination holds
    Column("count_usual", BigInteger, nullable=True),  # rows of a usual batch
    Column("held_at", UtcMoment, nullable=False),
    Column("is_current", Boolean, nullable=False),  # False once the difference is another one, or told
    Column("decision", WORD, nullable=True),
    Column("decided_by", LINE, nullable=True),
    Column("decided_because", LINE, nullable=True),
    Column("decided_at", UtcMoment, nullable=True),
    one_of("decision", "approved", "refused"),
)

# Grain: one destination that was told of an audience, as its file said then. It must let go even without its file.
told_destinations = Table(
    "told_destinations",
    metadata,
    Column("destination", WORD, primary_key=True),
    Column("definition", Text, nullable=False),
)

# A word of chance for a matter that takes long to look at, another one whenever it has changed.
revisions = Table(
    "revisions",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("token", ID, nullable=False),
)

# Grain: one customer, under one id, of whom a transaction changed who may be contacted or where one stands.
touched_customers = Table(
    "touched_customers",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("token", ID, nullable=False),  # of the transaction, drawn by chance
    Column("destination", WORD, nullable=False),  # '' for every one
    Column("customer_id", ID, nullable=False),
)

# Whoever was refused for a while, by when that is over.
Index(
    "ix_memberships_waits_until",
    memberships.c.destination,
    memberships.c.waits_until,
    sqlite_where=memberships.c.waits_until.is_not(None),
    postgresql_where=memberships.c.waits_until.is_not(None),
)
