"""When a pause ends: spans, days and hours of the business zone, for many enrolments at once.

Moments are ``int64`` microseconds since 1970 in UTC, as in the tables of the engine; ``NEVER`` lies after all of them.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.steps import Wait

if TYPE_CHECKING:
    import pandas as pd

Moments = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
COUNTRY = "FI"  # whose public holidays are no working days
LONGEST_SEARCH = 20  # days: no row of weekends and holidays, and no wait for a weekday, is longer


def microseconds(moment: datetime) -> int:
    """A moment (aware) as microseconds since 1970, UTC.

    >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == DAY
    True
    """
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def later(moments: Moments, span: Duration, zone: ZoneInfo) -> Moments:
    """Each moment moved on by a span: days keep the hour of the wall clock, hours are hours.

    Same as ``Duration.after``, for many at once. An hour that does not exist moves to the one after the gap.
    """
    if not span.days:
        return moments + span.hours * HOUR
    return utc(local(moments, zone) + span.days * DAY, zone) + span.hours * HOUR


def ends_of_days(moments: Moments, zone: ZoneInfo) -> Moments:
    """The last moment of the business day of each."""
    return utc((local(moments, zone) // DAY + 1) * DAY, zone) - 1


def next_occurrence(day: date, first: date) -> date:
    """The next time a day and month come round, from a day on; 29 February is 28 February in other years.

    >>> next_occurrence(date(2000, 2, 29), date(2026, 3, 1)).isoformat()
    '2027-02-28'
    """
    found = (_in_year(day, year) for year in (first.year, first.year + 1))
    return next(one for one in found if one >= first)


def _in_year(day: date, year: int) -> date:
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def ends_of_waits(wait: Wait, since: Moments, dates: npt.NDArray[np.datetime64] | None, zone: ZoneInfo) -> Moments:
    """When the pause of each enrolment ends, given when it began.

    Args:
        wait: the pause.
        since: when each arrived.
        dates: each one's date of ``wait.attribute`` (NaT: none); None for a wait without one.
        zone: the business zone.
    """
    moments = later(since, wait.span, zone)
    if wait.attribute is not None:
        if dates is None:
            raise ValueError("a wait for a date needs the dates")
        days = dates.astype("datetime64[D]") + np.timedelta64(wait.offset_days, "D")
        none = np.isnat(days)
        starts = utc(np.where(none, 0, days.astype(np.int64)) * DAY, zone)
        moments = np.where(none, moments, np.maximum(moments, starts))
    if not wait.weekdays and not wait.working_day and wait.at is None:
        return moments
    return _next_opening(wait, moments, zone)


def _next_opening(wait: Wait, moments: Moments, zone: ZoneInfo) -> Moments:
    """The first moment from each on that is on a day that fits, at the hour asked for (its start, when none is)."""
    at = 0 if wait.at is None else (wait.at.hour * 60 + wait.at.minute) * 60_000_000
    found = np.full(len(moments), NEVER, dtype=np.int64)
    first_day = local(moments, zone) // DAY
    for ahead in range(LONGEST_SEARCH):
        open_ones = np.flatnonzero(found == NEVER)
        if not len(open_ones):
            break
        days = first_day[open_ones] + ahead
        fits = _days_that_fit(wait, days)
        opening = utc(days * DAY + at, zone)
        if wait.at is None:  # any hour of the day will do: today it is now
            opening = np.maximum(opening, moments[open_ones])
        fits &= opening >= moments[open_ones]
        found[open_ones[fits]] = opening[fits]
    return found


def _days_that_fit(wait: Wait, days: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    fits = np.isin(weekday, wait.weekdays) if wait.weekdays else np.ones(len(days), dtype=bool)
    if wait.working_day and len(days):
        years = tuple(range(_year(days.min()), _year(days.max()) + 1))
        fits &= (weekday < 5) & ~np.isin(days, _holidays(years))
    return fits


def _year(day: int) -> int:
    return (date(1970, 1, 1) + timedelta(days=int(day))).year


@lru_cache(maxsize=64)
def _holidays(years: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Public holidays of these years, as days since 1970."""
    import holidays

    found = holidays.country_holidays(COUNTRY, years=years)
    return np.array(sorted((day - date(1970, 1, 1)).days for day in found), dtype=np.int64)


def local(moments: Moments, zone: ZoneInfo) -> Moments:
    """The wall clock of the zone at each moment, as microseconds since 1970 of a clock that knows no zone."""
    return _index(moments).tz_localize("UTC").tz_convert(zone).tz_localize(None).as_unit("us").asi8


def utc(walls: Moments, zone: ZoneInfo) -> Moments:
    """The moment of each wall clock reading: the first of two, and after the gap for one that does not exist."""
    import pandas as pd

    placed = _index(walls).tz_localize(
        zone, ambiguous=np.ones(len(walls), dtype=bool), nonexistent=pd.Timedelta(hours=1)
    )
    return placed.tz_convert("UTC").as_unit("us").asi8


def _index(values: Moments) -> pd.DatetimeIndex:
    import pandas as pd

    return pd.DatetimeIndex(np.asarray(values, dtype=np.int64).view("datetime64[us]"))
