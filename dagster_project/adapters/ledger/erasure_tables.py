"""The ledger's tables of erasures: what was asked for, how far it has come, and who must not come back."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Table, Text

from dagster_project.adapters.ledger.tables import ID, WORD, metadata
from dagster_project.adapters.ledger.types import UtcMoment

# Grain: one erasure of one or many customers. It says how many, and never whom.
erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", ID, primary_key=True),
    Column("state", WORD, nullable=False),
    Column("count_customers", BigInteger, nullable=False),
    Column("requested_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment, nullable=True),
    CheckConstraint("state in ('begun', 'waiting', 'ended')", name="state_known"),
)

# Grain: one step of one erasure that is done, with the counts it told.
erasure_steps = Table(
    "erasure_steps",
    metadata,
    Column("erasure_id", ID, ForeignKey("erasures.erasure_id"), primary_key=True),
    Column("step", WORD, primary_key=True),
    Column("told", Text, nullable=False),
    Column("done_at", UtcMoment, nullable=False),
)

# Grain: one identifier that was erased, as a keyed hash: a delivered row that carries it is not taken in.
erased_identifiers = Table(
    "erased_identifiers",
    metadata,
    Column("digest", ID, primary_key=True),
    Column("kind", WORD, nullable=False),
    Column("recorded_at", UtcMoment, nullable=False),
)
