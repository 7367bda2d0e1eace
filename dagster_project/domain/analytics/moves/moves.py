"""Each customer's move from one stage to another, as an event that a care model can begin with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import Flags, business_days, days_until, numbers
from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES
from dagster_project.domain.analytics.moves.dating import days_in_stage, moments_of
from dagster_project.domain.analytics.moves.machine import BOUGHT, CORRECTED, MET, NOT_KNOWN, cause_of
from dagster_project.domain.analytics.moves.migration import stages_before
from dagster_project.domain.analytics.moves.schema import LIFECYCLE_MOVES
from dagster_project.domain.analytics.moves.standing import Standing, places_of
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import business_date, naive_utc

MODEL_VERSION = "1"  # of the machine: raised with every change of the stages or of what may follow what

EVENT_TYPES = {stage: f"became_{stage}" for stage in LIFECYCLE_STAGES}
NEVER = "never"  # the occasion of a stage that no purchase led to


def moves_between(before: Standing, after: Standing, met_at: pa.Table | None = None) -> pa.Table:
    """One row for each customer who stands in another stage than at the earlier date, or whom we met since.

    A move has the moment at which it happened: of the purchase that made it, or the end of the day on which silence
    did. Its ``subject_id`` names the occasion, which is the customer, the stage and the last purchase: however often
    one silence is looked at, it is one occasion, and a care model with ``per: subject`` begins once.

    Args:
        before: where everyone stood at the earlier date.
        after: and at the later one.
        met_at: customer_id and first_seen_at of everybody, to date those we met; without it they are dated by their
            first purchase, or by the later date.

    Returns:
        Rows of the schema ``LIFECYCLE_MOVES``, sorted by customer.
    """
    then, now = stages_before(before, after), after.stages
    has_bought, is_corrected = _purchases(before, after)
    moved = np.asarray(then.to_numpy(zero_copy_only=False)) != np.asarray(now.to_numpy(zero_copy_only=False))
    occurred = _occurred(before, after, moved, has_bought, met_at)
    places = np.flatnonzero(moved)
    customers, came_from, came_to = (column.take(places).to_pylist() for column in (after.ids, then, now))
    bought_at = after.customers.column("last_purchase_at").cast(MOMENT).take(places).to_pylist()
    month = business_date(after.as_of, after.zone).strftime("%Y-%m")
    occasions = [one.isoformat() if one else NEVER for one in bought_at]
    facts = list(zip(came_from, came_to, has_bought[places].tolist(), is_corrected[places].tolist(), strict=True))
    causes = {one: cause_of(*one) for one in set(facts)}
    columns = {
        "event_id": [_digest(who, stage, month) for who, stage in zip(customers, came_to, strict=True)],
        "customer_id": customers,
        "event_type": [EVENT_TYPES[stage] for stage in came_to],
        "subject_id": [_digest(*one) for one in zip(customers, came_to, occasions, strict=True)],
        "from_stage": came_from,
        "to_stage": came_to,
        "cause": [causes[one] for one in facts],
        "occurred_at": occurred[places].astype("datetime64[us]"),
        "known_at": [naive_utc(after.as_of)] * len(places),
        "compared_with": [naive_utc(before.as_of)] * len(places),
        "as_of": [naive_utc(after.as_of)] * len(places),
        "model_version": [MODEL_VERSION] * len(places),
        "quality": [1.0] * len(places),
    }
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in LIFECYCLE_MOVES}).cast(
        LIFECYCLE_MOVES
    )


def lifecycle_moves(months: Iterable[pa.Table], as_of: datetime) -> pa.Table:
    """The moves of several months below each other, as the table ``lifecycle_moves`` of this moment.

    ``quality`` is the share of all of them that the machine allows: 1 unless purchases were taken back.
    """
    rows = pa.concat_tables([LIFECYCLE_MOVES.empty_table(), *months]).combine_chunks()
    causes = rows.column("cause").to_pylist()
    allowed = 1 - causes.count(CORRECTED) / len(causes) if causes else 1.0
    for column, value in (
        ("as_of", pa.scalar(naive_utc(as_of), MOMENT)),
        ("quality", pa.scalar(allowed, pa.float64())),
    ):
        place = rows.column_names.index(column)
        rows = rows.set_column(place, LIFECYCLE_MOVES.field(column), pa.repeat(value, rows.num_rows))
    rows = rows.sort_by([("known_at", "ascending"), ("customer_id", "ascending")])
    return conforming_to("analytics.lifecycle_moves", rows, LIFECYCLE_MOVES, ("event_id",))


def previous_stages(before: Standing, after: Standing) -> pa.Table:
    """The stage of each customer at the earlier date; null for whom we met since."""
    stages = before.stages.take(places_of(after.ids, before.ids))
    return pa.table({"customer_id": after.ids, "previous_lifecycle_stage": stages})


def _purchases(before: Standing, after: Standing) -> tuple[Flags, Flags]:
    """Whether each customer has bought since, and whether the newest purchase of then has gone."""
    places = places_of(after.ids, before.ids)
    then = before.customers.column("last_purchase_at").take(places).to_numpy(zero_copy_only=False)
    now = after.customers.column("last_purchase_at").to_numpy(zero_copy_only=False)
    then, now = then.astype("datetime64[us]"), now.astype("datetime64[us]")
    days = (numbers(rows, "count_purchase_days") for rows in (before.customers.take(places), after.customers))
    fewer = np.greater(*days)
    gone = ~np.isnat(then) & (np.isnat(now) | (now < then))
    has_bought = ~np.isnat(now) & (np.isnat(then) | (now > then))
    return has_bought, gone | (fewer & ~has_bought)


def _occurred(
    before: Standing, after: Standing, moved: Flags, has_bought: Flags, met_at: pa.Table | None
) -> np.ndarray:
    """The moment of each customer's move, within the time between the two dates where the data allow."""
    rows, zone = after.customers, after.zone
    between = (business_date(after.as_of, zone) - business_date(before.as_of, zone)).days
    silent = days_until(business_days(rows, "last_purchase_at", zone), after.as_of, zone)
    since_purchase = np.nan_to_num(silent).astype(np.int64)
    most = np.where(moved, np.where(has_bought, np.minimum(since_purchase, between), between), 0).astype(np.int64)
    days, always = days_in_stage(after, most)
    moments = moments_of(after, np.where(always, 0, days))
    bought_at = rows.column("last_purchase_at").to_numpy(zero_copy_only=False).astype("datetime64[us]")
    moments = np.where(moved & has_bought & always, bought_at, moments)
    # Who is new became so by the first purchase, however many followed within the month.
    first = rows.column("first_purchase_at").to_numpy(zero_copy_only=False).astype("datetime64[us]")
    is_new = np.asarray(after.stages.to_numpy(zero_copy_only=False)) == "new"
    moments = np.where(is_new & (first > np.datetime64(naive_utc(before.as_of), "us")), first, moments)
    if met_at is not None:
        seen = met_at.column("first_seen_at").take(places_of(after.ids, met_at.column("customer_id").combine_chunks()))
        first_seen = seen.to_numpy(zero_copy_only=False).astype("datetime64[us]")
        unknown = np.asarray(stages_before(before, after).to_numpy(zero_copy_only=False)) == NOT_KNOWN
        moments = np.where(unknown & ~has_bought & ~np.isnat(first_seen), first_seen, moments)
    return moments


def _digest(*parts: str) -> str:
    return hashlib.md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()


__all__ = ["BOUGHT", "MET", "lifecycle_moves", "moves_between", "previous_stages"]
