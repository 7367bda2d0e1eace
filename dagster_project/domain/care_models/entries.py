"""Who enters a care model, and who is in it already and still waits for the first action.

A run for one moment finds the same enrolments however often it is repeated, and what an earlier run enrolled is
recognised: by the customer as known today, the care model and the occasion, never by version or order of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.draws import enrolment_id_of, in_control_group
from dagster_project.domain.care_models.model import CareModel, EventEntry
from dagster_project.domain.care_models.schema import ENTRIES, MOMENT, PAST_ENROLMENTS
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    import pandas as pd

# Answers conditions for every row of a frame as of a moment (adapters.conditions.evaluate).
Ask = Callable[[Mapping[str, Condition], pa.Table, datetime], Mapping[str, pa.BooleanArray]]

ONCE = "once"
EVENT_FIELDS = ("subject_id", "source_system", "channel", "amount", "occurred_at")  # asked about as event_<field>


def entries(
    model: CareModel,
    customers: pa.Table,
    events: pa.Table,
    past: pa.Table,
    as_of: datetime,
    *,
    zone: ZoneInfo,
    salt: str,
    ask: Ask,
) -> pa.Table:
    """The enrolments of one care model that hold as of a moment: new ones, and earlier ones still in place.

    An earlier enrolment is in place while its event lies within the model's window, or its state is still true. It
    keeps its id, its version and its side of the control group. Where two customers became one, the earliest of their
    enrolments counts for both; the customer is in the control group if either was.

    Args:
        model: the care model.
        customers: ``customer_analytics`` as of this moment, one row per customer.
        events: ``customer_events`` (customer_id, event_id, event_type, subject_id, source_system, channel, amount,
            occurred_at, known_at).
        past: what the ledger knows (``PAST_ENROLMENTS``), of this and other models, customers as of today.
        as_of: the moment, with its zone.
        zone: the business zone, which decides what a day is.
        salt: of the control draw.
        ask: answers conditions.

    Returns:
        A table of the schema ``ENTRIES``, sorted by customer and occasion.
    """
    if isinstance(model.entry, EventEntry):
        found = _after_events(model, model.entry, customers, events, as_of, zone, ask)
    else:
        holds = ask({model.care_model: model.entry.where}, customers, as_of)[model.care_model]
        found = _at_once(model, customers.column("customer_id").filter(holds), as_of, zone)
    standing = _settled(model, found, _past_of(model, past), as_of, zone)
    return _written(model, standing, salt)


def _after_events(
    model: CareModel,
    entry: EventEntry,
    customers: pa.Table,
    events: pa.Table,
    as_of: datetime,
    zone: ZoneInfo,
    ask: Ask,
) -> pd.DataFrame:
    """Events that open the door, the earliest of each customer and occasion."""
    now, start = (pa.scalar(naive_utc(moment), MOMENT) for moment in (as_of, entry.within.before(as_of, zone)))
    occurred, known = events.column("occurred_at"), events.column("known_at")
    in_window = pc.and_(pc.greater(occurred, start), pc.less_equal(occurred, now))
    happened = events.filter(
        pc.and_(pc.and_(pc.equal(events.column("event_type"), entry.event), in_window), pc.less_equal(known, now))
    )
    places = pc.index_in(happened.column("customer_id"), value_set=customers.column("customer_id").combine_chunks())
    happened, places = happened.filter(pc.is_valid(places)), places.filter(pc.is_valid(places))
    if entry.where is not None:
        about = {f"event_{name}": happened.column(name) for name in EVENT_FIELDS}
        asked = [name for name in entry.where.names if name in customers.column_names]
        rows = pa.table(about | {name: customers.column(name).take(places) for name in asked})
        happened = happened.filter(ask({model.care_model: entry.where}, rows, as_of)[model.care_model])
    frame = happened.select(["customer_id", "event_id", "subject_id", "occurred_at"]).to_pandas()
    if model.reentry.kind == "per":
        frame["window_key"] = "subject:" + frame["subject_id"].fillna(frame["event_id"]).astype(str)
    elif model.reentry.kind == "after":
        frame["window_key"] = "event:" + frame["event_id"].astype(str)
    else:
        frame["window_key"] = ONCE
    frame = frame.sort_values(["occurred_at", "event_id"], kind="stable").drop_duplicates(["customer_id", "window_key"])
    return frame.rename(columns={"occurred_at": "entered_at"})[
        ["customer_id", "window_key", "subject_id", "entered_at"]
    ]


def _at_once(model: CareModel, customer_ids: pa.ChunkedArray, as_of: datetime, zone: ZoneInfo) -> pd.DataFrame:
    """Customers of whom the state is true now."""
    key = ONCE if model.reentry.kind == "never" else f"day:{business_date(as_of, zone).isoformat()}"
    return pa.table(
        {
            "customer_id": customer_ids,
            "window_key": pa.array([key] * len(customer_ids), pa.string()),
            "subject_id": pa.nulls(len(customer_ids), pa.string()),
            "entered_at": pa.array([naive_utc(as_of)] * len(customer_ids), MOMENT),
        }
    ).to_pandas()


def _past_of(model: CareModel, past: pa.Table) -> pd.DataFrame:
    rows = past.select(PAST_ENROLMENTS.names).cast(PAST_ENROLMENTS)
    return rows.filter(pc.equal(rows.column("care_model"), model.care_model)).to_pandas()


def _settled(
    model: CareModel, found: pd.DataFrame, past: pd.DataFrame, as_of: datetime, zone: ZoneInfo
) -> pd.DataFrame:
    """Each entry found, as the earlier enrolment it belongs to, as a new one, or not at all."""
    import pandas as pd

    now = pd.Timestamp(naive_utc(as_of))
    found = found.sort_values(["customer_id", "entered_at", "window_key"], kind="stable", ignore_index=True)
    found["row"] = range(len(found))
    pairs = _belonging(model, found, past, zone)
    first = pairs.drop_duplicates("row")
    first = first.assign(stands_as=first["enrolment_id"])
    of_each = pairs.merge(first[["row", "stands_as"]], on="row").groupby("stands_as", as_index=False)
    together = of_each.agg(was_control=("is_control", "max"), contacted=("first_contact_as_of", "min"))
    columns = ["enrolment_id", "customer_id", "window_key", "version", "entered_at", "enrolled_as_of", "subject_id"]
    standing = (
        first[columns]
        .drop_duplicates("enrolment_id")
        .merge(together, left_on="enrolment_id", right_on="stands_as", how="left")
    )
    new = found[~found["row"].isin(first["row"])]
    if model.reentry.kind != "per":  # one new entry at a time, also when this moment is computed once more
        entered_now = standing.loc[standing["enrolled_as_of"] == now, "customer_id"]
        new = new.drop_duplicates("customer_id")
        new = new[~new["customer_id"].isin(entered_now)]
    new = new.assign(version=str(model.version), enrolled_as_of=now)
    # What a later run enrolled is neither new nor in place: a replay of an earlier moment enters nobody twice.
    both = pd.concat([new, standing[standing["enrolled_as_of"] <= now]], ignore_index=True)
    both["is_new"] = both["enrolled_as_of"] == now
    both["is_waiting"] = both["contacted"].isna() | (pd.to_datetime(both["contacted"]) >= now)
    return both


def _belonging(model: CareModel, found: pd.DataFrame, past: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Pairs of an entry found and an earlier enrolment that it belongs to or that bars it; the earliest first."""
    on = ["customer_id", "window_key"] if model.reentry.kind == "per" else ["customer_id"]
    opened = found[["row", "subject_id", "entered_at", *on]].rename(columns={"entered_at": "opens_at"})
    pairs = opened.merge(past, on=on, how="inner")
    if model.reentry.kind == "after":  # fewer than so many business days away, before or after
        apart = (_days(pairs["opens_at"], zone) - _days(pairs["entered_at"], zone)).abs()
        pairs = pairs[(apart.dt.days < model.reentry.after.days).to_numpy()]
    return pairs.sort_values(["row", "enrolled_as_of", "enrolment_id"], kind="stable")


