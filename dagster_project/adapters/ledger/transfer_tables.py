"""The ledger's tables of how batches travel: transfers, the pages of a push, refusals, and who may fetch."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from dagster_project.adapters.ledger.tables import ID, LINE, WORD, metadata, one_of
from dagster_project.adapters.ledger.types import UtcMoment

# Grain: one batch that travels by a transport: how far it has come.
transfers = Table(
    "transfers",
    metadata,
    Column("batch_id", ID, ForeignKey("batches.batch_id"), primary_key=True),
    Column("destination", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", WORD, nullable=True),
    Column("not_before", UtcMoment, nullable=True),
    Column("begun_at", UtcMoment, nullable=False),
    Column("delivered_at", UtcMoment, nullable=True),
    one_of("state", "waiting", "taking", "taken", "delivered", "withdrawn", "expired"),
)
Index("ix_transfers_destination", transfers.c.destination)

# Grain: one page of a batch that is sent to a platform.
transfer_pages = Table(
    "transfer_pages",
    metadata,
    Column("batch_id", ID, ForeignKey("transfers.batch_id"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("state", WORD, nullable=False),
    Column("remote_id", LINE, nullable=True),
    Column("sent_at", UtcMoment, nullable=False),
    one_of("state", "sending", "processing", "done"),
)

# Grain: one row that a platform refused, kept until the batch's answer is written.
transfer_refusals = Table(
    "transfer_refusals",
    metadata,
    Column("batch_id", ID, ForeignKey("transfers.batch_id"), primary_key=True),
    Column("row_key", ID, primary_key=True),
    Column("reason", WORD, nullable=False),
)

# Grain: one token by which a tool fetches the batches of its destination. The token itself is nowhere.
receiver_tokens = Table(
    "receiver_tokens",
    metadata,
    Column("token_id", ID, primary_key=True),
    Column("destination", WORD, nullable=False),
    Column("token_sha256", ID, nullable=False),
    Column("made_at", UtcMoment, nullable=False),
    Column("ended_at", UtcMoment, nullable=True),
)
