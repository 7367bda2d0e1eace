"""Candidates made ready for the decision: with their contact's id, their score, and a moment their channel works."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.decisions.contact_id import contact_ids
from dagster_project.domain.decisions.policy import CLASS_ORDER, ContactPolicy
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA, MOMENT, MONEY
from dagster_project.errors import HoivaError

PROPOSAL_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),  # the contact it would be
        *CANDIDATE_SCHEMA,
        ("score", pa.float64()),  # propensity x context x value x lever; null where one is unknown
        ("planned_date", pa.date32()),  # the business day of planned_for
    ]
)
FACTORS = ("propensity", "context", "value", "lever")
IDENTITY = ("customer_id", "care_model", "step", "window_key", "channel")


def proposals(candidates: pa.Table, policy: ContactPolicy, zone: ZoneInfo, as_of: datetime | None = None) -> pa.Table:
    """Name, weigh and place each candidate.

    A moment sooner than its channel's lead time, outside its hours or in the quiet hours moves to the next opening. A
    cost, or a working time, that is not given is the channel's; an offer takes one unit of its stock unless told.

    Args:
        candidates: ``CANDIDATE_SCHEMA`` (other columns are ignored).
        policy: knows the channels.
        zone: the business zone.
        as_of: the moment of the decision (aware), from which lead times count; without one there are none.

    Returns:
        a table of ``PROPOSAL_SCHEMA``, in the order of the candidates.

    Raises:
        HoivaError: the same step proposed twice for a customer, an unknown class, or a factor that is no number.
    """
    rows = candidates.select(CANDIDATE_SCHEMA.names).cast(CANDIDATE_SCHEMA)
    ids = contact_ids(*(rows[name].to_pylist() for name in IDENTITY))
    if len(set(ids)) < len(ids):
        raise HoivaError("a care model proposes the same step for the same customer twice: make its window narrower")
    if not set(rows["action_class"].to_pylist()) <= set(CLASS_ORDER):
        raise HoivaError(f"a candidate's action class is none of {', '.join(CLASS_ORDER)}")
    scores = score_of(rows)
    if pc.any(pc.is_nan(scores)).as_py():
        raise HoivaError("a candidate's score is no number: look at its propensity, context, value and lever")
    channels = rows["channel"].to_pylist()
    keys = list(zip(channels, rows["planned_for"].to_pylist(), strict=True))
    slots = {key: _slot(*key, policy, zone, as_of) for key in set(keys)}
    own = pa.array([policy.channels[name].cost if name in policy.channels else None for name in channels], MONEY)
    taken = [float(policy.channels[name].minutes) if name in policy.channels else None for name in channels]
    minutes = pa.array(taken, pa.float64())
    columns = {
        **{name: rows[name] for name in rows.column_names},
        "contact_id": pa.array(ids, pa.string()),
        "score": scores,
        "cost": pc.fill_null(pc.coalesce(rows["cost"], own), pa.scalar(0, MONEY)),
        "minutes": pc.round(pc.fill_null(pc.coalesce(rows["minutes"], minutes), 0.0), 4),
        "units": pc.round(pc.coalesce(rows["units"], pc.if_else(pc.is_valid(rows["offer"]), 1.0, 0.0)), 4),
        "planned_for": pa.array([slots[key][0] for key in keys], MOMENT),
        "planned_date": pa.array([slots[key][1] for key in keys], pa.date32()),
    }
    return pa.table([columns[name] for name in PROPOSAL_SCHEMA.names], schema=PROPOSAL_SCHEMA)


def score_of(rows: pa.Table) -> pa.ChunkedArray:
    """What a candidate is expected to bring: propensity x context x value x lever, unknown where one of them is.

    >>> rows = pa.table({"propensity": [0.1, None], "context": [2.0, 1.0], "value": [30.0, 9.0], "lever": [1.5, 1.0]})
    >>> [None if score is None else round(score, 9) for score in score_of(rows).to_pylist()]
    [9.0, None]
    """
    scores = rows[FACTORS[0]]
    for factor in FACTORS[1:]:
        scores = pc.multiply(scores, rows[factor])
    return scores


def _slot(
    name: str, planned_for: datetime, policy: ContactPolicy, zone: ZoneInfo, as_of: datetime | None
) -> tuple[datetime, date]:
    """When a channel can do what is planned for a moment (naive UTC), and the business day of it."""
    moment = planned_for.replace(tzinfo=UTC)
    if name in policy.channels:
        channel = policy.channels[name]
        if as_of is not None and channel.lead_time:
            moment = max(moment, channel.lead_time.after(as_of, zone))
        moment = policy.next_open(name, moment, zone)
    return naive_utc(moment), business_date(moment, zone)
