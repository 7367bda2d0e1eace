"""The doors of a care model: for whom one stands open as of a moment, on which occasion, and since when.

An occasion has a name (``window_key``), the same however often it is looked at: so an occasion is used once.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.model import (
    BecomesEntry,
    CareModel,
    DateEntry,
    EventEntry,
    SegmentEntry,
    SilenceEntry,
    StateEntry,
    WaveEntry,
)
from dagster_project.domain.care_models.schema import MOMENT
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    import pandas as pd

# Answers conditions for every row of a frame as of a moment (adapters.conditions.evaluate).
Ask = Callable[[Mapping[str, Condition], pa.Table, datetime], Mapping[str, pa.BooleanArray]]

ONCE = "once"
EVENT_FIELDS = ("subject_id", "source_system", "channel", "amount", "occurred_at")  # asked about as event_<field>
OPENED = ["customer_id", "window_key", "subject_id", "entered_at"]


@dataclass(frozen=True)
class Seen:
    """What a care model's doors look at, as of a moment.

    Attributes:
        customers: ``customer_analytics``, one row per customer; of a model that names a segment its members alone.
        events: ``customer_events`` known by then.
        members: customer ids of the segment that a ``SegmentEntry`` watches.
        group_before: customer ids who were in the watched group when it was last looked at; None: never was.
        last_look: the moment of that look; None: never.
    """

    customers: pa.Table
    events: pa.Table
    members: frozenset[str] = frozenset()
    group_before: frozenset[str] | None = None
    last_look: datetime | None = None


@dataclass(frozen=True)
class Doors:
    """For whom a door stands open (:data:`OPENED`), and who is in the watched group now (None: nothing is watched)."""

    opened: pd.DataFrame
    group: frozenset[str] | None = None


def doors(model: CareModel, seen: Seen, as_of: datetime, zone: ZoneInfo, ask: Ask) -> Doors:
    """For whom a door of a care model stands open as of a moment."""
    entry = model.entry
    if isinstance(entry, EventEntry):
        return Doors(_after_events(model, entry, seen, as_of, zone, ask))
    if isinstance(entry, SilenceEntry):
        return Doors(_after_silence(model, entry, seen, as_of, zone, ask))
    if isinstance(entry, DateEntry):
        return Doors(_on_a_date(model, entry, seen, as_of, zone, ask))
    today = business_date(as_of, zone)
    key = ONCE if model.reentry.kind == "never" else f"day:{today.isoformat()}"
    if isinstance(entry, StateEntry):
        return Doors(_at_once(_those(model, entry.where, seen.customers, as_of, ask), key, as_of))
    if isinstance(entry, WaveEntry):
        wave = wave_of(entry, today)
        is_due = seen.last_look is None or business_date(seen.last_look, zone) < wave
        if not is_due:
            return Doors(_at_once([], key, as_of), seen.group_before)
        group = _those(model, entry.where, seen.customers, as_of, ask)
        new = [one for one in group if one not in (seen.group_before or frozenset())]
        key = ONCE if model.reentry.kind == "never" else f"wave:{wave.isoformat()}"
        return Doors(_at_once(new, key, as_of), frozenset(group))
    assert isinstance(entry, (BecomesEntry, SegmentEntry))
    if isinstance(entry, BecomesEntry):
        now = frozenset(_those(model, entry.where, seen.customers, as_of, ask))
        crossed = now - (now if seen.group_before is None else seen.group_before)
        return Doors(_at_once(sorted(crossed), key, as_of), now)
    before = seen.members if seen.group_before is None else seen.group_before
    crossed = before - seen.members if entry.left else seen.members - before
    fits = _those(model, entry.where, seen.customers, as_of, ask)
    return Doors(_at_once([one for one in fits if one in crossed], key, as_of), seen.members)


def is_watched(model: CareModel) -> bool:
    """Whether the door opens by comparison with the last look."""
    return isinstance(model.entry, (BecomesEntry, SegmentEntry, WaveEntry))


def _those(
    model: CareModel, where: Condition | None, customers: pa.Table, as_of: datetime, ask: Ask
) -> list[str]:  # fmt: skip
    """The ids of customers for whom a condition holds (all of them, when there is none)."""
    ids = customers["customer_id"]
    if where is not None:
        ids = ids.filter(ask({model.care_model: where}, customers, as_of)[model.care_model])
    return list(ids.to_pylist())


def _at_once(customer_ids: list[str], key: str, as_of: datetime) -> pd.DataFrame:
    """A door that opens at this moment."""
    return pa.table(
        {
            "customer_id": pa.array(customer_ids, pa.string()),
            "window_key": pa.array([key] * len(customer_ids), pa.string()),
            "subject_id": pa.nulls(len(customer_ids), pa.string()),
            "entered_at": pa.array([naive_utc(as_of)] * len(customer_ids), MOMENT),
        }
    ).to_pandas()


def wave_of(entry: WaveEntry, today: date) -> date:
    """The newest wave's day up to today."""
    this = _day_of_month(today.year, today.month, entry.day)
    if this <= today:
        return this
    last = today.replace(day=1) - timedelta(days=1)
    return _day_of_month(last.year, last.month, entry.day)