def _days(moments: pd.Series, zone: ZoneInfo) -> pd.Series:
    """The business day of each UTC moment, as its midnight."""
    import pandas as pd

    return pd.to_datetime(moments).dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def _written(model: CareModel, standing: pd.DataFrame, salt: str) -> pa.Table:
    customer_ids, keys = standing["customer_id"].tolist(), standing["window_key"].tolist()
    is_past = standing["enrolment_id"].notna().tolist()
    drawn = in_control_group(customer_ids, model.care_model, model.control_share, salt).tolist()
    ids = [
        earlier if was_there else enrolment_id_of(customer_id, model.care_model, key)
        for was_there, earlier, customer_id, key in zip(
            is_past, standing["enrolment_id"], customer_ids, keys, strict=True
        )
    ]
    sides = [
        bool(before) if was_there else now
        for was_there, before, now in zip(is_past, standing["was_control"], drawn, strict=True)
    ]
    columns = {
        "enrolment_id": pa.array(ids, pa.string()),
        "customer_id": pa.array(customer_ids, pa.string()),
        "care_model": pa.repeat(pa.scalar(model.care_model), len(ids)),
        "window_key": pa.array(keys, pa.string()),
        "version": pa.array([str(version) for version in standing["version"]], pa.string()),
        "subject_id": pa.array(standing["subject_id"], pa.string(), from_pandas=True),
        "is_control": pa.array(sides, pa.bool_()),
        "is_new": pa.array(standing["is_new"].tolist(), pa.bool_()),
        "is_waiting": pa.array(standing["is_waiting"].tolist(), pa.bool_()),
        "entered_at": pa.array(standing["entered_at"].to_numpy("datetime64[us]"), MOMENT),
        "enrolled_as_of": pa.array(standing["enrolled_as_of"].to_numpy("datetime64[us]"), MOMENT),
    }
    table = pa.table([columns[name] for name in ENTRIES.names], schema=ENTRIES)
    return table.sort_by([("customer_id", "ascending"), ("window_key", "ascending")])
