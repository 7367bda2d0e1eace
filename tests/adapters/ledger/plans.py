"""Small plans, consents and batches for the ledger's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.policy import Cap, Channel, ContactPolicy
from dagster_project.domain.decisions.schemas import PLAN_SCHEMA
from dagster_project.domain.exports.batches import BatchRecord

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def policy(*caps: Cap, capacity: int | None = None, per_day: int | None = None) -> ContactPolicy:
    """Three channels, of which the e-mail has a capacity."""
    channels = {
        "email": Channel("email", "has_email", daily_capacity=capacity, cost=Decimal("0.01")),
        "phone": Channel("phone", "has_phone", cost=Decimal("6.50")),
        "letter": Channel("letter", "has_postal_address"),
    }
    return ContactPolicy(channels, tuple(caps), per_customer_per_day=per_day)


FREE = policy()


def contact(customer_id: str, **given: Any) -> dict[str, Any]:
    """One row of a plan."""
    row: dict[str, Any] = {
        "customer_id": customer_id,
        "care_model": "welcome",
        "version": "1",
        "step": "letter",
        "window_key": "once",
        "channel": "email",
        "treatment": "plain",
        "purpose": "marketing",
        "action_class": "marketing",
        "score": 1.0,
        "cost": Decimal("0.0100"),
        "planned_for": NOON,
        "as_of": NOON,
    } | given
    key = [[row[name]] for name in ("customer_id", "care_model", "step", "window_key", "channel")]
    row["contact_id"] = contact_ids(*key)[0]
    row["planned_date"] = row["planned_for"].date()
    for name in ("planned_for", "as_of"):
        row[name] = naive_utc(row[name])
    return row


def plan(*rows: dict[str, Any]) -> pa.Table:
    """A plan of these contacts."""
    return pa.Table.from_pylist(list(rows), schema=PLAN_SCHEMA)


def ids(*rows: dict[str, Any]) -> list[str]:
    return [row["contact_id"] for row in rows]


CONSENTS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("purpose", pa.string()),
        ("channel", pa.string()),
        ("is_allowed", pa.bool_()),
        ("consent_id", pa.string()),
        ("decided_at", pa.timestamp("us")),
    ]
)


def consents(*customer_ids: str, denied: Sequence[str] = (), at: datetime = NOON - 30 * DAY) -> pa.Table:
    """Marketing by every channel allowed for some and denied to others."""
    rows = [
        {
            "customer_id": customer_id,
            "purpose": "marketing",
            "channel": channel,
            "is_allowed": customer_id not in denied,
            "consent_id": f"{customer_id}-{channel}",
            "decided_at": naive_utc(at),
        }
        for customer_id in (*customer_ids, *denied)
        for channel in ("email", "phone", "letter", "ads")
    ]
    return pa.Table.from_pylist(rows, schema=CONSENTS)


def allow(ledger: Ledger, *customer_ids: str, denied: Sequence[str] = (), at: datetime = NOON) -> None:
    """Let the ledger know these consents and no others."""
    ledger.sync_consents(consents(*customer_ids, denied=denied), at)


def aliases(**merged: str) -> pa.Table:
    """Today's identities: alias to customer."""
    return pa.table({"alias_customer_id": list(merged), "customer_id": list(merged.values())})


def batch(number: int = 1, destination: str = "letters", kind: Any = "message", rows: int = 1) -> BatchRecord:
    batch_id = f"{number:032x}"
    return BatchRecord(batch_id, destination, kind, number, NOON, "0" * 64, "prepared", rows)


def statuses(ledger: Ledger) -> dict[str, str]:
    """Contact id to status."""
    table = ledger.contacts()
    return dict(zip(table["contact_id"].to_pylist(), table["status"].to_pylist(), strict=True))