def _day_of_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _after_events(
    model: CareModel, entry: EventEntry, seen: Seen, as_of: datetime, zone: ZoneInfo, ask: Ask
) -> pd.DataFrame:  # fmt: skip
    """Events that open the door, the earliest of each customer and occasion."""
    customers, events = seen.customers, seen.events
    now, start = (pa.scalar(naive_utc(moment), MOMENT) for moment in (as_of, entry.within.before(as_of, zone)))
    occurred, known = events["occurred_at"], events["known_at"]
    in_window = pc.and_(pc.greater(occurred, start), pc.less_equal(occurred, now))
    happened = events.filter(
        pc.and_(pc.and_(pc.equal(events["event_type"], entry.event), in_window), pc.less_equal(known, now))
    )
    places = pc.index_in(happened["customer_id"], value_set=customers["customer_id"].combine_chunks())
    happened, places = happened.filter(pc.is_valid(places)), places.filter(pc.is_valid(places))
    if entry.where is not None:
        about = {f"event_{name}": happened[name] for name in EVENT_FIELDS}
        asked = [name for name in entry.where.names if name in customers.column_names]
        rows = pa.table(about | {name: customers[name].take(places) for name in asked})
        happened = happened.filter(ask({model.care_model: entry.where}, rows, as_of)[model.care_model])
    frame = happened.select(["customer_id", "event_id", "subject_id", "occurred_at"]).to_pandas()
    if model.reentry.kind == "per":
        frame["window_key"] = "subject:" + frame["subject_id"].fillna(frame["event_id"]).astype(str)
    elif model.reentry.kind == "never":
        frame["window_key"] = ONCE
    else:
        frame["window_key"] = "event:" + frame["event_id"].astype(str)
    frame = frame.sort_values(["occurred_at", "event_id"], kind="stable").drop_duplicates(["customer_id", "window_key"])
    return frame.rename(columns={"occurred_at": "entered_at"})[OPENED]


def _after_silence(
    model: CareModel, entry: SilenceEntry, seen: Seen, as_of: datetime, zone: ZoneInfo, ask: Ask
) -> pd.DataFrame:  # fmt: skip
    """Whose silence reached its length not longer ago than ``within``; the occasion is what they were last heard by."""
    import pandas as pd

    heard = seen.customers.select(list(entry.of)).to_pandas().max(axis=1)
    frame = pd.DataFrame({"customer_id": seen.customers["customer_id"].to_pandas(), "last": heard})
    frame["entered_at"] = [
        naive_utc(entry.span.after(moment.to_pydatetime().replace(tzinfo=_UTC), zone)) if moment == moment else pd.NaT
        for moment in frame["last"]
    ]
    frame["window_key"] = (
        ONCE
        if model.reentry.kind == "never"
        else "silent:" + pd.to_datetime(frame["last"]).dt.strftime("%Y-%m-%dT%H:%M:%S")
    )
    return _within(model, entry.where, frame, seen.customers, entry.within.before(as_of, zone), as_of, ask)


def _on_a_date(
    model: CareModel, entry: DateEntry, seen: Seen, as_of: datetime, zone: ZoneInfo, ask: Ask
) -> pd.DataFrame:  # fmt: skip
    """Whose date, moved by the offset, came not longer ago than ``within``."""
    import pandas as pd

    asked = seen.customers[entry.attribute]
    if pa.types.is_timestamp(asked.type):
        local = pd.Series(asked.to_pandas()).dt.tz_localize("UTC").dt.tz_convert(zone)
        days: list[date | None] = [None if pd.isna(one) else one.date() for one in local]
    else:
        days = asked.to_pylist()
    first = business_date(entry.within.before(as_of, zone), zone)
    moved = {day: occurrence(day, entry, first) for day in set(days) if day is not None}
    opens = [None if day is None else moved[day] for day in days]
    frame = pd.DataFrame({"customer_id": seen.customers["customer_id"].to_pandas()})
    starts = {day: naive_utc(datetime(day.year, day.month, day.day, tzinfo=zone)) for day in set(opens) if day}
    frame["entered_at"] = pd.Series(
        [pd.NaT if day is None else starts[day] for day in opens], dtype="datetime64[us]", index=frame.index
    )
    keys = [None if day is None else f"date:{day.isoformat()}" for day in opens]
    frame["window_key"] = ONCE if model.reentry.kind == "never" else keys
    return _within(model, entry.where, frame, seen.customers, entry.within.before(as_of, zone), as_of, ask)


def occurrence(day: date, entry: DateEntry, first: date) -> date:
    """The day the door opens: for a yearly date its first one on or after a day."""
    offset = timedelta(days=entry.offset_days)
    if not entry.yearly:
        return day + offset
    years = range(first.year - 11, first.year + 3)  # an offset may be ten years
    moved = (_day_of_month(year, day.month, day.day) + offset for year in years)
    return next(one for one in moved if one >= first)


def _within(
    model: CareModel, where: Condition | None, frame: pd.DataFrame, customers: pa.Table, start: datetime,
    as_of: datetime, ask: Ask,
) -> pd.DataFrame:  # fmt: skip
    """Of doors with a moment each, those that opened after a start and up to now, of customers who fit."""
    fits = frozenset(_those(model, where, customers, as_of, ask))
    is_open = (frame["entered_at"] > naive_utc(start)) & (frame["entered_at"] <= naive_utc(as_of))
    frame = frame[is_open & frame["customer_id"].isin(fits)]
    return frame.assign(subject_id=None)[OPENED]


_UTC = ZoneInfo("UTC")
