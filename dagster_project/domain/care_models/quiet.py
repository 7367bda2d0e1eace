"""Quiet nights: those on which nobody could enter, move or be contacted, so that a virtual clock may pass them by.

Of a night only time is new unless something came to be known. So a night is quiet when nobody inside is due before the
next one, and when no door opens by time alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.candidates import AHEAD
from dagster_project.domain.care_models.doors import occurrence, wave_of
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
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.conditions import Condition

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF = '"as_of"'  # how the moment asked about stands in a compiled condition
ValuesOf = Callable[[str], Iterable[Any]]  # all values a column of the customers' rows ever has
OpensOn = Callable[[date], bool]


def opens_by_time(model: CareModel, values_of: ValuesOf, zone: ZoneInfo) -> OpensOn:
    """On which days a door of a care model may open although nothing came to be known: rather too many than too few.

    The day it opens first: while it stays open the next nights see what the first one saw.

    Args:
        model: the care model.
        values_of: everything that stands in a column, of anybody, at any time.
        zone: the business zone.
    """
    entry = model.entry
    if _asks_the_time(entry.where):
        return _always
    if isinstance(entry, StateEntry):  # the same state again is an occasion, unless it is one only once
        return _on_days([model.valid_from]) if model.reentry.kind == "never" else _always
    if isinstance(entry, WaveEntry):
        waves = entry
        return lambda day: wave_of(waves, day) == day or day == model.valid_from
    if isinstance(entry, DateEntry):
        return _on_occasions(entry, _days(values_of(entry.attribute), zone), model.valid_from)
    if isinstance(entry, SilenceEntry):
        heard = [moment for column in entry.of for moment in values_of(column) if moment is not None]
        ends = [entry.span.after(moment.replace(tzinfo=UTC), zone) for moment in heard]
        return _on_days([model.valid_from, *(business_date(end, zone) for end in ends)])
    assert isinstance(entry, (EventEntry, BecomesEntry, SegmentEntry))
    return _on_days([model.valid_from])


def is_anybody_due(standings: pa.Table, as_of: datetime) -> bool:
    """Whether the next night may move or contact somebody: who stands at an action, or comes to one soon.

    Args:
        standings: ``STANDINGS`` with is_waiting, as of the last night.
        as_of: the moment of the night that may be quiet.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    until = pa.scalar(naive_utc(as_of + AHEAD), pa.timestamp("us"))
    is_active = pc.is_valid(standings["step"])
    soon = pc.fill_null(pc.less_equal(standings["due_at"].cast(pa.timestamp("us")), until), True)
    return bool(pc.any(pc.and_(is_active, pc.or_(soon, pc.fill_null(standings["is_waiting"], True)))).as_py())


def _asks_the_time(where: Condition | None) -> bool:
    return where is not None and AS_OF in where.sql


def _always(_: date) -> bool:
    return True


def _on_days(days: Iterable[date | None]) -> OpensOn:
    known = frozenset(days)
    return lambda day: day in known


def _days(values: Iterable[Any], zone: ZoneInfo) -> frozenset[date]:
    """Days of dates and moments, the latter in the business zone."""
    return frozenset(
        business_date(value.replace(tzinfo=UTC), zone) if isinstance(value, datetime) else value
        for value in values
        if value is not None
    )


def _on_occasions(entry: DateEntry, dates: frozenset[date], valid_from: date | None) -> OpensOn:
    return lambda day: day == valid_from or any(occurrence(each, entry, day) == day for each in dates)
