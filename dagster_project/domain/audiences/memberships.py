"""Membership audiences: the members of a segment whom an ad platform may be told about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.clock import naive_utc

MEMBERSHIP_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("consent_id", pa.string()),  # the consent that allows it, never null
        ("as_of", pa.timestamp("us")),
    ]
)


def membership_audience(
    segments: pa.Table,
    segment: str,
    consents_current: pa.Table,
    purpose: str,
    channel: str,
    kept_out: Collection[str],
    as_of: datetime,
) -> pa.Table:
    """The segment's members who allow this purpose and channel and are not kept out.

    Deny wins: no consent, an unknown one, or two statements that disagree all mean no.

    Args:
        segments: segment, customer_id.
        segment: the segment's name.
        consents_current: customer_id, purpose, channel, is_allowed, consent_id.
        purpose: of the consent that is needed, as ``marketing``.
        channel: of the consent that is needed, as ``ads``.
        kept_out: customers in the holdout and suppressed ones.
        as_of: the moment (UTC, with zone).

    Returns:
        one row per customer in ``MEMBERSHIP_SCHEMA``, sorted by customer_id.
    """
    members = segments.filter(pc.equal(segments["segment"].cast(pa.string()), segment))
    statements = consents_current.filter(
        pc.and_(
            pc.equal(consents_current["purpose"].cast(pa.string()), purpose),
            pc.equal(consents_current["channel"].cast(pa.string()), channel),
        )
    )
    allowed: dict[str, str] = {}
    denied = set(kept_out)
    for customer_id, is_allowed, consent_id in zip(
        statements["customer_id"].to_pylist(),
        statements["is_allowed"].to_pylist(),
        statements["consent_id"].to_pylist(),
        strict=True,
    ):
        if is_allowed and consent_id:
            allowed[customer_id] = max(consent_id, allowed.get(customer_id, ""))
        else:
            denied.add(customer_id)
    chosen = sorted(set(members["customer_id"].to_pylist()) & (allowed.keys() - denied))
    columns = [
        pa.array(chosen, pa.string()),
        pa.array([allowed[customer_id] for customer_id in chosen], pa.string()),
        pa.repeat(pa.scalar(naive_utc(as_of), pa.timestamp("us")), len(chosen)),
    ]
    return pa.table(columns, schema=MEMBERSHIP_SCHEMA)
