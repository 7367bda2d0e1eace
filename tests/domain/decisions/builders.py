"""Small candidates, customers and consents for the tests of the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.decide import Decisions, decide
from dagster_project.domain.decisions.policy import Channel, ContactPolicy
from dagster_project.domain.decisions.proposals import IDENTITY, proposals
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA
from dagster_project.domain.decisions.standing import Standing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
HELSINKI = ZoneInfo("Europe/Helsinki")
CHANNELS = {
    "email": Channel("email", "has_email", cost=Decimal("0.01")),
    "phone": Channel("phone", "has_phone", cost=Decimal("6.50")),
}
FREE = ContactPolicy(CHANNELS, per_customer_per_day=None)


def candidate(customer_id: str, **given: Any) -> dict[str, Any]:
    """One row of a care model's candidates."""
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
        "department": "crm",
        "propensity": 1.0,
        "context": 1.0,
        "lever": 1.0,
        "value": 1.0,
        "planned_for": naive_utc(NOON),
        "is_control": False,
    }
    row |= given
    return row | {"candidate_id": id_of(row)}


def id_of(row: dict[str, Any]) -> str:
    return contact_ids(*([row[name]] for name in IDENTITY))[0]


def candidates(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=CANDIDATE_SCHEMA)


def customers(*customer_ids: str, **columns: list[Any]) -> pa.Table:
    """Customers who can be reached and complain of nothing, but for the columns given."""
    count = len(customer_ids)
    usual: dict[str, list[Any]] = {
        "customer_id": list(customer_ids),
        "has_email": [True] * count,
        "has_phone": [True] * count,
        "has_postal_address": [True] * count,
        "count_open_complaints": [0] * count,
    }
    return pa.table(usual | columns)


def consents(*customer_ids: str, is_allowed: bool | None = True, channels: tuple[str, ...] = ("email", "phone")) -> Any:
    """Marketing by these channels, allowed or denied."""
    rows = [(one, "marketing", channel, is_allowed, f"{one}-{channel}") for one in customer_ids for channel in channels]
    names = ["customer_id", "purpose", "channel", "is_allowed", "consent_id"]
    kinds = [pa.string(), pa.string(), pa.string(), pa.bool_(), pa.string()]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], names=names)


def decided(
    *rows: dict[str, Any],
    policy: ContactPolicy = FREE,
    people: pa.Table | None = None,
    allowed: pa.Table | None = None,
    care_models: Mapping[str, str] | None = None,
    paused: Mapping[str, Any] | None = None,
    **standing: Any,
) -> Decisions:
    """Decide for these candidates; whatever is not given stands in nobody's way."""
    ids = sorted({row["customer_id"] for row in rows})
    proposed = proposals(candidates(*rows), policy, HELSINKI)
    known = {"consent_ids": {id_of(row): f"{row['customer_id']}-{row['channel']}" for row in rows}} | standing
    return decide(
        proposed,
        customers(*ids) if people is None else people,
        consents(*ids) if allowed is None else allowed,
        Standing(**known),
        policy,
        NOON,
        care_models,
        paused=paused,
    )


def stops(decisions: Decisions) -> dict[str, str | None]:
    """Customer and care model to what stopped the candidate."""
    rows = decisions.candidates.to_pylist()
    return {f"{row['customer_id']} {row['care_model']}": row["stopped_by"] for row in rows}
